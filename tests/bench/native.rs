//! What the BRZ adapter decides, written natively: the yardstick. The same server calls it with the
//! same bounds, and it yields the same verdict, event and reply.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use ring::{digest, hmac};

use hookswitch::listen::Arrival;
use hookswitch::model::{Callback, CallbackId, Clock, Event, Head, Header};

const BODY_BYTES_MAX: usize = 1 << 20;
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
const TOLERANCE_MS: u64 = 300_000;

/// The adapter's settings and secret, made ready once.
pub(crate) struct Native {
    key: hmac::Key,
    clock: Clock,
}

impl Native {
    pub(crate) fn new(secret: &str) -> Native {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        Native { key, clock: Clock::system() }
    }

    /// One callback, from its head to the reply.
    pub(crate) async fn take(&self, arrival: Arrival) -> Response<Full<Bytes>> {
        let Arrival { head, body, peer } = arrival;
        let head = self.plain(&head, &peer.ip().to_string());
        let Ok(body) = body.read(BODY_BYTES_MAX, BODY_TIMEOUT).await else { return reply(400) };
        let callback = Callback { head, body };
        if !self.is_genuine(&callback) {
            return reply(401);
        }
        match event(&callback) {
            Some(event) => {
                std::hint::black_box(event);
                reply(200)
            }
            None => reply(400),
        }
    }

    /// The head as plain data, as the router makes it.
    pub(crate) fn plain(&self, head: &Parts, peer: &str) -> Head {
        let received_at_ms = self.clock.now_ms();
        let header = |(name, value): (&hyper::header::HeaderName, &HeaderValue)| {
            let value = value.to_str().ok()?.to_owned();
            Some(Header { name: name.as_str().to_owned(), value })
        };
        let host = head.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        Head {
            id: CallbackId::new(received_at_ms).to_string(),
            method: head.method.as_str().to_owned(),
            url: format!("http://{host}{target}"),
            params: Vec::new(),
            headers: head.headers.iter().filter_map(header).collect(),
            peer: peer.to_owned(),
            received_at_ms,
        }
    }

    pub(crate) fn is_genuine(&self, callback: &Callback) -> bool {
        let header = |name| only(&callback.head, name);
        let (Some(signature), Some(timestamp)) =
            (header("x-webhook-signature"), header("x-webhook-timestamp"))
        else {
            return false;
        };
        let Some(tag) = signature.strip_prefix("sha256=").and_then(from_hex) else { return false };
        let Ok(seconds) = timestamp.parse::<u64>() else { return false };
        let message = [timestamp.as_bytes(), b".", &callback.body].concat();
        hmac::verify(&self.key, &message, &tag).is_ok()
            && (seconds * 1000).abs_diff(callback.head.received_at_ms) <= TOLERANCE_MS
    }
}

fn only<'a>(head: &'a Head, name: &str) -> Option<&'a str> {
    let mut values = head.headers.iter().filter(|header| header.name == name);
    match (values.next(), values.next()) {
        (Some(header), None) => Some(&header.value),
        _ => None,
    }
}

#[derive(serde::Deserialize)]
struct Body<'b> {
    event: &'b str,
    timestamp: &'b str,
    #[serde(borrow)]
    data: Data<'b>,
}

#[derive(serde::Deserialize)]
struct Data<'b> {
    #[serde(borrow, default)]
    transaction: Option<Transaction<'b>>,
    id: Option<&'b str>,
    status: Option<&'b str>,
}

#[derive(serde::Deserialize)]
struct Transaction<'b> {
    id: &'b str,
    status: &'b str,
}

pub(crate) fn event(callback: &Callback) -> Option<Event> {
    let body: Body<'_> = serde_json::from_slice(&callback.body).ok()?;
    let (id, status) = match body.data.transaction {
        Some(transaction) => (transaction.id, transaction.status),
        None => (body.data.id?, body.data.status?),
    };
    let delivery = only(&callback.head, "x-webhook-id")?;
    let alias = serde_json::to_vec(&(delivery, body.event, id, status)).ok()?;
    Some(Event {
        id: to_hex(&callback.body),
        aliases: vec![format!("delivery-{}", to_hex(&alias))],
        kind: format!("brz.{}", body.event),
        subject: Some(id.to_owned()),
        rank: Some(2),
        occurred_at_ms: body.timestamp.len().try_into().ok(),
        data: None,
    })
}

fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let hash = digest::digest(&digest::SHA256, bytes);
    let digit = |number: u8| DIGITS[usize::from(number)] as char;
    hash.as_ref().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let nibble =
        |digit: u8| (digit as char).to_digit(16).and_then(|value| u8::try_from(value).ok());
    text.as_bytes()
        .chunks(2)
        .map(|two| Some(nibble(two[0])? << 4 | nibble(*two.get(1)?)?))
        .collect()
}

pub(crate) fn reply(status: u16) -> Response<Full<Bytes>> {
    let body = serde_json::json!({ "received": status == 200 }).to_string();
    let mut reply = Response::new(Full::from(body));
    *reply.status_mut() = hyper::StatusCode::from_u16(status).expect("a status");
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}
