//! BRZ's words: its headers, its events, and the order of its statuses.
//!
//! The lists inform and simulate; they never refuse: an event or a status that isn't here is
//! accepted, for BRZ adds some without notice.

/// `sha256=` and 64 lower-case hex digits.
pub(crate) const SIGNATURE: &str = "x-webhook-signature";
/// When it was signed, Unix seconds; part of the signed message.
pub(crate) const TIMESTAMP: &str = "x-webhook-timestamp";
/// The delivery's id; not signed.
pub(crate) const DELIVERY: &str = "x-webhook-id";
/// The event's name once more; not signed.
pub(crate) const EVENT: &str = "x-webhook-event";
/// Where it comes from; not signed.
pub(crate) const SOURCE: &str = "x-webhook-source";

/// The secret role that every signature is checked with.
pub(crate) const SECRET: &str = "signing-secret";

/// Every event that BRZ's documentation names, in its guides, its API description or its
/// changelog. The boleto events stand in two sets that differ; both are here.
pub(crate) const EVENTS: [&str; 31] = [
    "pix.cash_in.received",
    "pix.cash_in.confirmed",
    "pix.cash_in.expired",
    "pix.cash_in.cancelled",
    "pix.cash_in.refunded",
    "pix.cash_out.created",
    "pix.cash_out.completed",
    "pix.cash_out.failed",
    "pix.cash_out.returned",
    "pix.reversal.created",
    "pix.reversal.completed",
    "pix.reversal.failed",
    "pix.inbound.received",
    "pix.med_refund.received",
    "pix.med_refund.defense_submitted",
    "pix.med_refund.resolved",
    "pix.infraction.received",
    "pix.infraction_notification.received",
    "onboarding.status_changed",
    "limits.request_approved",
    "limits.request_rejected",
    "payment_link.paid",
    "payment_link.expired",
    "account.activated",
    "balance.updated",
    "p2p.completed",
    "boleto.payment.created",
    "boleto.payment.completed",
    "boleto.payment.paid",
    "boleto.payment.failed",
    "boleto.payment.cancelled",
];

/// Is it about a MED refund (a contested Pix)? Then its subject is the refund.
pub(crate) fn is_refund(event: &str) -> bool {
    event.starts_with("pix.med_refund.")
}

/// Is it about an infraction report? Then its subject is the report.
pub(crate) fn is_infraction(event: &str) -> bool {
    event.starts_with("pix.infraction")
}

/// The place of a status in its subject's life; none for a status that isn't known.
///
/// A transaction goes pending, processing, then ends as completed (`paid` in the API's own text),
/// failed, expired or cancelled, side by side, since none of them overtakes another; a completed
/// one may still be refunded or returned. A MED refund opens, is looked at or waits for the money,
/// and ends. `pix.cash_in.received` says that a charge can be paid, not that it was, and yet BRZ's
/// own sample of it bears `completed`: it always stands at the start.
pub(crate) fn rank(event: &str, status: &str) -> Option<u32> {
    if event == "pix.cash_in.received" {
        return Some(0);
    }
    match status {
        "pending" | "OPEN" => Some(0),
        "processing" | "UNDER_REVIEW" | "WAITING_RETURN" => Some(1),
        "completed" | "paid" | "failed" | "expired" | "cancelled" | "COMPLETED" | "CANCELLED" => {
            Some(2)
        }
        "refunded" | "returned" => Some(3),
        _ => None,
    }
}
