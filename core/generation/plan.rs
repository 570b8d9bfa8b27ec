//! What a reload would change, or changed, as plain data: made where generations are built, shown
//! to whoever asks. It names keys, files and ids, and holds no setting, secret or body.

use crate::model::GenerationId;

/// What became of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Somebody only asked.
    Asked,
    /// It runs, or ran.
    Applied,
    /// Nothing was changed.
    Refused,
}

impl Fate {
    /// One word.
    pub fn word(self) -> &'static str {
        match self {
            Fate::Asked => "asked",
            Fate::Applied => "applied",
            Fate::Refused => "refused",
        }
    }
}

/// What the config on the disk would change of what runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// When it was made, Unix milliseconds.
    pub at_ms: u64,
    /// Of which generation.
    pub of: GenerationId,
    /// What became of it.
    pub fate: Fate,
    /// Whether a reload would apply it.
    pub applies: bool,
    /// All problems, as a person reads them; empty where there are none.
    pub problems: String,
    /// What differs.
    pub changes: Changes,
    /// What rehearsing brought, for each route that was rehearsed.
    pub rehearsals: Vec<Rehearsal>,
}

/// What differs between two configs, by names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Routes.
    pub routes: Named,
    /// Plugins' code.
    pub plugins: Vec<PluginChange>,
    /// Secrets whose value, or whose use, differs: who uses them, and their names.
    pub secrets: Vec<String>,
    /// Destinations.
    pub destinations: Named,
    /// Keys of the API.
    pub api_keys: Named,
    /// Keys that only count after a restart.
    pub needs_restart: Vec<String>,
}

/// Parts of a config that have names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named {
    /// Names of those that are new.
    pub added: Vec<String>,
    /// Names of those that are gone.
    pub removed: Vec<String>,
    /// Names of those that differ, each with the keys that do.
    pub changed: Vec<(String, Vec<String>)>,
}

/// Another code under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginChange {
    /// The plugin's name.
    pub name: String,
    /// The hash of what runs; `None` where it is new.
    pub old: Option<String>,
    /// The hash of what would; `None` where it is gone, or can't be loaded.
    pub new: Option<String>,
}

/// What stored callbacks of one route came to with its old and its new adapter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rehearsal {
    /// The route.
    pub route: String,
    /// How many callbacks went through both.
    pub callbacks: usize,
    /// How many of them come out otherwise.
    pub differing: usize,
    /// The first of the differences.
    pub differences: Vec<Difference>,
    /// Why not all of them could be tried.
    pub cut_short: Option<String>,
}

/// One difference over one callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The callback's id.
    pub callback: String,
    /// What differs: `verdict`, `events`, `request`, `reply`, or a part of one of those.
    pub what: String,
    /// What it was.
    pub old: String,
    /// What it is.
    pub new: String,
}
