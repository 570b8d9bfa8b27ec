//! All tests that need more than one module: the rules of the tree, the plugin host, the adapters
//! as built components, and the router as a process.

mod support;

mod layers;
mod storm;
mod tidy;
mod host;
mod hostile;
mod whole;
mod adapters;
mod languages;
mod confirming;
mod recording;
mod rehearsing;
mod generations;
mod secrets;
mod proving;
mod answering;
mod serve;
mod commands;
mod tls;
mod names;
mod systemd;
mod plugin_kit;
mod durable;
mod explaining;
mod watching;
mod observability;
mod tracing;
mod killed;
mod full;
mod docs;
