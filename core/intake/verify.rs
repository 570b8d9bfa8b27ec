//! Step four: is it genuine? The adapter decides; keys stay in the host.

use std::pin::pin;
use std::sync::Arc;

use tokio::time::Instant;

use super::forged::Forged;
use super::route::{Place, Read};
use super::stop::Stop;
use crate::generation::Stage;
use crate::model::{Callback, Outcome, Proof, Verdict};
use crate::plugin::{Duty, Instance};

/// A genuine callback: there is no other way to make one than to hold the adapter's proof.
pub(super) struct Verified {
    pub(super) place: Place,
    pub(super) callback: Arc<Callback>,
    pub(super) proof: Proof,
    pub(super) whole_at: Instant,
    /// The instance that verified goes on to parse: both see the same callback and wait for
    /// nothing.
    pub(super) instance: Instance,
}

impl Read {
    #[inline]
    pub(super) async fn verify(self, ring: &Forged) -> Result<Verified, Stop> {
        let Read { place, callback, whole_at } = self;
        let asked = async {
            let mut instance = place.adapter.take(Duty::Verify).await?;
            Ok((instance.verify(&callback).await?, instance))
        };
        let said = place.route.pulse.timed(Stage::Verify, pin!(asked)).await;
        let (verdict, instance) = match said {
            Ok(said) => said,
            Err(fault) => return Err(Stop::faulted(place, callback, fault)),
        };
        let outcome = match verdict {
            Verdict::Genuine(proof) => {
                place.route.pulse.genuine(callback.head.received_at_ms);
                return Ok(Verified { place, callback, proof, whole_at, instance });
            }
            Verdict::Challenge(token) => Outcome::Challenged(token),
            Verdict::Forged(reason) => {
                ring.keep(&place.route.name, &callback, &reason);
                Outcome::Forged(reason)
            }
            Verdict::Unavailable(reason) => Outcome::Unavailable(reason),
        };
        Err(Stop::Early { place, callback, outcome, instance })
    }
}
