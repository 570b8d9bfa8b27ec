//! A reload that somebody asks for, and what they are told when it is done.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::Plan;
use crate::model::GenerationId;

/// What somebody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Purpose {
    /// A reload, unless something speaks against it.
    #[default]
    Reload,
    /// The same, whatever rehearsing brings.
    ReloadAnyway,
    /// Only what a reload would change.
    Plan,
}

/// Somebody asks for a reload.
#[derive(Debug)]
pub struct Ask {
    /// What for.
    pub purpose: Purpose,
    /// Only if this one still runs.
    pub only_if: Option<GenerationId>,
    /// Where they are told.
    pub tell: oneshot::Sender<Told>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A new generation runs.
    Applied(GenerationId),
    /// Nothing had changed: this one runs on.
    Unchanged(GenerationId),
    /// This would be done.
    Planned(Arc<Plan>),
    /// There are problems, shown as a person reads them; what ran runs on.
    Rejected(String),
    /// Another one runs than was asked about: this one.
    Stale(GenerationId),
}
