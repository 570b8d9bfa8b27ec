//! `hookswitch plugin test`: a plugin's vectors, run through the component as the router runs it.
//! Exit code 0 where all of them hold.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{anyhow, ensure};
use clap::Args;
use hookswitch_vectors::{Mismatch, load_all};
use serde_json::{Value, json};

use super::{host, load};
use crate::cli::table::{self, clean};
use crate::rehearse::vectors::{Ran, fits, name, run};

#[derive(Debug, Args)]
pub(super) struct Test {
    /// The plugin: a `.wasm` file, or `builtin:NAME`.
    plugin: String,
    /// The folder with its vectors.
    #[arg(long, value_name = "DIR", default_value = "vectors")]
    vectors: PathBuf,
    /// Only vectors whose name holds this.
    #[arg(long, value_name = "TEXT", default_value = "")]
    filter: String,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

impl Test {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let mut vectors = load_all(&self.vectors)?;
        let there = vectors.len();
        vectors.retain(|vector| name(vector).contains(&self.filter));
        let (folder, filter) = (self.vectors.display(), &self.filter);
        ensure!(!vectors.is_empty(), "{folder}: none of {there} vectors is named *{filter}*");
        let host = host()?;
        let plugin = load(&host, &self.plugin).await?;
        fits(&plugin, &vectors).map_err(|why| anyhow!(why))?;
        // Whoever waits can end it.
        let ran = run(&plugin, vectors, Duration::MAX).await.ran;
        let failed = ran.iter().filter(|ran| !ran.found.is_empty()).count();
        if self.json {
            table::print(&format!("{}\n", as_json(&self.plugin, &ran, failed)))?;
        } else {
            table::print(&report(&ran, failed))?;
        }
        Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// A line for each vector; what differs stands below it, expected over got.
fn report(ran: &[Ran], failed: usize) -> String {
    let mut text = String::new();
    for Ran { name, about, found } in ran {
        if found.is_empty() {
            text.push_str(&format!("ok      {}\n", clean(name)));
            continue;
        }
        text.push_str(&format!("FAILED  {}: {}\n", clean(name), clean(about)));
        for Mismatch { what, expected, got, differs_at, .. } in found {
            let (expected, got) = (clean(expected), clean(got));
            text.push_str(&format!(
                "  {}\n    expected {expected}\n    got      {got}\n",
                clean(what)
            ));
            if let Some(at) = differs_at {
                text.push_str(&format!("    first differing at {at}\n"));
            }
        }
    }
    let held = ran.len() - failed;
    text + &format!("vectors: {}, of them held: {held}, failed: {failed}\n", ran.len())
}

fn as_json(plugin: &str, ran: &[Ran], failed: usize) -> Value {
    let mismatch = |found: &Mismatch| {
        let at = found
            .differs_at
            .map(|at| json!({ "byte": at.byte, "expected": at.expected, "got": at.got }));
        json!({
            "what": found.what, "expected": found.expected, "got": found.got, "differs_at": at,
        })
    };
    let vector = |ran: &Ran| {
        let mismatches: Vec<Value> = ran.found.iter().map(mismatch).collect();
        let held = mismatches.is_empty();
        json!({ "name": ran.name, "about": ran.about, "held": held, "mismatches": mismatches })
    };
    let vectors: Vec<Value> = ran.iter().map(vector).collect();
    json!({ "plugin": plugin, "ok": failed == 0, "failed": failed, "vectors": vectors })
}
