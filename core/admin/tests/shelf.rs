//! A store of rows that a test puts there: what the API makes of each of them, and of every fault,
//! is seen without waiting for deliveries to fail.

use std::sync::{Mutex, MutexGuard};

use tokio::sync::watch;

use crate::model::{
    Addressee, Attempt, Callback, CallbackId, DeliveryId, DeliveryStatus, Event, EventId,
    EventStatus, Head, Header, StateChange, WebhookId,
};
use crate::store::*;

use super::*;

/// Rows, and what was asked.
#[derive(Default)]
pub(super) struct Shelf(Mutex<Rows>);

#[derive(Default)]
pub(super) struct Rows {
    pub(super) webhooks: Vec<Webhook>,
    /// The newest first.
    pub(super) deliveries: Vec<DeliveryShown>,
    pub(super) events: Vec<EventWhole>,
    pub(super) health: Health,
    /// What every call brings, where that is set.
    pub(super) fault: Option<StoreFault>,
    /// The last filter of deliveries, and of events.
    pub(super) wanted: Option<DeliveryFilter>,
    pub(super) wanted_events: Option<EventFilter>,
    /// What was put back to waiting.
    pub(super) resent: Vec<DeliveryId>,
    /// Whom an event was owed to once more.
    pub(super) replayed: Vec<(EventId, Vec<String>)>,
}

impl Shelf {
    pub(super) fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().expect("no test panicked")
    }

    fn done<T>(&self, value: impl FnOnce(&mut Rows) -> Result<T, StoreFault>) -> Pending<'_, T>
    where
        T: Send + 'static,
    {
        let mut rows = self.rows();
        let done = rows.fault.clone().map_or(Ok(()), Err).and_then(|()| value(&mut rows));
        Box::pin(std::future::ready(done))
    }
}

/// A row about which nothing is known but its status.
pub(super) fn delivery(to: Addressee, status: DeliveryStatus) -> DeliveryShown {
    DeliveryShown {
        id: DeliveryId::new(SINCE_MS),
        to,
        event: EventId::new(SINCE_MS),
        kind: "acme.payment.confirmed".to_owned(),
        subject: None,
        status,
        payload: Some(b"{\"amount\":\"1.00\"}".to_vec()),
        response_status: None,
        response_body: None,
        error: None,
        attempts: 0,
        due_ms: None,
        delivered_ms: None,
        created_ms: SINCE_MS,
    }
}

/// An event that stands so, of a callback with this body.
pub(super) fn event(status: EventStatus, body: &'static [u8]) -> EventWhole {
    let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
    let head = Head {
        id: "call-1".to_owned(),
        method: "POST".to_owned(),
        url: "https://hooks.example.com/r?x=1".to_owned(),
        params: Vec::new(),
        headers: vec![header("x-a", "1"), header("x-a", "2"), header("authorization", "Basic x")],
        peer: "192.0.2.1".to_owned(),
        received_at_ms: SINCE_MS,
    };
    let callback = CallbackShown {
        callback: Callback { head, body: Bytes::from_static(body) },
        generation: GenerationId(1),
        adapter: "good@abc".to_owned(),
        matched: Some("new".to_owned()),
    };
    let event = Event {
        id: "E1".to_owned(),
        aliases: vec!["E1b".to_owned()],
        kind: "acme.payment.confirmed".to_owned(),
        subject: Some("tx-1".to_owned()),
        rank: Some(2),
        occurred_at_ms: Some(SINCE_MS - 1000),
        data: Some("{\"amount\":\"1.00\"}".to_owned()),
    };
    let shown = EventShown {
        id: EventId::new(SINCE_MS),
        callback: CallbackId::new(SINCE_MS),
        route: "r".to_owned(),
        event,
        status,
        superseded: false,
        repeats: 1,
        tries: 0,
        confirm_ms: None,
        reason: None,
        merged: None,
        recorded_ms: SINCE_MS,
    };
    EventWhole { shown, callback, deliveries: Vec::new(), answers: Vec::new() }
}

/// One that failed.
pub(super) fn failed() -> Attempt {
    let error = Some("the destination said 500".to_owned());
    Attempt { at_ms: SINCE_MS, took_ms: 12, status: Some(500), body: b"oh".to_vec(), error }
}

impl Store for Shelf {
    fn record(&self, _: Recording) -> Pending<'_, Recorded> {
        unreachable!("the API records nothing")
    }

    fn ask(&self, _: Asking) -> Pending<'_, Asked> {
        unreachable!("the API records nothing")
    }

    fn answer(&self, _: Answering) -> Pending<'_, Option<crate::model::Reply>> {
        unreachable!("the API answers nothing")
    }

    fn claim<'s>(&'s self, _: &'s Addressee, _: u64, _: usize) -> Pending<'s, Claim<Owed>> {
        unreachable!("the API sends nothing")
    }

    fn settle(&self, _: Settlement) -> Pending<'_, ()> {
        unreachable!("the API sends nothing")
    }

    fn claim_unconfirmed<'s>(
        &'s self,
        _: &'s str,
        _: u64,
        _: usize,
    ) -> Pending<'s, Claim<Unconfirmed>> {
        unreachable!("the API confirms nothing")
    }

    fn settle_unconfirmed(&self, _: UnconfirmedSettlement) -> Pending<'_, ()> {
        unreachable!("the API confirms nothing")
    }

    fn release(&self, _: &[DeliveryId], _: &[EventId]) {}

    fn changes(&self) -> watch::Receiver<u64> {
        unreachable!("the API waits for nothing")
    }

    fn keep(&self, _: Vec<StateChange>) -> Pending<'_, ()> {
        unreachable!("the API keeps nothing of plugins")
    }

    fn remembered(&self, _: u64) -> Pending<'_, Vec<StateChange>> {
        unreachable!("the API keeps nothing of plugins")
    }

    fn webhooks(&self) -> Arc<Vec<Webhook>> {
        Arc::new(self.rows().webhooks.clone())
    }

    fn register(&self, new: NewWebhook) -> Pending<'_, Webhook> {
        self.done(|rows| {
            let webhook = Webhook {
                id: WebhookId::new(new.now_ms),
                url: new.url,
                events: new.events,
                active: true,
                secret: new.secret,
                triggered_ms: None,
                delivered_ms: None,
                created_ms: new.now_ms,
                updated_ms: new.now_ms,
            };
            rows.webhooks.push(webhook.clone());
            Ok(webhook)
        })
    }

    fn amend(&self, id: WebhookId, change: WebhookChange) -> Pending<'_, Webhook> {
        self.done(|rows| {
            let found = rows.webhooks.iter_mut().find(|webhook| webhook.id == id);
            let webhook = found.ok_or(StoreFault::NotFound)?;
            change.url.into_iter().for_each(|url| webhook.url = url);
            change.events.into_iter().for_each(|events| webhook.events = events);
            change.active.into_iter().for_each(|active| webhook.active = active);
            change.secret.into_iter().for_each(|secret| webhook.secret = secret);
            webhook.updated_ms = change.now_ms;
            Ok(webhook.clone())
        })
    }

    fn remove(&self, id: WebhookId) -> Pending<'_, bool> {
        self.done(|rows| {
            let before = rows.webhooks.len();
            rows.webhooks.retain(|webhook| webhook.id != id);
            Ok(rows.webhooks.len() < before)
        })
    }

    fn events(&self, filter: EventFilter) -> Pending<'_, Page<EventShown>> {
        self.done(|rows| {
            let all: Vec<_> = rows.events.iter().map(|event| event.shown.clone()).collect();
            let start = all.iter().position(|row| Some(row.id) == filter.before).map(|at| at + 1);
            let left = &all[start.unwrap_or(0)..];
            let page = left.iter().take(filter.limit).cloned().collect();
            let more = left.len() > filter.limit;
            rows.wanted_events = Some(filter);
            Ok(Page { rows: page, total: None, more })
        })
    }

    fn event(&self, id: EventId) -> Pending<'_, Option<EventWhole>> {
        self.done(|rows| Ok(rows.events.iter().find(|event| event.shown.id == id).cloned()))
    }

    fn deliveries(&self, filter: DeliveryFilter) -> Pending<'_, Page<DeliveryShown>> {
        self.done(|rows| {
            let of = |row: &&DeliveryShown| {
                let stands = filter.statuses.is_empty() || filter.statuses.contains(&row.status);
                stands && filter.to.as_ref().is_none_or(|to| *to == row.to)
            };
            let start = rows.deliveries.iter().position(|row| Some(row.id) == filter.before);
            let start = start.map_or(0, |at| at + 1);
            let fits: Vec<_> = rows.deliveries[start..].iter().filter(of).cloned().collect();
            let total = filter.count.then_some(fits.len() as u64);
            let more = fits.len() > filter.offset + filter.limit;
            let page = fits.into_iter().skip(filter.offset).take(filter.limit).collect();
            rows.wanted = Some(filter);
            Ok(Page { rows: page, total, more })
        })
    }

    fn delivery(&self, id: DeliveryId) -> Pending<'_, Option<DeliveryShown>> {
        self.done(|rows| Ok(rows.deliveries.iter().find(|row| row.id == id).cloned()))
    }

    fn resend(&self, id: DeliveryId) -> Pending<'_, bool> {
        self.done(|rows| {
            let found = rows.deliveries.iter_mut().find(|row| row.id == id);
            let Some(row) = found else { return Ok(false) };
            if matches!(row.status, DeliveryStatus::Unconfirmed | DeliveryStatus::Contradicted) {
                return Err(StoreFault::Untrue);
            }
            row.status = DeliveryStatus::Waiting;
            rows.resent.push(id);
            Ok(true)
        })
    }

    fn replay(&self, id: EventId, named: Vec<String>, _: u64) -> Pending<'_, Option<usize>> {
        self.done(|rows| {
            let owed = named.len() + rows.webhooks.len();
            rows.replayed.push((id, named));
            Ok(rows.events.iter().any(|event| event.shown.id == id).then_some(owed))
        })
    }

    fn prune(&self, _: u64) -> Pending<'_, usize> {
        unreachable!("the API forgets nothing")
    }

    fn health(&self) -> Health {
        self.rows().health.clone()
    }
}
