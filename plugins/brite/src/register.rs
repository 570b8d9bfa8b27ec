//! What to send to Brite so that it calls a route. There is no global webhook: each create request
//! carries its own list of callbacks.
//!
//! Every fact can be done by hand, with Brite's API alone.

use hookswitch_sdk::Fact;
use serde_json::{Value, json};

/// The session states that Brite's documentation lists for callbacks.
const SESSION_STATES: [u16; 4] = [2, 10, 11, 12];
/// From the first that ends or pays a transaction. State 1 is told of recurring deposits only.
const TRANSACTION_STATES: [u16; 6] = [2, 3, 4, 5, 6, 7];

pub(crate) fn register(url: &str) -> Vec<Fact> {
    let of = |key: &'static str, states: &[u16]| -> Vec<Value> {
        states.iter().map(|state| json!({ "url": url, key: state })).collect()
    };
    let mut callbacks = of("transaction_state", &TRANSACTION_STATES);
    callbacks.extend(of("session_state", &SESSION_STATES));
    let mut facts = vec![
        fact("callbacks", &Value::from(callbacks).to_string()),
        fact("where", "into the body of every request that creates a session or a transaction"),
        fact(
            "states",
            "transactions: 2 aborted, 3 failed, 4 completed, 5 credit, 6 settled, 7 debit; \
             sessions: 2 authenticated, 10 aborted, 11 failed, 12 completed. Leave out what you \
             don't want; sessions don't apply to payouts and refunds made by API alone",
        ),
        fact("recurring", "for recurring deposits add the element with \"transaction_state\": 1"),
        fact("query", "a URL may carry a query string of its own, such as ?order_id=…"),
        fact(
            "route",
            "list api-secret under `reveal` and Brite's API under `allow_http`, or nothing is \
             ever confirmed",
        ),
    ];
    if !url.starts_with("https://") {
        facts.push(fact("problem", "a callback's URL should be https"));
    }
    facts
}

fn fact(name: &str, value: &str) -> Fact {
    Fact { name: name.to_owned(), value: value.to_owned() }
}
