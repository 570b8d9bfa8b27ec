//! Is it from BRZ? The signature is an HMAC-SHA256 over the timestamp header's text, a dot and
//! the raw body.
//!
//! Nothing is genuine that has not exactly one signature and one timestamp, a key that matches,
//! and a time within the tolerance. The time is judged last, so that "late" is only ever said of a
//! callback that BRZ did sign. There is no replay key: whatever would tell one sending from another
//! is outside the signature or is the signature itself, and the same body again is the same event.

use hookswitch_sdk::crypto::{self, KeyForm, Mac};
use hookswitch_sdk::{Callback, Head, Proof, Reason, Verdict, log, text};

use crate::catalogue::{SECRET, SIGNATURE, TIMESTAMP};
use crate::settings;

/// A time in seconds has ten digits until the year 2286, one in milliseconds thirteen.
const TIME_DIGITS_MAX: usize = 12;

pub(crate) fn verify(call: &Callback) -> Verdict {
    let settings = match settings::get() {
        Ok(settings) => settings,
        Err(reasons) => return Verdict::Unavailable(first(reasons)),
    };
    match check(call, &settings) {
        Ok(matched) => Verdict::Genuine(Proof { matched: Some(matched), replay_key: None }),
        Err(reason) => Verdict::Forged(reason),
    }
}

/// Which version of the secret matched.
fn check(call: &Callback, settings: &settings::Settings) -> Result<String, Reason> {
    let tag = signature(&call.head)?;
    let (time_text, signed_at_ms) = timestamp(&call.head)?;
    let message = [time_text.as_bytes(), b".", &call.body].concat();
    let matched = settings.forms.iter().find_map(|form| matching(*form, &message, &tag));
    let Some(matched) = matched else {
        let why = "no version of the signing secret gives this signature";
        return Err(Reason::new("signature_mismatch", why));
    };
    in_time(signed_at_ms, call.head.received_at_ms, settings.tolerance_ms)?;
    Ok(matched)
}

fn matching(form: KeyForm, message: &[u8], tag: &[u8]) -> Option<String> {
    let matched = crypto::verify_mac(SECRET, form, Mac::HmacSha256, message, tag)?;
    if matches!(form, KeyForm::Utf8WithoutWhsec) {
        // BRZ said to sign so until August 2026; worth knowing where it still does.
        log::debug("signed with the secret without its whsec_");
    }
    Some(matched)
}

/// Strict: BRZ writes lower case, and one spelling of a signature is enough.
fn signature(head: &Head) -> Result<Vec<u8>, Reason> {
    let value = only(head, SIGNATURE, ["signature_missing", "signature_repeated"])?;
    value
        .strip_prefix("sha256=")
        .filter(|hex| hex.len() == 64)
        .filter(|hex| hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
        .and_then(text::decode_hex)
        .ok_or_else(|| {
            Reason::new(
                "signature_form",
                "x-webhook-signature must be sha256= and 64 lower-case hex digits",
            )
        })
}

/// The header's text, which is what was signed, and what it means in milliseconds.
fn timestamp(head: &Head) -> Result<(&str, u64), Reason> {
    let value = only(head, TIMESTAMP, ["timestamp_missing", "timestamp_repeated"])?;
    let digits =
        (1..=TIME_DIGITS_MAX).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
    let seconds: Option<u64> = if digits { value.parse().ok() } else { None };
    seconds.map(|seconds| (value, seconds.saturating_mul(1000))).ok_or_else(|| {
        Reason::new("timestamp_form", "x-webhook-timestamp must be Unix seconds, digits only")
    })
}

/// The one value of a header; `codes` are for none and for several, which are ambiguous.
fn only<'a>(head: &'a Head, name: &str, codes: [&str; 2]) -> Result<&'a str, Reason> {
    let mut values = head.headers(name);
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value),
        (None, _) => Err(Reason::new(codes[0], format!("there is no {name} header"))),
        _ => Err(Reason::new(codes[1], format!("there are several {name} headers"))),
    }
}

fn in_time(signed_at_ms: u64, now_ms: u64, tolerance_ms: u64) -> Result<(), Reason> {
    let apart_ms = signed_at_ms.abs_diff(now_ms);
    if apart_ms <= tolerance_ms {
        return Ok(());
    }
    let (code, side) = if signed_at_ms < now_ms {
        ("timestamp_late", "ago, longer than the tolerance")
    } else {
        ("timestamp_early", "in the future, further than the tolerance")
    };
    Err(Reason::new(code, format!("signed {} s {side}", apart_ms / 1000)))
}

fn first(reasons: Vec<Reason>) -> Reason {
    let unread = || Reason::new("settings_invalid", "the settings can't be read");
    reasons.into_iter().next().unwrap_or_else(unread)
}
