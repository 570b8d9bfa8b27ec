//! Between the generated types of version 0.1.0 and the model's: field by field, no rules.

use bytes::Bytes;

use super::bindings::hookswitch::plugin::types as wit;
use super::whole;
use crate::model;
use crate::plugin::ahead::Taken;

pub(super) fn to_header(header: &model::Header) -> wit::Header {
    wit::Header { name: header.name.clone(), value: header.value.clone() }
}

pub(super) fn to_head(head: &model::Head) -> wit::Head {
    wit::Head {
        id: head.id.clone(),
        method: head.method.clone(),
        url: head.url.clone(),
        params: head.params.clone(),
        headers: head.headers.iter().map(to_header).collect(),
        peer: head.peer.clone(),
        received_at_ms: head.received_at_ms,
    }
}

pub(super) fn to_callback(callback: &model::Callback) -> wit::Callback {
    wit::Callback { head: to_head(&callback.head), body: callback.body.to_vec() }
}

pub(super) fn to_reason(reason: &model::Reason) -> wit::Reason {
    wit::Reason { code: reason.code.clone(), detail: reason.detail.clone() }
}

pub(super) fn to_outcome(outcome: &model::Outcome) -> wit::Outcome {
    match outcome {
        model::Outcome::Accepted => wit::Outcome::Accepted,
        model::Outcome::Duplicate => wit::Outcome::Duplicate,
        model::Outcome::Challenged(token) => wit::Outcome::Challenged(token.clone()),
        model::Outcome::Answered(answer) => {
            wit::Outcome::Answered(wit::Answer { data: answer.data.clone() })
        }
        model::Outcome::Declined(decline) => wit::Outcome::Declined(to_decline(decline)),
        model::Outcome::Forged(reason) => wit::Outcome::Forged(to_reason(reason)),
        model::Outcome::Malformed(reason) => wit::Outcome::Malformed(to_reason(reason)),
        model::Outcome::NotFound(reason) => wit::Outcome::NotFound(to_reason(reason)),
        model::Outcome::Unavailable(reason) => wit::Outcome::Unavailable(to_reason(reason)),
    }
}

fn to_decline(decline: &model::Decline) -> wit::Decline {
    wit::Decline {
        status: match decline.status {
            model::DeclineStatus::Invalid => wit::DeclineStatus::Invalid,
            model::DeclineStatus::NotFound => wit::DeclineStatus::NotFound,
            model::DeclineStatus::Unprocessable => wit::DeclineStatus::Unprocessable,
            model::DeclineStatus::Unavailable => wit::DeclineStatus::Unavailable,
        },
        reason: decline.reason.clone(),
        customer_reason: decline.customer_reason.clone(),
    }
}

pub(super) fn to_event(event: &model::Event) -> wit::Event {
    wit::Event {
        id: event.id.clone(),
        aliases: event.aliases.clone(),
        kind: event.kind.clone(),
        subject: event.subject.clone(),
        rank: event.rank,
        occurred_at_ms: event.occurred_at_ms,
        data: event.data.clone(),
    }
}

pub(super) fn to_request(request: &model::Request) -> wit::Request {
    wit::Request { id: request.id.clone(), kind: request.kind.clone(), data: request.data.clone() }
}

pub(super) fn to_context(context: &model::Context) -> wit::Context {
    wit::Context {
        now_ms: context.now_ms,
        route: context.route.clone(),
        attempt: context.attempt,
        deadline_ms: context.deadline_ms,
        idempotency_key: context.idempotency_key.clone(),
    }
}

pub(super) fn reason(reason: wit::Reason) -> model::Reason {
    model::Reason { code: reason.code, detail: reason.detail }
}

pub(super) fn verdict(verdict: wit::Verdict) -> model::Verdict {
    match verdict {
        wit::Verdict::Genuine(proof) => model::Verdict::Genuine(model::Proof {
            matched: proof.matched,
            replay_key: proof.replay_key,
        }),
        wit::Verdict::Challenge(token) => model::Verdict::Challenge(token),
        wit::Verdict::Forged(why) => model::Verdict::Forged(reason(why)),
        wit::Verdict::Unavailable(why) => model::Verdict::Unavailable(reason(why)),
    }
}

fn event(event: wit::Event) -> model::Event {
    model::Event {
        id: event.id,
        aliases: event.aliases,
        kind: event.kind,
        subject: event.subject,
        rank: event.rank,
        occurred_at_ms: event.occurred_at_ms,
        data: event.data,
    }
}

pub(super) fn content(content: wit::Content) -> model::Content {
    match content {
        wit::Content::Notification(events) => {
            model::Content::Notification(events.into_iter().map(event).collect())
        }
        wit::Content::Request(request) => model::Content::Request(model::Request {
            id: request.id,
            kind: request.kind,
            data: request.data,
        }),
    }
}

pub(super) fn taken(taken: whole::Taken) -> Taken {
    Taken {
        verdict: verdict(taken.verdict),
        content: taken.content.map(|parsed| parsed.map(content).map_err(parse_fault)),
        accepted: taken.accepted.map(|worded| worded.map(reply).map_err(reason)),
    }
}

pub(super) fn parse_fault(fault: wit::ParseFault) -> model::ParseFault {
    match fault {
        wit::ParseFault::Malformed(why) => model::ParseFault::Malformed(reason(why)),
        wit::ParseFault::NotFound(why) => model::ParseFault::NotFound(reason(why)),
    }
}

fn header(header: wit::Header) -> model::Header {
    model::Header { name: header.name, value: header.value }
}

pub(super) fn reply(reply: wit::Reply) -> model::Reply {
    model::Reply {
        status: reply.status,
        headers: reply.headers.into_iter().map(header).collect(),
        body: Bytes::from(reply.body),
    }
}

pub(super) fn callback(callback: wit::Callback) -> model::Callback {
    let head = callback.head;
    model::Callback {
        head: model::Head {
            id: head.id,
            method: head.method,
            url: head.url,
            params: head.params,
            headers: head.headers.into_iter().map(header).collect(),
            peer: head.peer,
            received_at_ms: head.received_at_ms,
        },
        body: Bytes::from(callback.body),
    }
}

pub(super) fn confirmation(confirmation: wit::Confirmation) -> model::Confirmation {
    match confirmation {
        wit::Confirmation::Confirmed(now) => model::Confirmation::Confirmed(event(now)),
        wit::Confirmation::Contradicted(why) => model::Confirmation::Contradicted(reason(why)),
        wit::Confirmation::NotYet(why) => model::Confirmation::NotYet(reason(why)),
    }
}

pub(super) fn answer(answer: wit::Answer) -> model::Answer {
    model::Answer { data: answer.data }
}

pub(super) fn decline(decline: wit::Decline) -> model::Decline {
    model::Decline {
        status: match decline.status {
            wit::DeclineStatus::Invalid => model::DeclineStatus::Invalid,
            wit::DeclineStatus::NotFound => model::DeclineStatus::NotFound,
            wit::DeclineStatus::Unprocessable => model::DeclineStatus::Unprocessable,
            wit::DeclineStatus::Unavailable => model::DeclineStatus::Unavailable,
        },
        reason: decline.reason,
        customer_reason: decline.customer_reason,
    }
}

pub(super) fn fact(fact: wit::Fact) -> model::Fact {
    model::Fact { name: fact.name, value: fact.value }
}

pub(super) fn manifest(manifest: wit::Manifest) -> model::Manifest {
    let setting =
        |s: wit::Setting| model::Setting { name: s.name, required: s.required, about: s.about };
    let role = |s: wit::SecretRole| model::SecretRole {
        name: s.name,
        required: s.required,
        about: s.about,
    };
    model::Manifest {
        provider: manifest.provider,
        settings: manifest.settings.into_iter().map(setting).collect(),
        secrets: manifest.secrets.into_iter().map(role).collect(),
        answers: manifest.answers,
        events: manifest.events,
    }
}
