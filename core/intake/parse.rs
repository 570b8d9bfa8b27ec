//! Step five: what does a genuine callback hold? After it the instance is given back, since what
//! follows may wait.

use super::route::Place;
use super::stop::Stop;
use super::verify::Verified;
use crate::model::{Content, Head, Outcome, ParseFault, Proof};

/// A genuine callback and what it holds.
pub(super) struct Parsed {
    pub(super) place: Place,
    pub(super) head: Head,
    pub(super) proof: Proof,
    pub(super) content: Content,
}

impl Verified {
    pub(super) async fn parse(self) -> Result<Parsed, Stop> {
        let Verified { place, callback, proof, mut instance } = self;
        let parsed = match instance.parse(&callback).await {
            Ok(parsed) => parsed,
            Err(fault) => return Err(Stop::faulted(place, callback.head, fault)),
        };
        let head = callback.head;
        let outcome = match parsed {
            Ok(content) => return Ok(Parsed { place, head, proof, content }),
            Err(ParseFault::Malformed(reason)) => Outcome::Malformed(reason),
            Err(ParseFault::NotFound(reason)) => Outcome::NotFound(reason),
        };
        Err(Stop::Early { place, head, outcome, instance })
    }
}
