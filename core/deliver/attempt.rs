//! One attempt: word the request, send it, keep what came of it. What a destination answers is
//! bounded in size and in time.

use std::time::{Duration, Instant};

use hyper::Response;
use hyper::body::Bytes;
use hyper::header::RETRY_AFTER;

use super::Engine;
use super::recipient::Recipient;
use super::request::{self, Wording};
use super::retry::{self, Outcome};
use crate::model::Attempt;
use crate::model::units::millis;
use crate::outbound::{Client, OutboundFault};
use crate::store::Owed;

/// A recipient, and the connections that lead to it.
pub(super) struct Post {
    pub(super) recipient: Recipient,
    pub(super) client: Client,
}

/// What came of an attempt.
pub(super) struct Tried {
    pub(super) attempt: Attempt,
    pub(super) outcome: Outcome,
}

impl Post {
    /// Sends a delivery once. `marked`: it is said that a later state is known.
    pub(super) async fn send(&self, owed: &Owed, marked: bool, engine: &Engine) -> Tried {
        let (began, at_ms) = (Instant::now(), engine.clock.now_ms());
        let came = tokio::time::timeout(self.recipient.timeout, async {
            let Recipient { url, secrets, .. } = &self.recipient;
            let wording = Wording { url, secrets, at_ms, marked };
            let request = request::of(owed, &wording).ok_or(OutboundFault::BadUrl)?;
            self.client.send(request, engine.limits.read_bytes()).await
        });
        let mut tried = match came.await {
            Ok(Ok(brought)) => answered(&brought.response, engine),
            Ok(Err(fault)) => failed(fault.to_string()),
            Err(_) => failed(too_late(self.recipient.timeout)),
        };
        tried.attempt.at_ms = at_ms;
        tried.attempt.took_ms = millis(began.elapsed());
        tried
    }
}

fn answered(response: &Response<Bytes>, engine: &Engine) -> Tried {
    let status = response.status().as_u16();
    let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let after_ms = after.and_then(|value| retry::after_ms(value, engine.clock.now_ms()));
    let error = match status {
        200..300 => None,
        300..400 => Some(format!("it answered {status}, and redirects are not followed")),
        410 => Some("it answered 410: it wants nothing any more".to_owned()),
        _ => Some(format!("it answered {status}")),
    };
    let body = response.body();
    let body = body[..body.len().min(engine.limits.response_bytes)].to_vec();
    let attempt = Attempt { at_ms: 0, took_ms: 0, status: Some(status), body, error };
    Tried { attempt, outcome: Outcome::Answered { status, after_ms } }
}

fn failed(error: String) -> Tried {
    let error = Some(error);
    let attempt = Attempt { at_ms: 0, took_ms: 0, status: None, body: Vec::new(), error };
    Tried { attempt, outcome: Outcome::Failed }
}

fn too_late(timeout: Duration) -> String {
    format!("no whole response within {timeout:?}")
}
