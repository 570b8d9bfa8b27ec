//! Hookswitch: a callback router. What runs where, and the rules that hold, stand in
//! `core/ARCHITECTURE.md`; the modules below are in reading order, each knowing only those above.

pub mod model;
mod shards;
pub mod files;
pub mod observe;
pub mod outbound;
pub mod listen;
pub mod route;
pub mod plugin;
pub mod store;
pub mod generation;
pub mod intake;
pub mod explain;
pub mod rehearse;
pub mod deliver;
pub mod config;
pub mod reload;
pub mod admin;

pub mod app;
pub mod cli;
