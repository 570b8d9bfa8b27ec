//! What a genuine callback holds: always one event, whose data is the body as received.
//!
//! The event's id is the hash of the signed body, so that an unsigned header can't make a known
//! event look new. BRZ has sent bodies in two shapes, and both are read: the transaction is
//! `data.transaction` where that is an object, else `data` itself.

use std::borrow::Cow;

use hookswitch_sdk::{Callback, Content, Event, Reason, crypto, text, time};
use serde::de::MapAccess;

use crate::catalogue::{self, DELIVERY, EVENT};
use crate::members::{self, Members, Object, Text, Unreadable};

const EVENT_BYTES_MAX: usize = 100;
/// A longer id is no id: BRZ's have some 40 characters.
const SUBJECT_BYTES_MAX: usize = 256;

/// What is read of a body.
#[derive(Default)]
struct Body<'j> {
    event: Text<'j>,
    timestamp: Text<'j>,
    /// Of any form: some events have no transaction, and new ones come.
    data: Object<Data<'j>>,
}

#[derive(Default)]
struct Data<'j> {
    transaction: Object<Transaction<'j>>,
    id: Text<'j>,
    status: Text<'j>,
    refund: Text<'j>,
    infraction: Text<'j>,
}

#[derive(Default)]
struct Transaction<'j> {
    id: Text<'j>,
    status: Text<'j>,
}

impl<'j> Members<'j> for Body<'j> {
    const NAMES: &'static [&'static str] = &["event", "timestamp", "data"];

    fn read<A: MapAccess<'j>>(&mut self, place: usize, map: &mut A) -> Result<(), A::Error> {
        match place {
            0 => self.event = map.next_value()?,
            1 => self.timestamp = map.next_value()?,
            _ => self.data = map.next_value()?,
        }
        Ok(())
    }
}

impl<'j> Members<'j> for Data<'j> {
    const NAMES: &'static [&'static str] =
        &["transaction", "id", "status", "refund_id", "infraction_id"];

    fn read<A: MapAccess<'j>>(&mut self, place: usize, map: &mut A) -> Result<(), A::Error> {
        match place {
            0 => self.transaction = map.next_value()?,
            1 => self.id = map.next_value()?,
            2 => self.status = map.next_value()?,
            3 => self.refund = map.next_value()?,
            _ => self.infraction = map.next_value()?,
        }
        Ok(())
    }
}

impl<'j> Members<'j> for Transaction<'j> {
    const NAMES: &'static [&'static str] = &["id", "status"];

    fn read<A: MapAccess<'j>>(&mut self, place: usize, map: &mut A) -> Result<(), A::Error> {
        match place {
            0 => self.id = map.next_value()?,
            _ => self.status = map.next_value()?,
        }
        Ok(())
    }
}

pub(crate) fn parse(call: &Callback) -> Result<Content, Reason> {
    let body = str::from_utf8(&call.body).map_err(|_| refusal(Unreadable::NotJson))?;
    let Body { event, timestamp, data } = members::find(body).map_err(refusal)?;
    if event.is_missing() {
        return Err(Reason::new("event_missing", "the body names no event"));
    }
    let event = event.string().filter(|event| well_formed(event)).ok_or_else(|| {
        Reason::new("event_form", "an event is 1 to 100 of a to z, 0 to 9, underscore and dot")
    })?;
    agrees(call, &event)?;
    let about = about(&event, data).map_err(refusal)?;
    Ok(Content::Notification(vec![Event {
        id: text::encode_hex(&crypto::sha256(&call.body)),
        aliases: alias(call, &event, &about).into_iter().collect(),
        kind: ["brz.", &event].concat(),
        rank: about.status.and_then(|status| catalogue::rank(&event, &status)),
        subject: about.subject.map(Cow::into_owned),
        occurred_at_ms: timestamp.string().and_then(|time| time::parse_rfc3339_ms(&time)),
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
struct About<'j> {
    subject: Option<Cow<'j, str>>,
    status: Option<Cow<'j, str>>,
}

fn about<'j>(event: &str, data: Object<Data<'j>>) -> Result<About<'j>, Unreadable> {
    let Data { transaction, id, status, refund, infraction } = data.members()?;
    let Transaction { id, status } = match transaction.is_object() {
        true => transaction.members()?,
        false => Transaction { id, status },
    };
    let own = match event {
        _ if catalogue::is_refund(event) => refund,
        _ if catalogue::is_infraction(event) => infraction,
        _ => Text::Missing,
    };
    let subject = if own.is_missing() { id } else { own };
    let subject = subject.string().filter(|id| (1..=SUBJECT_BYTES_MAX).contains(&id.len()));
    Ok(About { subject, status: status.string() })
}

/// The delivery's id, bound to what is signed: alone it could be made to hide another event.
/// Hashed, so that its length is bounded whatever the header holds. A repeated header says nothing.
fn alias(call: &Callback, event: &str, about: &About<'_>) -> Option<String> {
    let mut ids = call.head.headers(DELIVERY);
    let (Some(delivery), None) = (ids.next(), ids.next()) else { return None };
    if delivery.is_empty() {
        return None;
    }
    let parts = serde_json::to_vec(&(delivery, event, &about.subject, &about.status)).ok()?;
    Some(format!("delivery-{}", text::encode_hex(&crypto::sha256(&parts))))
}

fn refusal(why: Unreadable) -> Reason {
    match why {
        Unreadable::NotJson => Reason::new("body_not_json", "the body isn't JSON"),
        Unreadable::NotObject => Reason::new("body_not_object", "the body isn't a JSON object"),
        Unreadable::Repeated => {
            Reason::new("body_ambiguous", "a member that is read stands twice in the body")
        }
    }
}
