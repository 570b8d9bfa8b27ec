//! The admin listener: does the router live, is it ready, and under `/api/v1/` what runs, how to
//! have it reloaded, webhooks, deliveries and events. A key is checked before a path under
//! `/api/v1/` is looked up, so whoever has none learns nothing, not even what there is; only the
//! API's own document is for everybody.
//!
//! **Ready** means: this process is worth sending callbacks to. `/readyz` is 503 while it stops,
//! where nothing can be recorded, and where nothing at all can be served: there is no route, or
//! each is offline or has an adapter that isn't asked to verify now. A route that is offline, or a
//! plugin in quarantine, beside others that serve is told under `causes` with 200, and so is a
//! route that is silent: taking the process out would take the good routes with it.

mod keys;
mod tokens;
mod rate;
mod refusal;
mod reply;
mod endpoint;
mod table;
mod query;
mod fields;
mod dates;
mod ready;
mod shown;
mod reloads;
mod granting;
mod reachable;
mod webhooks;
mod deliveries;
mod resending;
mod events;
mod document;
mod explaining;
mod planning;
mod rehearsing;
mod dry_running;
mod tail;
mod metrics;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::http::request::Parts;
use hyper::{Method, Response};
use tokio::sync::{Semaphore, mpsc};

use self::dry_running::DryRuns;
use self::endpoint::{Access, Endpoint, Place, Row};
pub(crate) use self::explaining::shown as explanation_json;
use self::keys::{By, Caller, Keys};
use self::query::Query;
use self::rate::Rates;
use self::reloads::Reloads;
use self::reply::{Refusal, Reply};
use self::tokens::Tokens;
use crate::generation::{Ask, Cell};
use crate::intake::Forged;
use crate::listen::{Arrival, BodyFault};
use crate::model::Clock;
use crate::observe::{self, Level};
use crate::store::Store;

/// What stands before every path that needs a key.
const API: &str = "/api/v1/";

/// Bytes of a body, and how long it may take.
const BODY_BYTES_MOST: usize = 64 << 10;
const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// What the admin listener shows and changes.
pub struct Backing {
    /// What runs.
    pub cell: Arc<Cell>,
    /// Where reloads are asked for.
    pub asks: mpsc::Sender<Ask>,
    /// What was recorded.
    pub store: Arc<dyn Store>,
    /// What was found forged lately.
    pub forged: Arc<Forged>,
    /// When tokens end, and when webhooks were changed.
    pub clock: Clock,
}

/// Answers the calls of the admin listener.
pub struct Admin {
    cell: Arc<Cell>,
    reloads: Reloads,
    tokens: Option<Tokens>,
    store: Arc<dyn Store>,
    forged: Arc<Forged>,
    clock: Clock,
    rates: Rates,
    dry_runs: DryRuns,
    explaining: Semaphore,
    stopping: AtomicBool,
}

/// One call that was let in.
struct Call<'c> {
    head: &'c Parts,
    /// The parameter of its path.
    id: &'c str,
    /// Its body; empty where its endpoint reads none.
    body: Bytes,
    /// Who calls; `None` where no key is needed.
    caller: Option<Caller>,
    /// When, Unix milliseconds.
    now_ms: u64,
}

impl Call<'_> {
    fn query(&self) -> Query {
        Query::of(&self.head.uri)
    }
}

impl Admin {
    /// Shows and changes what is in `backing`.
    pub fn new(backing: Backing) -> Admin {
        let Backing { cell, asks, store, forged, clock } = backing;
        let (reloads, rates) = (Reloads::new(asks), Rates::default());
        let explaining = Semaphore::new(explaining::AT_ONCE);
        let (dry_runs, stopping) = (DryRuns::new(&cell), AtomicBool::new(false));
        Admin {
            cell,
            reloads,
            tokens: Tokens::new(),
            store,
            forged,
            clock,
            rates,
            dry_runs,
            explaining,
            stopping,
        }
    }

    /// From here on the router isn't ready: it takes no new callbacks.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Answers one call. A body is read only where one is wanted, of whoever may ask.
    pub async fn take(&self, arrival: Arrival) -> Response<Full<Bytes>> {
        let Arrival { head, body, .. } = arrival;
        self.answer(&head, body.read(BODY_BYTES_MOST, BODY_DEADLINE)).await
    }

    async fn answer(
        &self,
        head: &Parts,
        body: impl Future<Output = Result<Bytes, BodyFault>>,
    ) -> Response<Full<Bytes>> {
        let refused = |refusal: Refusal| refusal.into_response(head.uri.path());
        let response = self.serve(head, body).await.unwrap_or_else(refused);
        match head.method {
            Method::HEAD => reply::without_body(response),
            _ => response,
        }
    }

    async fn serve(
        &self,
        head: &Parts,
        body: impl Future<Output = Result<Bytes, BodyFault>>,
    ) -> Reply {
        let (path, now_ms) = (head.uri.path(), self.clock.now_ms());
        let place = Place::find(path);
        let is_open = place.as_ref().is_some_and(Place::is_open);
        let caller = match path.starts_with(API) && !is_open {
            true => Some(self.admit(head, place.as_ref(), now_ms)?),
            false => None,
        };
        let place = place.ok_or(Refusal::NoPath)?;
        let row = place.row(&head.method).ok_or_else(|| Refusal::Method(place.allow()))?;
        allowed(row, caller.as_ref())?;
        let body = match row.body.is_empty() {
            true => Bytes::new(),
            false => body.await.map_err(Refusal::Body)?,
        };
        let call = Call { head, id: &place.id, body, caller, now_ms };
        self.respond(row.endpoint, &call).await
    }

    /// Who calls, where they may call at all.
    fn admit(
        &self,
        head: &Parts,
        place: Option<&Place<'_>>,
        now_ms: u64,
    ) -> Result<Caller, Refusal> {
        let generation = self.cell.current();
        let keys = Keys { keys: &generation.api_keys, tokens: self.tokens.as_ref() };
        let caller = keys.admit(&head.headers, now_ms)?;
        let gives_tokens = place.is_some_and(Place::gives_tokens);
        // A token is no key: it can't be made to last longer.
        match (caller.by, gives_tokens) {
            (By::Secret, _) | (By::Token, false) | (By::Refresh(_), true) => {}
            (By::Token, true) | (By::Refresh(_), false) => return Err(Refusal::WrongToken),
        }
        match self.rates.take(&caller.key, now_ms) {
            true => Ok(caller),
            false => Err(Refusal::TooOften),
        }
    }

    async fn respond(&self, endpoint: Endpoint, call: &Call<'_>) -> Reply {
        match endpoint {
            Endpoint::Alive => Ok(ready::alive()),
            Endpoint::Ready => Ok(ready::ready(self)),
            Endpoint::Metrics => Ok(metrics::metrics(self)),
            Endpoint::Document => Ok(reply::ok(&document::document())),
            Endpoint::Generation => Ok(shown::generation(&self.cell)),
            Endpoint::Routes => Ok(shown::routes(&self.cell.current())),
            Endpoint::Plugins => Ok(shown::plugins(&self.cell.current())),
            Endpoint::Reload => planning::reload(self, call).await,
            Endpoint::PlanLast => Ok(planning::last(self)),
            Endpoint::PlanMake => planning::make(self).await,
            Endpoint::EventRehearse => rehearsing::rehearsed(self, call).await,
            Endpoint::EventDryRun => dry_running::dry_run(self, call).await,
            Endpoint::Token => granting::token(self, call),
            Endpoint::WebhookCreate => webhooks::create(self, call).await,
            Endpoint::WebhookList => webhooks::list(self, call),
            Endpoint::WebhookGet => webhooks::get(self, call),
            Endpoint::WebhookUpdate => webhooks::update(self, call).await,
            Endpoint::WebhookDelete => webhooks::delete(self, call).await,
            Endpoint::WebhookRotate => webhooks::rotate(self, call).await,
            Endpoint::DeliveryList => deliveries::list(self, call).await,
            Endpoint::DeliveryGet => deliveries::get(self, call).await,
            Endpoint::Activity => deliveries::activity(self, call).await,
            Endpoint::DeliveryResend => resending::one(self, call).await,
            Endpoint::DeliveryResendAll => resending::all(self, call).await,
            Endpoint::EventList => events::list(self, call).await,
            Endpoint::EventGet => events::get(self, call).await,
            Endpoint::Tail => tail::tail(call).await,
            Endpoint::ForgedList => explaining::forged(self),
            Endpoint::Explanation => explaining::explained(self, call).await,
            Endpoint::EventReplay => events::replay(self, call).await,
        }
    }
}

/// Whether the caller may ask for this; what is more than looking is logged.
fn allowed(row: &Row, caller: Option<&Caller>) -> Result<(), Refusal> {
    let Some(caller) = caller else {
        return if row.access == Access::Open { Ok(()) } else { Err(Refusal::NoKey) };
    };
    if let Some(scope) = row.access.scopes().iter().find(|scope| !caller.may(scope)) {
        return Err(Refusal::NoScope(scope));
    }
    if row.method != "GET" {
        let line = format!("admin key {}: {} {}", caller.key, row.method, row.path);
        observe::notice(Level::Info, &line);
    }
    Ok(())
}
