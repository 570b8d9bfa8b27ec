//! `hookswitch setup`: what to register at the provider for a route, in the adapter's own words.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use serde_json::{Map, Value};

use super::show;
use crate::app::{self, StartFault, Wanted};
use crate::config::{Router, suggestion};
use crate::model::Clock;
use crate::plugin::Fault;

#[derive(Debug, Args)]
pub(super) struct Setup {
    /// The route's name.
    route: String,
    /// The config: a folder, or one TOML file.
    #[arg(long, default_value = "config")]
    config: PathBuf,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

impl Setup {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let loaded = match app::load(&self.config, Clock::system(), Wanted::Look).await {
            Ok(loaded) => loaded,
            Err(StartFault::Config(problems)) => {
                show(&problems);
                bail!("the config has errors");
            }
            Err(fault) => return Err(fault.into()),
        };
        let names: Vec<&str> =
            loaded.settings.routes.iter().map(|route| route.name.as_str()).collect();
        let Some(settings) = loaded.settings.routes.iter().find(|route| route.name == self.route)
        else {
            bail!("no route \"{}\": {}", self.route, suggestion(&self.route, &names, "routes"));
        };
        let Some(route) = loaded.generation.route(&self.route) else {
            bail!("route \"{}\" wasn't built", self.route);
        };
        if loaded.settings.router.public_url.is_none() {
            eprintln!("set `public_url` under [listen]: these URLs are of this machine only\n");
        }
        let url = format!("{}{}", base(&loaded.settings.router), settings.path.value);
        let facts = match route.adapter.open().await?.register(&url).await {
            Ok(facts) => facts,
            Err(Fault::Missing(_)) => bail!("its adapter has nothing to say: register {url}"),
            Err(fault) => return Err(fault.into()),
        };
        if self.json {
            let pairs = facts.into_iter().map(|fact| (fact.name, Value::String(fact.value)));
            println!("{}", Value::Object(Map::from_iter(pairs)));
        } else {
            facts.iter().for_each(|fact| println!("{}:\n  {}\n", fact.name, fact.value));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What providers call; without a `public_url` only somebody on this machine can.
fn base(router: &Router) -> String {
    router.public_url.clone().unwrap_or_else(|| format!("http://{}", router.public))
}
