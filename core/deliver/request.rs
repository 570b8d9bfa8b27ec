//! What is sent to a destination: the body's bytes exactly, with what it has to know.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, Uri};

use crate::model::SecretText;
use crate::observe::traces;
use crate::outbound::{About, Posting};
use crate::store::Owed;

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
    let marked = wording.marked.then(|| ("ce-superseded", "true".to_owned()));
    let trace = traces::current().map(|context| ("traceparent", context.to_string()));
    let posting = Posting {
        url: wording.url.parse::<Uri>().ok()?,
        body: owed.body.clone(),
        content_type: owed.content_type.as_deref(),
        about: About {
            id: &owed.event.to_string(),
            provider_id: &owed.provider_id,
            route: &owed.route,
            kind: &owed.kind,
            subject: owed.subject.as_deref(),
            time_ms: owed.time_ms,
        },
        id: &owed.id.to_string(),
        more: marked.into_iter().chain(trace).collect(),
        secrets: wording.secrets,
        at_ms: wording.at_ms,
    };
    posting.request()
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use hyper::Method;
    use hyper::header::HeaderValue;

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
            ("user-agent", concat!("hookswitch/", env!("CARGO_PKG_VERSION"))),
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
