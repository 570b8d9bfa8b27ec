//! What to do at BRZ so that it calls a route.
//!
//! Every fact can be done by hand, with BRZ's API alone.

use hookswitch_sdk::Fact;
use serde::Serialize;

const PRODUCTION: &str = "https://api.brzip.com.br/api/v1/webhooks";
const STAGING: &str = "https://api.stg.brzip.com.br/api/v1/webhooks";

/// What moves money. Fewer is better: BRZ sends every event of `["*"]`, new ones too.
const EVENTS: [&str; 8] = [
    "pix.cash_in.confirmed",
    "pix.cash_in.expired",
    "pix.cash_in.cancelled",
    "pix.cash_in.refunded",
    "pix.cash_out.completed",
    "pix.cash_out.failed",
    "pix.cash_out.returned",
    "pix.med_refund.received",
];

/// The body of BRZ's create-webhook call.
#[derive(Serialize)]
struct Webhook<'a> {
    url: &'a str,
    events: &'a [&'a str],
}

pub(crate) fn register(url: &str) -> Vec<Fact> {
    let body = serde_json::to_string(&Webhook { url, events: &EVENTS }).unwrap_or_default();
    let mut facts = vec![
        fact("request", &format!("POST {PRODUCTION}")),
        fact("staging", &format!("POST {STAGING}")),
        fact("authorization", "Bearer <token>, with the scope webhooks:write"),
        fact("content-type", "application/json"),
        fact("body", &body),
        fact("events", r#"keep those you want; ["*"] asks for all of them"#),
        fact(
            "secret",
            "copy data.webhook.secret of the response, with its whsec_, into the secret role \
             signing-secret: it is shown once",
        ),
        fact(
            "rotation",
            &format!(
                "POST {PRODUCTION}/<id>/rotate-secret shows a new secret, and BRZ drops the old \
                 one at once: list both under signing-secret until nothing signed before is left"
            ),
        ),
    ];
    if !url.starts_with("https://") {
        facts.push(fact("problem", "BRZ takes https URLs only"));
    }
    facts
}

fn fact(name: &str, value: &str) -> Fact {
    Fact { name: name.to_owned(), value: value.to_owned() }
}
