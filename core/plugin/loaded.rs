//! A loaded plugin: compiled code, linked and looked through once. It holds no instance and no
//! secret, so every route that uses the same bytes with the same limits may share it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use wasmtime::component::InstancePre;

use super::abi::Exports;
use super::binding::Duty;
use super::call::Call;
use super::counts::{Counted, Counts};
use super::health::{Health, HealthReport};
use super::lane::{Pace, Processor};
use super::limits::Limits;
use super::warm::Warm;

/// Code that is ready to be instantiated.
pub struct Plugin {
    pub(super) name: String,
    pub(super) hash: String,
    pub(super) identity: String,
    pub(super) version: &'static str,
    pub(super) pre: InstancePre<Call>,
    pub(super) exports: Exports,
    pub(super) limits: Limits,
    pub(super) table_elements: usize,
    pub(super) slots: Arc<Semaphore>,
    /// Half of the slots: confirmations wait for other people's servers.
    pub(super) confirmations: Semaphore,
    pub(super) processor: Arc<Processor>,
    pub(super) pace: Arc<Pace>,
    pub(super) warm: Warm,
    pub(super) health: Health,
    pub(super) counts: Counts,
    pub(super) asks: Vec<String>,
    pub(super) offers: Vec<String>,
    /// Of its file.
    pub(super) bytes: usize,
    /// Whether it came as a core module.
    pub(super) wrapped: bool,
}

impl Plugin {
    /// The same code apart from what runs: its slots, its health and what is counted of it are its
    /// own, so trying it out is no part of how it does. No call of it has less time than `least`.
    pub fn apart(&self, least: Duration) -> Arc<Plugin> {
        let mut limits = self.limits.clone();
        limits.deadline = limits.deadline.max(least);
        Arc::new(Plugin {
            name: self.name.clone(),
            hash: self.hash.clone(),
            identity: self.identity.clone(),
            version: self.version,
            pre: self.pre.clone(),
            exports: self.exports.clone(),
            table_elements: self.table_elements,
            slots: Arc::new(Semaphore::new(limits.instances)),
            confirmations: Semaphore::new((limits.instances / 2).max(1)),
            processor: Arc::clone(&self.processor),
            pace: Arc::default(),
            warm: Warm::default(),
            health: Health::new(limits.quarantine.clone()),
            counts: Counts::default(),
            asks: self.asks.clone(),
            offers: self.offers.clone(),
            bytes: self.bytes,
            wrapped: self.wrapped,
            limits,
        })
    }

    /// The name that config gave it, or `builtin:…`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of its bytes, in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// `NAME@HASH`: which code it is, as the history names it.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The version of the contract that it was built for.
    pub fn version(&self) -> &str {
        self.version
    }

    /// Can it serve a route?
    pub fn is_adapter(&self) -> bool {
        self.exports.is_adapter()
    }

    /// Can it compute answers?
    pub fn is_responder(&self) -> bool {
        self.exports.is_responder()
    }

    /// Can it be called for this?
    pub fn serves(&self, duty: Duty) -> bool {
        match duty {
            Duty::Verify | Duty::Respond => self.is_adapter(),
            Duty::Confirm => self.confirms(),
            Duty::Compute => self.is_responder(),
        }
    }

    /// Does it take a callback in one call?
    pub fn takes_whole(&self) -> bool {
        self.exports.takes_whole()
    }

    /// Does it confirm events with the provider?
    pub fn confirms(&self) -> bool {
        self.exports.confirms()
    }

    /// How long one confirmation may take.
    pub fn confirm_deadline(&self) -> Duration {
        self.limits.confirm_deadline
    }

    /// How it has been doing on genuine callbacks.
    pub fn health(&self) -> HealthReport {
        self.health.report()
    }

    /// What it did for callbacks since it was loaded.
    pub fn counted(&self) -> Counted {
        self.counts.read(self.warm.taken())
    }

    /// Instances that are kept for reuse, idle now.
    pub fn kept(&self) -> usize {
        self.warm.count()
    }

    /// The names of everything that it imports.
    pub fn asks(&self) -> &[String] {
        &self.asks
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plugin({} {})", self.name, self.hash)
    }
}
