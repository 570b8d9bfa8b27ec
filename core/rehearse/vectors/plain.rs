//! Between a vector's plain data and the model's: field by field, no rules.

use hookswitch_vectors as vectors;

use crate::model;

pub(super) fn callback(call: &vectors::Callback) -> model::Callback {
    let header = |(name, value): &(String, String)| model::Header {
        name: name.clone(),
        value: value.clone(),
    };
    model::Callback {
        head: model::Head {
            id: call.id.clone(),
            method: call.method.clone(),
            url: call.url.clone(),
            params: call.params.clone(),
            headers: call.headers.iter().map(header).collect(),
            peer: call.peer.clone(),
            received_at_ms: call.received_at_ms,
        },
        body: call.body.clone().into(),
    }
}

pub(super) fn verdict(verdict: model::Verdict) -> vectors::Verdict {
    match verdict {
        model::Verdict::Genuine(proof) => {
            vectors::Verdict::Genuine { matched: proof.matched, replay_key: proof.replay_key }
        }
        model::Verdict::Challenge(token) => vectors::Verdict::Challenge(token),
        model::Verdict::Forged(why) => vectors::Verdict::Forged(reason(why)),
        model::Verdict::Unavailable(why) => vectors::Verdict::Unavailable(reason(why)),
    }
}

pub(super) fn parsed(parsed: Result<model::Content, model::ParseFault>) -> vectors::Parsed {
    match parsed {
        Ok(model::Content::Notification(events)) => {
            vectors::Parsed::Notification(events.into_iter().map(event).collect())
        }
        Ok(model::Content::Request(request)) => vectors::Parsed::Request(vectors::Request {
            id: request.id,
            kind: request.kind,
            data: request.data,
        }),
        Err(model::ParseFault::Malformed(why)) => vectors::Parsed::Malformed(reason(why)),
        Err(model::ParseFault::NotFound(why)) => vectors::Parsed::NotFound(reason(why)),
    }
}

pub(super) fn confirmation(came: model::Confirmation) -> vectors::Confirmation {
    match came {
        model::Confirmation::Confirmed(now) => vectors::Confirmation::Confirmed(event(now)),
        model::Confirmation::Contradicted(why) => vectors::Confirmation::Contradicted(reason(why)),
        model::Confirmation::NotYet(why) => vectors::Confirmation::NotYet(reason(why)),
    }
}

pub(super) fn reason(why: model::Reason) -> vectors::Reason {
    vectors::Reason { code: why.code, detail: why.detail }
}

fn event(event: model::Event) -> vectors::Event {
    vectors::Event {
        id: event.id,
        aliases: event.aliases,
        kind: event.kind,
        subject: event.subject,
        rank: event.rank,
        occurred_at_ms: event.occurred_at_ms,
        data: event.data,
    }
}

pub(super) fn to_event(event: vectors::Event) -> model::Event {
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

pub(super) fn reply(reply: model::Reply) -> vectors::Reply {
    let headers = reply.headers.into_iter().map(|header| (header.name, header.value));
    vectors::Reply { status: reply.status, headers: headers.collect(), body: reply.body.to_vec() }
}

pub(super) fn outcome(asked: &vectors::Outcome) -> model::Outcome {
    let reason = |why: &vectors::Reason| model::Reason::new(&why.code, &why.detail);
    match asked {
        vectors::Outcome::Accepted => model::Outcome::Accepted,
        vectors::Outcome::Duplicate => model::Outcome::Duplicate,
        vectors::Outcome::Challenged(token) => model::Outcome::Challenged(token.clone()),
        vectors::Outcome::Answered(data) => {
            model::Outcome::Answered(model::Answer { data: data.clone() })
        }
        vectors::Outcome::Declined(decline) => model::Outcome::Declined(to_decline(decline)),
        vectors::Outcome::Forged(why) => model::Outcome::Forged(reason(why)),
        vectors::Outcome::Malformed(why) => model::Outcome::Malformed(reason(why)),
        vectors::Outcome::NotFound(why) => model::Outcome::NotFound(reason(why)),
        vectors::Outcome::Unavailable(why) => model::Outcome::Unavailable(reason(why)),
    }
}

pub(super) fn request(request: &vectors::Request) -> model::Request {
    model::Request {
        id: request.id.clone(),
        kind: request.kind.clone(),
        data: request.data.clone(),
    }
}

fn to_decline(decline: &vectors::Decline) -> model::Decline {
    model::Decline {
        status: match decline.status {
            vectors::DeclineStatus::Invalid => model::DeclineStatus::Invalid,
            vectors::DeclineStatus::NotFound => model::DeclineStatus::NotFound,
            vectors::DeclineStatus::Unprocessable => model::DeclineStatus::Unprocessable,
            vectors::DeclineStatus::Unavailable => model::DeclineStatus::Unavailable,
        },
        reason: decline.reason.clone(),
        customer_reason: decline.customer_reason.clone(),
    }
}

pub(super) fn decline(decline: model::Decline) -> vectors::Decline {
    vectors::Decline {
        status: match decline.status {
            model::DeclineStatus::Invalid => vectors::DeclineStatus::Invalid,
            model::DeclineStatus::NotFound => vectors::DeclineStatus::NotFound,
            model::DeclineStatus::Unprocessable => vectors::DeclineStatus::Unprocessable,
            model::DeclineStatus::Unavailable => vectors::DeclineStatus::Unavailable,
        },
        reason: decline.reason,
        customer_reason: decline.customer_reason,
    }
}
