//! A POST that tells somebody of something: the body's bytes exactly, with what they have to know
//! in CloudEvents headers, binary mode, and signed by what they share with us.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Uri};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::signature::{self, Signing};
use crate::model::SecretText;
use crate::model::clock::rfc3339;

/// What a CloudEvents header's value encodes, beside all that isn't ASCII.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');

const AGENT: &str = concat!("hookswitch/", env!("CARGO_PKG_VERSION"));

/// What is sent, and how it is signed.
pub struct Posting<'a> {
    /// Where it goes.
    pub url: Uri,
    /// Its bytes.
    pub body: Bytes,
    /// What they are, where that is known.
    pub content_type: Option<&'a str>,
    /// What it is about.
    pub about: About<'a>,
    /// Its own id, as far as receivers know repeats by it: the same over all attempts.
    pub id: &'a str,
    /// Headers of this one alone: lower-case names, and values of visible ASCII.
    pub more: Vec<(&'static str, String)>,
    /// What signs it, newest first; none: it is unsigned.
    pub secrets: &'a [SecretText],
    /// The attempt's time, Unix milliseconds.
    pub at_ms: u64,
}

/// The CloudEvents attributes.
pub struct About<'a> {
    /// The router's id for it, for ever.
    pub id: &'a str,
    /// The provider's, as its adapter reads it.
    pub provider_id: &'a str,
    /// The route that it came by.
    pub route: &'a str,
    /// Its kind.
    pub kind: &'a str,
    /// What it is about, where it says so.
    pub subject: Option<&'a str>,
    /// When it happened, Unix milliseconds.
    pub time_ms: u64,
}

impl Posting<'_> {
    /// The request; `None` where a header of it is none that HTTP knows.
    pub fn request(self) -> Option<Request<Full<Bytes>>> {
        let kind = encoded(self.about.kind);
        let signed = signature::headers(&Signing {
            id: self.id,
            at_s: self.at_ms / 1000,
            kind: &kind,
            body: &self.body,
            secrets: self.secrets,
        });
        let mut request = Request::new(Full::new(self.body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url;
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        let content_type = self.content_type.map(HeaderValue::from_str);
        if let Some(Ok(content_type)) = content_type {
            headers.insert(CONTENT_TYPE, content_type);
        }
        let about = self.about.headers(kind);
        for (name, value) in about.into_iter().chain(self.more).chain(signed) {
            // Encoded, or made of digits and letters: a value that HTTP doesn't know can't be here.
            headers.insert(HeaderName::from_static(name), value.parse().ok()?);
        }
        Some(request)
    }
}

impl About<'_> {
    fn headers(&self, kind: String) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("ce-specversion", "1.0".to_owned()),
            ("ce-id", self.id.to_owned()),
            ("ce-providerid", encoded(self.provider_id)),
            ("ce-source", encoded(&format!("/routes/{}", self.route))),
            ("ce-type", kind),
            ("ce-time", rfc3339(self.time_ms)),
        ];
        // An attribute is never empty.
        if let Some(subject) = self.subject.filter(|subject| !subject.is_empty()) {
            headers.push(("ce-subject", encoded(subject)));
        }
        headers
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}
