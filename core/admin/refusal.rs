//! Why a call isn't done, and how that is said. Whoever isn't let in is told in the flat form
//! `{"error", "message", "code"}`, whatever they asked for; all else is `{"error": {"code",
//! "message"}}`, with `"success": false` before it in the webhooks API.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::reply;
use crate::listen::BodyFault;
use crate::model::GenerationId;
use crate::store::StoreFault;

/// Why a call isn't done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It shows no key.
    NoKey,
    /// The key that it shows isn't one.
    WrongKey,
    /// Nor is the token; or it isn't good for this.
    WrongToken,
    /// Its token has ended.
    OldToken,
    /// Its key isn't allowed this.
    NoScope(&'static str),
    /// It asks for a token with more scopes than it has.
    Beyond,
    /// Its key was used too often.
    TooOften,
    /// There is nothing at this path.
    NoPath,
    /// Not with this method, but with these.
    Method(String),
    /// Something that it says isn't as it should be; this is how it should be.
    Invalid(String),
    /// It has to say this, and doesn't.
    Missing(&'static str),
    /// Its body didn't come whole.
    Body(BodyFault),
    /// There is none of this id: a webhook, a delivery, an event.
    NoSuch(&'static str),
    /// It stands in the config, where alone it can be changed.
    ReadOnly,
    /// The event is a notification, which has no answer.
    Notification,
    /// The event isn't true, or isn't known to be.
    Untrue,
    /// The store didn't do it.
    Store(StoreFault),
    /// The system has no random numbers.
    NoRandom,
    /// Its `If-Match` is no entity tag.
    IfMatch,
    /// Another generation runs than it asked about: this one.
    Stale(GenerationId),
    /// The reload had these problems.
    Rejected(String),
    /// Too many reloads are waiting.
    Busy,
    /// Nobody reloads any more.
    NoReloader,
    /// The reload isn't done in time.
    Late,
}

/// What became of it in the store, where the call's own object isn't at fault.
impl From<StoreFault> for Refusal {
    fn from(fault: StoreFault) -> Refusal {
        match fault {
            StoreFault::Untrue => Refusal::Untrue,
            other => Refusal::Store(other),
        }
    }
}

/// Where the webhooks API is: it has a form of its own for errors.
const WEBHOOKS: &str = "/api/v1/webhooks";

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Refusal::NoKey | Refusal::WrongKey | Refusal::WrongToken | Refusal::OldToken => {
                StatusCode::UNAUTHORIZED
            }
            Refusal::NoScope(_) | Refusal::Beyond => StatusCode::FORBIDDEN,
            Refusal::TooOften => StatusCode::TOO_MANY_REQUESTS,
            Refusal::NoPath | Refusal::NoSuch(_) | Refusal::Store(StoreFault::NotFound) => {
                StatusCode::NOT_FOUND
            }
            Refusal::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::IfMatch
            | Refusal::Invalid(_)
            | Refusal::Missing(_)
            | Refusal::Body(BodyFault::Broken) => StatusCode::BAD_REQUEST,
            Refusal::Body(BodyFault::TimedOut) => StatusCode::REQUEST_TIMEOUT,
            Refusal::Body(BodyFault::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::ReadOnly
            | Refusal::Untrue
            | Refusal::Notification
            | Refusal::Store(StoreFault::TooMany(_) | StoreFault::Untrue | StoreFault::Request) => {
                StatusCode::CONFLICT
            }
            Refusal::Stale(_) => StatusCode::PRECONDITION_FAILED,
            Refusal::Rejected(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::Store(StoreFault::Full(_) | StoreFault::Failing(_) | StoreFault::Closed)
            | Refusal::NoRandom
            | Refusal::Busy
            | Refusal::NoReloader
            | Refusal::Late => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn code(&self) -> String {
        let code = match self {
            Refusal::NoKey => "MISSING_API_CREDENTIALS",
            Refusal::WrongKey => "INVALID_API_KEY",
            Refusal::WrongToken => "INVALID_BEARER_TOKEN",
            Refusal::OldToken => "EXPIRED_BEARER_TOKEN",
            Refusal::NoScope(_) | Refusal::Beyond => "INSUFFICIENT_PERMISSIONS",
            Refusal::TooOften => "RATE_LIMIT_EXCEEDED",
            Refusal::NoPath | Refusal::Store(StoreFault::NotFound) => "not_found",
            Refusal::Method(_) => "method_not_allowed",
            Refusal::Invalid(_) => "VALIDATION_ERROR",
            Refusal::Missing(_) => "MISSING_FIELDS",
            Refusal::Body(BodyFault::TooLarge) => "BODY_TOO_LARGE",
            Refusal::Body(BodyFault::TimedOut) => "BODY_TOO_SLOW",
            Refusal::Body(BodyFault::Broken) => "BODY_BROKEN",
            Refusal::NoSuch(what) => return format!("{}_NOT_FOUND", what.to_ascii_uppercase()),
            Refusal::ReadOnly => "READ_ONLY",
            Refusal::Untrue | Refusal::Store(StoreFault::Untrue) => "EVENT_NOT_CONFIRMED",
            Refusal::Store(StoreFault::Request) => "EVENT_IS_REQUEST",
            Refusal::Notification => "EVENT_IS_NOTIFICATION",
            Refusal::Store(StoreFault::TooMany(_)) => "LIMIT_EXCEEDED",
            Refusal::Store(StoreFault::Full(_)) => "STORE_FULL",
            Refusal::Store(StoreFault::Failing(_)) => "STORE_FAILING",
            Refusal::Store(StoreFault::Closed) => "STORE_CLOSED",
            Refusal::NoRandom => "NO_RANDOM_NUMBERS",
            Refusal::IfMatch => "bad_if_match",
            Refusal::Stale(_) => "stale",
            Refusal::Rejected(_) => "rejected",
            Refusal::Busy => "busy",
            Refusal::NoReloader => "no_reloader",
            Refusal::Late => "still_reloading",
        };
        code.to_owned()
    }

    fn message(&self) -> String {
        let message = match self {
            Refusal::NoKey => {
                "send a key: x-key-id and x-secret-key, or Authorization: Bearer <secret or token>"
            }
            Refusal::WrongKey => "there is no key of this id and secret",
            Refusal::WrongToken => "this is neither a key's secret nor a token that is good here",
            Refusal::OldToken => "this token has ended: ask for a new one",
            Refusal::NoScope(scope) => return format!("this needs a key with the scope {scope}"),
            Refusal::Beyond => "a token may have no scope that its key has not",
            Refusal::TooOften => "this key was used too often: wait a second",
            Refusal::NoPath | Refusal::Store(StoreFault::NotFound) => {
                "there is nothing at this path"
            }
            Refusal::Method(allow) => return format!("this takes {allow}"),
            Refusal::Invalid(how) => return how.clone(),
            Refusal::Missing(name) => return format!("{name} is missing"),
            Refusal::Body(fault) => return fault.to_string(),
            Refusal::NoSuch(what) => return format!("there is no {what} of this id"),
            Refusal::ReadOnly => {
                "this destination stands in the config: change it there, and reload"
            }
            Refusal::Untrue | Refusal::Store(StoreFault::Untrue) => {
                "its event isn't confirmed, so it isn't sent"
            }
            Refusal::Store(StoreFault::Request) => {
                "it is a request: it was answered, and is delivered to nobody"
            }
            Refusal::Notification => {
                "it is a notification, which nobody answers: its rehearsal (replay --as-received) \
                 sends it through today's adapter"
            }
            Refusal::Store(StoreFault::TooMany(most)) => {
                return format!("there are {most} webhooks already, and no more may be");
            }
            Refusal::Store(_) => "the store can't do this now; try again",
            Refusal::NoRandom => "the system has no random numbers now; try again",
            Refusal::IfMatch => "If-Match is the ETag of one generation, as \"1\", or *",
            Refusal::Stale(id) => return format!("generation {id} runs; nothing was reloaded"),
            Refusal::Rejected(_) => "the config has problems; what ran runs on",
            Refusal::Busy => "other reloads are waiting; try again",
            Refusal::NoReloader => "nothing is reloaded any more: the router stops",
            Refusal::Late => "the reload goes on; ask for the generation later",
        };
        message.to_owned()
    }

    /// The header that goes with it, if one does.
    fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Refusal::Method(allow) => Some((ALLOW, HeaderValue::from_str(allow).ok()?)),
            _ => match self.status() {
                StatusCode::UNAUTHORIZED => {
                    Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
                }
                StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                    Some((RETRY_AFTER, HeaderValue::from_static("1")))
                }
                _ => None,
            },
        }
    }

    /// The word of the flat form, where it has that.
    fn flat(&self) -> Option<&'static str> {
        match self.status() {
            StatusCode::UNAUTHORIZED => Some("unauthorized"),
            StatusCode::FORBIDDEN => Some("forbidden"),
            StatusCode::TOO_MANY_REQUESTS => Some("rate_limit_exceeded"),
            _ => None,
        }
    }

    /// As it is said to whoever asked for this path.
    pub(super) fn into_response(self, path: &str) -> Response<Full<Bytes>> {
        let (code, message) = (self.code(), self.message());
        let mut body = match self.flat() {
            Some(word) => json!({ "error": word, "message": message, "code": code }),
            None => json!({ "error": { "code": code, "message": message } }),
        };
        if self.flat().is_none() && path.starts_with(WEBHOOKS) {
            body["success"] = Value::Bool(false);
        }
        let (status, header) = (self.status(), self.header());
        match self {
            Refusal::Stale(id) => body["generation"] = json!(id.0),
            Refusal::Rejected(problems) => body["problems"] = json!(problems),
            _ => {}
        }
        let mut response = reply::json_of(status, &body);
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
