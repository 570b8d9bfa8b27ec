//! The admin listener: does the router live, is it ready, and under `/api/v1/` what runs and how to
//! have it reloaded. A key is checked before a path under `/api/v1/` is looked up, so whoever has
//! none learns nothing, not even what there is.
//!
//! **Ready** means: this process is worth sending callbacks to. `/readyz` is 503 while it stops,
//! and where nothing at all can be served: there is no route, or each is offline or has its adapter
//! in quarantine. A route that is offline, or a plugin in quarantine, beside others that serve is
//! told under `causes` with 200: taking the process out would take the good routes with it.

mod keys;
mod reply;
mod endpoint;
mod ready;
mod shown;
mod reloads;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http_body_util::Full;
use hyper::http::request::Parts;
use hyper::{Method, Response};
use tokio::sync::mpsc;

use self::endpoint::Endpoint;
pub use self::keys::Keys;
use self::reloads::Reloads;
use self::reply::Refusal;
use crate::generation::{Ask, Cell};
use crate::listen::Arrival;
use crate::observe::{self, Level};

/// What stands before every path that needs a key.
const API: &str = "/api/v1/";

/// Answers the calls of the admin listener.
pub struct Admin {
    cell: Arc<Cell>,
    reloads: Reloads,
    keys: Keys,
    stopping: AtomicBool,
}

impl Admin {
    /// Shows what is in `cell`; reloads are asked for through `asks`.
    pub fn new(cell: Arc<Cell>, asks: mpsc::Sender<Ask>, keys: Keys) -> Admin {
        Admin { cell, reloads: Reloads::new(asks), keys, stopping: AtomicBool::new(false) }
    }

    /// From here on the router isn't ready: it takes no new callbacks.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Answers one call. No body is read: no endpoint wants one.
    pub async fn take(&self, arrival: Arrival) -> Response<Full<Bytes>> {
        self.answer(&arrival.head).await
    }

    async fn answer(&self, head: &Parts) -> Response<Full<Bytes>> {
        let response = self.serve(head).await.unwrap_or_else(Refusal::into_response);
        match head.method {
            Method::HEAD => reply::without_body(response),
            _ => response,
        }
    }

    async fn serve(&self, head: &Parts) -> Result<Response<Full<Bytes>>, Refusal> {
        let path = head.uri.path();
        let key = match path.starts_with(API) {
            true => Some(self.keys.admit(&head.headers).ok_or(Refusal::NoKey)?),
            false => None,
        };
        let endpoint = Endpoint::find(path).ok_or(Refusal::NoPath)?;
        if !endpoint.takes(&head.method) {
            return Err(Refusal::Method(endpoint.methods()));
        }
        if let Some(scope) = endpoint.scope() {
            let key = key.ok_or(Refusal::NoKey)?;
            if !key.may(scope) {
                return Err(Refusal::NoScope(scope));
            }
            if endpoint == Endpoint::Reload {
                observe::notice(Level::Info, &format!("admin key {} asks to reload", key.name));
            }
        }
        self.respond(endpoint, head).await
    }

    async fn respond(
        &self,
        endpoint: Endpoint,
        head: &Parts,
    ) -> Result<Response<Full<Bytes>>, Refusal> {
        let generation = self.cell.current();
        match endpoint {
            Endpoint::Alive => Ok(ready::alive()),
            Endpoint::Ready => Ok(ready::ready(&generation, self.stopping.load(Ordering::Relaxed))),
            Endpoint::Generation => Ok(shown::generation(&self.cell)),
            Endpoint::Routes => Ok(shown::routes(&generation)),
            Endpoint::Plugins => Ok(shown::plugins(&generation)),
            Endpoint::Reload => {
                // A reload may take a while: what it replaces isn't kept for it.
                let running = generation.id;
                drop(generation);
                self.reloads.ask(&head.headers, running).await
            }
        }
    }
}
