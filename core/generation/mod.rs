//! Routes, plugins and destinations as one immutable value, and the cell that holds the one that
//! runs. A callback takes the value once and keeps it to its end, so it never sees two of them.

mod cell;
mod ask;
mod plan;
mod calls;
mod destination;
mod gate;
mod pulse;
mod answerer;
mod api_key;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

pub use self::answerer::{Answerer, Responder, Service};
pub use self::api_key::ApiKey;
pub use self::ask::{Ask, Purpose, Told};
pub use self::calls::{Calls, InFlight};
pub use self::cell::{Cell, Record, Rejected};
pub use self::destination::Destination;
pub use self::gate::{Closed, Gate, Trying};
pub use self::plan::{Changes, Difference, Fate, Named, Plan, PluginChange, Rehearsal};
pub use self::pulse::{Pulse, Stage};
use crate::model::{GenerationId, Network, OutOfOrder};
use crate::outbound::Names;
use crate::plugin::Binding;
use crate::route::Table;

/// One snapshot of everything that decides what becomes of a callback.
#[derive(Debug)]
pub struct Generation {
    /// Which one it is.
    pub id: GenerationId,
    /// Routes by method and path.
    pub routes: Table<Arc<Route>>,
    /// The config's destinations by name.
    pub destinations: BTreeMap<String, Arc<Destination>>,
    /// Who may use the admin API.
    pub api_keys: Vec<ApiKey>,
    /// Private networks that registered webhooks may reach.
    pub allow_networks: Vec<Network>,
    /// Whom to ask for addresses; the same for as long as the process runs.
    pub names: Names,
    /// How many callbacks are being taken on it.
    pub calls: Calls,
}

impl Generation {
    /// These routes, without any destination or key.
    pub fn new(id: GenerationId, routes: Table<Arc<Route>>) -> Generation {
        let (destinations, api_keys, allow_networks) = (BTreeMap::new(), Vec::new(), Vec::new());
        let (names, calls) = (Names::default(), Calls::default());
        Generation { id, routes, destinations, api_keys, allow_networks, names, calls }
    }

    /// The route of this name.
    pub fn route(&self, name: &str) -> Option<&Arc<Route>> {
        self.routes.targets().find(|route| route.name == name)
    }

    /// The names of the config's destinations that an event of this kind is owed to, where it came
    /// by this route.
    pub fn owed(&self, route: &Route, kind: &str) -> Vec<String> {
        let wants = |name: &&String| {
            self.destinations.get(*name).is_some_and(|destination| destination.wants(kind))
        };
        route.deliver.iter().filter(wants).cloned().collect()
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
    /// Names of the destinations that its events go to.
    pub deliver: Vec<String>,
    /// For how long ids are known again.
    pub dedupe: Duration,
    /// For how long requests and their answers are known again.
    pub answers_keep: Duration,
    /// What becomes of events that are behind what is known.
    pub out_of_order: OutOfOrder,
    /// The longest that it is usually without a genuine callback; `None`: nobody knows.
    pub expect_every: Option<Duration>,
    /// What is known of it over reloads.
    pub pulse: Arc<Pulse>,
}

impl Route {
    /// The longest that any of its requests may take, from the whole callback to its reply.
    pub fn longest_answer(&self) -> Option<Duration> {
        self.answers.values().map(|answerer| answerer.deadline).max()
    }
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Route").field("name", &self.name).finish_non_exhaustive()
    }
}
