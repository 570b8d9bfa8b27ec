//! A stand-in until the embedded store is opened at the start: it takes everything and keeps
//! nothing.

use std::sync::Arc;

use tokio::sync::watch;

use crate::model::{Addressee, DeliveryId, EventId, StateChange, WebhookId};
use crate::store::{
    Claim, DeliveryFilter, DeliveryShown, EventFilter, EventShown, EventWhole, Health, NewWebhook,
    Owed, Page, Pending, Recorded, Recording, Settlement, Store, StoreFault, Unconfirmed,
    UnconfirmedSettlement, Webhook, WebhookChange,
};

/// Keeps nothing.
pub(super) struct Unkept;

impl Store for Unkept {
    fn record(&self, _: Recording) -> Pending<'_, Recorded> {
        Box::pin(std::future::ready(Ok(Recorded::New(Vec::new()))))
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

    fn keep(&self, _: Vec<StateChange>) -> Pending<'_, ()> {
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
        Health::default()
    }
}

/// What isn't there to be asked for.
fn none<'s, T: Send + 's>() -> Pending<'s, T> {
    Box::pin(std::future::ready(Err(StoreFault::Closed)))
}
