//! Steps two and three: which route a call is for, by method and path alone; then its body, whole
//! and untouched.

use std::pin::pin;
use std::sync::Arc;

use tokio::time::Instant;

use super::Limits;
use super::received::Received;
use super::stop::{Refusal, Stop};
use crate::generation::{Generation, Route, Stage};
use crate::listen::{Body, BodyFault};
use crate::model::{Callback, Head};
use crate::observe::traces;
use crate::plugin::Binding;
use crate::route::Found;
use crate::store::Store;

/// Where a call belongs: its route, and the adapter that speaks for it from here on.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) route: Arc<Route>,
    pub(super) adapter: Arc<Binding>,
}

/// A call that has a route.
pub(super) struct Routed {
    place: Place,
    head: Head,
    body: Body,
}

/// A callback, complete.
pub(super) struct Read {
    pub(super) place: Place,
    pub(super) callback: Arc<Callback>,
    /// When its last byte was there: what deadlines count from.
    pub(super) whole_at: Instant,
}

impl Received {
    pub(super) fn route(self, generation: &Generation) -> Result<Routed, Stop> {
        let Received { mut head, path, body } = self;
        let refusal = match generation.routes.find(&head.method, &path) {
            Found::Match { target, params } => {
                head.params = params;
                return Routed::at(Arc::clone(target), head, body);
            }
            Found::NotFound => Refusal::NoRoute,
            Found::MethodNotAllowed { allow } => Refusal::Method { allow },
            Found::BadParam { .. } => Refusal::BadPath,
        };
        Err(Stop::Refused { id: head.id, route: String::new(), refusal })
    }
}

impl Read {
    /// Goes on only where the store takes something now: else all further work is in vain.
    pub(super) fn storable(self, store: &dyn Store) -> Result<Read, Stop> {
        let health = store.health();
        if health.takes() {
            return Ok(self);
        }
        let why = health.failing.unwrap_or_else(|| "it is full".to_owned());
        Err(self.refused(Refusal::StoreDown { why }))
    }

    /// When none of its route's requests would be waited for any longer, since what this one is
    /// isn't known yet; and what it comes to then.
    pub(super) fn limit(&self) -> Option<(Instant, impl FnOnce() -> Stop + use<>)> {
        let longest = self.place.route.longest_answer()?;
        Some((self.whole_at + longest, too_late(&self.place, &self.callback)))
    }

    /// Refuses it, whole as it is.
    pub(super) fn refused(self, refusal: Refusal) -> Stop {
        let (id, route) = (self.callback.head.id.clone(), self.place.route.name.clone());
        Stop::Refused { id, route, refusal }
    }
}

/// What a callback comes to that was given too little time.
pub(super) fn too_late(place: &Place, callback: &Arc<Callback>) -> impl FnOnce() -> Stop + use<> {
    let (route, callback) = (Arc::clone(&place.route), Arc::clone(callback));
    move || {
        let (id, route) = (callback.head.id.clone(), route.name.clone());
        Stop::Refused { id, route, refusal: Refusal::Unanswered }
    }
}

impl Routed {
    fn at(route: Arc<Route>, head: Head, body: Body) -> Result<Routed, Stop> {
        if route.offline.is_some() {
            return Err(Stop::Offline { head, route });
        }
        let adapter = Arc::clone(&route.adapter);
        traces::adapter(adapter.plugin().identity());
        Ok(Routed { place: Place { route, adapter }, head, body })
    }

    #[inline]
    pub(super) async fn read_body(self, limits: &Limits) -> Result<Read, Stop> {
        let Routed { place, head, body } = self;
        let refused = |fault: BodyFault| match fault {
            BodyFault::TooLarge => Refusal::BodyTooLarge,
            BodyFault::TimedOut => Refusal::BodyTimedOut,
            BodyFault::Broken => Refusal::BodyBroken,
        };
        let read = body.read(limits.body_bytes, limits.body_timeout);
        match place.route.pulse.timed(Stage::Read, pin!(read)).await {
            Ok(body) => {
                let whole_at = Instant::now();
                Ok(Read { place, callback: Arc::new(Callback { head, body }), whole_at })
            }
            Err(fault) => {
                let route = place.route.name.clone();
                Err(Stop::Refused { id: head.id, route, refusal: refused(fault) })
            }
        }
    }
}
