//! What a plugin may return: sizes and forms, looked at before anything else sees it.

use hyper::header::{HeaderName, HeaderValue};

use super::fault::Fault;
use super::limits::Limits;
use crate::model::{
    Answer, Confirmation, Content, Decline, Event, ParseFault, Reason, Reply, Request, Verdict,
};

/// Bytes of a reason's texts, and of a proof's.
const REASON_BYTES_MAX: usize = 8 << 10;
const KIND_BYTES_MAX: usize = 200;
const ID_BYTES_MAX: usize = 1 << 10;
const ALIASES_MAX: usize = 16;
const REPLY_HEADERS_MAX: usize = 100;

fn too_large(what: &str, key: &str) -> Fault {
    Fault::Returned(format!("{what} is larger than {key}"))
}

pub(super) fn verdict(limits: &Limits, verdict: Verdict) -> Result<Verdict, Fault> {
    let bytes = match &verdict {
        Verdict::Genuine(proof) => {
            let matched = proof.matched.as_ref().map_or(0, String::len);
            matched + proof.replay_key.as_ref().map_or(0, String::len)
        }
        Verdict::Forged(why) | Verdict::Unavailable(why) => reason_bytes(why),
        Verdict::Challenge(token) if token.len() > limits.reply_bytes => {
            return Err(too_large("the challenge", "reply_bytes"));
        }
        Verdict::Challenge(_) => 0,
    };
    if bytes > REASON_BYTES_MAX {
        return Err(Fault::Returned("a verdict's texts are over 8 KiB".into()));
    }
    Ok(verdict)
}

pub(super) fn parsed(
    limits: &Limits,
    parsed: Result<Content, ParseFault>,
) -> Result<Result<Content, ParseFault>, Fault> {
    match &parsed {
        Ok(Content::Notification(events)) => {
            if events.len() > limits.events {
                return Err(Fault::Returned("more events than the limit `events`".into()));
            }
            events.iter().try_for_each(|event| check_event(limits, event))?;
        }
        Ok(Content::Request(request)) => check_request(limits, request)?,
        Err(ParseFault::Malformed(why) | ParseFault::NotFound(why)) => check_reason(why)?,
    }
    Ok(parsed)
}

pub(super) fn confirmation(limits: &Limits, made: Confirmation) -> Result<Confirmation, Fault> {
    match &made {
        Confirmation::Confirmed(event) => check_event(limits, event)?,
        Confirmation::Contradicted(why) | Confirmation::NotYet(why) => check_reason(why)?,
    }
    Ok(made)
}

pub(super) fn computed(
    limits: &Limits,
    computed: Result<Answer, Decline>,
) -> Result<Result<Answer, Decline>, Fault> {
    match &computed {
        Ok(answer) if answer.data.len() > limits.event_bytes => {
            return Err(too_large("the answer", "event_bytes"));
        }
        Ok(answer) => check_json("the answer", &answer.data)?,
        Err(decline) => {
            let customer = decline.customer_reason.as_ref().map_or(0, String::len);
            if decline.reason.len() + customer > REASON_BYTES_MAX {
                return Err(Fault::Returned("a decline's texts are over 8 KiB".into()));
            }
        }
    }
    Ok(computed)
}

pub(super) fn worded(
    limits: &Limits,
    worded: Result<Reply, Reason>,
) -> Result<Result<Reply, Reason>, Fault> {
    match &worded {
        Ok(reply) => check_reply(limits, reply)?,
        Err(why) => check_reason(why)?,
    }
    Ok(worded)
}

fn check_reply(limits: &Limits, reply: &Reply) -> Result<(), Fault> {
    if !(200..600).contains(&reply.status) {
        return Err(Fault::Returned(format!("a reply's status is {}", reply.status)));
    }
    let header_bytes = |h: &crate::model::Header| h.name.len() + h.value.len();
    let bytes = reply.body.len() + reply.headers.iter().map(header_bytes).sum::<usize>();
    if bytes > limits.reply_bytes {
        return Err(too_large("the reply", "reply_bytes"));
    }
    if reply.headers.len() > REPLY_HEADERS_MAX {
        return Err(Fault::Returned(format!("a reply has over {REPLY_HEADERS_MAX} headers")));
    }
    for header in &reply.headers {
        let name = HeaderName::from_bytes(header.name.as_bytes());
        if name.is_err() || HeaderValue::from_str(&header.value).is_err() {
            return Err(Fault::Returned("a reply's header is none that HTTP knows".into()));
        }
    }
    Ok(())
}

fn check_event(limits: &Limits, event: &Event) -> Result<(), Fault> {
    let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let aliases: usize = event.aliases.iter().map(String::len).sum();
    let ids = event.id.len() + aliases + optional(&event.subject);
    if event.id.is_empty() || event.kind.is_empty() || event.aliases.iter().any(String::is_empty) {
        return Err(Fault::Returned("an event has no id, no kind or an empty alias".into()));
    }
    if event.aliases.len() > ALIASES_MAX {
        return Err(Fault::Returned(format!("an event has over {ALIASES_MAX} aliases")));
    }
    if event.kind.len() > KIND_BYTES_MAX || ids > 8 * ID_BYTES_MAX {
        return Err(Fault::Returned("an event's kind or ids are too long".into()));
    }
    let Some(data) = &event.data else { return Ok(()) };
    if data.len() > limits.event_bytes {
        return Err(too_large("an event", "event_bytes"));
    }
    check_json("an event's data", data)
}

fn check_request(limits: &Limits, request: &Request) -> Result<(), Fault> {
    if request.id.is_empty() || request.id.len() > ID_BYTES_MAX {
        return Err(Fault::Returned("a request's id is empty or over 1 KiB".into()));
    }
    if request.kind.len() > KIND_BYTES_MAX {
        return Err(Fault::Returned("a request's kind is too long".into()));
    }
    if request.data.len() > limits.event_bytes {
        return Err(too_large("a request", "event_bytes"));
    }
    check_json("a request's data", &request.data)
}

fn check_json(what: &str, text: &str) -> Result<(), Fault> {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => Ok(()),
        Err(_) => Err(Fault::Returned(format!("{what} is no JSON"))),
    }
}

fn reason_bytes(why: &Reason) -> usize {
    why.code.len() + why.detail.len()
}

fn check_reason(why: &Reason) -> Result<(), Fault> {
    if reason_bytes(why) > REASON_BYTES_MAX {
        return Err(Fault::Returned("a reason's texts are over 8 KiB".into()));
    }
    Ok(())
}
