//! What a genuine callback holds: always one event, whose data is the body as received.
//!
//! The event's id is the hash of the signed body, so that an unsigned header can't make a known
//! event look new.

use hookswitch_sdk::{Callback, Content, Event, Reason, crypto, text, time};

use crate::body::{self, Body};
use crate::catalogue::{self, DELIVERY, EVENT};
use crate::members::{self, Unreadable};

const EVENT_BYTES_MAX: usize = 100;
/// A longer id is no id: BRZ's have some 40 characters.
const SUBJECT_BYTES_MAX: usize = 256;

pub(crate) fn parse(call: &Callback) -> Result<Content, Reason> {
    let body = str::from_utf8(&call.body).map_err(|_| body::refusal(Unreadable::NotJson))?;
    let Body { event, timestamp, about } = Body::read(body)?;
    if event.is_none() {
        return Err(Reason::new("event_missing", "the body names no event"));
    }
    let event = members::string(event).filter(|event| well_formed(event)).ok_or_else(|| {
        Reason::new("event_form", "an event is 1 to 100 of a to z, 0 to 9, underscore and dot")
    })?;
    agrees(call, &event)?;
    let about = About::of(&event, &about?);
    Ok(Content::Notification(vec![Event {
        id: text::encode_hex(&crypto::sha256(&call.body)),
        aliases: alias(call, &event, &about).into_iter().collect(),
        kind: ["brz.", &event].concat(),
        rank: about.status.as_deref().and_then(|status| catalogue::rank(&event, status)),
        subject: about.subject,
        occurred_at_ms: members::string(timestamp).and_then(|time| time::parse_rfc3339_ms(&time)),
        data: None,
    }]))
}

fn well_formed(event: &str) -> bool {
    (1..=EVENT_BYTES_MAX).contains(&event.len())
        && event.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.'))
}

/// Only the body is signed; a header that says otherwise was put there by somebody else.
fn agrees(call: &Callback, event: &str) -> Result<(), Reason> {
    if call.head.headers(EVENT).all(|said| said == event) {
        return Ok(());
    }
    Err(Reason::new("event_differs", "x-webhook-event names another event than the signed body"))
}

/// What an event is about, as far as it says.
struct About {
    subject: Option<String>,
    status: Option<String>,
}

impl About {
    fn of(event: &str, about: &body::About<'_>) -> About {
        let own = match event {
            _ if catalogue::is_refund(event) => about.refund,
            _ if catalogue::is_infraction(event) => about.infraction,
            _ => None,
        };
        let subject = members::string(own.or(about.id))
            .filter(|id| (1..=SUBJECT_BYTES_MAX).contains(&id.len()));
        About { subject, status: members::string(about.status) }
    }
}

/// The delivery's id, bound to what is signed: alone it could be made to hide another event.
/// Hashed, so that its length is bounded whatever the header holds. A repeated header says nothing.
fn alias(call: &Callback, event: &str, about: &About) -> Option<String> {
    let mut ids = call.head.headers(DELIVERY);
    let (Some(delivery), None) = (ids.next(), ids.next()) else { return None };
    if delivery.is_empty() {
        return None;
    }
    let parts = serde_json::to_vec(&(delivery, event, &about.subject, &about.status)).ok()?;
    Some(["delivery-", &text::encode_hex(&crypto::sha256(&parts))].concat())
}
