//! The `[confirm]` of a vector: how it is written, and what it asks of an adapter.
//!
//! Every key is either given to the adapter or compared with what came.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::exchange::{Answered, Exchange};
use crate::expected::{ConfirmExpected, ConfirmationExpected};
use crate::written::{WrittenEvent, json};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenConfirm {
    now_ms: Option<u64>,
    #[serde(default)]
    state: BTreeMap<String, String>,
    #[serde(default)]
    exchanges: Vec<WrittenExchange>,
    confirmation: ConfirmationWord,
    reason: Option<String>,
    event: Option<WrittenEvent>,
    #[serde(default)]
    state_after: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ConfirmationWord {
    Confirmed,
    Contradicted,
    NotYet,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenExchange {
    method: Option<String>,
    path: String,
    authorization: Option<String>,
    body: Option<toml::Value>,
    status: Option<u16>,
    reply: Option<toml::Value>,
    reply_text: Option<String>,
    #[serde(default)]
    down: bool,
}

impl WrittenConfirm {
    /// What is asked and compared; without a time of its own it happens when the call came.
    pub(crate) fn expected(
        self,
        received_at_ms: u64,
        origin: String,
    ) -> Result<ConfirmExpected, String> {
        let confirmation = match (self.confirmation, self.event, self.reason) {
            (ConfirmationWord::Confirmed, event, None) => {
                ConfirmationExpected::Confirmed(event.as_ref().map(WrittenEvent::expected))
            }
            (ConfirmationWord::Contradicted, None, code) => {
                ConfirmationExpected::Contradicted(code)
            }
            (ConfirmationWord::NotYet, None, code) => ConfirmationExpected::NotYet(code),
            _ => return Err("`event` is for what is confirmed, `reason` for what isn't".into()),
        };
        Ok(ConfirmExpected {
            now_ms: self.now_ms.unwrap_or(received_at_ms),
            origin,
            state: self.state.into_iter().collect(),
            exchanges: exchanges(self.exchanges)?,
            confirmation,
            state_after: self.state_after.into_iter().collect(),
        })
    }
}

/// The calls in their order; the error names the one that can't be read.
pub(crate) fn exchanges(written: Vec<WrittenExchange>) -> Result<Vec<Exchange>, String> {
    let exchange = |(at, exchange): (usize, WrittenExchange)| {
        exchange.exchange().map_err(|problem| format!("exchanges[{at}]: {problem}"))
    };
    written.into_iter().enumerate().map(exchange).collect()
}

impl WrittenExchange {
    fn exchange(self) -> Result<Exchange, String> {
        let body = match (self.reply, self.reply_text) {
            (Some(_), Some(_)) => return Err("`reply` or `reply_text`, not both".to_owned()),
            (Some(value), None) => Some(json(&value).to_string()),
            (None, text) => text,
        };
        let answer = match (self.down, self.status, body) {
            (true, None, None) => Answered::Down,
            (false, Some(status), body) => {
                Answered::Reply { status, body: body.unwrap_or_default().into_bytes() }
            }
            _ => return Err("either `down` or a `status`, and a body only with that".to_owned()),
        };
        Ok(Exchange {
            method: self.method.unwrap_or_else(|| "POST".to_owned()),
            path: self.path,
            authorization: self.authorization,
            body: self.body.as_ref().map(json),
            answer,
        })
    }
}
