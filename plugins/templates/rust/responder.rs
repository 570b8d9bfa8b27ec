//! The {{name}} responder: quotes at one fixed rate, in whole millionths: floats are no money.

wit_bindgen::generate!({ world: "responder", path: "wit" });

use exports::hookswitch::plugin::answering::{Answer, Context, Decline, Guest, Request};
use hookswitch::plugin::settings;
use hookswitch::plugin::types::DeclineStatus;
use serde_json::{Value, json};

struct Responder;
export!(Responder);

const PLACES: usize = 6;
const ONE: u128 = 1_000_000;
/// How long a quote holds.
const HOLDS_MS: u64 = 60_000;

impl Guest for Responder {
    fn compute(request: Request, context: Context) -> Result<Answer, Decline> {
        use DeclineStatus::{Invalid, Unavailable, Unprocessable};
        if request.kind != "quote" {
            return Err(Decline {
                customer_reason: Some("We only quote prices.".into()),
                ..decline(Unprocessable, "only quotes")
            });
        }
        let data: Value = serde_json::from_str(&request.data).unwrap_or_default();
        if !data.is_object() {
            return Err(decline(Invalid, "the data is no JSON object"));
        }
        let amount = data["fromAmount"].as_str().and_then(millionths);
        let amount = amount
            .ok_or_else(|| decline(Invalid, "fromAmount is no decimal with up to 6 places"))?;
        let settings: Value = serde_json::from_str(&settings::get()).unwrap_or_default();
        let rate = settings.get("rate").map_or(Some("0.18"), Value::as_str).and_then(millionths);
        let rate = rate.ok_or_else(|| decline(Unavailable, "the setting `rate` is no decimal"))?;
        let answer = json!({
            "toAmount": decimal(amount * rate / ONE),
            "rawResponse": {
                "rate": decimal(rate),
                // The time is the router's word: a guest reads no clock.
                "expiresAtMs": context.now_ms + HOLDS_MS,
            },
        });
        Ok(Answer { data: answer.to_string() })
    }
}

/// Digits with at most 12 before the point and 6 behind it; two such numbers' product fits.
fn millionths(text: &str) -> Option<u128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let fits = |part: &str, most| (1..=most).contains(&part.len());
    let digits = format!("{whole}{fraction:0<PLACES$}");
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    if fits(whole, 12) && fits(fraction, PLACES) && all_digits { digits.parse().ok() } else { None }
}

fn decimal(millionths: u128) -> String {
    format!("{}.{:0PLACES$}", millionths / ONE, millionths % ONE)
}

fn decline(status: DeclineStatus, reason: &str) -> Decline {
    Decline { status, reason: reason.into(), customer_reason: None }
}
