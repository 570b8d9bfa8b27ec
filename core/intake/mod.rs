//! What becomes of one callback, from its head to the reply: one straight line of steps, each of
//! which takes the last one by value. What ends the line early is a [`Stop`], and is worded in
//! `respond` like everything else.
//!
//! Every callback pays for the size of the steps' futures, since one is copied whole into whoever
//! awaits it. So what nearly no callback comes to is boxed, and the steps are `#[inline]`: where
//! the compiler sees a future being made, it copies no more of it than there is.

mod limits;
mod caller;
mod received;
mod route;
mod verify;
mod parse;
mod desk;
mod failure;
mod question;
mod service;
mod trying;
mod record;
mod answer;
mod dry_run;
mod respond;
mod stop;
mod forged;

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::header::HeaderValue;
use tokio::sync::Semaphore;

pub use self::caller::{ForwardedHeader, Proxies};
use self::desk::Desk;
pub use self::dry_run::dry_run;
pub use self::forged::{Forged, ForgedCallback};
pub use self::limits::Limits;
use self::received::Received;
use self::respond::Ended;
use self::stop::{Refusal, Stop};
use crate::generation::{Cell, Generation};
use crate::listen::Arrival;
use crate::model::Clock;
use crate::observe::traces;
use crate::store::Store;

/// Takes callbacks; one for the process.
pub struct Intake {
    /// Where the generation of each new callback comes from.
    pub cell: Arc<Cell>,
    /// Where notifications are recorded before they are acknowledged.
    pub store: Arc<dyn Store>,
    /// Bounds on every callback.
    pub limits: Limits,
    /// Who is believed about whom a call came from.
    pub proxies: Proxies,
    /// What the time is.
    pub clock: Clock,
    /// Whether replies say which generation they ran on.
    pub debug_headers: bool,
    /// The newest callbacks that were found forged.
    pub forged: Arc<Forged>,
    places: Semaphore,
    desk: Arc<Desk>,
}

impl Intake {
    /// Takes callbacks for what `cell` holds, and records them in `store`. Nobody is believed about
    /// whom a call came from.
    pub fn new(cell: Arc<Cell>, store: Arc<dyn Store>, limits: Limits, clock: Clock) -> Intake {
        let places = Semaphore::new(limits.callbacks.min(Semaphore::MAX_PERMITS));
        let proxies = Proxies::default();
        let forged = Arc::default();
        let names = cell.current().names.clone();
        let desk = Arc::new(Desk::new(Arc::clone(&store), clock.clone(), names));
        Intake { cell, store, limits, proxies, clock, debug_headers: false, forged, places, desk }
    }

    /// One callback, from its head to the reply. Always replies, in `call_timeout` at the latest.
    #[inline]
    pub async fn take(&self, arrival: Arrival) -> Response<Full<Bytes>> {
        let parents = || {
            let all = arrival.head.headers.get_all("traceparent");
            all.iter().map(HeaderValue::as_bytes).collect()
        };
        let active = traces::callback(parents, || self.clock.now_ms());
        // Boxed: a connection that waits for its next call holds no room for all of this.
        let replied = Box::pin(self.replied(arrival));
        match active {
            None => replied.await,
            Some(active) => traces::within(active, replied).await,
        }
    }

    #[inline]
    async fn replied(&self, arrival: Arrival) -> Response<Full<Bytes>> {
        let (generation, began) = (self.cell.current(), Instant::now());
        let _in_flight = generation.calls.enter();
        let line = self.line(arrival, &generation);
        let ended = match tokio::time::timeout(self.limits.call_timeout, pin!(line)).await {
            Ok(ended) => ended,
            Err(_) => Ended::refused(Refusal::TooSlow),
        };
        ended.log(began.elapsed());
        let named = self.debug_headers.then_some(generation.id);
        ended.into_response(named)
    }

    /// Lets answers end that come late, for as long as `limit`: they are kept for whoever asks
    /// again. Once nobody calls any more.
    pub async fn close(&self, limit: Duration) {
        self.desk.close(limit).await;
    }

    #[inline]
    async fn line(&self, arrival: Arrival, generation: &Generation) -> Ended {
        match self.steps(arrival, generation).await {
            Ok(ended) => ended,
            // Boxed: a callback that goes through has no room for it.
            Err(stop) => Box::pin(stop.respond()).await,
        }
    }

    #[inline]
    async fn steps(&self, arrival: Arrival, generation: &Generation) -> Result<Ended, Stop> {
        let read =
            Received::take(self, arrival)?.route(generation)?.read_body(&self.limits).await?;
        // Only now: a sender that holds its body back must not hold a place too.
        let Ok(_place) = self.places.try_acquire() else {
            return Err(read.refused(Refusal::Overloaded));
        };
        let read = read.storable(&*self.store)?;
        // In braces: what follows takes the room of what is done.
        let parsed = {
            let limit = read.limit();
            let parsing = async { read.verify(&self.forged).await?.parse().await };
            within(limit, pin!(parsing)).await?
        };
        let limit = parsed.limit();
        let rest = async {
            parsed.record(&self.desk, generation).await?.answer(&self.desk).await?.respond().await
        };
        within(limit, pin!(rest)).await
    }
}

/// Goes on with the line until its last moment, if there is one, and no longer; with what it comes
/// to then.
async fn within<T>(
    limit: Option<(tokio::time::Instant, impl FnOnce() -> Stop)>,
    line: impl Future<Output = Result<T, Stop>> + Unpin,
) -> Result<T, Stop> {
    match limit {
        None => line.await,
        Some((last, stop)) => {
            tokio::time::timeout_at(last, line).await.unwrap_or_else(|_| Err(stop()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A future that is handed on by value stands twice in whoever takes it: a few such steps one
    /// inside the other, and a callback's is ten times as large and copied at each of them.
    #[test]
    fn a_callbacks_work_takes_little_room() {
        fn bytes<'i, F: Future>(_: impl FnOnce(&'i Intake, Arrival) -> F) -> usize {
            size_of::<F>()
        }
        let (waiting, working) = (bytes(Intake::take), bytes(Intake::replied));
        assert!(waiting <= 1 << 10, "a connection holds {waiting} bytes for it");
        assert!(working <= 8 << 10, "it takes {working} bytes");
    }
}
