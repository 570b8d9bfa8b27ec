//! From settings to a generation: plugins are loaded, asked what they know, and held against what
//! the config says of them. Everything is built before anything is swapped, so there is nothing to
//! undo.

mod build;
mod check;

pub use build::build;
