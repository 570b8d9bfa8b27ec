//! From settings to a generation, once at the start and whenever something changes: plugins are
//! loaded, asked what they know, and held against what the config says of them. Everything is built
//! before anything is swapped, so there is nothing to undo.

mod check;
mod destinations;
mod answers;
mod build;
mod certificates;
mod differing;
mod proving;
mod rehearsing;
mod first;
mod watch;
mod seen;
mod live;

pub use certificates::{Certificates, outdated};
pub use first::{First, first};
pub use live::Reloader;
pub use seen::Digest;
