//! Builds Rust plugins for `wasm32-unknown-unknown` and makes components of them. It runs on the
//! host: in the router's build script, for the adapters that the binary carries, and in
//! `cargo xtask`, for the examples.
//!
//! Nothing is installed or downloaded here but what cargo itself fetches: where a tool is missing,
//! the error holds the one command that brings it.

mod component;
mod environment;
mod guest;
mod package;
mod toolchain;

pub use component::{ComponentFault, component};
pub use environment::{cargo, is_kept};
pub use guest::{GuestFault, STACK_BYTES, Workplace, build, find};
pub use package::{MetadataFault, Package, packages};
pub use toolchain::{
    APT_PACKAGES, Active, Facts, Missing, Release, System, Toolchain, choose, look,
};

/// What guests are compiled for.
pub const TARGET: &str = "wasm32-unknown-unknown";
