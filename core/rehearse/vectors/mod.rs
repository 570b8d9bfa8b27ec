//! A plugin's vectors, run through its component as the router runs it, in the one way that
//! `plugin test` and a reload share.
//!
//! Each vector has a state, a grant and, where the plugin calls one, an API on loopback of its own;
//! all of that goes with it. Nothing is kept, nothing leaves the machine, and no fault counts
//! against the plugin's health.

mod subject;
mod plain;
mod api;

use std::sync::Arc;
use std::time::{Duration, Instant};

use hookswitch_vectors::{Mismatch, Recorded, compare_answer};
use tokio::sync::watch;
use tokio::time::timeout;

use self::subject::{Subject, compute};
use crate::plugin::Plugin;

/// What a call of a vector may take, where the plugin's own deadline is shorter.
const PATIENCE: Duration = Duration::from_secs(5);

/// What came of one vector.
pub struct Ran {
    /// Its files' name without the ending.
    pub name: String,
    /// What it shows, in its own words.
    pub about: String,
    /// What isn't as it states; empty = it holds.
    pub found: Vec<Mismatch>,
}

/// What came of a plugin's vectors.
pub struct Run {
    /// In the order of their names, as far as it went.
    pub ran: Vec<Ran>,
    /// Whether the time was over before all of them had run.
    pub cut_short: bool,
}

/// A vector's name.
pub fn name(vector: &Recorded) -> &str {
    match vector {
        Recorded::Callback(vector) => &vector.name,
        Recorded::Question(question) => &question.name,
    }
}

/// Refuses vectors that are of another kind of plugin: each of them would only say so.
pub fn fits(plugin: &Plugin, vectors: &[Recorded]) -> Result<(), String> {
    for vector in vectors {
        let (can, asks) = match vector {
            Recorded::Callback(_) => (plugin.is_adapter(), "a callback, which an adapter takes"),
            Recorded::Question(_) => {
                (plugin.is_responder(), "a question, which a responder answers")
            }
        };
        if !can {
            let is = if plugin.is_adapter() { "an adapter" } else { "a responder" };
            return Err(format!(
                "{} is {is}; the vector {} is {asks}",
                plugin.name(),
                name(vector)
            ));
        }
    }
    Ok(())
}

/// Runs vectors that fit the plugin, one after the other, until `longest` is over. Dropped, it ends
/// as soon as the plugin yields.
pub async fn run(plugin: &Arc<Plugin>, vectors: Vec<Recorded>, longest: Duration) -> Run {
    let (here, gone) = watch::channel(());
    let time = Time { began: Instant::now(), longest, gone };
    // This machine may be busy, and nobody waits for a reply.
    let plugin = plugin.apart(PATIENCE);
    // A vector's subject waits for what it calls, which the runtime's own threads must not.
    let work = tokio::task::spawn_blocking(move || all(&plugin, &vectors, &time));
    let run = work.await.unwrap_or_else(|panic| {
        let name = "the vectors".to_owned();
        let found = vec![Mismatch::broken("run", &panic.to_string())];
        Run { ran: vec![Ran { name, about: String::new(), found }], cut_short: false }
    });
    drop(here);
    run
}

fn all(plugin: &Arc<Plugin>, vectors: &[Recorded], time: &Time) -> Run {
    let mut ran = Vec::with_capacity(vectors.len());
    for vector in vectors {
        let one = one(plugin, vector, time);
        // What it was doing when the time was over says nothing of the plugin.
        if time.is_over() {
            return Run { ran, cut_short: true };
        }
        ran.push(one);
    }
    Run { ran, cut_short: false }
}

fn one(plugin: &Arc<Plugin>, vector: &Recorded, time: &Time) -> Ran {
    let (about, held) = match vector {
        Recorded::Callback(vector) => {
            let mut subject = Subject::new(plugin, vector, time);
            (&vector.about, hookswitch_vectors::run(vector, &mut subject))
        }
        Recorded::Question(question) => {
            (&question.about, compare_answer(question, compute(plugin, question, time)))
        }
    };
    let found = held.err().unwrap_or_default();
    Ran { name: name(vector).to_owned(), about: about.clone(), found }
}

/// How much time there is for one run, and whether anybody still waits for it.
struct Time {
    began: Instant,
    longest: Duration,
    gone: watch::Receiver<()>,
}

impl Time {
    fn is_over(&self) -> bool {
        self.began.elapsed() >= self.longest || self.gone.has_changed().is_err()
    }

    /// What it comes to, unless the time is over before.
    async fn limit<T>(&self, work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
        let mut gone = self.gone.clone();
        let left = self.longest.saturating_sub(self.began.elapsed());
        let over = "the time for all vectors is over";
        tokio::select! {
            made = timeout(left, work) => made.unwrap_or_else(|_| Err(over.to_owned())),
            _ = gone.changed() => Err("nobody waits for it any more".to_owned()),
        }
    }
}
