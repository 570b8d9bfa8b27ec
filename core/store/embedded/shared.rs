//! What everybody may read without waiting: how the store does, and the registered webhooks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use crate::observe::{self, Level};
use crate::store::{Health, Webhook};

pub(super) struct Shared {
    webhooks: ArcSwap<Vec<Webhook>>,
    health: Mutex<Health>,
}

impl Shared {
    pub(super) fn new(webhooks: Vec<Webhook>) -> Shared {
        Shared { webhooks: ArcSwap::from_pointee(webhooks), health: Mutex::default() }
    }

    pub(super) fn webhooks(&self) -> Arc<Vec<Webhook>> {
        self.webhooks.load_full()
    }

    pub(super) fn publish(&self, webhooks: Vec<Webhook>) {
        self.webhooks.store(Arc::new(webhooks));
    }

    pub(super) fn health(&self) -> Health {
        self.lock().clone()
    }

    pub(super) fn failed(&self, why: String) {
        let mut health = self.lock();
        if health.failing.is_none() {
            observe::notice(Level::Error, &format!("the store can't be written: {why}"));
        }
        health.failing = Some(why);
    }

    pub(super) fn recovered(&self) {
        let mut health = self.lock();
        if health.failing.take().is_some() {
            observe::notice(Level::Info, "the store can be written again");
        }
    }

    /// How much it holds, and whether that is all that it may.
    pub(super) fn measured(&self, bytes: u64, full: bool) {
        let mut health = self.lock();
        if full && !health.full {
            let line = "the store is full, and all of it is still owed: callbacks are refused";
            observe::notice(Level::Error, line);
        }
        (health.bytes, health.full) = (bytes, full);
    }

    fn lock(&self) -> MutexGuard<'_, Health> {
        // Plain values, each written whole.
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
