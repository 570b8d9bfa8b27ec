//! `hookswitch plugin`: for people who write plugins. A folder to begin with, vectors run as the
//! router would run them, and what a plugin is and asks for.

mod new;
mod test;
mod inspect;
mod granting;
mod timing;
mod templates;

pub(super) use self::granting::{ALLOW_HTTP, REVEAL};

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
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
    /// Make a folder with a small plugin in it that builds, with vectors that hold.
    New(new::New),
    /// Run a plugin's vectors, and say what isn't as they state.
    Test(test::Test),
    /// Show what a plugin is, what it asks for, and the lines of config that grant it.
    Inspect(inspect::Inspect),
}

impl Plugin {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.verb {
            Verb::New(new) => new.run(),
            Verb::Test(test) => test.run().await,
            Verb::Inspect(inspect) => inspect.run().await,
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

/// What every plugin has, but for the time: this machine may be busy, and nobody waits for a reply.
fn patient() -> Limits {
    Limits { deadline: Duration::from_secs(5), ..Limits::default() }
}

async fn load(host: &Arc<Host>, plugin: &str) -> anyhow::Result<Arc<Loaded>> {
    let loaded = host.load(plugin, &source(plugin), &patient()).await;
    loaded.with_context(|| plugin.to_owned())
}
