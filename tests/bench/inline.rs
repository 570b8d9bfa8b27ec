//! The native yardstick in the router's own line: the same steps before and after, by the router's
//! own parts, and native code where the line calls the adapter. What an adapter costs over this is
//! what it costs to be a plugin.

use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use tokio::sync::Semaphore;

use hookswitch::generation::{Generation, Route, Stage};
use hookswitch::intake::Intake;
use hookswitch::listen::Arrival;
use hookswitch::model::Callback;
use hookswitch::observe::{CallLine, call_line};
use hookswitch::route::Found;
use hookswitch::store::{NewEvent, Recorded, Recording};

use crate::native::{Native, event, reply};

/// Takes what comes for a route as [`Intake`] does, past its adapter.
pub(crate) struct Inline {
    intake: Arc<Intake>,
    native: Arc<Native>,
    places: Semaphore,
}

impl Inline {
    pub(crate) fn new(intake: Arc<Intake>, native: Arc<Native>) -> Inline {
        let places = Semaphore::new(intake.limits.callbacks);
        Inline { intake, native, places }
    }

    /// One callback, from its head to the reply.
    pub(crate) async fn take(&self, arrival: Arrival) -> Response<Full<Bytes>> {
        let (generation, began) = (self.intake.cell.current(), Instant::now());
        let _in_flight = generation.calls.enter();
        let line = Box::pin(self.steps(arrival, &generation, began));
        tokio::time::timeout(self.intake.limits.call_timeout, line).await.expect("in time")
    }

    async fn steps(
        &self,
        arrival: Arrival,
        generation: &Generation,
        began: Instant,
    ) -> Response<Full<Bytes>> {
        let Arrival { head, body, peer } = arrival;
        let mut plain = self.native.plain(&head, &peer.ip().to_string());
        let found = generation.routes.find(&plain.method, head.uri.path());
        let Found::Match { target: route, params } = found else { panic!("there is no route") };
        plain.params = params;
        let (limits, pulse) = (&self.intake.limits, &route.pulse);
        let body = body.read(limits.body_bytes, limits.body_timeout);
        let body = pulse.timed(Stage::Read, pin!(body)).await.expect("a body");
        let _place = self.places.try_acquire().expect("a place");
        assert!(self.intake.store.health().takes(), "the store takes something");
        let callback = Arc::new(Callback { head: plain, body });
        let verifying = async { self.native.is_genuine(&callback) };
        assert!(pulse.timed(Stage::Verify, pin!(verifying)).await, "it is genuine");
        pulse.genuine(callback.head.received_at_ms);
        let parsing = async { event(&callback) };
        let event = pulse.timed(Stage::Parse, pin!(parsing)).await.expect("an event");
        let wording = async { reply(200) };
        let reply = pulse.timed(Stage::Respond, pin!(wording)).await;
        let id = callback.head.id.clone();
        let named = generation.owed(route, &event.kind);
        let recording = recording(callback, route, (generation, NewEvent { event, named }));
        let recorded = self.intake.store.record(recording);
        let recorded = pulse.timed(Stage::Record, recorded).await;
        assert!(matches!(recorded, Ok(Recorded::New(_))), "it is new");
        call_line(&CallLine {
            id: &id,
            route: &route.name,
            outcome: "accepted",
            status: reply.status().as_u16(),
            reason: "",
            matched: "bench",
            by: "",
            fallback: false,
            took: began.elapsed(),
        });
        reply
    }
}

fn recording(
    callback: Arc<Callback>,
    route: &Route,
    (generation, event): (&Generation, NewEvent),
) -> Recording {
    Recording {
        callback,
        route: route.name.clone(),
        generation: generation.id,
        adapter: route.adapter.plugin().identity().to_owned(),
        matched: Some("bench".to_owned()),
        replay_key: None,
        events: vec![event],
        confirms: false,
        dedupe_ms: 0,
        state: route.adapter.drain_state().changes(),
    }
}
