//! Invented data for each of BRZ's events, with the fields that BRZ documents for it.
//!
//! Nothing here is anybody's: names, documents and ids are plainly made up. One seed is one
//! transaction over all its events, so that a life can be played through.

use hookswitch_sdk::time;
use serde_json::{Value, json};

use crate::catalogue;

/// What a body is made from.
pub(crate) struct Sample<'a> {
    pub(crate) event: &'a str,
    /// The id of what it is about, where the caller chose one.
    pub(crate) subject: Option<&'a str>,
    pub(crate) status: Option<&'a str>,
    /// A decimal.
    pub(crate) amount: Option<String>,
    pub(crate) now_ms: u64,
    pub(crate) seed: u64,
}

impl Sample<'_> {
    /// `data` as BRZ's guide shows it: the fields directly.
    pub(crate) fn flat(&self) -> Value {
        self.other().unwrap_or_else(|| {
            json!({
                "id": self.id("txn"),
                "external_id": format!("inv-{}", draw(self.seed, "invoice") % 10_000),
                "type": self.event.trim_start_matches("pix.").split('.').next(),
                "status": self.status(),
                "amount": self.amount(),
                "payer_name": "Pessoa Exemplo",
                "payer_document": "000.000.000-00",
                "created_at": time::rfc3339(self.now_ms.saturating_sub(240_000)),
                "completed_at": time::rfc3339(self.now_ms),
            })
        })
    }

    /// `data` as BRZ's API description shows it: a transaction inside.
    pub(crate) fn enveloped(&self) -> Value {
        self.other().unwrap_or_else(|| {
            json!({ "transaction": {
                "id": self.id("txn"),
                "amount": self.amount(),
                "status": self.status(),
                "reference": format!("inv-{}", draw(self.seed, "invoice") % 10_000),
                "pix_key": "pessoa@example.com",
                "pix_key_type": "email",
                "payer": { "name": "Pessoa Exemplo", "document": "000.000.000-00" },
            } })
        })
    }

    /// Events that aren't about a transaction look the same in both shapes.
    fn other(&self) -> Option<Value> {
        let event = self.event;
        Some(match event.split('.').next()? {
            _ if catalogue::is_refund(event) => self.refund(),
            _ if catalogue::is_infraction(event) => self.infraction(),
            "onboarding" | "account" => json!({ "id": self.id("acc"), "status": self.status() }),
            "limits" => {
                json!({ "id": self.id("lim"), "status": self.status(), "amount": self.amount() })
            }
            "payment_link" => {
                json!({ "id": self.id("link"), "status": self.status(), "amount": self.amount() })
            }
            "balance" => json!({ "available": self.amount(), "currency": "BRL" }),
            _ => return None,
        })
    }

    fn refund(&self) -> Value {
        let end_to_end = self.end_to_end();
        let mut data = json!({
            "refund_id": self.id("med"),
            "external_refund_id": uuid(self.seed, "external refund"),
            "end_to_end_id": end_to_end,
            "e2e": end_to_end,
            "amount": self.amount(),
            "refund_reason": "FRAUD",
            "direction": "INBOUND",
            "status": self.status(),
            "data_recebimento": "22/11/2026",
            "hora_recebimento_med": "10:00:00",
            "bancocontestante": "Banco Exemplo",
        });
        match self.event.rsplit('.').next() {
            Some("received") => data["hold_placed"] = json!(true),
            Some("defense_submitted") => data["defense_reason"] = json!("goods were delivered"),
            _ => data["resolved_by"] = json!("bacen_event"),
        }
        data
    }

    fn infraction(&self) -> Value {
        json!({
            "infraction_id": self.id("inf"),
            "external_report_id": uuid(self.seed, "external report"),
            "report_type": "FRAUD",
            "end_to_end_id": self.end_to_end(),
            "reporter_ispb": "00000000",
            "direction": "INBOUND",
            "status": self.status(),
        })
    }

    /// The status that goes with the event, unless one was chosen.
    fn status(&self) -> &str {
        if let Some(status) = self.status {
            return status;
        }
        match (self.event, self.event.rsplit('.').next().unwrap_or_default()) {
            ("pix.inbound.received", _) => "completed",
            ("pix.med_refund.received", _) => "OPEN",
            ("pix.med_refund.defense_submitted", _) => "UNDER_REVIEW",
            ("pix.med_refund.resolved", _) => "COMPLETED",
            (event, _) if catalogue::is_infraction(event) => "OPEN",
            ("onboarding.status_changed" | "limits.request_approved", _) => "approved",
            ("limits.request_rejected", _) => "rejected",
            (_, "received" | "created") => "pending",
            (_, "confirmed" | "completed" | "paid") => "completed",
            (_, last) => last,
        }
    }

    fn amount(&self) -> String {
        let cents = 100 + draw(self.seed, "amount") % 500_000;
        self.amount.clone().unwrap_or_else(|| format!("{}.{:02}", cents / 100, cents % 100))
    }

    fn id(&self, prefix: &str) -> String {
        let invented = || format!("{prefix}_{:016x}", draw(self.seed, prefix));
        self.subject.map_or_else(invented, str::to_owned)
    }

    fn end_to_end(&self) -> String {
        format!("E00000000{:023}", draw(self.seed, "end to end"))
    }
}

/// A version 4 UUID's form, drawn from the seed for one use.
pub(crate) fn uuid(seed: u64, what_for: &str) -> String {
    let (high, low) = (draw(seed, what_for), draw(!seed, what_for));
    let (high, low) = (high & !0xf000 | 0x4000, low & !(0b11 << 62) | 1 << 63);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

/// A number drawn from the seed for one use: FNV-1a over the use, then SplitMix64's finish.
fn draw(seed: u64, what_for: &str) -> u64 {
    let start = seed ^ 0xcbf2_9ce4_8422_2325;
    let mixed = what_for
        .bytes()
        .fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}
