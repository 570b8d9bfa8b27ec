//! What a plugin remembered, on its way to where it is written down. Given up, it is drained again
//! later: a call that ends early loses nothing.

use std::sync::Arc;

use super::binding::Binding;
use crate::model::StateChange;

/// All that changed since the last drain, until it is said to be kept.
pub struct Drained {
    /// Whose it is; none where nothing changed, as nearly always.
    binding: Option<Arc<Binding>>,
    changes: Vec<StateChange>,
}

impl Drained {
    pub(super) fn of(binding: &Arc<Binding>) -> Drained {
        let changes = binding.use_of.state.drain();
        let binding = (!changes.is_empty()).then(|| Arc::clone(binding));
        Drained { binding, changes }
    }

    /// What is to be written down.
    pub fn changes(&self) -> Vec<StateChange> {
        self.changes.clone()
    }

    /// It was.
    pub fn kept(mut self) {
        self.changes.clear();
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        if let Some(binding) = &self.binding {
            binding.use_of.state.undo_drain(&self.changes);
        }
    }
}
