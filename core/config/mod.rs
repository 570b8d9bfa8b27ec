//! Configuration: TOML text to settings. What the user typed is read by `raw`, what it means is
//! found by `resolve`; every problem is kept with its place, and one run shows all of them.
//!
//! Nothing here starts, opens or connects anything: it reads config files and the secrets that they
//! refer to. A secret's bytes, and text that stands where a reference to one should, are never
//! shown.

mod place;
mod problem;
mod render;
mod source;
mod parse;
mod shown;
mod tree;
mod nearest;
mod secret;
mod bounds;
mod raw;
mod resolve;
mod settings;

pub use bounds::{Answering, Delivering, Reloading, StoreSettings};
pub(crate) use nearest::suggestion;
pub use place::{Place, Placed};
pub use problem::{Problem, Problems, Severity};
pub use resolve::resolve;
pub use settings::{
    AdapterRef, AdminKey, AnswerSettings, DestinationSettings, PluginSettings, ResponderRef, Role,
    RouteSettings, Router, SecretVersion, ServiceSettings, Settings, Tls,
};
pub use source::{Sources, read};

#[cfg(test)]
mod tests;
