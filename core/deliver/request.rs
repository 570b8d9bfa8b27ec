//! What is sent: the body's bytes exactly, with what a destination has to know in CloudEvents
//! headers, binary mode.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Uri};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::signature::{self, Signing};
use crate::model::clock::rfc3339;
use crate::plugin::SecretText;
use crate::store::Owed;

/// What a CloudEvents header's value encodes, beside all that isn't ASCII.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');

const AGENT: &str = concat!("hookswitch/", env!("CARGO_PKG_VERSION"));

/// How one attempt is worded.
pub(super) struct Wording<'a> {
    /// Where it goes.
    pub(super) url: &'a str,
    /// What signs it, newest first.
    pub(super) secrets: &'a [SecretText],
    /// The attempt's time, Unix milliseconds.
    pub(super) at_ms: u64,
    /// Whether it is said that a later state is known.
    pub(super) marked: bool,
}

/// The request for one delivery; `None` where the URL is none.
pub(super) fn of(owed: &Owed, wording: &Wording<'_>) -> Option<Request<Full<Bytes>>> {
    let mut request = Request::new(Full::new(owed.body.clone()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = wording.url.parse::<Uri>().ok()?;
    let headers = request.headers_mut();
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    let content_type = owed.content_type.as_deref().map(HeaderValue::from_str);
    if let Some(Ok(content_type)) = content_type {
        headers.insert(CONTENT_TYPE, content_type);
    }
    let (id, kind) = (owed.id.to_string(), encoded(&owed.kind));
    let at_s = wording.at_ms / 1000;
    let signing =
        Signing { id: &id, at_s, kind: &kind, body: &owed.body, secrets: wording.secrets };
    let signed = signature::headers(&signing);
    for (name, value) in about(owed, wording.marked).into_iter().chain(signed) {
        // Encoded, or made of digits and letters: a value that HTTP doesn't know can't be here.
        headers.insert(HeaderName::from_static(name), value.parse().ok()?);
    }
    Some(request)
}

/// The CloudEvents attributes.
fn about(owed: &Owed, marked: bool) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("ce-specversion", "1.0".to_owned()),
        ("ce-id", owed.event.to_string()),
        ("ce-providerid", encoded(&owed.provider_id)),
        ("ce-source", encoded(&format!("/routes/{}", owed.route))),
        ("ce-type", encoded(&owed.kind)),
        ("ce-time", rfc3339(owed.time_ms)),
    ];
    // An attribute is never empty.
    if let Some(subject) = owed.subject.as_deref().filter(|subject| !subject.is_empty()) {
        headers.push(("ce-subject", encoded(subject)));
    }
    if marked {
        headers.push(("ce-superseded", "true".to_owned()));
    }
    headers
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;
    use crate::model::{Addressee, DeliveryId, EventId};

    fn owed() -> Owed {
        Owed {
            id: DeliveryId::new(1),
            to: Addressee::Named("ledger".into()),
            event: EventId::new(1),
            provider_id: "p 1".into(),
            route: "pay".into(),
            kind: "a.b".into(),
            subject: Some("Zoë \"100%\"\n\u{7f}~!".into()),
            time_ms: 1_767_323_045_678,
            body: Bytes::from_static(b"\x00{ }\r\n"),
            content_type: Some("text/plain; charset=latin1".into()),
            tries: 0,
            superseded: true,
        }
    }

    #[tokio::test]
    async fn what_is_sent() {
        let owed = owed();
        let secrets = [SecretText::new("whsec_0123456789abcdef0123456789abcdef")];
        let wording = Wording {
            url: "http://a.example:81/x?y=1",
            secrets: &secrets,
            at_ms: 2999,
            marked: true,
        };
        let (head, body) = of(&owed, &wording).expect("a request").into_parts();
        assert_eq!((head.method, head.uri.to_string().as_str()), (Method::POST, wording.url));
        assert_eq!(body.collect().await.expect("a body").to_bytes(), owed.body);
        let id = owed.id.to_string();
        for (name, value) in [
            ("user-agent", AGENT),
            ("content-type", "text/plain; charset=latin1"),
            ("ce-specversion", "1.0"),
            ("ce-id", &owed.event.to_string()),
            ("ce-providerid", "p%201"),
            ("ce-source", "/routes/pay"),
            ("ce-type", "a.b"),
            ("ce-subject", "Zo%C3%AB%20%22100%25%22%0A%7F~!"),
            ("ce-time", "2026-01-02T03:04:05.678Z"),
            ("ce-superseded", "true"),
            ("webhook-id", &id),
            ("webhook-timestamp", "2"),
            ("x-webhook-event", "a.b"),
        ] {
            assert_eq!(head.headers.get(name).map(HeaderValue::as_bytes), Some(value.as_bytes()));
        }
        assert!(head.headers.contains_key("webhook-signature"));
    }

    #[test]
    fn what_is_left_out() {
        let owed = Owed { subject: Some(String::new()), content_type: None, ..owed() };
        let wording = Wording { url: "http://a/", secrets: &[], at_ms: 0, marked: false };
        let request = of(&owed, &wording).expect("a request");
        for name in ["ce-superseded", "ce-subject", "content-type", "webhook-signature"] {
            assert!(!request.headers().contains_key(name), "{name}");
        }
        let wording = Wording { url: "no url", ..wording };
        assert!(of(&owed, &wording).is_none());
    }
}
