//! What the admin listener says: JSON that nobody keeps, and one shape for everything that it
//! refuses. The only place of `admin/` that knows status codes.

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Body as _;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use crate::model::GenerationId;

/// Why a call isn't done.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It shows no valid key.
    NoKey,
    /// Its key isn't allowed this.
    NoScope(&'static str),
    /// There is nothing at this path.
    NoPath,
    /// Not with this method, but with these.
    Method(&'static str),
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

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Refusal::NoKey => StatusCode::UNAUTHORIZED,
            Refusal::NoScope(_) => StatusCode::FORBIDDEN,
            Refusal::NoPath => StatusCode::NOT_FOUND,
            Refusal::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::IfMatch => StatusCode::BAD_REQUEST,
            Refusal::Stale(_) => StatusCode::PRECONDITION_FAILED,
            Refusal::Rejected(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::Busy | Refusal::NoReloader | Refusal::Late => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Refusal::NoKey => "unauthorized",
            Refusal::NoScope(_) => "forbidden",
            Refusal::NoPath => "not_found",
            Refusal::Method(_) => "method_not_allowed",
            Refusal::IfMatch => "bad_if_match",
            Refusal::Stale(_) => "stale",
            Refusal::Rejected(_) => "rejected",
            Refusal::Busy => "busy",
            Refusal::NoReloader => "no_reloader",
            Refusal::Late => "still_reloading",
        }
    }

    fn message(&self) -> String {
        match self {
            Refusal::NoKey => {
                "send a valid key: x-key-id and x-secret-key, or Authorization: Bearer <secret>"
                    .to_owned()
            }
            Refusal::NoScope(scope) => format!("this needs a key with the scope {scope}"),
            Refusal::NoPath => "there is nothing at this path".to_owned(),
            Refusal::Method(allow) => format!("this takes {allow}"),
            Refusal::IfMatch => "If-Match is the ETag of one generation, as \"1\", or *".to_owned(),
            Refusal::Stale(id) => format!("generation {id} runs; nothing was reloaded"),
            Refusal::Rejected(_) => "the config has problems; what ran runs on".to_owned(),
            Refusal::Busy => "other reloads are waiting; try again".to_owned(),
            Refusal::NoReloader => "nothing is reloaded any more: the router stops".to_owned(),
            Refusal::Late => "the reload goes on; ask for the generation later".to_owned(),
        }
    }

    /// The header that goes with it, if one does.
    fn header(&self) -> Option<(HeaderName, &'static str)> {
        match self {
            Refusal::NoKey => Some((WWW_AUTHENTICATE, "Bearer")),
            Refusal::Method(allow) => Some((ALLOW, allow)),
            Refusal::Busy | Refusal::NoReloader | Refusal::Late => Some((RETRY_AFTER, "1")),
            _ => None,
        }
    }

    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        let mut body = json!({ "error": { "code": self.code(), "message": self.message() } });
        let (status, header) = (self.status(), self.header());
        match self {
            Refusal::Stale(id) => body["generation"] = json!(id.0),
            Refusal::Rejected(problems) => body["problems"] = json!(problems),
            _ => {}
        }
        let mut response = json_of(status, &body);
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// A 200.
pub(super) fn ok(body: &Value) -> Response<Full<Bytes>> {
    json_of(StatusCode::OK, body)
}

/// A 503 that isn't an error of the call.
pub(super) fn unready(body: &Value) -> Response<Full<Bytes>> {
    json_of(StatusCode::SERVICE_UNAVAILABLE, body)
}

fn json_of(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(format!("{body}\n")));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The same as an answer to `HEAD`.
pub(super) fn without_body(response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    let (mut head, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact() {
        head.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Response::from_parts(head, Full::default())
}
