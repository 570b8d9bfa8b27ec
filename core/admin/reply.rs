//! How the admin listener replies: JSON, one shape for every error, and nothing that a cache keeps.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use serde_json::{Value, json as value};

pub(super) type Reply = Response<Full<Bytes>>;

pub(super) fn json(status: u16, body: &Value) -> Reply {
    let mut reply = Response::new(Full::from(format!("{body}\n")));
    *reply.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

pub(super) fn ok(body: &Value) -> Reply {
    json(200, body)
}

pub(super) fn fault(status: u16, code: &str, message: &str) -> Reply {
    json(status, &value!({ "error": { "code": code, "message": message } }))
}

pub(super) fn not_allowed(allow: &'static str) -> Reply {
    let mut reply = fault(405, "method_not_allowed", &format!("this takes {allow}"));
    reply.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    reply
}

pub(super) fn unauthorized() -> Reply {
    let message = "send x-key-id and x-secret-key, or authorization: Bearer with the key's secret";
    let mut reply = fault(401, "unauthorized", message);
    reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    reply
}
