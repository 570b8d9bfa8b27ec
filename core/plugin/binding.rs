//! A plugin as one route, or one responder, uses it: the code with what config grants it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Fault;
use super::confirming::Confirming;
use super::drained::Drained;
use super::grant::Grant;
use super::instance::Instance;
use super::loaded::Plugin;
use super::state::State;

/// A plugin and its grant; cheap to share, and the same for every call.
pub struct Binding {
    /// Instances that are kept know their binding by this number, and so never keep it alive.
    pub(super) number: u64,
    /// Whether its calls count in the plugin's health, and its instances may be kept.
    pub(super) counts: bool,
    pub(super) use_of: Arc<UseOf>,
    pub(super) confirming: Confirming,
}

/// What a running instance has of its binding.
pub(super) struct UseOf {
    pub(super) plugin: Arc<Plugin>,
    pub(super) grant: Grant,
    pub(super) state: Arc<State>,
}

/// What an instance is opened for. One that is kept for reuse serves its own duty only: what it was
/// shown in `confirm` it can't tell in `verify`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Verify and parse a callback that came, and word what needs no waiting.
    Verify,
    /// Word the outcome of a callback that was found genuine.
    Respond,
    /// Ask the provider whether an event is true.
    Confirm,
    /// Compute an answer.
    Compute,
}

impl Duty {
    pub(super) const COUNT: usize = Duty::ALL.len();
    /// In their order.
    pub const ALL: [Duty; 4] = [Duty::Verify, Duty::Respond, Duty::Confirm, Duty::Compute];

    /// `verify`, `respond`, `confirm` or `compute`.
    pub fn word(self) -> &'static str {
        match self {
            Duty::Verify => "verify",
            Duty::Respond => "respond",
            Duty::Confirm => "confirm",
            Duty::Compute => "compute",
        }
    }
}

impl Binding {
    /// Binds a plugin to what it is granted.
    pub fn new(plugin: Arc<Plugin>, grant: Grant, state: Arc<State>) -> Arc<Binding> {
        Binding::of(UseOf { plugin, grant, state }, true)
    }

    /// The same for calls that nobody made, and that leave nothing behind.
    pub(super) fn aside(plugin: &Arc<Plugin>, grant: Grant, state: State) -> Arc<Binding> {
        let (plugin, state) = (Arc::clone(plugin), Arc::new(state));
        Binding::of(UseOf { plugin, grant, state }, false)
    }

    fn of(use_of: UseOf, counts: bool) -> Arc<Binding> {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let use_of = Arc::new(use_of);
        Arc::new(Binding { number, counts, use_of, confirming: Confirming::default() })
    }

    /// The plugin's code.
    pub fn plugin(&self) -> &Arc<Plugin> {
        &self.use_of.plugin
    }

    /// What the plugin remembered or forgot since this was last asked, to be written down.
    pub fn drain_state(self: &Arc<Self>) -> Drained {
        Drained::of(self)
    }

    /// A fresh instance; it sees nothing of earlier ones. It holds one of the plugin's slots, so it
    /// must not be kept while anything else is waited for. Waits for a free slot for as long as one
    /// call may take.
    pub async fn open(self: &Arc<Self>) -> Result<Instance, Fault> {
        Box::pin(Instance::open(Arc::clone(self), None)).await
    }

    /// Whether the plugin may be called for this now.
    pub fn admit(&self, duty: Duty) -> Result<(), Fault> {
        let plugin = self.plugin();
        let admitted = if self.counts { plugin.health.admit(duty) } else { Ok(()) };
        admitted.inspect_err(|fault| plugin.counts.failed(fault))
    }

    /// An instance for a callback: one that was kept for this duty, where the plugin allows that,
    /// else a fresh one. A plugin in quarantine for it gives none.
    #[inline]
    pub async fn take(self: &Arc<Self>, duty: Duty) -> Result<Instance, Fault> {
        if !self.counts {
            return self.open().await;
        }
        self.admit(duty)?;
        let plugin = self.plugin();
        if plugin.limits.reuse > 1
            && let Some(kept) = plugin.warm.take(self.number, duty)
        {
            return Ok(Instance::again(Arc::clone(self), kept));
        }
        // Boxed: who finds one kept has no room for making one.
        let opened = Box::pin(Instance::open(Arc::clone(self), Some(duty))).await;
        opened.inspect_err(|fault| plugin.counts.failed(fault))
    }
}

impl Drop for Binding {
    fn drop(&mut self) {
        self.plugin().warm.forget(self.number);
    }
}
