//! Routes and plugins as one immutable value, and the cell that holds the one that runs. A callback
//! takes the value once and keeps it to its end, so it never sees two of them.

mod cell;
mod ask;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

pub use self::ask::{Ask, Told};
pub use self::cell::{Cell, Record, Rejected};
use crate::model::GenerationId;
use crate::plugin::Binding;
use crate::route::Table;

/// One snapshot of everything that decides what becomes of a callback.
#[derive(Debug)]
pub struct Generation {
    /// Which one it is.
    pub id: GenerationId,
    /// Routes by method and path.
    pub routes: Table<Arc<Route>>,
}

impl Generation {
    /// The route of this name.
    pub fn route(&self, name: &str) -> Option<&Arc<Route>> {
        self.routes.targets().find(|route| route.name == name)
    }
}

/// Callbacks of one path pattern, and who knows how to take them.
pub struct Route {
    /// Its name in config.
    pub name: String,
    /// Its pattern, as config writes it.
    pub path: String,
    /// The methods that it takes.
    pub methods: Vec<String>,
    /// The adapter with what this route grants it.
    pub adapter: Arc<Binding>,
    /// Why the route can't serve now: a secret isn't there.
    pub offline: Option<String>,
    /// Who answers which kind of request.
    pub answers: HashMap<String, Answerer>,
}

/// Who answers one kind of request.
pub struct Answerer {
    /// The responder with what it is granted.
    pub responder: Arc<Binding>,
    /// How long an answer may take.
    pub deadline: Duration,
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Route").field("name", &self.name).finish_non_exhaustive()
    }
}
