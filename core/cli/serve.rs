//! `hookswitch serve`: runs the router until SIGTERM or SIGINT. SIGHUP has it look at its config.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::show;
use crate::app::{self, App, StartFault, Wanted};
use crate::model::Clock;
use crate::observe::{self, Level, LogForm};

/// A write went past the largest size that a file may have; the same number wherever Linux runs on
/// processors of today.
const SIGXFSZ: i32 = 25;

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The config: a folder, or one TOML file.
    #[arg(long, default_value = "config")]
    config: PathBuf,
    /// How log lines look.
    #[arg(long, value_enum, default_value_t = Lines::Pretty)]
    log: Lines,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Lines {
    Pretty,
    Json,
}

impl Serve {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let _log = observe::init(match self.log {
            Lines::Pretty => LogForm::Pretty,
            Lines::Json => LogForm::Json,
        });
        // Before anything else, so that a signal during the start isn't lost.
        let (mut term, mut int) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let hangups = hangups()?;
        // Caught, so that a file that may not grow is an error of the write, and not the end.
        let _too_large = signal(SignalKind::from_raw(SIGXFSZ))?;
        let clock = Clock::system();
        let loaded = match app::load(&self.config, clock.clone(), Wanted::Serve).await {
            Ok(loaded) => loaded,
            Err(StartFault::Config(problems)) => {
                show(&problems);
                anyhow::bail!("not started: the config has errors");
            }
            Err(fault) => return Err(fault.into()),
        };
        show(&loaded.problems);
        let app = App::start(loaded, &self.config, clock).await?;
        let mut told = async || {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
        };
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let stopping = async move {
            // A dropped sender is the same word.
            let _ = stopped.await;
        };
        let run = app.run(stopping, hangups);
        tokio::pin!(run);
        tokio::select! {
            _ = &mut run => return Ok(ExitCode::SUCCESS),
            () = told() => drop(stop),
        }
        let cut_off = tokio::select! {
            cut_off = run => cut_off,
            () = told() => anyhow::bail!("stopped at once: told twice"),
        };
        observe::notice(Level::Info, &format!("stopped; connections cut off: {cut_off}"));
        Ok(ExitCode::SUCCESS)
    }
}

/// SIGHUPs, of which those that come while one waits to be seen to are the same one.
fn hangups() -> anyhow::Result<mpsc::Receiver<()>> {
    let mut hangups = signal(SignalKind::hangup())?;
    let (tell, told) = mpsc::channel(1);
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            let _ = tell.try_send(());
        }
    });
    Ok(told)
}
