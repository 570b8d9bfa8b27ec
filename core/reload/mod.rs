//! From settings to a generation, once at the start and whenever something changes: plugins are
//! loaded, asked what they know, and held against what the config says of them. Everything is built
//! before anything is swapped, so there is nothing to undo.

mod check;
mod destinations;
mod answers;
mod build;
mod certificates;
mod differing;
mod rehearsing;
mod watch;
mod live;

pub use build::{Built, build};
pub use certificates::{Certificates, outdated};
pub use live::{Digest, Reloader, digest};
