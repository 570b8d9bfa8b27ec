//! The store of a router that has none yet: it is empty, and takes nothing.

use std::sync::Arc;

use tokio::sync::watch;

use super::*;

/// Holds nothing; whatever would change it is refused.
#[derive(Debug, Default)]
pub struct Closed;

fn closed<T>() -> Pending<'static, T>
where
    T: Send + 'static,
{
    Box::pin(std::future::ready(Err(StoreFault::Closed)))
}

fn found<T>(value: T) -> Pending<'static, T>
where
    T: Send + 'static,
{
    Box::pin(std::future::ready(Ok(value)))
}

fn empty<T>() -> Page<T> {
    Page { rows: Vec::new(), total: Some(0), more: false }
}

impl Store for Closed {
    fn record(&self, _: Recording) -> Pending<'_, Recorded> {
        closed()
    }

    fn claim<'s>(&'s self, _: &'s Addressee, _: u64, _: usize) -> Pending<'s, Claim<Owed>> {
        closed()
    }

    fn settle(&self, _: Settlement) -> Pending<'_, ()> {
        closed()
    }

    fn claim_unconfirmed<'s>(
        &'s self,
        _: &'s str,
        _: u64,
        _: usize,
    ) -> Pending<'s, Claim<Unconfirmed>> {
        closed()
    }

    fn settle_unconfirmed(&self, _: UnconfirmedSettlement) -> Pending<'_, ()> {
        closed()
    }

    fn release(&self, _: &[DeliveryId], _: &[EventId]) {}

    fn changes(&self) -> watch::Receiver<u64> {
        watch::Sender::new(0).subscribe()
    }

    fn keep(&self, _: Vec<StateChange>) -> Pending<'_, ()> {
        closed()
    }

    fn remembered(&self, _: u64) -> Pending<'_, Vec<StateChange>> {
        found(Vec::new())
    }

    fn webhooks(&self) -> Arc<Vec<Webhook>> {
        Arc::default()
    }

    fn register(&self, _: NewWebhook) -> Pending<'_, Webhook> {
        closed()
    }

    fn amend(&self, _: WebhookId, _: WebhookChange) -> Pending<'_, Webhook> {
        closed()
    }

    fn remove(&self, _: WebhookId) -> Pending<'_, bool> {
        closed()
    }

    fn events(&self, _: EventFilter) -> Pending<'_, Page<EventShown>> {
        found(empty())
    }

    fn event(&self, _: EventId) -> Pending<'_, Option<EventWhole>> {
        found(None)
    }

    fn deliveries(&self, _: DeliveryFilter) -> Pending<'_, Page<DeliveryShown>> {
        found(empty())
    }

    fn delivery(&self, _: DeliveryId) -> Pending<'_, Option<DeliveryShown>> {
        found(None)
    }

    fn resend(&self, _: DeliveryId) -> Pending<'_, bool> {
        closed()
    }

    fn replay(&self, _: EventId, _: Vec<String>, _: u64) -> Pending<'_, Option<usize>> {
        closed()
    }

    fn prune(&self, _: u64) -> Pending<'_, usize> {
        found(0)
    }

    fn health(&self) -> Health {
        Health::default()
    }
}
