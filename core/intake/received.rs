//! Step one: a call's head as plain data. Nothing is decided yet but whether it can be one at all.

use hyper::HeaderMap;

use super::Intake;
use super::stop::{Refusal, Stop};
use crate::listen::{Arrival, Body};
use crate::model::{CallbackId, Head, Header};

/// A call whose head has come and whose body is still on the wire.
pub(super) struct Received {
    pub(super) head: Head,
    pub(super) path: String,
    pub(super) body: Body,
}

impl Received {
    pub(super) fn take(intake: &Intake, arrival: Arrival) -> Result<Received, Stop> {
        let Arrival { head, body, peer } = arrival;
        let received_at_ms = intake.clock.now_ms();
        let id = CallbackId::new(received_at_ms).to_string();
        let refused = |refusal| Stop::Refused { id: id.clone(), route: String::new(), refusal };
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        if target.len() > intake.limits.url_bytes {
            return Err(refused(Refusal::UrlTooLong));
        }
        let proxies = &intake.proxies;
        let caller = proxies.caller(peer.ip(), &head.headers);
        let caller = caller.ok_or_else(|| refused(Refusal::BadForwarded))?;
        let url = proxies.url(peer.ip(), &head).ok_or_else(|| refused(Refusal::BadHost))?;
        let headers = plain(&head.headers).ok_or_else(|| refused(Refusal::BadHeader))?;
        Ok(Received {
            path: head.uri.path().to_owned(),
            head: Head {
                id,
                method: head.method.as_str().to_owned(),
                url,
                params: Vec::new(),
                headers,
                peer: caller.to_string(),
                received_at_ms,
            },
            body,
        })
    }
}

/// The headers as text, or `None` where a value isn't UTF-8.
fn plain(headers: &HeaderMap) -> Option<Vec<Header>> {
    let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        let value = std::str::from_utf8(value.as_bytes()).ok()?;
        Some(Header { name: name.as_str().to_owned(), value: value.to_owned() })
    };
    headers.iter().map(header).collect()
}
