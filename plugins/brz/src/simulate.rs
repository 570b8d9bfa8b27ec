//! Callbacks as BRZ sends them, with invented data, signed and ready to send.
//!
//! The same arguments give the same bytes: everything invented is drawn from the seed, and the
//! only time is the one given.

use hookswitch_sdk::crypto::{KeyForm, Mac};
use hookswitch_sdk::{Callback, Head, Reason, signing, text, time};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::catalogue::{DELIVERY, EVENT, EVENTS, SECRET, SIGNATURE, SOURCE, TIMESTAMP};
use crate::sample;

const GATEWAY: &str = "pixgw";

/// What a caller may choose; the rest is invented.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options<'o> {
    /// A decimal, as a string or a number; its text is kept, never read as a float.
    #[serde(borrow)]
    amount: Option<&'o RawValue>,
    /// The id of what the event is about.
    transaction: Option<String>,
    /// The status in the body.
    status: Option<String>,
    /// The delivery's id.
    delivery: Option<String>,
    #[serde(default)]
    shape: Shape,
    #[serde(default)]
    form: Form,
}

/// How the body lays out the transaction.
#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Shape {
    #[default]
    Flat,
    Envelope,
}

/// What of the secret is the key.
#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Form {
    #[default]
    Full,
    Stripped,
}

/// Flat: `id`, `source` and `correlation_id` are left out.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    event: &'a str,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
    data: Value,
}

/// One signed callback. `kind` is one of the catalogue's events, with or without `brz.`.
pub(crate) fn simulate(
    kind: &str,
    options: &str,
    now_ms: u64,
    seed: u64,
) -> Result<Callback, Reason> {
    let event = kind.strip_prefix("brz.").unwrap_or(kind);
    if !EVENTS.contains(&event) {
        return Err(Reason::new("kind_unknown", "BRZ's documentation names no such event"));
    }
    let options: Options<'_> =
        serde_json::from_str(options).map_err(|e| invalid(&e.to_string()))?;
    let delivery = match &options.delivery {
        Some(id) if is_header_text(id) => id.clone(),
        Some(_) => return Err(invalid("delivery is 1 to 100 visible ASCII characters")),
        None => sample::uuid(seed, event),
    };
    let body = body(event, &options, now_ms, (seed, &delivery))?;
    let form = match options.form {
        Form::Full => KeyForm::Utf8,
        Form::Stripped => KeyForm::Utf8WithoutWhsec,
    };
    Ok(Callback { head: head(event, &delivery, now_ms, &signed(form, now_ms, &body)), body })
}

fn body(
    event: &str,
    options: &Options<'_>,
    now_ms: u64,
    (seed, delivery): (u64, &str),
) -> Result<Vec<u8>, Reason> {
    let sample = sample::Sample {
        event,
        subject: options.transaction.as_deref(),
        status: options.status.as_deref(),
        amount: amount(options.amount)?,
        now_ms,
        seed,
    };
    let enveloped = matches!(options.shape, Shape::Envelope);
    let body = Body {
        id: enveloped.then_some(delivery),
        source: enveloped.then_some(GATEWAY),
        event,
        timestamp: time::rfc3339(now_ms),
        correlation_id: enveloped.then(|| sample::uuid(seed, "correlation")),
        data: if enveloped { sample.enveloped() } else { sample.flat() },
    };
    serde_json::to_vec(&body).map_err(|_| invalid("the body can't be written"))
}

fn signed(form: KeyForm, now_ms: u64, body: &[u8]) -> String {
    let message = [(now_ms / 1000).to_string().as_bytes(), b".", body].concat();
    let tag = signing::sign_mac(SECRET, form, Mac::HmacSha256, &message);
    format!("sha256={}", text::encode_hex(&tag))
}

fn head(event: &str, delivery: &str, now_ms: u64, signature: &str) -> Head {
    Head::new("POST", "https://hooks.example.com/brz")
        .with_header("content-type", "application/json")
        .with_header(SIGNATURE, signature)
        .with_header(TIMESTAMP, &(now_ms / 1000).to_string())
        .with_header(DELIVERY, delivery)
        .with_header(EVENT, event)
        .with_header(SOURCE, GATEWAY)
        .with_peer("203.0.113.9")
        .with_time(now_ms)
}

fn amount(chosen: Option<&RawValue>) -> Result<Option<String>, Reason> {
    let Some(raw) = chosen else { return Ok(None) };
    let text = serde_json::from_str(raw.get()).unwrap_or_else(|_| raw.get().to_owned());
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "0"));
    let digits =
        |part: &str| (1..=18).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if digits(whole) && digits(cents) {
        Ok(Some(text))
    } else {
        Err(invalid("amount is a decimal, such as 89.90"))
    }
}

fn is_header_text(text: &str) -> bool {
    (1..=100).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

fn invalid(why: &str) -> Reason {
    Reason::new("options_invalid", why)
}
