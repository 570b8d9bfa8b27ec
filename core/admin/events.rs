//! Events over the API: which ones, one with everything that belongs to it, and one once more.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::dates::Edge;
use super::deliveries::{self, Standing};
use super::query::Query;
use super::reply::{self, Refusal, Reply};
use super::{Admin, Call};
use crate::model::clock::rfc3339;
use crate::model::{Attempt, EventId, EventStatus};
use crate::store::{AnswerShown, CallbackShown, EventFilter, EventShown, EventWhole, StoreFault};

/// What is not there.
const EVENT: &str = "event";

/// A page of those that fit, and where the next one begins.
pub(super) async fn list(admin: &Admin, call: &Call<'_>) -> Reply {
    let page = admin.store.events(filter(&call.query())?).await?;
    let next = page.rows.last().filter(|_| page.more).map(|row| row.id.to_string());
    let rows: Vec<Value> = page.rows.iter().map(shown).collect();
    Ok(reply::ok(&json!({ "events": rows, "next": next })))
}

/// One with its callback, its deliveries and their attempts.
pub(super) async fn get(admin: &Admin, call: &Call<'_>) -> Reply {
    let EventWhole { shown: event, callback: call_in, deliveries, answers } =
        whole(admin, call).await?;
    let standing = Standing::of(admin);
    let mut event_json = shown(&event);
    event_json["data"] =
        event.event.data.map_or(Value::Null, |data| deliveries::data(data.as_bytes()));
    let rows = deliveries.into_iter().map(|(mut delivery, attempts)| {
        // It is the event's data, or the callback's body: said once, not once for each.
        delivery.payload = None;
        let mut row = standing.shown(&delivery);
        row["attempt_log"] = attempts.iter().map(attempt).collect();
        row
    });
    let rows: Vec<Value> = rows.collect();
    Ok(reply::ok(&json!({
        "event": event_json,
        "callback": callback(&call_in),
        "deliveries": rows,
        "answers": answers.iter().map(answer).collect::<Vec<_>>(),
    })))
}

/// Owes it once more to everybody who wants it as the config stands now.
pub(super) async fn replay(admin: &Admin, call: &Call<'_>) -> Reply {
    let event = whole(admin, call).await?.shown;
    match event.status {
        EventStatus::Accepted | EventStatus::Confirmed => {}
        EventStatus::Unanswered | EventStatus::Answered | EventStatus::Declined => {
            return Err(StoreFault::Request.into());
        }
        EventStatus::Unconfirmed
        | EventStatus::Contradicted
        | EventStatus::GivenUp
        | EventStatus::Merged => return Err(Refusal::Untrue),
    }
    let generation = admin.cell.current();
    // Where its route is gone, only webhooks want it.
    let route = generation.route(&event.route);
    let named = route.map(|route| generation.owed(route, &event.event.kind)).unwrap_or_default();
    let owed = admin.store.replay(event.id, named, call.now_ms).await;
    let owed = owed.map_err(|fault| match fault {
        StoreFault::NotFound => Refusal::NoSuch(EVENT),
        other => other.into(),
    })?;
    Ok(reply::ok(&json!({ "deliveries": owed.ok_or(Refusal::NoSuch(EVENT))? })))
}

pub(super) async fn whole(admin: &Admin, call: &Call<'_>) -> Result<EventWhole, Refusal> {
    let id: EventId = call.id.parse().map_err(|_| Refusal::NoSuch(EVENT))?;
    admin.store.event(id).await?.ok_or(Refusal::NoSuch(EVENT))
}

fn filter(query: &Query) -> Result<EventFilter, Refusal> {
    let text = |name: &str| query.text(name).map(|text| text.map(str::to_owned));
    let time = |name: &str, edge| deliveries::time(query.text(name)?, name, edge);
    let before = query.text("before")?.map(str::parse).transpose();
    Ok(EventFilter {
        route: text("route")?,
        kind: text("kind")?,
        subject: text("subject")?,
        status: query.text("status")?.map(status).transpose()?,
        provider_id: text("provider_id")?,
        answered_by: text("answered_by")?,
        fallback: query.flag("fallback")?,
        from_ms: time("from", Edge::First)?,
        to_ms: time("to", Edge::Last)?,
        before: before.map_err(|_| Refusal::Invalid("before is an event's id".to_owned()))?,
        limit: query.limit()?,
    })
}

fn status(word: &str) -> Result<EventStatus, Refusal> {
    let found = EventStatus::ALL.into_iter().find(|status| status.word() == word);
    found.ok_or_else(|| {
        let words: Vec<_> = EventStatus::ALL.iter().map(|status| status.word()).collect();
        Refusal::Invalid(format!("status is one of {}", words.join(", ")))
    })
}

fn shown(row: &EventShown) -> Value {
    json!({
        "id": row.id.to_string(),
        "callback_id": row.callback.to_string(),
        "route": row.route,
        "provider_id": row.event.id,
        "aliases": row.event.aliases,
        "kind": row.event.kind,
        "subject": row.event.subject,
        "rank": row.event.rank,
        "occurred_at": row.event.occurred_at_ms.map(rfc3339),
        "status": row.status.word(),
        "superseded": row.superseded,
        "repeats": row.repeats,
        "tries": row.tries,
        "next_confirm_at": row.confirm_ms.map(rfc3339),
        "reason": row.reason,
        "merged_into": row.merged.map(|id| id.to_string()),
        "recorded_at": rfc3339(row.recorded_ms),
    })
}

/// The callback as it came: nothing in it is the router's own, so nothing is left out.
fn callback(shown: &CallbackShown) -> Value {
    let head = &shown.callback.head;
    let headers = head.headers.iter().map(|header| json!([header.name, header.value]));
    let (body, encoding) = match std::str::from_utf8(&shown.callback.body) {
        Ok(text) => (text.to_owned(), "utf-8"),
        Err(_) => (STANDARD.encode(&shown.callback.body), "base64"),
    };
    json!({
        "id": head.id,
        "method": head.method,
        "url": head.url,
        "headers": headers.collect::<Vec<_>>(),
        "body": body,
        "body_encoding": encoding,
        "peer": head.peer,
        "received_at": rfc3339(head.received_at_ms),
        "generation": shown.generation.0,
        "adapter": shown.adapter,
        "matched": shown.matched,
    })
}

/// One try of a request.
pub(super) fn answer(answer: &AnswerShown) -> Value {
    let data = answer.answer.as_deref();
    json!({
        "attempt": answer.attempt,
        "stands": answer.stands,
        "finished": answer.finished,
        "answer": data.map(|data| deliveries::data(data.as_bytes())),
        "by": answer.by,
        "fallback": answer.fallback,
        "late": answer.late,
        "why": answer.why,
        "took_ms": answer.took_ms,
        "at": rfc3339(answer.at_ms),
        "response_status": answer.reply.status,
        "response_body": String::from_utf8_lossy(&answer.reply.body),
    })
}

fn attempt(attempt: &Attempt) -> Value {
    json!({
        "at": rfc3339(attempt.at_ms),
        "took_ms": attempt.took_ms,
        "response_status": attempt.status,
        "response_body": String::from_utf8_lossy(&attempt.body),
        "error": attempt.error,
    })
}
