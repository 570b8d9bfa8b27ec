//! A store by script: it says of each recording what it was told to say, and remembers what it was
//! asked. Requests it keeps in memory, as any store does. Nothing else can be had from it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use hookswitch::model::{Addressee, DeliveryId, EventId, Reply, StateChange, WebhookId};
use hookswitch::store::{
    Answering, Asked, Asking, Claim, DeliveryFilter, DeliveryShown, EventFilter, EventShown,
    EventWhole, Health, NewWebhook, Owed, Page, Pending, Recorded, Recording, Settlement, Store,
    StoreFault, Unconfirmed, UnconfirmedSettlement, Webhook, WebhookChange,
};
use tokio::sync::watch;

/// What recording comes to.
pub(crate) type Told = Result<Recorded, StoreFault>;

/// The store.
#[derive(Default)]
pub(crate) struct Scripted {
    /// What is said of the recordings to come; after that all of them are new.
    pub(crate) script: Mutex<VecDeque<Told>>,
    /// What was asked to be recorded.
    pub(crate) recorded: Mutex<Vec<Recording>>,
    /// What was asked to be kept.
    pub(crate) kept: Mutex<Vec<Vec<StateChange>>>,
    /// What requests to come are refused with, before any is kept.
    pub(crate) ask_faults: Mutex<VecDeque<StoreFault>>,
    /// What was asked, and how its tries ended.
    pub(crate) asked: Mutex<Vec<Kept>>,
    /// How it does.
    pub(crate) health: Mutex<Health>,
    /// Nothing of what was asked is remembered.
    pub(crate) forgets: bool,
    /// No recording ever ends, nor that of a request.
    pub(crate) hangs: bool,
}

/// A request.
pub(crate) struct Kept {
    pub(crate) id: EventId,
    /// As it first came.
    pub(crate) asking: Asking,
    /// Tries begun.
    pub(crate) attempts: u32,
    pub(crate) answers: Vec<Answering>,
}

impl Kept {
    /// The first finished reply.
    pub(crate) fn stands(&self) -> Option<Reply> {
        self.answers.iter().find(|answer| answer.finished).map(|answer| answer.reply.clone())
    }

    /// Whether it is the same request, whatever its body.
    fn is(&self, asking: &Asking) -> bool {
        let identity = |asking: &Asking| {
            let request = asking.request.clone();
            (asking.route.clone(), request.kind, request.id)
        };
        identity(&self.asking) == identity(asking)
    }

    fn replays(&self, asking: &Asking) -> bool {
        asking.replay_key.is_some()
            && self.asking.replay_key == asking.replay_key
            && self.asking.route == asking.route
            && self.asking.callback.body != asking.callback.body
    }
}

fn ask(all: &mut Vec<Kept>, asking: Asking) -> Asked {
    if all.iter().any(|one| one.replays(&asking)) {
        return Asked::Replayed;
    }
    let Some(known) = all.iter_mut().find(|one| one.is(&asking)) else {
        let id = EventId::new(asking.callback.head.received_at_ms);
        all.push(Kept { id, asking, attempts: 1, answers: Vec::new() });
        return Asked::Open { id, attempt: 1 };
    };
    if known.asking.callback.body != asking.callback.body {
        return Asked::Differs;
    }
    if let Some(reply) = known.stands() {
        return Asked::Answered(reply);
    }
    known.attempts += 1;
    Asked::Open { id: known.id, attempt: known.attempts }
}

impl Store for Scripted {
    fn record(&self, recording: Recording) -> Pending<'_, Recorded> {
        if !self.forgets {
            self.recorded.lock().expect("no panic").push(recording);
        }
        if self.hangs {
            return Box::pin(std::future::pending());
        }
        let told = self.script.lock().expect("no panic").pop_front();
        Box::pin(std::future::ready(told.unwrap_or_else(|| Ok(Recorded::New(Vec::new())))))
    }

    fn ask(&self, asking: Asking) -> Pending<'_, Asked> {
        if self.hangs {
            return Box::pin(std::future::pending());
        }
        if let Some(fault) = self.ask_faults.lock().expect("no panic").pop_front() {
            return Box::pin(std::future::ready(Err(fault)));
        }
        if !asking.state.is_empty() {
            self.kept.lock().expect("no panic").push(asking.state.clone());
        }
        let asked = ask(&mut self.asked.lock().expect("no panic"), asking);
        Box::pin(std::future::ready(Ok(asked)))
    }

    fn answer(&self, answering: Answering) -> Pending<'_, Option<Reply>> {
        if !answering.state.is_empty() {
            self.kept.lock().expect("no panic").push(answering.state.clone());
        }
        let mut all = self.asked.lock().expect("no panic");
        let known = all.iter_mut().find(|one| one.id == answering.id);
        let stands = known.map(|known| {
            known.answers.push(answering);
            known.stands()
        });
        Box::pin(std::future::ready(stands.ok_or(StoreFault::NotFound)))
    }

    fn claim<'s>(&'s self, _: &'s Addressee, _: u64, _: usize) -> Pending<'s, Claim<Owed>> {
        none()
    }

    fn settle(&self, _: Settlement) -> Pending<'_, ()> {
        none()
    }

    fn claim_unconfirmed<'s>(
        &'s self,
        _: &'s str,
        _: u64,
        _: usize,
    ) -> Pending<'s, Claim<Unconfirmed>> {
        none()
    }

    fn settle_unconfirmed(&self, _: UnconfirmedSettlement) -> Pending<'_, ()> {
        none()
    }

    fn release(&self, _: &[DeliveryId], _: &[EventId]) {}

    fn changes(&self) -> watch::Receiver<u64> {
        watch::channel(0).1
    }

    fn keep(&self, changes: Vec<StateChange>) -> Pending<'_, ()> {
        self.kept.lock().expect("no panic").push(changes);
        Box::pin(std::future::ready(Ok(())))
    }

    fn remembered(&self, _: u64) -> Pending<'_, Vec<StateChange>> {
        none()
    }

    fn webhooks(&self) -> Arc<Vec<Webhook>> {
        Arc::default()
    }

    fn register(&self, _: NewWebhook) -> Pending<'_, Webhook> {
        none()
    }

    fn amend(&self, _: WebhookId, _: WebhookChange) -> Pending<'_, Webhook> {
        none()
    }

    fn remove(&self, _: WebhookId) -> Pending<'_, bool> {
        none()
    }

    fn events(&self, _: EventFilter) -> Pending<'_, Page<EventShown>> {
        none()
    }

    fn event(&self, _: EventId) -> Pending<'_, Option<EventWhole>> {
        none()
    }

    fn deliveries(&self, _: DeliveryFilter) -> Pending<'_, Page<DeliveryShown>> {
        none()
    }

    fn delivery(&self, _: DeliveryId) -> Pending<'_, Option<DeliveryShown>> {
        none()
    }

    fn resend(&self, _: DeliveryId) -> Pending<'_, bool> {
        none()
    }

    fn replay(&self, _: EventId, _: Vec<String>, _: u64) -> Pending<'_, Option<usize>> {
        none()
    }

    fn prune(&self, _: u64) -> Pending<'_, usize> {
        none()
    }

    fn health(&self) -> Health {
        self.health.lock().expect("no panic").clone()
    }
}

/// What isn't there to be asked for.
fn none<'s, T: Send + 's>() -> Pending<'s, T> {
    Box::pin(std::future::ready(Err(StoreFault::Closed)))
}
