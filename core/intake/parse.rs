//! Step five: what does a genuine callback hold? After it the instance is given back, since what
//! follows waits. How a notification is acknowledged is worded before that: it is the same
//! whatever is waited for, and saves an instance of its own.

use std::pin::pin;
use std::sync::Arc;

use tokio::time::Instant;

use super::route::{self, Place};
use super::stop::Stop;
use super::verify::Verified;
use crate::generation::Stage;
use crate::model::{Callback, Content, Event, Head, Outcome, ParseFault, Proof, Reply, Request};
use crate::plugin::{Fault, Instance};

/// A genuine callback and what it holds.
pub(super) struct Parsed {
    pub(super) place: Place,
    pub(super) callback: Arc<Callback>,
    pub(super) proof: Proof,
    pub(super) content: Worded,
    pub(super) whole_at: Instant,
}

/// What a callback holds.
pub(super) enum Worded {
    /// Events, with the reply that acknowledges them.
    Notification {
        events: Vec<Event>,
        accepted: Reply,
    },
    Request(Request),
}

impl Verified {
    #[inline]
    pub(super) async fn parse(self) -> Result<Parsed, Stop> {
        let Verified { place, callback, proof, whole_at, mut instance } = self;
        let parsing = instance.parse(&callback);
        let parsed = place.route.pulse.timed(Stage::Parse, pin!(parsing)).await;
        let outcome = match parsed {
            Ok(Ok(content)) => {
                return match word(&place, instance, &callback.head, content).await {
                    Ok(content) => Ok(Parsed { place, callback, proof, content, whole_at }),
                    Err(fault) => Err(Stop::faulted(place, callback, fault)),
                };
            }
            Ok(Err(ParseFault::Malformed(reason))) => Outcome::Malformed(reason),
            Ok(Err(ParseFault::NotFound(reason))) => Outcome::NotFound(reason),
            Err(fault) => return Err(Stop::faulted(place, callback, fault)),
        };
        Err(Stop::Early { place, callback, outcome, instance })
    }
}

impl Parsed {
    /// When a request is refused whatever else goes on, and what it comes to then; there is no such
    /// time for others.
    pub(super) fn limit(&self) -> Option<(Instant, impl FnOnce() -> Stop + use<>)> {
        let Worded::Request(request) = &self.content else { return None };
        let answerer = self.place.route.answers.get(&request.kind)?;
        Some((self.whole_at + answerer.deadline, route::too_late(&self.place, &self.callback)))
    }
}

#[inline]
async fn word(
    place: &Place,
    mut instance: Instance,
    head: &Head,
    content: Content,
) -> Result<Worded, Fault> {
    let worded = match content {
        Content::Request(request) => Worded::Request(request),
        Content::Notification(events) => {
            let accepted = instance.respond(head, &Outcome::Accepted);
            let accepted = place.route.pulse.timed(Stage::Respond, pin!(accepted)).await?;
            let no_reply = |why| Fault::Returned(format!("no reply for `accepted`: {why}"));
            Worded::Notification { events, accepted: accepted.map_err(no_reply)? }
        }
    };
    instance.give_back();
    Ok(worded)
}
