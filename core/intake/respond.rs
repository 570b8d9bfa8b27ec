//! The last step: the adapter words the outcome as its provider expects it. The only place that
//! knows status codes; where no adapter can speak, the reply is plain.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};

use super::answer::{Answer, Answered};
use super::desk::Told;
use super::route::Place;
use super::stop::{Refusal, Stop};
use crate::generation::Stage;
use crate::model::{GenerationId, Head, Outcome, Reason, Reply};
use crate::observe::{self, CallLine};
use crate::plugin::{Duty, Fault, Instance};

/// A call that has its reply.
pub(super) struct Ended {
    reply: Response<Full<Bytes>>,
    id: String,
    route: String,
    outcome: &'static str,
    reason: String,
    /// Which version of the secret the callback was verified by.
    matched: String,
    /// Who answered a request; empty where nobody did.
    by: String,
    /// It was answered by what config says where nobody answers.
    fallback: bool,
}

impl Answered {
    #[inline]
    pub(super) async fn respond(self) -> Result<Ended, Stop> {
        let Answered { place, callback, proof, said } = self;
        let head = &callback.head;
        let matched = proof.matched.unwrap_or_default();
        let worded = match said {
            Answer::Told(told) => {
                return Ok(Ended { matched, ..Ended::told(&told, head, &place.route.name) });
            }
            Answer::Outcome(outcome, Some(reply)) => Ok((reply, outcome)),
            Answer::Outcome(outcome, None) => {
                // Boxed: what is worded already has no room for it.
                Box::pin(word_anew(&place, head, outcome)).await
            }
        };
        match worded {
            Ok((reply, outcome)) => {
                let ended = Ended::worded(reply, head, &place.route.name, &outcome);
                Ok(Ended { matched, ..ended })
            }
            Err(fault) => Err(Stop::faulted(place, callback, fault)),
        }
    }
}

impl Stop {
    /// Words what stopped the line. Nothing can stop this.
    pub(super) async fn respond(self) -> Ended {
        match self {
            Stop::Refused { id, route, refusal } => Ended { id, route, ..Ended::refused(refusal) },
            Stop::Offline { head, route } => {
                let why = route.offline.clone().unwrap_or_default();
                Ended { reason: why, ..Ended::plain(&head, &route.name, "offline") }
            }
            Stop::Early { place, callback, outcome, mut instance } => {
                let head = &callback.head;
                let worded = word(&mut instance, head, outcome);
                let worded = place.route.pulse.timed(Stage::Respond, pin!(worded)).await;
                instance.give_back();
                match worded {
                    Ok((reply, outcome)) => Ended::worded(reply, head, &place.route.name, &outcome),
                    Err(fault) => Ended::faulted(head, &place.route.name, &fault),
                }
            }
            Stop::Faulted { place, callback, fault } => {
                Ended::faulted(&callback.head, &place.route.name, &fault)
            }
        }
    }
}

/// The reply for an outcome that was waited for: the instance that verified is long given back.
async fn word_anew(
    place: &Place,
    head: &Head,
    outcome: Outcome,
) -> Result<(Reply, Outcome), Fault> {
    let worded = async {
        let mut instance = place.adapter.take(Duty::Respond).await?;
        let worded = word(&mut instance, head, outcome).await;
        instance.give_back();
        worded
    };
    place.route.pulse.timed(Stage::Respond, pin!(worded)).await
}

/// The reply for an outcome; that it has one for each is the adapter's duty.
async fn word(
    instance: &mut Instance,
    head: &Head,
    outcome: Outcome,
) -> Result<(Reply, Outcome), Fault> {
    match instance.respond(head, &outcome).await? {
        Ok(reply) => Ok((reply, outcome)),
        Err(why) => {
            let word = outcome.word();
            Err(Fault::Returned(format!("no reply for `{word}`: {} ({})", why.detail, why.code)))
        }
    }
}

impl Ended {
    fn worded(reply: Reply, head: &Head, route: &str, outcome: &Outcome) -> Ended {
        Ended {
            reply: to_response(reply),
            id: head.id.clone(),
            route: route.to_owned(),
            outcome: outcome.word(),
            reason: outcome.reason().map(Reason::to_string).unwrap_or_default(),
            matched: String::new(),
            by: String::new(),
            fallback: false,
        }
    }

    /// What a request was answered with.
    fn told(told: &Told, head: &Head, route: &str) -> Ended {
        Ended {
            reply: to_response(told.reply.clone()),
            id: head.id.clone(),
            route: route.to_owned(),
            outcome: told.outcome,
            reason: told.reason.clone(),
            matched: String::new(),
            by: told.by.clone(),
            fallback: told.fallback,
        }
    }

    fn faulted(head: &Head, route: &str, fault: &Fault) -> Ended {
        let reason = format!("{fault} ({})", fault.word());
        Ended { reason, ..Ended::plain(head, route, "fault") }
    }

    /// A 503 that no adapter worded.
    fn plain(head: &Head, route: &str, outcome: &'static str) -> Ended {
        Ended {
            reply: plain(StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            id: head.id.clone(),
            route: route.to_owned(),
            outcome,
            reason: String::new(),
            matched: String::new(),
            by: String::new(),
            fallback: false,
        }
    }

    /// A reply to a call that no adapter saw.
    pub(super) fn refused(refusal: Refusal) -> Ended {
        let (status, word) = status(&refusal);
        let mut reply = plain(status, word);
        let reason = match &refusal {
            Refusal::StoreDown { why } => format!("{word}: {why}"),
            _ => word.to_owned(),
        };
        if let Refusal::Method { allow } = refusal
            && let Ok(allow) = HeaderValue::from_str(&allow.join(", "))
        {
            reply.headers_mut().insert(ALLOW, allow);
        }
        Ended {
            reply,
            id: String::new(),
            route: String::new(),
            outcome: "refused",
            reason,
            matched: String::new(),
            by: String::new(),
            fallback: false,
        }
    }

    pub(super) fn log(&self, took: Duration) {
        observe::call_line(&CallLine {
            id: &self.id,
            route: &self.route,
            outcome: self.outcome,
            status: self.reply.status().as_u16(),
            reason: &self.reason,
            matched: &self.matched,
            by: &self.by,
            fallback: self.fallback,
            took,
        });
    }

    /// The reply, which names the generation where it should.
    pub(super) fn into_response(self, named: Option<GenerationId>) -> Response<Full<Bytes>> {
        let mut reply = self.reply;
        if let Some(GenerationId(id)) = named {
            reply.headers_mut().insert(GENERATION, HeaderValue::from(id));
        }
        reply
    }
}

/// Which generation a callback ran on; only where config asks for it.
const GENERATION: HeaderName = HeaderName::from_static("x-hookswitch-generation");

fn status(refusal: &Refusal) -> (StatusCode, &'static str) {
    match refusal {
        Refusal::UrlTooLong => (StatusCode::URI_TOO_LONG, "url_too_long"),
        Refusal::BadHost => (StatusCode::BAD_REQUEST, "bad_host"),
        Refusal::BadHeader => (StatusCode::BAD_REQUEST, "bad_header"),
        Refusal::BadForwarded => (StatusCode::BAD_REQUEST, "bad_forwarded"),
        Refusal::BadPath => (StatusCode::BAD_REQUEST, "bad_path"),
        Refusal::NoRoute => (StatusCode::NOT_FOUND, "not_found"),
        Refusal::Method { .. } => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
        Refusal::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
        Refusal::BodyTimedOut => (StatusCode::REQUEST_TIMEOUT, "body_timed_out"),
        Refusal::BodyBroken => (StatusCode::BAD_REQUEST, "body_broken"),
        Refusal::Overloaded => (StatusCode::SERVICE_UNAVAILABLE, "overloaded"),
        Refusal::StoreDown { .. } => (StatusCode::SERVICE_UNAVAILABLE, "store_unavailable"),
        Refusal::Unanswered => (StatusCode::SERVICE_UNAVAILABLE, "unanswered"),
        Refusal::TooSlow => (StatusCode::SERVICE_UNAVAILABLE, "too_slow"),
    }
}

fn plain(status: StatusCode, word: &str) -> Response<Full<Bytes>> {
    let mut reply = Response::new(Full::from(format!("{{\"error\":\"{word}\"}}\n")));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    with_retry_after(reply)
}

/// A sender that is told to try again is told when.
fn with_retry_after(mut reply: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    if reply.status() == StatusCode::SERVICE_UNAVAILABLE {
        let soon = HeaderValue::from_static("1");
        reply.headers_mut().entry(RETRY_AFTER).or_insert(soon);
    }
    reply
}

/// Headers about the connection and the framing: the router's own business.
const FRAMING: [&str; 8] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

fn to_response(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(reply.body));
    // The plugin host has let no other status or header through.
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    for header in &reply.headers {
        let name = HeaderName::from_bytes(header.name.as_bytes());
        let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&header.value)) else { continue };
        if !FRAMING.contains(&name.as_str()) {
            response.headers_mut().append(name, value);
        }
    }
    with_retry_after(response)
}
