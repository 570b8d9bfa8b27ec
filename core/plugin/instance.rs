//! One instance of a plugin and the calls that may be made of it. Each call is bounded in time,
//! memory and size; after a fault the instance is of no further use.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::OwnedSemaphorePermit;
use wasmtime::component;
use wasmtime::{Store, UpdateDeadline};

use super::binding::Binding;
use super::bounds;
use super::call::{Call, Phase};
use super::engine::TICKS;
use super::fault::{Fault, Refusal, classify};
use super::loaded::Plugin;
use crate::model::{
    Answer, Callback, Confirmation, Content, Context, Decline, Event, Fact, Head, Manifest,
    Outcome, ParseFault, Reason, Reply, Request, Verdict,
};

/// A live instance, holding one of its plugin's slots.
pub struct Instance {
    store: Store<Call>,
    guest: component::Instance,
    plugin: Arc<Plugin>,
    _slot: OwnedSemaphorePermit,
}

/// What a simulated callback should be.
#[derive(Debug, Clone)]
pub struct Simulation {
    /// One of the adapter's kinds.
    pub kind: String,
    /// A JSON object; its members are the adapter's own.
    pub options: String,
    /// The time that it says it was sent, Unix milliseconds.
    pub now_ms: u64,
    /// The same seed gives the same callback.
    pub seed: u64,
}

impl Instance {
    /// A fresh one, which has a slot by `deadline`.
    pub(super) async fn open(binding: Arc<Binding>, deadline: Instant) -> Result<Instance, Fault> {
        let plugin = Arc::clone(&binding.plugin);
        let slot = Arc::clone(&plugin.slots).acquire_owned();
        let slot = match tokio::time::timeout_at(deadline.into(), slot).await {
            Ok(Ok(slot)) => slot,
            Ok(Err(_)) | Err(_) => return Err(Fault::Busy),
        };
        let mut store = Store::new(plugin.pre.engine(), Call::new(binding, deadline));
        store.limiter(|call| call);
        store.set_hostcall_fuel(plugin.limits.memory_bytes);
        store.set_epoch_deadline(TICKS);
        store.epoch_deadline_callback(|context| {
            if Instant::now() < context.data().deadline {
                return Ok(UpdateDeadline::Yield(TICKS));
            }
            Err(Refusal(Fault::Deadline).into())
        });
        let made = plugin.pre.instantiate_async(&mut store);
        let made = tokio::time::timeout_at(deadline.into(), made).await;
        let guest = match made {
            Ok(Ok(guest)) => guest,
            Ok(Err(error)) => return Err(classify(&error, store.data().breach())),
            Err(_) => return Err(Fault::Deadline),
        };
        Ok(Instance { store, guest, plugin, _slot: slot })
    }

    /// What it says of itself.
    pub async fn describe(&mut self) -> Result<Manifest, Fault> {
        let (plugin, deadline) = self.begin(Phase::Describe);
        let call = plugin.exports.describe(&mut self.store, &self.guest);
        let made = tokio::time::timeout_at(deadline, call).await;
        self.end(made)
    }

    /// What is wrong with its settings and secrets.
    pub async fn configure(&mut self) -> Result<Vec<Reason>, Fault> {
        let (plugin, deadline) = self.begin(Phase::Configure);
        let call = plugin.exports.configure(&mut self.store, &self.guest);
        let made = tokio::time::timeout_at(deadline, call).await;
        self.end(made)
    }

    /// Is it genuine?
    pub async fn verify(&mut self, callback: &Callback) -> Result<Verdict, Fault> {
        let (plugin, deadline) = self.begin(Phase::Verify);
        let call = plugin.exports.verify(&mut self.store, &self.guest, callback);
        let made = tokio::time::timeout_at(deadline, call).await;
        bounds::verdict(&plugin.limits, self.end(made)?)
    }

    /// What does it hold? Only for a callback that was found genuine.
    pub async fn parse(
        &mut self,
        callback: &Callback,
    ) -> Result<Result<Content, ParseFault>, Fault> {
        let (plugin, deadline) = self.begin(Phase::Parse);
        let call = plugin.exports.parse(&mut self.store, &self.guest, callback);
        let made = tokio::time::timeout_at(deadline, call).await;
        bounds::parsed(&plugin.limits, self.end(made)?)
    }

    /// Words an outcome; the inner error says why an answer is invalid.
    pub async fn respond(
        &mut self,
        head: &Head,
        outcome: &Outcome,
    ) -> Result<Result<Reply, Reason>, Fault> {
        let (plugin, deadline) = self.begin(Phase::Respond);
        let call = plugin.exports.respond(&mut self.store, &self.guest, (head, outcome));
        let made = tokio::time::timeout_at(deadline, call).await;
        bounds::worded(&plugin.limits, self.end(made)?)
    }

    /// Asks the provider whether an event is true.
    pub async fn confirm(
        &mut self,
        event: &Event,
        context: &Context,
    ) -> Result<Confirmation, Fault> {
        let (plugin, deadline) = self.begin(Phase::Confirm);
        let call = plugin.exports.confirm(&mut self.store, &self.guest, (event, context));
        let made = tokio::time::timeout_at(deadline, call).await;
        bounds::confirmation(&plugin.limits, self.end(made)?)
    }

    /// Computes an answer.
    pub async fn compute(
        &mut self,
        request: &Request,
        context: &Context,
    ) -> Result<Result<Answer, Decline>, Fault> {
        let (plugin, deadline) = self.begin(Phase::Compute);
        let call = plugin.exports.compute(&mut self.store, &self.guest, (request, context));
        let made = tokio::time::timeout_at(deadline, call).await;
        bounds::computed(&plugin.limits, self.end(made)?)
    }

    /// Which callbacks it can simulate.
    pub async fn kinds(&mut self) -> Result<Vec<String>, Fault> {
        let (plugin, deadline) = self.begin(Phase::Simulate);
        let call = plugin.exports.kinds(&mut self.store, &self.guest);
        let made = tokio::time::timeout_at(deadline, call).await;
        self.end(made)
    }

    /// Makes a callback as its provider would.
    pub async fn simulate(
        &mut self,
        wanted: &Simulation,
    ) -> Result<Result<Callback, Reason>, Fault> {
        let (plugin, deadline) = self.begin(Phase::Simulate);
        let call = plugin.exports.simulate(&mut self.store, &self.guest, wanted);
        let made = tokio::time::timeout_at(deadline, call).await;
        self.end(made)
    }

    /// What was signed, and where it looked.
    pub async fn explain(&mut self, callback: &Callback) -> Result<Vec<Fact>, Fault> {
        let (plugin, deadline) = self.begin(Phase::Explain);
        let call = plugin.exports.explain(&mut self.store, &self.guest, callback);
        let made = tokio::time::timeout_at(deadline, call).await;
        self.end(made)
    }

    /// What to register at the provider for a route at `url`.
    pub async fn register(&mut self, url: &str) -> Result<Vec<Fact>, Fault> {
        let (plugin, deadline) = self.begin(Phase::Register);
        let call = plugin.exports.register(&mut self.store, &self.guest, url);
        let made = tokio::time::timeout_at(deadline, call).await;
        self.end(made)
    }

    /// Sets the phase and its deadline; the plugin is handed out so that the store stays free.
    fn begin(&mut self, phase: Phase) -> (Arc<Plugin>, tokio::time::Instant) {
        let limits = &self.plugin.limits;
        let may_take = match phase {
            Phase::Confirm => limits.confirm_deadline,
            _ => limits.deadline,
        };
        let deadline = Instant::now() + may_take;
        let call = self.store.data_mut();
        call.phase = phase;
        call.deadline = deadline;
        (Arc::clone(&self.plugin), deadline.into())
    }

    fn end<T>(
        &self,
        made: Result<wasmtime::Result<T>, tokio::time::error::Elapsed>,
    ) -> Result<T, Fault> {
        let call = self.store.data();
        match made {
            // The host's own work for a guest can't be interrupted: late is late all the same.
            Ok(Ok(_)) if Instant::now() > call.deadline => Err(Fault::Deadline),
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(classify(&error, call.breach())),
            Err(_) => Err(Fault::Deadline),
        }
    }
}
