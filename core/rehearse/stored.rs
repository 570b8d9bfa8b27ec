//! A stored callback through today's adapter, against what was recorded when it came.

use super::differ::Found;
use super::{Difference, Taken, Way, differ, taken};
use crate::generation::Route;
use crate::model::{Answer, Content, Event, EventStatus, Outcome, Reason, Request};
use crate::plugin::Keys;
use crate::store::EventWhole;

/// What differs today of what was recorded: the verdict, the event or the request, and the reply
/// that stands where that was worded from an answer. How a notification was acknowledged isn't
/// kept.
pub async fn replayed(route: &Route, whole: &EventWhole) -> Vec<Difference> {
    let callback = &whole.callback.callback;
    let now = taken(&route.adapter, callback, Way::Usual).await;
    let mut found = Found { callback: callback.head.id.clone(), list: Vec::new() };
    // Only what is genuine is recorded.
    if !found.text("verdict", "genuine", &differ::verdict(&now.verdict)) {
        held(&mut found, whole, &now);
        reply(&mut found, route, whole).await;
    }
    found.list
}

fn held(found: &mut Found, whole: &EventWhole, now: &Taken) {
    let was = &whole.shown.event;
    match &now.content {
        Some(Ok(Content::Notification(events))) if !is_request(whole) => {
            match events.iter().find(|event| event.id == was.id) {
                Some(event) => found.event("event", was, &comparable(whole, event)),
                None => {
                    let ids: Vec<_> = events.iter().map(|event| event.id.as_str()).collect();
                    found.text("event/id", &was.id, &ids.join(" "));
                }
            }
        }
        Some(Ok(Content::Request(request))) if is_request(whole) => {
            // Of a repeat the body is the same, so its data is that of the first.
            let data = was.data.clone().unwrap_or_else(|| request.data.clone());
            let was = Request { id: was.id.clone(), kind: was.kind.clone(), data };
            found.request(&was, request);
        }
        Some(Ok(Content::Notification(_))) => {
            found.text("content", "a request", "a notification");
        }
        Some(Ok(Content::Request(_))) => {
            found.text("content", "a notification", "a request");
        }
        Some(Err(_)) | None => {
            found.text("content", &was.kind, "nothing that can be parsed");
        }
    }
}

/// What a provider confirmed replaced what the adapter had said: of that only ids and kind count.
fn comparable(whole: &EventWhole, event: &Event) -> Event {
    if whole.shown.status != EventStatus::Confirmed {
        return event.clone();
    }
    Event { id: event.id.clone(), kind: event.kind.clone(), ..whole.shown.event.clone() }
}

fn is_request(whole: &EventWhole) -> bool {
    use EventStatus::{Answered, Declined, Unanswered};
    matches!(whole.shown.status, Unanswered | Answered | Declined)
}

/// The answer that stands, in today's words.
async fn reply(found: &mut Found, route: &Route, whole: &EventWhole) {
    let Some(stands) = whole.answers.iter().find(|answer| answer.stands) else { return };
    let Some(data) = stands.answer.clone() else { return };
    let answer = Outcome::Answered(Answer { data });
    let (binding, _) = route.adapter.looking(&Keys::Own);
    let worded = match binding.open().await {
        Ok(mut instance) => instance.respond(&whole.callback.callback.head, &answer).await,
        Err(fault) => Err(fault),
    };
    match worded {
        Ok(Ok(reply)) => found.worded(&stands.reply, &reply),
        Ok(Err(Reason { code, .. })) => {
            let status = stands.reply.status.to_string();
            found.text("reply", &status, &format!("refused ({code})"));
        }
        Err(fault) => {
            found.text("reply", &stands.reply.status.to_string(), fault.word());
        }
    }
}
