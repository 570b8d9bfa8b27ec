//! A plugin as its vectors see it: the component itself, every call in a fresh instance, with what
//! the vector grants and nothing else. Nothing is left of one vector when the next one runs.

use std::sync::Arc;

use hookswitch_vectors as vectors;
use serde_json::Value;
use tokio::runtime::Handle;

use super::super::{Way, differ, taken};
use super::api::Api;
use super::{Time, plain};
use crate::model::{self, Clock};
use crate::plugin::{
    Binding, Fault, Grant, HostRule, KeyVersion, Keyring, Plugin, SecretText, State,
};

/// More than any vector has.
const STATE_ENTRIES: usize = 1000;

/// An adapter, for one vector.
pub(super) struct Subject<'v> {
    runtime: Handle,
    vector: &'v vectors::Vector,
    binding: Arc<Binding>,
    time: &'v Time,
}

impl<'v> Subject<'v> {
    pub(super) fn new(
        plugin: &Arc<Plugin>,
        vector: &'v vectors::Vector,
        time: &'v Time,
    ) -> Subject<'v> {
        let state = state(vector.call.received_at_ms, &[]);
        let binding =
            Binding::new(Arc::clone(plugin), grant(&vector.settings, &vector.secrets), state);
        Subject { runtime: Handle::current(), vector, binding, time }
    }

    fn call<T>(
        &self,
        call: impl AsyncFnOnce(&Arc<Binding>) -> Result<T, Fault>,
    ) -> Result<T, String> {
        let call = async { call(&self.binding).await.map_err(|fault| fault.to_string()) };
        self.runtime.block_on(self.time.limit(call))
    }
}

impl vectors::Subject for Subject<'_> {
    fn configure(&mut self) -> Result<Vec<vectors::Reason>, String> {
        let reasons = self.call(async |binding| binding.open().await?.configure().await)?;
        Ok(reasons.into_iter().map(plain::reason).collect())
    }

    fn verify(&mut self, call: &vectors::Callback) -> Result<vectors::Verdict, String> {
        let callback = plain::callback(call);
        if self.binding.plugin().takes_whole() {
            let taken = |way| self.call(async |binding| Ok(taken(binding, &callback, way).await));
            let (whole, steps) = (taken(Way::Usual)?, taken(Way::InSteps)?);
            // What differs by itself, as random numbers do, doesn't differ by how it is asked.
            if whole != steps && steps == taken(Way::InSteps)? {
                return Err(differ::whole(&whole, &steps));
            }
        }
        let verdict =
            self.call(async |binding| binding.open().await?.verify_alone(&callback).await)?;
        Ok(plain::verdict(verdict))
    }

    fn parse(&mut self, call: &vectors::Callback) -> Result<vectors::Parsed, String> {
        let callback = plain::callback(call);
        let parsed = self.call(async |binding| binding.open().await?.parse(&callback).await)?;
        Ok(plain::parsed(parsed))
    }

    fn confirm(&mut self, asked: &vectors::Asked) -> Result<vectors::Came, String> {
        let reaching = Reaching {
            plugin: self.binding.plugin(),
            settings: &self.vector.settings,
            secrets: &self.vector.secrets,
            state: state(asked.now_ms, &asked.state),
        };
        let context = model::Context {
            now_ms: asked.now_ms,
            route: "vectors".into(),
            attempt: 1,
            deadline_ms: asked.deadline_ms,
            idempotency_key: asked.event.id.clone(),
        };
        let event = plain::to_event(asked.event.clone());
        let confirm = async {
            let (binding, api) = reaching.bind(&asked.origin, &asked.exchanges).await?;
            let came = async { binding.open().await?.confirm(&event, &context).await };
            let came = came.await.map_err(|fault| fault.to_string())?;
            Ok((came, api.problems()))
        };
        let (came, problems) = self.runtime.block_on(self.time.limit(confirm))?;
        let watched = asked.watched.iter().map(String::as_str);
        let state = standing(&reaching.state, watched);
        Ok(vectors::Came { confirmation: plain::confirmation(came), problems, state })
    }

    fn respond(
        &mut self,
        call: &vectors::Callback,
        asked: &vectors::Outcome,
    ) -> Result<Result<vectors::Reply, vectors::Reason>, String> {
        let (head, outcome) = (plain::callback(call).head, plain::outcome(asked));
        let respond =
            async |binding: &Arc<Binding>| binding.open().await?.respond(&head, &outcome).await;
        Ok(self.call(respond)?.map(plain::reply).map_err(plain::reason))
    }
}

/// Has a responder compute the answer to a vector's question.
pub(super) fn compute(
    plugin: &Arc<Plugin>,
    question: &vectors::Question,
    time: &Time,
) -> Result<vectors::Computed, String> {
    let reaching = Reaching {
        plugin,
        settings: &question.settings,
        secrets: &question.secrets,
        state: state(question.now_ms, &question.state),
    };
    let context = model::Context {
        now_ms: question.now_ms,
        route: question.route.clone(),
        attempt: question.attempt,
        deadline_ms: question.deadline_ms,
        idempotency_key: question.request.id.clone(),
    };
    let request = plain::request(&question.request);
    let compute = async {
        let (binding, api) = reaching.bind(&question.origin, &question.exchanges).await?;
        let computed = async { binding.open().await?.compute(&request, &context).await };
        let computed = computed.await.map_err(|fault| fault.to_string())?;
        Ok((computed, api.problems()))
    };
    let (computed, problems) = Handle::current().block_on(time.limit(compute))?;
    let answer = computed.map(|answer| answer.data).map_err(plain::decline);
    let state = standing(&reaching.state, question.watched());
    Ok(vectors::Computed { answer, problems, state })
}

/// A plugin that may reach out: to an API on loopback, which stands in for the one of its settings.
struct Reaching<'p> {
    plugin: &'p Arc<Plugin>,
    settings: &'p Value,
    secrets: &'p [vectors::Secret],
    state: Arc<State>,
}

impl Reaching<'_> {
    async fn bind(
        &self,
        origin: &str,
        exchanges: &[vectors::Exchange],
    ) -> Result<(Arc<Binding>, Api), String> {
        let api = Api::start(exchanges.to_vec()).await;
        let api = api.map_err(|error| format!("no API on loopback: {error}"))?;
        let loopback = "127.0.0.0/8".parse().map_err(|_| "no loopback".to_owned())?;
        let plain = grant(self.settings, self.secrets);
        let local = format!("http://{}", api.address);
        let settings = match origin.is_empty() {
            true => plain.settings,
            false => plain.settings.replace(origin, &local),
        };
        let grant = Grant {
            settings,
            reveal: self.secrets.iter().map(|secret| secret.role.clone()).collect(),
            allow_http: vec![HostRule { host: "127.0.0.1".into(), port: Some(api.address.port()) }],
            allow_networks: vec![loopback],
            ..plain
        };
        Ok((Binding::new(Arc::clone(self.plugin), grant, Arc::clone(&self.state)), api))
    }
}

/// At a clock that stands still.
fn state(now_ms: u64, held: &[(String, String)]) -> Arc<State> {
    let state = State::new("vectors", STATE_ENTRIES, Clock::manual(now_ms));
    for (key, value) in held {
        state.put(key.clone(), value.clone().into_bytes(), u64::MAX);
    }
    Arc::new(state)
}

fn standing<'k>(state: &State, watched: impl Iterator<Item = &'k str>) -> Vec<(String, String)> {
    let value = |key: &'k str| {
        let value = state.get(key)?;
        Some((key.to_owned(), String::from_utf8_lossy(&value).into_owned()))
    };
    watched.filter_map(value).collect()
}

fn grant(settings: &Value, secrets: &[vectors::Secret]) -> Grant {
    Grant {
        scope: "vectors".into(),
        settings: settings.to_string(),
        keyring: keyring(secrets),
        ..Grant::default()
    }
}

fn keyring(secrets: &[vectors::Secret]) -> Keyring {
    let mut roles: Vec<(String, Vec<KeyVersion>)> = Vec::new();
    for secret in secrets {
        let text = SecretText::new(&secret.text);
        let version = KeyVersion::new(&secret.version, secret.kid.clone(), text);
        match roles.iter_mut().find(|(role, _)| *role == secret.role) {
            Some((_, versions)) => versions.push(version),
            None => roles.push((secret.role.clone(), vec![version])),
        }
    }
    Keyring::new(roles)
}
