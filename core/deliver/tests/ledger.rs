//! A store in memory that keeps what deliveries and confirmations need, for tests that look at each
//! settlement. Time goes on only where its caller says so.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::PATIENCE;
use crate::model::{
    Addressee, Attempt, DeliveryId, EventId, Reply, Settled, StateChange, WebhookId,
};
use crate::store::{
    self, Answering, Asking, Claim, Confirmed, DeliveryFilter, DeliveryShown, EventFilter,
    EventShown, EventWhole, Health, NewWebhook, Owed, Page, Pending, Recorded, Recording, Ruling,
    Settlement, Store, StoreFault, Unconfirmed, UnconfirmedSettlement, Webhook, WebhookChange,
};

/// One delivery.
pub(super) struct Row {
    pub(super) owed: Owed,
    pub(super) due_ms: u64,
    pub(super) claimed: bool,
    pub(super) ruling: Option<Ruling>,
    pub(super) attempts: Vec<Attempt>,
}

/// One event that is to be confirmed.
pub(super) struct Asked {
    pub(super) unconfirmed: Unconfirmed,
    pub(super) due_ms: u64,
    pub(super) claimed: bool,
    pub(super) confirmed: Option<Confirmed>,
}

/// All that is kept.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) rows: Vec<Row>,
    pub(super) asked: Vec<Asked>,
    pub(super) webhooks: Arc<Vec<Webhook>>,
    /// So many settlements fail first.
    pub(super) failures: usize,
    /// So many claims and settlements panic first.
    pub(super) panics: usize,
    /// The most deliveries that were claimed at once.
    pub(super) claimed_most: usize,
}

pub(super) struct Ledger {
    kept: Mutex<Kept>,
    /// What couriers hear.
    changes: watch::Sender<u64>,
    /// What tests hear.
    touched: watch::Sender<u64>,
}

impl Row {
    fn waits(&self) -> bool {
        matches!(self.ruling, None | Some(Ruling::Settled(Settled::Again(_)))) && !self.claimed
    }
}

impl Ledger {
    pub(super) fn new() -> Arc<Ledger> {
        let (changes, touched) = (watch::Sender::new(0), watch::Sender::new(0));
        Arc::new(Ledger { kept: Mutex::default(), changes, touched })
    }

    /// Owes a delivery, due at once.
    pub(super) fn owe(&self, owed: Owed) {
        let row = Row { owed, due_ms: 0, claimed: false, ruling: None, attempts: Vec::new() };
        self.lock().rows.push(row);
        self.poke();
    }

    /// Has an event confirmed, at once.
    pub(super) fn ask(&self, unconfirmed: Unconfirmed) {
        let asked = Asked { unconfirmed, due_ms: 0, claimed: false, confirmed: None };
        self.lock().asked.push(asked);
        self.poke();
    }

    pub(super) fn set_webhooks(&self, webhooks: Vec<Webhook>) {
        self.lock().webhooks = Arc::new(webhooks);
        self.poke();
    }

    /// Tells everybody to look again.
    pub(super) fn poke(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it is so.
    pub(super) async fn until(&self, so: impl Fn(&Kept) -> bool) {
        let mut touched = self.touched.subscribe();
        let came = async {
            while !so(&self.lock()) {
                touched.changed().await.expect("the ledger lives");
            }
        };
        tokio::time::timeout(PATIENCE, came).await.expect("it comes to that in time");
    }

    /// Waits until nothing is waited for or in hand any more, and says what became of all.
    pub(super) async fn rulings(&self) -> Vec<Ruling> {
        let ended = |row: &Row| {
            !matches!(row.ruling, None | Some(Ruling::Settled(Settled::Again(_)))) && !row.claimed
        };
        self.until(|kept| kept.rows.iter().all(ended)).await;
        self.lock().rows.iter().filter_map(|row| row.ruling).collect()
    }

    fn touch(&self) {
        self.touched.send_modify(|count| *count += 1);
    }

    fn now<T: Send + 'static>(result: Result<T, StoreFault>) -> Pending<'static, T> {
        Box::pin(std::future::ready(result))
    }

    fn not_here<T: Send + 'static>() -> Pending<'static, T> {
        Ledger::now(Err(StoreFault::Closed))
    }

    fn may_panic(&self) {
        let panics = {
            let mut kept = self.lock();
            let left = kept.panics;
            kept.panics = left.saturating_sub(1);
            left > 0
        };
        assert!(!panics, "a test wants this");
    }

    fn fails(&self) -> bool {
        self.may_panic();
        let mut kept = self.lock();
        let fails = kept.failures > 0;
        kept.failures = kept.failures.saturating_sub(1);
        fails
    }
}

impl Store for Ledger {
    fn claim<'s>(
        &'s self,
        to: &'s Addressee,
        now_ms: u64,
        most: usize,
    ) -> Pending<'s, Claim<Owed>> {
        self.may_panic();
        let mut kept = self.lock();
        let mut due = Vec::new();
        for row in kept.rows.iter_mut().filter(|row| row.owed.to == *to && row.waits()) {
            if row.due_ms <= now_ms && due.len() < most {
                row.claimed = true;
                due.push(row.owed.clone());
            }
        }
        let claimed = kept.rows.iter().filter(|row| row.claimed).count();
        kept.claimed_most = kept.claimed_most.max(claimed);
        let waiting = kept.rows.iter().filter(|row| row.owed.to == *to && row.waits());
        let next_ms = waiting.map(|row| row.due_ms).min();
        drop(kept);
        self.touch();
        Ledger::now(Ok(Claim { due, next_ms }))
    }

    fn settle(&self, settlement: Settlement) -> Pending<'_, ()> {
        if self.fails() {
            return Ledger::now(Err(StoreFault::Failing("no room".into())));
        }
        let mut kept = self.lock();
        let row = kept.rows.iter_mut().find(|row| row.owed.id == settlement.id);
        let row = row.expect("a delivery that is here");
        assert!(row.claimed, "only what was claimed is settled");
        row.claimed = false;
        row.attempts.extend(settlement.attempt);
        row.ruling = Some(settlement.ruling);
        if let Ruling::Settled(Settled::Again(at_ms)) = settlement.ruling {
            row.owed.tries += 1;
            row.due_ms = at_ms;
        }
        drop(kept);
        self.touch();
        Ledger::now(Ok(()))
    }

    fn claim_unconfirmed<'s>(
        &'s self,
        route: &'s str,
        now_ms: u64,
        most: usize,
    ) -> Pending<'s, Claim<Unconfirmed>> {
        let mut kept = self.lock();
        let mut due = Vec::new();
        let waits = |asked: &Asked| {
            asked.unconfirmed.route == route
                && matches!(asked.confirmed, None | Some(Confirmed::Later(..)))
                && !asked.claimed
        };
        for asked in kept.asked.iter_mut().filter(|asked| waits(asked)) {
            if asked.due_ms <= now_ms && due.len() < most {
                asked.claimed = true;
                due.push(asked.unconfirmed.clone());
            }
        }
        let next_ms = kept.asked.iter().filter(|asked| waits(asked)).map(|a| a.due_ms).min();
        Ledger::now(Ok(Claim { due, next_ms }))
    }

    fn settle_unconfirmed(&self, settlement: UnconfirmedSettlement) -> Pending<'_, ()> {
        if self.fails() {
            return Ledger::now(Err(StoreFault::Full("too much at once")));
        }
        let mut kept = self.lock();
        let asked = kept.asked.iter_mut().find(|asked| asked.unconfirmed.id == settlement.id);
        let asked = asked.expect("an event that is here");
        asked.claimed = false;
        asked.unconfirmed.tries += 1;
        if let Confirmed::Later(_, at_ms) = &settlement.confirmed {
            asked.due_ms = *at_ms;
        }
        asked.confirmed = Some(settlement.confirmed);
        drop(kept);
        self.touch();
        Ledger::now(Ok(()))
    }

    fn release(&self, deliveries: &[DeliveryId], events: &[EventId]) {
        let mut kept = self.lock();
        for row in kept.rows.iter_mut().filter(|row| deliveries.contains(&row.owed.id)) {
            row.claimed = false;
        }
        for asked in kept.asked.iter_mut().filter(|asked| events.contains(&asked.unconfirmed.id)) {
            asked.claimed = false;
        }
        drop(kept);
        self.touch();
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn webhooks(&self) -> Arc<Vec<Webhook>> {
        Arc::clone(&self.lock().webhooks)
    }

    fn record(&self, _: Recording) -> Pending<'_, Recorded> {
        Ledger::not_here()
    }

    fn ask(&self, _: Asking) -> Pending<'_, store::Asked> {
        Ledger::not_here()
    }

    fn answer(&self, _: Answering) -> Pending<'_, Option<Reply>> {
        Ledger::not_here()
    }

    fn keep(&self, _: Vec<StateChange>) -> Pending<'_, ()> {
        Ledger::not_here()
    }

    fn remembered(&self, _: u64) -> Pending<'_, Vec<StateChange>> {
        Ledger::not_here()
    }

    fn register(&self, _: NewWebhook) -> Pending<'_, Webhook> {
        Ledger::not_here()
    }

    fn amend(&self, _: WebhookId, _: WebhookChange) -> Pending<'_, Webhook> {
        Ledger::not_here()
    }

    fn remove(&self, _: WebhookId) -> Pending<'_, bool> {
        Ledger::not_here()
    }

    fn events(&self, _: EventFilter) -> Pending<'_, Page<EventShown>> {
        Ledger::not_here()
    }

    fn event(&self, _: EventId) -> Pending<'_, Option<EventWhole>> {
        Ledger::not_here()
    }

    fn deliveries(&self, _: DeliveryFilter) -> Pending<'_, Page<DeliveryShown>> {
        Ledger::not_here()
    }

    fn delivery(&self, _: DeliveryId) -> Pending<'_, Option<DeliveryShown>> {
        Ledger::not_here()
    }

    fn resend(&self, _: DeliveryId) -> Pending<'_, bool> {
        Ledger::not_here()
    }

    fn replay(&self, _: EventId, _: Vec<String>, _: u64) -> Pending<'_, Option<usize>> {
        Ledger::not_here()
    }

    fn prune(&self, _: u64) -> Pending<'_, usize> {
        Ledger::not_here()
    }

    fn health(&self) -> Health {
        Health::default()
    }
}
