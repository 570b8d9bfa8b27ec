//! `hookswitch plugin`: for people who write plugins.

mod test;
mod subject;
mod plain;
mod api;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};

use crate::model::Clock;
use crate::plugin::{Host, Limits, Plugin as Loaded, PoolLimits, Source};

#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Plugin {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run a plugin's vectors, and say what isn't as they state.
    Test(test::Test),
}

impl Plugin {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.verb {
            Verb::Test(test) => test.run().await,
        }
    }
}

/// `builtin:NAME`, or a file.
pub(super) fn source(text: &str) -> Source {
    match text.strip_prefix("builtin:") {
        Some(name) => Source::Builtin(name.to_owned()),
        None => Source::File(PathBuf::from(text)),
    }
}

/// A host that keeps nothing on disk, for one plugin that nobody else waits for.
fn host() -> anyhow::Result<Arc<Host>> {
    let pool = PoolLimits { instances: 16, ..PoolLimits::default() };
    Ok(Host::start(pool, None, Clock::system())?)
}

async fn load(host: &Arc<Host>, plugin: &str) -> anyhow::Result<Arc<Loaded>> {
    use anyhow::Context as _;
    let loaded = host.load(plugin, &source(plugin), &Limits::default()).await;
    loaded.with_context(|| plugin.to_owned())
}
