//! The first-party adapters' vectors, through the components that are embedded in the binary: the
//! same files that their own tests run natively.

use std::path::Path;
use std::sync::Arc;

use hookswitch::model::{self, Clock};
use hookswitch::plugin::{
    Binding, Fault, Grant, Host, HostRule, KeyVersion, Keyring, Limits, PoolLimits, SecretText,
    Source, State,
};
use hookswitch_vectors as vectors;
use tokio::runtime::{Builder, Runtime};

use crate::support::api::Api;

/// An adapter as the router runs it: every call of a vector in a fresh instance.
struct Component<'r> {
    runtime: &'r Runtime,
    vector: &'r vectors::Vector,
    binding: Arc<Binding>,
}

impl Component<'_> {
    fn call<T>(
        &self,
        call: impl AsyncFnOnce(&Arc<Binding>) -> Result<T, Fault>,
    ) -> Result<T, String> {
        self.runtime.block_on(call(&self.binding)).map_err(|fault| fault.to_string())
    }

    /// The same plugin, with a state of its own and an API on loopback in its settings.
    fn confirming(&self, asked: &vectors::Asked, api: &Api) -> (Arc<Binding>, Arc<State>) {
        let state = Arc::new(State::new("route", 100, Clock::manual(asked.now_ms)));
        for (key, value) in &asked.state {
            state.put(key.clone(), value.clone().into_bytes(), u64::MAX);
        }
        let origin = format!("http://{}", api.address);
        let plain = grant(self.vector);
        let grant = Grant {
            settings: plain.settings.replace(&asked.origin, &origin),
            reveal: self.vector.secrets.iter().map(|secret| secret.role.clone()).collect(),
            allow_http: vec![HostRule { host: "127.0.0.1".into(), port: None }],
            allow_networks: vec!["127.0.0.0/8".parse().expect("a network")],
            ..plain
        };
        (Binding::new(Arc::clone(self.binding.plugin()), grant, Arc::clone(&state)), state)
    }
}

impl vectors::Subject for Component<'_> {
    fn configure(&mut self) -> Result<Vec<vectors::Reason>, String> {
        let reasons = self.call(async |binding| binding.open().await?.configure().await)?;
        Ok(reasons.into_iter().map(reason).collect())
    }

    fn verify(&mut self, call: &vectors::Callback) -> Result<vectors::Verdict, String> {
        let callback = callback(call);
        let verdict = self.call(async |binding| binding.open().await?.verify(&callback).await)?;
        Ok(match verdict {
            model::Verdict::Genuine(proof) => {
                vectors::Verdict::Genuine { matched: proof.matched, replay_key: proof.replay_key }
            }
            model::Verdict::Challenge(token) => vectors::Verdict::Challenge(token),
            model::Verdict::Forged(why) => vectors::Verdict::Forged(reason(why)),
            model::Verdict::Unavailable(why) => vectors::Verdict::Unavailable(reason(why)),
        })
    }

    fn parse(&mut self, call: &vectors::Callback) -> Result<vectors::Parsed, String> {
        let callback = callback(call);
        let parsed = self.call(async |binding| binding.open().await?.parse(&callback).await)?;
        Ok(match parsed {
            Ok(model::Content::Notification(events)) => {
                vectors::Parsed::Notification(events.into_iter().map(event).collect())
            }
            Ok(model::Content::Request(request)) => vectors::Parsed::Request(vectors::Request {
                id: request.id,
                kind: request.kind,
                data: request.data,
            }),
            Err(model::ParseFault::Malformed(why)) => vectors::Parsed::Malformed(reason(why)),
            Err(model::ParseFault::NotFound(why)) => vectors::Parsed::NotFound(reason(why)),
        })
    }

    fn confirm(&mut self, asked: &vectors::Asked) -> Result<vectors::Came, String> {
        let api = self.runtime.block_on(Api::start(asked.exchanges.clone()));
        let (binding, state) = self.confirming(asked, &api);
        let context = model::Context {
            now_ms: asked.now_ms,
            route: "vectors".into(),
            attempt: 1,
            deadline_ms: asked.deadline_ms,
            idempotency_key: asked.event.id.clone(),
        };
        let asked_event = to_event(asked.event.clone());
        let came = self.runtime.block_on(binding.confirm(&asked_event, &context));
        let confirmation = match came.map_err(|fault| fault.to_string())? {
            model::Confirmation::Confirmed(now) => vectors::Confirmation::Confirmed(event(now)),
            model::Confirmation::Contradicted(why) => {
                vectors::Confirmation::Contradicted(reason(why))
            }
            model::Confirmation::NotYet(why) => vectors::Confirmation::NotYet(reason(why)),
        };
        let watched = asked.watched.iter().filter_map(|key| {
            let value = state.get(key)?;
            Some((key.clone(), String::from_utf8_lossy(&value).into_owned()))
        });
        let (state, problems) = (watched.collect(), api.problems());
        Ok(vectors::Came { confirmation, problems, state })
    }

    fn respond(
        &mut self,
        call: &vectors::Callback,
        asked: &vectors::Outcome,
    ) -> Result<Result<vectors::Reply, vectors::Reason>, String> {
        let (head, outcome) = (callback(call).head, outcome(asked));
        let respond =
            async |binding: &Arc<Binding>| binding.open().await?.respond(&head, &outcome).await;
        Ok(self.call(respond)?.map(reply).map_err(reason))
    }
}

fn callback(call: &vectors::Callback) -> model::Callback {
    let header = |(name, value): &(String, String)| model::Header {
        name: name.clone(),
        value: value.clone(),
    };
    model::Callback {
        head: model::Head {
            id: call.id.clone(),
            method: call.method.clone(),
            url: call.url.clone(),
            params: call.params.clone(),
            headers: call.headers.iter().map(header).collect(),
            peer: call.peer.clone(),
            received_at_ms: call.received_at_ms,
        },
        body: call.body.clone().into(),
    }
}

fn reason(why: model::Reason) -> vectors::Reason {
    vectors::Reason { code: why.code, detail: why.detail }
}

fn event(event: model::Event) -> vectors::Event {
    vectors::Event {
        id: event.id,
        aliases: event.aliases,
        kind: event.kind,
        subject: event.subject,
        rank: event.rank,
        occurred_at_ms: event.occurred_at_ms,
        data: event.data,
    }
}

fn to_event(event: vectors::Event) -> model::Event {
    model::Event {
        id: event.id,
        aliases: event.aliases,
        kind: event.kind,
        subject: event.subject,
        rank: event.rank,
        occurred_at_ms: event.occurred_at_ms,
        data: event.data,
    }
}

fn reply(reply: model::Reply) -> vectors::Reply {
    let headers = reply.headers.into_iter().map(|header| (header.name, header.value));
    vectors::Reply { status: reply.status, headers: headers.collect(), body: reply.body.to_vec() }
}

fn outcome(asked: &vectors::Outcome) -> model::Outcome {
    let reason = |why: &vectors::Reason| model::Reason::new(&why.code, &why.detail);
    match asked {
        vectors::Outcome::Accepted => model::Outcome::Accepted,
        vectors::Outcome::Duplicate => model::Outcome::Duplicate,
        vectors::Outcome::Challenged(token) => model::Outcome::Challenged(token.clone()),
        vectors::Outcome::Answered(data) => {
            model::Outcome::Answered(model::Answer { data: data.clone() })
        }
        vectors::Outcome::Declined(decline) => model::Outcome::Declined(model::Decline {
            status: match decline.status {
                vectors::DeclineStatus::Invalid => model::DeclineStatus::Invalid,
                vectors::DeclineStatus::NotFound => model::DeclineStatus::NotFound,
                vectors::DeclineStatus::Unprocessable => model::DeclineStatus::Unprocessable,
                vectors::DeclineStatus::Unavailable => model::DeclineStatus::Unavailable,
            },
            reason: decline.reason.clone(),
            customer_reason: decline.customer_reason.clone(),
        }),
        vectors::Outcome::Forged(why) => model::Outcome::Forged(reason(why)),
        vectors::Outcome::Malformed(why) => model::Outcome::Malformed(reason(why)),
        vectors::Outcome::NotFound(why) => model::Outcome::NotFound(reason(why)),
        vectors::Outcome::Unavailable(why) => model::Outcome::Unavailable(reason(why)),
    }
}

fn grant(vector: &vectors::Vector) -> Grant {
    let mut roles: Vec<(String, Vec<KeyVersion>)> = Vec::new();
    for secret in &vector.secrets {
        let text = SecretText::new(&secret.text);
        let version = KeyVersion::new(&secret.version, secret.kid.clone(), text);
        match roles.iter_mut().find(|(role, _)| *role == secret.role) {
            Some((_, versions)) => versions.push(version),
            None => roles.push((secret.role.clone(), vec![version])),
        }
    }
    let settings = vector.settings.to_string();
    Grant { scope: "vectors".into(), settings, keyring: Keyring::new(roles), ..Grant::default() }
}

/// Runs every vector of a first-party adapter; at least `least` of them.
fn run(name: &str, least: usize) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins").join(name).join("vectors");
    run_all(&folder, &Source::Builtin(name.to_owned()), &Limits::default(), least);
}

/// Runs every vector of a folder against an adapter; at least `least` of them.
pub(crate) fn run_all(folder: &Path, source: &Source, limits: &Limits, least: usize) {
    let vectors = vectors::load(folder).unwrap_or_else(|error| panic!("{error}"));
    assert!(vectors.len() >= least, "{} vectors", vectors.len());
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let pool = PoolLimits { instances: 16, ..PoolLimits::default() };
    let host = Host::start(pool, None, Clock::system()).expect("the engine starts");
    let plugin = runtime.block_on(host.load("vectors", source, limits)).expect("it loads");
    let mut failures = String::new();
    for vector in &vectors {
        let binding = host.bind(Arc::clone(&plugin), grant(vector));
        let mut component = Component { runtime: &runtime, vector, binding };
        for mismatch in vectors::run(vector, &mut component).err().into_iter().flatten() {
            failures.push_str(&format!("{}: {mismatch}\n", vector.name));
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn brij_vectors_hold_for_the_component() {
    run("brij", 20);
}

#[test]
fn brz_vectors_hold_for_the_component() {
    run("brz", 20);
}

#[test]
fn brite_vectors_hold_for_the_component() {
    run("brite", 140);
}

#[tokio::test]
async fn only_an_adapter_that_asks_its_provider_imports_http() {
    let pool = PoolLimits { instances: 1, ..PoolLimits::default() };
    let host = Host::start(pool, None, Clock::system()).expect("the engine starts");
    for (name, asks) in [("brij", false), ("brz", false), ("brite", true)] {
        let source = Source::Builtin(name.to_owned());
        let plugin = host.load(name, &source, &Limits::default()).await.expect("it loads");
        let of_wasi = |import: &&String| import.starts_with("wasi:");
        let wasi: Vec<&String> = plugin.asks().iter().filter(of_wasi).collect();
        let http = wasi.iter().any(|import| import.starts_with("wasi:http/outgoing-handler@"));
        assert_eq!((!wasi.is_empty(), http), (asks, asks), "{name}: {wasi:?}");
    }
}
