//! One call of the API for each of several things, under a bar. One that can't be done of this very
//! thing is told, and the others go on; any other error ends all.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

use super::api::Refused;

/// Calls `one` for each id; how many could be done.
pub(super) async fn each(
    ids: &[String],
    doing: &str,
    mut one: impl AsyncFnMut(&str, &ProgressBar) -> anyhow::Result<()>,
) -> anyhow::Result<usize> {
    let bar = progress(ids.len() as u64, doing);
    let mut done = 0;
    for id in ids {
        match one(id, &bar).await {
            Ok(()) => done += 1,
            Err(error) => {
                let refused = error.downcast_ref::<Refused>();
                anyhow::ensure!(refused.is_some_and(|refused| refused.of_this_one), error);
                bar.suspend(|| eprintln!("{id}: {error}"));
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(done)
}

/// A bar for a person; hidden where nobody looks.
pub(super) fn progress(length: u64, doing: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length);
    match ProgressStyle::with_template(&format!("{doing} {{bar:40}} {{pos}}/{{len}} {{eta}}")) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
