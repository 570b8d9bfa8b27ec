//! The search for the change that makes a callback genuine: one change at a time, and each also at
//! the times that the callback itself names, since what was signed otherwise is often late as well.

use std::sync::Arc;

use super::{NearMiss, bodies, heads, times};
use crate::generation::{Generation, Route};
use crate::model::clock::rfc3339;
use crate::model::{Callback, Verdict};
use crate::plugin::{Binding, Fault, KeyForm, Keys};

/// A callback changed in one way.
pub(super) struct Changed {
    pub(super) code: &'static str,
    /// What follows "matches".
    pub(super) text: String,
    pub(super) callback: Callback,
}

/// One search over one callback.
pub(super) struct Search<'c> {
    own: Arc<Binding>,
    callback: &'c Callback,
    times: Vec<u64>,
    found: Vec<NearMiss>,
}

/// What is told: whoever reads more of them is no wiser.
const FOUND_MAX: usize = 8;

impl<'c> Search<'c> {
    pub(super) fn new(own: Arc<Binding>, callback: &'c Callback) -> Search<'c> {
        Search { own, callback, times: times::candidates(callback), found: Vec::new() }
    }

    pub(super) fn found(self) -> Vec<NearMiss> {
        self.found
    }

    /// Tries everything, the likeliest first.
    pub(super) async fn run(&mut self, generation: &Generation, route: &Route) {
        let own = Arc::clone(&self.own);
        self.at_other_times(&own, self.callback, None).await;
        if !self.found.is_empty() {
            // All but its time is right.
            return;
        }
        self.keys(generation, route).await;
        // Away from those who serve. What it can't make, it doesn't try.
        let callback = self.callback.clone();
        let made = tokio::task::spawn_blocking(move || bodies::changed(&callback)).await;
        let changed = made.unwrap_or_default().into_iter().chain(heads::changed(self.callback));
        for changed in changed {
            if self.found.len() >= FOUND_MAX {
                return;
            }
            self.one(&own, &changed.callback, (changed.code, &changed.text)).await;
        }
    }

    /// The same callback under other keys.
    async fn keys(&mut self, generation: &Generation, route: &Route) {
        let callback = self.callback;
        let (trimmed, _) = route.adapter.looking(&Keys::Trimmed);
        if !trimmed.same_keys(&self.own) {
            let text = "with the secret without the white space around it";
            self.one(&trimmed, callback, ("secret_space", text)).await;
        }
        for form in KeyForm::ALL {
            let (read, _) = route.adapter.looking(&Keys::Read(form));
            let text = format!("with the secret read as {}", form.word());
            self.one(&read, callback, ("key_form", &text)).await;
        }
        for other in generation.routes.targets().filter(|other| other.name != route.name) {
            if !other.adapter.has_keys() || other.adapter.same_keys(&self.own) {
                continue;
            }
            let (theirs, _) = route.adapter.looking(&Keys::Of(Arc::clone(&other.adapter)));
            let text = format!("with the secret of route {}", other.name);
            self.one(&theirs, callback, ("other_route", &text)).await;
        }
    }

    /// One change: as the callback came, or else at a time that it names.
    async fn one(&mut self, binding: &Arc<Binding>, callback: &Callback, change: (&str, &str)) {
        if genuine(binding, callback).await {
            let (code, text) = change;
            self.enter(code.to_owned(), format!("matches {text}"));
        } else {
            self.at_other_times(binding, callback, Some(change)).await;
        }
    }

    async fn at_other_times(
        &mut self,
        binding: &Arc<Binding>,
        callback: &Callback,
        change: Option<(&str, &str)>,
    ) {
        let came_ms = callback.head.received_at_ms;
        for at_ms in self.times.clone() {
            if !genuine(binding, &at(callback, at_ms)).await {
                continue;
            }
            let edge_ms = edge(binding, callback, at_ms).await;
            let (code, off) = match edge_ms < came_ms {
                true => ("late", format!("{} too late", length(came_ms - edge_ms))),
                false => ("early", format!("{} too early", length(edge_ms - came_ms))),
            };
            let when = format!("it came {off} (the last moment was {})", rfc3339(edge_ms));
            match change {
                None => self.enter(code.to_owned(), format!("matches, but {when}")),
                Some((with, text)) => {
                    self.enter(
                        format!("{with}_{code}"),
                        format!("matches {text}; besides, {when}"),
                    );
                }
            }
            return;
        }
    }

    fn enter(&mut self, code: String, text: String) {
        let miss = NearMiss { code, text };
        if self.found.len() < FOUND_MAX && !self.found.contains(&miss) {
            self.found.push(miss);
        }
    }
}

/// What the adapter says of it, in an instance of its own.
pub(super) async fn verify(binding: &Arc<Binding>, callback: &Callback) -> Result<Verdict, Fault> {
    binding.open().await?.verify_alone(callback).await
}

async fn genuine(binding: &Arc<Binding>, callback: &Callback) -> bool {
    matches!(verify(binding, callback).await, Ok(Verdict::Genuine(_)))
}

fn at(callback: &Callback, at_ms: u64) -> Callback {
    let mut moved = callback.clone();
    moved.head.received_at_ms = at_ms;
    moved
}

/// The time nearest to when the callback came at which it is still genuine.
async fn edge(binding: &Arc<Binding>, callback: &Callback, genuine_ms: u64) -> u64 {
    let (mut good, mut bad) = (genuine_ms, callback.head.received_at_ms);
    while good.abs_diff(bad) > 1 {
        let middle = good.midpoint(bad);
        match genuine(binding, &at(callback, middle)).await {
            true => good = middle,
            false => bad = middle,
        }
    }
    good
}

/// A length of time as a person says it.
fn length(ms: u64) -> String {
    let seconds = (ms + 500) / 1000;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
