//! Steps two and three: which route a call is for, by method and path alone; then its body, whole
//! and untouched.

use std::sync::Arc;

use super::Limits;
use super::received::Received;
use super::stop::{Refusal, Stop};
use crate::generation::{Generation, Route};
use crate::listen::{Body, BodyFault};
use crate::model::{Callback, Head};
use crate::plugin::Binding;
use crate::route::Found;

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
    pub(super) callback: Callback,
}

impl Received {
    pub(super) fn route(self, generation: &Generation) -> Result<Routed, Stop> {
        let Received { mut head, path, body } = self;
        let (route, params) = match generation.routes.find(&head.method, &path) {
            Found::Match { target, params } => (Arc::clone(target), params),
            Found::NotFound => return Err(Stop::Refused(Refusal::NoRoute)),
            Found::MethodNotAllowed { allow } => {
                return Err(Stop::Refused(Refusal::Method { allow }));
            }
            Found::BadParam { .. } => return Err(Stop::Refused(Refusal::BadPath)),
        };
        head.params = params;
        let adapter = match &route.adapter {
            Ok(adapter) => Arc::clone(adapter),
            Err(_) => return Err(Stop::Offline { head, route }),
        };
        Ok(Routed { place: Place { route, adapter }, head, body })
    }
}

impl Routed {
    pub(super) async fn read_body(self, limits: &Limits) -> Result<Read, Stop> {
        let Routed { place, head, body } = self;
        let refused = |fault: BodyFault| match fault {
            BodyFault::TooLarge => Refusal::BodyTooLarge,
            BodyFault::TimedOut => Refusal::BodyTimedOut,
            BodyFault::Broken => Refusal::BodyBroken,
        };
        let body = body.read(limits.body_bytes, limits.body_timeout).await;
        let body = body.map_err(|fault| Stop::Refused(refused(fault)))?;
        Ok(Read { place, callback: Callback { head, body } })
    }
}
