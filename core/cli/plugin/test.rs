//! `hookswitch plugin test`: a plugin's vectors, run through the component as the router runs it.
//! Exit code 0 where all of them hold.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{bail, ensure};
use clap::Args;
use hookswitch_vectors::{Mismatch, Recorded, compare_answer, load_all, run};
use serde_json::{Value, json};

use super::subject::{Subject, compute};
use super::{host, load};
use crate::cli::table::{self, clean};
use crate::plugin::Plugin;

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

/// What came of one vector; empty = it holds.
struct Ran {
    name: String,
    about: String,
    found: Vec<Mismatch>,
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
        fits(&plugin, &vectors)?;
        // A vector's subject waits for what it calls, which the runtime's own threads must not.
        let work = tokio::task::spawn_blocking(move || {
            vectors.iter().map(|vector| ran(&plugin, vector)).collect()
        });
        let ran: Vec<Ran> = work.await?;
        let failed = ran.iter().filter(|ran| !ran.found.is_empty()).count();
        if self.json {
            table::print(&format!("{}\n", as_json(&self.plugin, &ran, failed)))?;
        } else {
            table::print(&report(&ran, failed))?;
        }
        Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn name(vector: &Recorded) -> &str {
    match vector {
        Recorded::Callback(vector) => &vector.name,
        Recorded::Question(question) => &question.name,
    }
}

/// Refuses vectors that are of another kind of plugin: each of them would only say so.
fn fits(plugin: &Plugin, vectors: &[Recorded]) -> anyhow::Result<()> {
    for vector in vectors {
        let (can, asks) = match vector {
            Recorded::Callback(_) => (plugin.is_adapter(), "a callback, which an adapter takes"),
            Recorded::Question(_) => {
                (plugin.is_responder(), "a question, which a responder answers")
            }
        };
        if !can {
            let is = if plugin.is_adapter() { "an adapter" } else { "a responder" };
            bail!("{} is {is}; the vector {} is {asks}", plugin.name(), name(vector));
        }
    }
    Ok(())
}

fn ran(plugin: &Arc<Plugin>, vector: &Recorded) -> Ran {
    let (about, held) = match vector {
        Recorded::Callback(vector) => {
            (&vector.about, run(vector, &mut Subject::new(plugin, vector)))
        }
        Recorded::Question(question) => {
            (&question.about, compare_answer(question, compute(plugin, question)))
        }
    };
    let found = held.err().unwrap_or_default();
    Ran { name: name(vector).to_owned(), about: about.clone(), found }
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
        for Mismatch { what, expected, got, differs_at } in found {
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
