//! One instance of a plugin and the calls that may be made of it. Each call is bounded in time,
//! memory and size; after a fault the instance is of no further use.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout_at;
use wasmtime::{Store, UpdateDeadline};

use super::abi::Guest;
use super::ahead::{Ahead, Taken};
use super::binding::{Binding, Duty};
use super::bounds;
use super::call::{Call, Phase};
use super::engine::{FIRST_SLICE, SLICE, slice};
use super::fault::{Fault, Refusal, classify};
use super::lane::Lane;
use super::loaded::Plugin;
use super::warm::Kept;
use crate::model::{
    Answer, Callback, Confirmation, Content, Context, Decline, Event, Fact, Head, Manifest,
    Outcome, ParseFault, Reason, Reply, Request, Verdict,
};
use crate::observe::{self, Level};

/// A live instance, holding one of its plugin's slots.
pub struct Instance {
    /// Boxed, since it is handed from step to step.
    live: Box<Live>,
    binding: Arc<Binding>,
    /// What it was taken for; `None` = not for a callback, and never kept.
    duty: Option<Duty>,
    /// Whether what it works on was found genuine: only then do its faults count.
    trusted: bool,
    /// Set while a call runs: an instance whose call didn't end well is of no further use.
    broken: bool,
    /// When its last call began.
    began: Instant,
}

/// What an instance is made of, without whose it is.
pub(super) struct Live {
    guest: Guest,
    plugin: Arc<Plugin>,
    lane: Lane,
    /// What it said of the callback that it verified last.
    ahead: Option<Ahead>,
    /// Calls that it may still take.
    left: u32,
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

/// Runs one call of the guest, and sees that it is over in time. Boxed: a callback's own work stays
/// small, whichever call is made.
macro_rules! run {
    ($instance:ident, $phase:expr, $call:ident($($given:expr),*)) => {{
        let deadline = $instance.begin($phase);
        let Live { guest, plugin, lane, .. } = &mut *$instance.live;
        let call = Box::pin(plugin.exports.$call(guest $(, $given)*));
        let made = lane.run($phase, deadline, call).await;
        $instance.end(made)
    }};
}

impl Instance {
    /// A fresh one.
    pub(super) async fn open(binding: Arc<Binding>, duty: Option<Duty>) -> Result<Instance, Fault> {
        let plugin = Arc::clone(binding.plugin());
        let deadline = Instant::now() + plugin.limits.deadline_of(duty == Some(Duty::Confirm));
        let slot = slot(&plugin, deadline).await?;
        let mut store = Store::new(plugin.pre.engine(), Call::new(&binding.use_of, deadline));
        store.limiter(|call| call);
        let lane = Lane::new(Arc::clone(&plugin.processor), Arc::clone(&plugin.pace));
        let running = lane.clone();
        store.epoch_deadline_callback(move |context| {
            let now = Instant::now();
            match context.data().deadline.checked_duration_since(now) {
                None => Err(Refusal(Fault::Deadline).into()),
                // Ticks fall where they fall: most of a slice is one.
                Some(left) if running.goes_on(now, SLICE / 2) => {
                    Ok(UpdateDeadline::Continue(slice(left)))
                }
                Some(left) => Ok(UpdateDeadline::YieldCustom(slice(left), running.next_slice())),
            }
        });
        store.set_hostcall_fuel(plugin.limits.memory_bytes);
        store.set_epoch_deadline(FIRST_SLICE);
        let began = Instant::now();
        let making = plugin.pre.instantiate_async(&mut store);
        let made = lane.run(Phase::Start, deadline, pin!(making)).await;
        let guest = match made {
            Some(Ok(guest)) => guest,
            Some(Err(error)) => return Err(classify(&error, store.data().breach())),
            None => return Err(Fault::Deadline),
        };
        if duty.is_some() {
            plugin.counts.opened(began.elapsed());
        }
        let guest = Guest::new(store, guest);
        let (ahead, left) = (None, plugin.limits.reuse);
        let live = Box::new(Live { guest, plugin, lane, ahead, left, _slot: slot });
        Ok(Instance::of(binding, duty, live))
    }

    /// One that was kept.
    pub(super) fn again(binding: Arc<Binding>, kept: Kept) -> Instance {
        let Kept { mut live, duty, .. } = kept;
        live.guest.begin_again();
        live.guest.store.data_mut().begin_again();
        live.guest.store.set_hostcall_fuel(binding.plugin().limits.memory_bytes);
        Instance::of(binding, Some(duty), live)
    }

    fn of(binding: Arc<Binding>, duty: Option<Duty>, live: Box<Live>) -> Instance {
        let trusted = duty.is_some_and(|duty| duty != Duty::Verify);
        Instance { live, binding, duty, trusted, broken: false, began: Instant::now() }
    }

    /// Its work is done: it is kept for another callback, where its plugin allows that and it is
    /// sound.
    pub fn give_back(self) {
        let Instance { mut live, binding, duty, broken, trusted, .. } = self;
        // Only now: a step that went well says nothing of those that come after it.
        if let Some(duty) = duty
            && trusted
            && !broken
        {
            live.plugin.health.did_well(duty);
        }
        live.ahead = None;
        live.left = live.left.saturating_sub(1);
        if let Some(duty) = duty
            && live.left > 0
            && !broken
        {
            let (plugin, number) = (binding.plugin(), binding.number);
            plugin.warm.keep(Kept::now(number, duty, live), plugin.limits.reuse_idle);
        }
    }

    /// What it says of itself.
    pub async fn describe(&mut self) -> Result<Manifest, Fault> {
        run!(self, Phase::Describe, describe())
    }

    /// What is wrong with its settings and secrets.
    pub async fn configure(&mut self) -> Result<Vec<Reason>, Fault> {
        run!(self, Phase::Configure, configure())
    }

    /// Is it genuine? Where the plugin takes callbacks whole, what else it will be asked of this
    /// one is answered with it.
    #[inline]
    pub async fn verify(&mut self, callback: &Callback) -> Result<Verdict, Fault> {
        // What has no id of the router's own isn't known again.
        if !callback.head.id.is_empty()
            && self.live.plugin.exports.takes_whole()
            && self.live.plugin.health.trusts_whole()
        {
            return self.take(callback).await;
        }
        self.verify_alone(callback).await
    }

    /// Is it genuine? Nothing else is asked, also where the plugin takes callbacks whole.
    #[inline]
    pub async fn verify_alone(&mut self, callback: &Callback) -> Result<Verdict, Fault> {
        self.live.ahead = None;
        let verdict = run!(self, Phase::Verify, verify(callback))
            .and_then(|made| bounds::verdict(&self.live.plugin.limits, made));
        let verdict = self.count(verdict);
        // What wasn't opened for a callback only looks, and counts for nothing.
        if self.duty.is_some() && matches!(verdict, Ok(Verdict::Genuine(_))) {
            self.trusted = true;
            self.live.plugin.health.stepped();
        }
        verdict
    }

    /// All of it in one call.
    #[inline]
    async fn take(&mut self, callback: &Callback) -> Result<Verdict, Fault> {
        self.live.ahead = None;
        let taken = run!(self, Phase::Take, take(callback))
            .and_then(|made| made.bounded(&self.live.plugin.limits));
        match &taken {
            Ok(Taken { verdict: Verdict::Genuine(_), .. }) if self.duty.is_some() => {
                self.trusted = true;
                self.live.plugin.health.took_whole();
            }
            // Nobody knows whether the callback was genuine, so whether this counts: the next ones
            // are asked of step by step.
            Err(_) if self.duty.is_some() => self.live.plugin.health.doubt_whole(),
            Ok(_) | Err(_) => {}
        }
        let (verdict, ahead) = Ahead::of(&callback.head, self.count(taken)?);
        self.live.ahead = Some(ahead);
        Ok(verdict)
    }

    /// What does it hold? Only for a callback that was found genuine.
    #[inline]
    pub async fn parse(
        &mut self,
        callback: &Callback,
    ) -> Result<Result<Content, ParseFault>, Fault> {
        if let Some(content) =
            self.live.ahead.as_mut().and_then(|ahead| ahead.content(&callback.head))
        {
            return Ok(content);
        }
        // Boxed, as below: what is known has no room for a call.
        let asked = Box::pin(async {
            run!(self, Phase::Parse, parse(callback))
                .and_then(|made| bounds::parsed(&self.live.plugin.limits, made))
        });
        let made = asked.await;
        self.count(made)
    }

    /// Words an outcome; the inner error says why an answer is invalid.
    #[inline]
    pub async fn respond(
        &mut self,
        head: &Head,
        outcome: &Outcome,
    ) -> Result<Result<Reply, Reason>, Fault> {
        if let Outcome::Accepted = outcome
            && let Some(reply) = self.live.ahead.as_mut().and_then(|ahead| ahead.accepted(head))
        {
            return Ok(reply);
        }
        let asked = Box::pin(async {
            run!(self, Phase::Respond, respond((head, outcome)))
                .and_then(|made| bounds::worded(&self.live.plugin.limits, made))
        });
        let made = asked.await;
        self.count(made)
    }

    /// Asks the provider whether an event is true.
    pub async fn confirm(
        &mut self,
        event: &Event,
        context: &Context,
    ) -> Result<Confirmation, Fault> {
        let made = run!(self, Phase::Confirm, confirm((event, context)))
            .and_then(|made| bounds::confirmation(&self.live.plugin.limits, made));
        self.count(made)
    }

    /// Computes an answer.
    pub async fn compute(
        &mut self,
        request: &Request,
        context: &Context,
    ) -> Result<Result<Answer, Decline>, Fault> {
        let made = run!(self, Phase::Compute, compute((request, context)))
            .and_then(|made| bounds::computed(&self.live.plugin.limits, made));
        self.count(made)
    }

    /// Which callbacks it can simulate.
    pub async fn kinds(&mut self) -> Result<Vec<String>, Fault> {
        run!(self, Phase::Simulate, kinds())
    }

    /// Makes a callback as its provider would.
    pub async fn simulate(
        &mut self,
        wanted: &Simulation,
    ) -> Result<Result<Callback, Reason>, Fault> {
        run!(self, Phase::Simulate, simulate(wanted))
    }

    /// What was signed, and where it looked.
    pub async fn explain(&mut self, callback: &Callback) -> Result<Vec<Fact>, Fault> {
        run!(self, Phase::Explain, explain(callback))
    }

    /// What to register at the provider for a route at `url`.
    pub async fn register(&mut self, url: &str) -> Result<Vec<Fact>, Fault> {
        run!(self, Phase::Register, register(url))
    }

    /// Sets the phase, and when its call is to be over.
    fn begin(&mut self, phase: Phase) -> Instant {
        self.began = Instant::now();
        let deadline = self.began + self.live.plugin.limits.deadline_of(phase == Phase::Confirm);
        self.broken = true;
        let call = self.live.guest.store.data_mut();
        call.phase = phase;
        call.deadline = deadline;
        self.live.guest.store.set_epoch_deadline(FIRST_SLICE);
        deadline
    }

    fn end<T>(&mut self, made: Option<wasmtime::Result<T>>) -> Result<T, Fault> {
        let (call, now) = (self.live.guest.store.data(), Instant::now());
        if self.duty.is_some() {
            self.live.plugin.counts.called(call.phase, now.saturating_duration_since(self.began));
            self.live.plugin.counts.held(call.memory_bytes());
        }
        match made {
            // The host's own work for a guest can't be interrupted: late is late all the same.
            Some(Ok(_)) if now > call.deadline => Err(Fault::Deadline),
            Some(Ok(value)) => {
                self.broken = false;
                Ok(value)
            }
            Some(Err(error)) => Err(classify(&error, call.breach())),
            None => Err(Fault::Deadline),
        }
    }

    /// Counts a fault, and enters one of work on a genuine callback into the plugin's record.
    fn count<T>(&mut self, made: Result<T, Fault>) -> Result<T, Fault> {
        let Err(fault) = &made else { return made };
        // Whatever it returned: it won't be kept, nor said to have done well.
        self.broken = true;
        let plugin = &self.live.plugin;
        let Some(duty) = self.duty else { return made };
        plugin.counts.failed(fault);
        if self.trusted
            && let Some(length) = plugin.health.failed(duty, fault, Instant::now())
        {
            let (name, seconds, duty) = (plugin.name(), length.as_secs_f32(), duty.word());
            let line = format!("{name} is in quarantine for {seconds} s ({duty}): {fault}");
            observe::notice(Level::Error, &line);
        }
        made
    }
}

/// One of the plugin's slots, as soon as one is free, but no later than `deadline`.
async fn slot(plugin: &Plugin, deadline: Instant) -> Result<OwnedSemaphorePermit, Fault> {
    let mut slot = pin!(Arc::clone(&plugin.slots).acquire_owned());
    // It stands in the queue before a kept instance goes for it: else somebody who comes later
    // might take what that one held.
    let free = match poll_fn(|context| Poll::Ready(slot.as_mut().poll(context))).await {
        Poll::Ready(free) => Ok(free),
        Poll::Pending => {
            let _waiting = plugin.warm.make_room();
            timeout_at(deadline.into(), slot).await
        }
    };
    match free {
        Ok(Ok(slot)) => Ok(slot),
        Ok(Err(_)) | Err(_) => Err(Fault::Busy),
    }
}
