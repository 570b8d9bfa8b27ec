//! A store by script: it says of each recording what it was told to say, and remembers what it was
//! asked. Nothing else can be had from it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use hookswitch::model::{Addressee, DeliveryId, EventId, StateChange, WebhookId};
use hookswitch::store::{
    Claim, DeliveryFilter, DeliveryShown, EventFilter, EventShown, EventWhole, Health, NewWebhook,
    Owed, Page, Pending, Recorded, Recording, Settlement, Store, StoreFault, Unconfirmed,
    UnconfirmedSettlement, Webhook, WebhookChange,
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
    /// How it does.
    pub(crate) health: Mutex<Health>,
    /// Nothing of what was asked is remembered.
    pub(crate) forgets: bool,
    /// No recording ever ends.
    pub(crate) hangs: bool,
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
