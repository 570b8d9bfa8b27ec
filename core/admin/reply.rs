//! What the admin listener says: JSON that nobody keeps, and how whatever is refused is worded.
//! Together with `refusal.rs` the only place of `admin/` that knows status codes.

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Body as _;
use hyper::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

pub(super) use super::refusal::Refusal;

/// What a call comes to.
pub(super) type Reply = Result<Response<Full<Bytes>>, Refusal>;

/// A 200.
pub(super) fn ok(body: &Value) -> Response<Full<Bytes>> {
    json_of(StatusCode::OK, body)
}

/// A 201.
pub(super) fn created(body: &Value) -> Response<Full<Bytes>> {
    json_of(StatusCode::CREATED, body)
}

/// A 200 of the webhooks API, which wraps whatever went well.
pub(super) fn success(data: &Value) -> Response<Full<Bytes>> {
    ok(&json!({ "success": true, "data": data }))
}

/// A 201 of the webhooks API.
pub(super) fn success_created(data: &Value) -> Response<Full<Bytes>> {
    created(&json!({ "success": true, "data": data }))
}

/// A 503 that isn't an error of the call.
pub(super) fn unready(body: &Value) -> Response<Full<Bytes>> {
    json_of(StatusCode::SERVICE_UNAVAILABLE, body)
}

pub(super) fn json_of(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
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
