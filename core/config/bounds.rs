//! Bounds of the store, of delivering, answering and reloading: what each is where config says
//! nothing. All but those of answering are read once, when the process starts.

use std::path::PathBuf;
use std::time::Duration;

/// Where the store is, and how much it keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSettings {
    /// The embedded store's file; compiled code is cached beside it. Empty by default: where it is
    /// depends on where the config is.
    pub path: PathBuf,
    /// For how long history is kept that nothing is owed of.
    pub keep: Duration,
    /// How many bytes it may hold.
    pub bytes: u64,
    /// Calls that may wait for it; one more is refused at once.
    pub queue: usize,
    /// Calls that are written down together.
    pub batch: usize,
    /// Webhooks that may be registered over the API.
    pub webhooks_max: usize,
}

impl Default for StoreSettings {
    fn default() -> StoreSettings {
        StoreSettings {
            path: PathBuf::new(),
            keep: Duration::from_secs(30 * 24 * 3600),
            bytes: 20 << 30,
            queue: 4096,
            batch: 512,
            webhooks_max: 1000,
        }
    }
}

/// How events are confirmed and delivered, whatever their route and destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivering {
    /// From the first confirmation that brought no answer to the second; each further wait is
    /// longer …
    pub confirm_first: Duration,
    /// … up to this.
    pub confirm_most: Duration,
    /// An event that isn't confirmed for this long is given up.
    pub confirm_giveup: Duration,
    /// Attempts of one destination that fail in a row before it is left alone for a while.
    pub breaker_faults: u32,
    /// That while, which is longer each time …
    pub breaker_least: Duration,
    /// … up to this.
    pub breaker_most: Duration,
    /// Bytes that are kept of a destination's response.
    pub response_bytes: usize,
    /// For attempts in flight once told to stop.
    pub deliver_drain: Duration,
}

impl Default for Delivering {
    fn default() -> Delivering {
        Delivering {
            confirm_first: Duration::from_secs(5),
            confirm_most: Duration::from_secs(600),
            confirm_giveup: Duration::from_secs(24 * 3600),
            breaker_faults: 5,
            breaker_least: Duration::from_secs(30),
            breaker_most: Duration::from_secs(300),
            response_bytes: 4 << 10,
            deliver_drain: Duration::from_secs(10),
        }
    }
}

/// How requests are answered, whatever their kind. Each generation is built with what config says
/// then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answering {
    /// For how long a try may go on after its caller was told something else.
    pub longest: Duration,
    /// For how long a kind is left alone whose tries fail, longer each time …
    pub breaker_least: Duration,
    /// … up to this.
    pub breaker_most: Duration,
}

impl Default for Answering {
    fn default() -> Answering {
        Answering {
            longest: Duration::from_secs(30),
            breaker_least: Duration::from_secs(1),
            breaker_most: Duration::from_secs(60),
        }
    }
}

/// When files that change are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reloading {
    /// They have to be left alone for this long …
    pub quiet: Duration,
    /// … but are looked at after this long, however long the edits go on.
    pub longest: Duration,
    /// How often they are looked at where the system can't tell of changes.
    pub poll: Duration,
    /// How long all rehearsals of one reload may take.
    pub rehearsal: Duration,
}

impl Default for Reloading {
    fn default() -> Reloading {
        Reloading {
            quiet: Duration::from_millis(100),
            longest: Duration::from_secs(1),
            poll: Duration::from_secs(5),
            rehearsal: Duration::from_secs(10),
        }
    }
}
