//! The admin listener: is it well, what runs, and reload now. It shows no secret, no body and
//! nobody's data.
//!
//! | call | scope | says |
//! | --- | --- | --- |
//! | `GET /healthz` | none | 200 while the process runs |
//! | `GET /readyz` | none | 200 while callbacks are taken, else 503; `causes`: what can't serve |
//! | `GET /api/v1/generation` | `admin:read` | what runs, since when; the last rejected reload |
//! | `GET /api/v1/routes` | `admin:read` | path, methods, adapter and responders of each |
//! | `GET /api/v1/plugins` | `admin:read` | hash, contract, exports, imports, health |
//! | `POST /api/v1/reload` | `admin:write` | reloads; `If-Match: "3"`: only while 3 runs |

mod keys;
mod reply;
mod show;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper::HeaderMap;
use hyper::header::{ETAG, HeaderValue, IF_MATCH};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

pub use self::keys::Keys;
use self::reply::{Reply, fault, ok};
use crate::generation::{Ask, Cell, Told};
use crate::listen::Arrival;
use crate::model::GenerationId;

/// Answers what is asked of the admin listener.
pub struct Admin {
    cell: Arc<Cell>,
    keys: Keys,
    asks: mpsc::Sender<Ask>,
    stopping: AtomicBool,
}

/// What is asked for.
#[derive(Clone, Copy)]
enum Resource {
    Generation,
    Routes,
    Plugins,
    Reload,
}

impl Resource {
    fn of(path: &str) -> Option<Resource> {
        Some(match path {
            "/api/v1/generation" => Resource::Generation,
            "/api/v1/routes" => Resource::Routes,
            "/api/v1/plugins" => Resource::Plugins,
            "/api/v1/reload" => Resource::Reload,
            _ => return None,
        })
    }

    fn method(self) -> &'static str {
        if matches!(self, Resource::Reload) { "POST" } else { "GET" }
    }

    fn scope(self) -> &'static str {
        if matches!(self, Resource::Reload) { "admin:write" } else { "admin:read" }
    }
}

impl Admin {
    /// Shows what `cell` holds, to whoever has one of the keys; `asks` is where reloads are asked
    /// for.
    pub fn new(cell: Arc<Cell>, keys: Keys, asks: mpsc::Sender<Ask>) -> Admin {
        Admin { cell, keys, asks, stopping: AtomicBool::new(false) }
    }

    /// From here on it isn't ready.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// One call, whose body isn't read.
    pub async fn take(&self, arrival: Arrival) -> Reply {
        let head = &arrival.head;
        self.answer(head.method.as_str(), head.uri.path(), &head.headers).await
    }

    async fn answer(&self, method: &str, path: &str, headers: &HeaderMap) -> Reply {
        let open = ["/healthz", "/readyz"].contains(&path);
        if open && !["GET", "HEAD"].contains(&method) {
            return reply::not_allowed("GET");
        }
        match path {
            "/healthz" => ok(&json!({ "status": "ok" })),
            "/readyz" => self.ready(),
            // Whoever has no key learns nothing of what there is.
            path if path.starts_with("/api/") => match self.keys.of(headers) {
                Some(scopes) => self.api(method, path, (headers, scopes)).await,
                None => reply::unauthorized(),
            },
            _ => fault(404, "not_found", "there is no such page"),
        }
    }

    fn ready(&self) -> Reply {
        let mut causes = show::causes(&self.cell.current());
        let stopping = self.stopping.load(Ordering::Relaxed);
        if stopping {
            causes.insert(0, json!({ "cause": "stopping" }));
        }
        reply::json(
            if stopping { 503 } else { 200 },
            &json!({ "ready": !stopping, "causes": causes }),
        )
    }

    async fn api(&self, method: &str, path: &str, caller: (&HeaderMap, &[String])) -> Reply {
        let (headers, scopes) = caller;
        let Some(resource) = Resource::of(path) else {
            return fault(404, "not_found", "there is no such resource");
        };
        if method != resource.method() {
            return reply::not_allowed(resource.method());
        }
        if !scopes.iter().any(|scope| scope == resource.scope()) {
            let message = format!("this key lacks the scope {}", resource.scope());
            return fault(403, "forbidden", &message);
        }
        match resource {
            Resource::Generation => self.generation(),
            Resource::Routes => ok(&show::routes(&self.cell.current())),
            Resource::Plugins => ok(&show::plugins(&self.cell.current())),
            Resource::Reload => self.reload(headers).await,
        }
    }

    fn generation(&self) -> Reply {
        let generation = self.cell.current();
        let mut reply = ok(&show::generation(generation.id, &self.cell.record()));
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", generation.id)) {
            reply.headers_mut().insert(ETAG, tag);
        }
        reply
    }

    async fn reload(&self, headers: &HeaderMap) -> Reply {
        let only_if = match headers.get(IF_MATCH).map(generation_of) {
            None => None,
            Some(Some(id)) => Some(id),
            Some(None) => {
                let message = "If-Match is the number of a generation in quotes: \"3\"";
                return fault(400, "bad_if_match", message);
            }
        };
        let (tell, told) = oneshot::channel();
        let asked = self.asks.try_send(Ask { only_if, tell }).is_ok();
        let told = if asked { told.await.ok() } else { None };
        match told {
            Some(Told::Applied(id)) => ok(&json!({ "generation": id.0, "changed": true })),
            Some(Told::Unchanged(id)) => ok(&json!({ "generation": id.0, "changed": false })),
            Some(Told::Rejected(problems)) => {
                let error = json!({ "code": "rejected", "message": "the config has problems" });
                reply::json(422, &json!({ "error": error, "problems": problems }))
            }
            Some(Told::Stale(id)) => {
                fault(412, "other_generation", &format!("generation {id} runs"))
            }
            None => fault(503, "busy", "too many reloads wait already, or the router stops"),
        }
    }
}

/// The generation that an `If-Match` names (RFC 9110 13.1.1): one strong tag.
fn generation_of(value: &HeaderValue) -> Option<GenerationId> {
    let digits = value.to_str().ok()?.strip_prefix('"')?.strip_suffix('"')?;
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok().map(GenerationId)).flatten()
}

#[cfg(test)]
mod tests;
