//! Step five: what does a genuine callback hold? After it the instance is given back, since what
//! follows may wait. How a notification is acknowledged is worded before that: it is the same
//! whatever is waited for, and saves an instance of its own.

use super::route::Place;
use super::stop::Stop;
use super::verify::Verified;
use crate::model::{Content, Head, Outcome, ParseFault, Proof, Reply, Request};
use crate::plugin::{Fault, Instance};

/// A genuine callback and what it holds.
pub(super) struct Parsed {
    pub(super) place: Place,
    pub(super) head: Head,
    pub(super) proof: Proof,
    pub(super) content: Worded,
}

/// What a callback holds.
pub(super) enum Worded {
    /// Events, with the reply that acknowledges them.
    Notification(Reply),
    Request(Request),
}

impl Verified {
    pub(super) async fn parse(self) -> Result<Parsed, Stop> {
        let Verified { place, callback, proof, mut instance } = self;
        let parsed = instance.parse(&callback).await;
        let head = callback.head;
        let outcome = match parsed {
            Ok(Ok(content)) => {
                return match word(instance, &head, content).await {
                    Ok(content) => Ok(Parsed { place, head, proof, content }),
                    Err(fault) => Err(Stop::faulted(place, head, fault)),
                };
            }
            Ok(Err(ParseFault::Malformed(reason))) => Outcome::Malformed(reason),
            Ok(Err(ParseFault::NotFound(reason))) => Outcome::NotFound(reason),
            Err(fault) => return Err(Stop::faulted(place, head, fault)),
        };
        Err(Stop::Early { place, head, outcome, instance })
    }
}

async fn word(mut instance: Instance, head: &Head, content: Content) -> Result<Worded, Fault> {
    let worded = match content {
        Content::Request(request) => Worded::Request(request),
        Content::Notification(_) => {
            let accepted = instance.respond(head, &Outcome::Accepted).await?;
            let no_reply = |why| Fault::Returned(format!("no reply for `accepted`: {why}"));
            Worded::Notification(accepted.map_err(no_reply)?)
        }
    };
    instance.give_back();
    Ok(worded)
}
