//! A plugin as one route, or one responder, uses it: the code with what config grants it.

use std::sync::Arc;
use std::time::Instant;

use super::Fault;
use super::confirming::Confirming;
use super::grant::Grant;
use super::instance::Instance;
use super::loaded::Plugin;
use super::state::State;

/// A plugin and its grant; cheap to share, and the same for every call.
pub struct Binding {
    pub(super) plugin: Arc<Plugin>,
    pub(super) grant: Grant,
    pub(super) state: Arc<State>,
    pub(super) confirming: Confirming,
}

impl Binding {
    /// Binds a plugin to what it is granted.
    pub fn new(plugin: Arc<Plugin>, grant: Grant, state: Arc<State>) -> Arc<Binding> {
        let confirming = Confirming::new(plugin.limits.instances);
        Arc::new(Binding { plugin, grant, state, confirming })
    }

    /// The plugin's code.
    pub fn plugin(&self) -> &Arc<Plugin> {
        &self.plugin
    }

    /// A fresh instance; it sees nothing of earlier ones. It holds one of the plugin's slots, so it
    /// must not be kept while anything else is waited for. Waits for a free slot for as long as one
    /// call may take.
    pub async fn open(self: &Arc<Self>) -> Result<Instance, Fault> {
        let deadline = Instant::now() + self.plugin.limits.deadline;
        Instance::open(Arc::clone(self), deadline).await
    }
}
