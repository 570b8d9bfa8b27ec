//! Callbacks as Brite sends them, with invented ids, unsigned as they are.
//!
//! The same arguments give the same bytes: everything invented is drawn from the seed.

use hookswitch_sdk::{Callback, Head, Reason};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::settings::Environment;
use crate::states::{self, Object};

/// What a caller may choose; the rest is invented.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    /// The id of the transaction or session.
    id: Option<String>,
    merchant: Option<String>,
    /// Instead of the kind's own; anything, also what Brite would never send.
    state: Option<Value>,
}

/// One callback of a kind, such as `transaction.credit`, with or without `brite.`.
pub(crate) fn simulate(
    kind: &str,
    options: &str,
    now_ms: u64,
    seed: u64,
) -> Result<Callback, Reason> {
    let (object, state) = states::of_kind(kind)
        .ok_or_else(|| Reason::new("kind_unknown", "Brite's tables have no such state"))?;
    let options: Options = serde_json::from_str(options)
        .map_err(|error| Reason::new("options_invalid", error.to_string()))?;
    let prefix = match object {
        Object::Transaction => "agTxn",
        Object::Session => "agSession",
    };
    let word = object.word();
    let body = json!({
        "merchant_id": options.merchant.unwrap_or_else(|| "agMerchantExample01".to_owned()),
        format!("{word}_id"): options.id.unwrap_or_else(|| format!("{prefix}{seed:016x}")),
        format!("{word}_state"): options.state.unwrap_or_else(|| Value::from(state)),
    });
    Ok(Callback { head: head(now_ms), body: body.to_string().into_bytes() })
}

fn head(now_ms: u64) -> Head {
    let peers = Environment::Sandbox.peers();
    Head::new("POST", "https://hooks.example.com/brite")
        .with_header("content-type", "application/json")
        .with_header("user-agent", "Brite Callback")
        .with_header("accept-encoding", "gzip, deflate")
        .with_peer(peers.first().copied().unwrap_or_default())
        .with_time(now_ms)
}
