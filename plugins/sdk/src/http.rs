//! Outgoing HTTP: one request and its whole response, only in `confirm` and `compute`, only to the
//! hosts that config lists under `allow_http`. On wasm32 it goes through `wasi:http`; natively the
//! stand-in host answers from a script.
//!
//! A plugin that never calls `send` imports nothing of this. What is sent and what comes back is in
//! no error text.

#[cfg(target_arch = "wasm32")]
mod outgoing;

use crate::{Header, Reason};

#[cfg(not(target_arch = "wasm32"))]
use crate::native::stand_in::http as outgoing;

/// A larger response is an error. The router's own bound, `http_bytes`, may be lower.
pub const RESPONSE_BYTES_MAX: usize = 1 << 20;

/// What is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// In upper case.
    pub method: String,
    /// An absolute http or https URL.
    pub url: String,
    /// Lower-case names. `host` and `content-length` are added.
    pub headers: Vec<Header>,
    /// The body; may be empty.
    pub body: Vec<u8>,
}

/// What came back, whatever its status. A redirect is not followed.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Lower-case names; order and repeats are kept.
    pub headers: Vec<Header>,
    /// The whole body.
    pub body: Vec<u8>,
}

/// Sends a request and waits for the whole response. The reason's code is `http_url`,
/// `http_denied`, `http_timeout`, `http_too_large` or `http_failed`.
pub fn send(request: Request) -> Result<Response, Reason> {
    if Target::of(&request.url).is_none() {
        return Err(Failure::Url.reason());
    }
    let response = outgoing::send(request).map_err(Failure::reason)?;
    if response.body.len() > RESPONSE_BYTES_MAX {
        return Err(Failure::TooLarge.reason());
    }
    Ok(response)
}

/// Why there is no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It has no form that can be sent.
    Url,
    /// The config doesn't allow it.
    #[cfg_attr(not(target_arch = "wasm32"), expect(dead_code, reason = "only a router denies"))]
    Denied,
    /// It took too long.
    #[cfg_attr(not(target_arch = "wasm32"), expect(dead_code, reason = "no script is slow"))]
    Timeout,
    /// It is larger than allowed.
    TooLarge,
    /// Nobody answers, or not in HTTP.
    Failed,
}

impl Failure {
    fn reason(self) -> Reason {
        let (code, detail) = match self {
            Failure::Url => ("http_url", "the request has no URL or header that can be sent"),
            Failure::Denied => (
                "http_denied",
                "the config doesn't let it call this host: see allow_http, and allow_networks for private ones",
            ),
            Failure::Timeout => ("http_timeout", "no response came in time"),
            Failure::TooLarge => ("http_too_large", "the response is too large"),
            Failure::Failed => ("http_failed", "no connection, or it broke"),
        };
        Reason::new(code, detail)
    }
}

/// A URL, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target<'u> {
    pub(crate) https: bool,
    pub(crate) authority: &'u str,
    /// With the query; never empty.
    pub(crate) path: &'u str,
}

impl<'u> Target<'u> {
    /// From an absolute http or https URL without user info or fragment.
    pub(crate) fn of(url: &'u str) -> Option<Target<'u>> {
        let (scheme, rest) = url.split_once("://")?;
        let https = match scheme {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = if path.is_empty() { "/" } else { path };
        let plain = url.bytes().all(|b| b.is_ascii_graphic()) && !url.contains(['#', '\\']);
        let whole = plain && !authority.is_empty() && !authority.contains('@');
        // A query without a path has no form of its own in HTTP.
        (whole && path.starts_with('/')).then_some(Target { https, authority, path })
    }
}

/// Whether a text is a URL that [`send`] can take: absolute, http or https, without user info or
/// fragment.
pub fn is_url(text: &str) -> bool {
    Target::of(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        let of = |text| Target::of(text).map(|t| (t.https, t.authority, t.path));
        assert_eq!(of("https://a.example"), Some((true, "a.example", "/")));
        assert_eq!(of("http://[::1]:81/x?y=/z"), Some((false, "[::1]:81", "/x?y=/z")));
        for text in [
            "",
            "a",
            "/x",
            "ftp://a/",
            "HTTPS://a/",
            "https://",
            "https:///x",
            "http://u@a/",
            "http://a/#b",
            "http://a?x",
            "http://a /",
            "http://a/\r\nx: y",
            "http://a\\b/",
            "http://ä/",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
