//! Which call is which, and who may make it: the router's, signed, and a person's, from this
//! machine.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use hookswitch_sdk::time::rfc3339;
use hyper::{HeaderMap, Method};
use rusqlite::Transaction;
use serde_json::Value;

use crate::book::Book;
use crate::refusal::{No, Refusal};
use crate::rules::{self, Asked};
use crate::signature::Key;

/// What a key may be long, in bytes.
const KEY_BYTES_MAX: usize = 256;
/// How many orders a person is shown.
const SHOWN: u32 = 100;

/// The service.
pub struct Service {
    book: Mutex<Book>,
    key: Option<Key>,
}

/// One call, read whole.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) peer: SocketAddr,
    pub(crate) body: Bytes,
    /// When it came, Unix milliseconds.
    pub(crate) now_ms: u64,
}

/// What it gets.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
}

/// What is done in a transaction.
type Rule = fn(&Transaction<'_>, &Asked<'_>) -> Result<String, No>;

impl Service {
    /// Without a key any caller is believed.
    pub fn new(book: Book, key: Option<Key>) -> Service {
        Service { book: Mutex::new(book), key }
    }

    /// Waits for the file, so it is for a thread that may wait.
    pub(crate) fn answer(&self, call: &Call) -> Reply {
        let answer = match (&call.method, call.path.as_str()) {
            (&Method::POST, "/orders") => self.asked(call, "create-order", rules::create),
            (&Method::POST, "/orders/cancel") => self.asked(call, "cancel-order", rules::cancel),
            (&Method::GET, "/orders") => return near(call).map_or_else(refuse, |()| self.list()),
            (&Method::POST, "/orders/status") => {
                near(call).and_then(|()| self.decide(call, rules::advance))
            }
            (_, "/orders" | "/orders/cancel" | "/orders/status") => {
                Err(Refusal::new(405, "method_unknown").into())
            }
            _ => Err(Refusal::new(404, "path_unknown").into()),
        };
        answer.map_or_else(refuse, |body| Reply::json(200, body))
    }

    /// What the router asks, which says of what kind it is in `ce-type`.
    fn asked(&self, call: &Call, kind: &str, rule: Rule) -> Result<String, No> {
        let signed = |key: &Key| key.has_signed(&call.headers, &call.body, call.now_ms / 1000);
        if !self.key.as_ref().is_none_or(signed) {
            return Err(Refusal::new(401, "signature_wrong").into());
        }
        if call.headers.get("ce-type").is_none_or(|told| told != kind) {
            return Err(Refusal::new(400, &format!("ce-type must be {kind}")).into());
        }
        self.decide(call, rule)
    }

    fn decide(&self, call: &Call, rule: Rule) -> Result<String, No> {
        let key = call.headers.get("idempotency-key").map(|key| key.to_str().unwrap_or_default());
        if key.is_some_and(|key| key.is_empty() || key.len() > KEY_BYTES_MAX) {
            return Err(Refusal::new(400, "idempotency_key_invalid").into());
        }
        let asked = Asked { key, body: &call.body, now_ms: call.now_ms };
        // A panic in a transaction undid it.
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody asks the router what would be answered today.
        let dry_run = call.headers.get("hookswitch-dry-run").is_some_and(|told| told == "true");
        book.change(dry_run, |db| rule(db, &asked))
    }

    /// The newest orders as a table.
    fn list(&self) -> Reply {
        let orders = self.book.lock().unwrap_or_else(PoisonError::into_inner).newest(SHOWN);
        let orders = match orders {
            Ok(orders) => orders,
            Err(no) => return refuse(no),
        };
        let mut table = String::new();
        let mut row = |[order, ours, status, pays, gets, since]: [&str; 6]| {
            // Writing into a text can't fail.
            let _ =
                writeln!(table, "{order:<24} {ours:<8} {status:<17} {pays:<20} {gets:<24} {since}");
        };
        row(["ORDER", "OURS", "STATUS", "PAYS", "GETS", "SINCE"]);
        for order in &orders {
            let json = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
            let (terms, answer) = (json(&order.terms), json(&order.answer));
            let amount = |amount: &Value, currency: &Value| {
                let text = |value: &Value| shown(value.as_str().unwrap_or_default());
                format!("{} {}", text(amount), text(currency))
            };
            row([
                &shown(&order.order_id),
                &order.external_id,
                order.status.word(),
                &amount(&terms["fromAmount"], &terms["fromCurrency"]),
                &amount(&answer["toAmount"], &terms["toCurrency"]),
                &rfc3339(order.changed_ms),
            ]);
        }
        Reply { status: 200, content_type: "text/plain; charset=utf-8", body: table }
    }
}

/// A text from outside, on one line and harmless on a terminal.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// A person's calls carry no signature: they are for who is on this machine.
fn near(call: &Call) -> Result<(), No> {
    match call.peer.ip().to_canonical().is_loopback() {
        true => Ok(()),
        false => Err(Refusal::new(403, "only from this machine").into()),
    }
}

fn refuse(no: No) -> Reply {
    let refusal = match no {
        No::Refused(refusal) => refusal,
        No::Store(error) => {
            eprintln!("the orders can't be read or written: {error}");
            Refusal::new(503, "store_unavailable")
        }
    };
    Reply::json(refusal.status, refusal.body().to_string())
}

impl Reply {
    pub(crate) fn json(status: u16, body: String) -> Reply {
        Reply { status, content_type: "application/json", body }
    }
}
