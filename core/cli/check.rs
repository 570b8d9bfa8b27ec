//! `hookswitch check`: config and plugins, without serving. Exit code 0 where they could run.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::{asking, show};
use crate::app::{self, StartFault, Wanted};
use crate::model::Clock;

#[derive(Debug, Args)]
pub(super) struct Check {
    /// The config: a folder, or one TOML file.
    #[arg(long, default_value = "config")]
    config: PathBuf,
    /// Print problems as JSON on standard output.
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let loaded = app::load(&self.config, Clock::system(), Wanted::Check).await;
        let uses = loaded.as_ref().map(asking::uses).unwrap_or_default();
        let (good, problems, routes) = match loaded {
            Ok(loaded) => (true, loaded.problems, loaded.settings.routes),
            Err(StartFault::Config(problems)) => (false, problems, Vec::new()),
            Err(fault) => return Err(fault.into()),
        };
        if self.json {
            let asks: Vec<Value> = uses.iter().map(asking::Use::as_json).collect();
            println!("{}", json!({ "ok": good, "problems": problems.to_json(), "asks": asks }));
        } else {
            show(&problems);
            uses.iter().for_each(|one| eprint!("{}", one.lines()));
            match good {
                true => {
                    let offline = routes.iter().filter(|route| route.offline.is_some()).count();
                    let (path, routes) = (self.config.display(), routes.len());
                    eprintln!("good: {path} can run; routes: {routes}, of them offline: {offline}");
                }
                false => eprintln!("not good: {} can't run", self.config.display()),
            }
        }
        Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
