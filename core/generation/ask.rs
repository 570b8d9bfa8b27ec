//! A reload that somebody asks for, and what they are told when it is done.

use tokio::sync::oneshot;

use crate::model::GenerationId;

/// Somebody asks for a reload.
#[derive(Debug)]
pub struct Ask {
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
    /// There are problems, shown as a person reads them; what ran runs on.
    Rejected(String),
    /// Another one runs than was asked about: this one.
    Stale(GenerationId),
}
