//! What `verify` looks at, as facts for a person: never the body, never a secret.

use hookswitch_sdk::{Callback, Fact, Head};

use crate::catalogue::{SIGNATURE, TIMESTAMP};
use crate::settings;

pub(crate) fn explain(call: &Callback) -> Vec<Fact> {
    let fact = |name: &str, value: String| Fact { name: name.to_owned(), value };
    let time = call.head.headers(TIMESTAMP).next().unwrap_or_default();
    let signed = time.len() + 1 + call.body.len();
    let parts = "the timestamp header's text, a dot, and the body as received";
    let mut facts = vec![
        fact("signed", format!("{parts}: {signed} bytes")),
        fact("signature", format!("HMAC-SHA256 in {SIGNATURE}, {}", count(&call.head, SIGNATURE))),
        fact("timestamp", format!("Unix seconds in {TIMESTAMP}, {}", count(&call.head, TIMESTAMP))),
    ];
    if let Ok(settings) = settings::get() {
        let tolerance = format!("{} s before or after it came", settings.tolerance_ms / 1000);
        facts.push(fact("tolerance", tolerance));
    }
    facts
}

fn count(head: &Head, name: &str) -> String {
    match head.headers(name).count() {
        0 => "which isn't there".to_owned(),
        1 => "which is there once".to_owned(),
        many => format!("which is there {many} times: one is allowed"),
    }
}
