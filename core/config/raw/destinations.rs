//! `[destinations.…]`: where events are delivered.

use std::time::Duration;

use super::bounds::{DAY, HOUR, MS, SECOND, bounded};
use super::forms::{self, Wrong};
use super::keys::{Keys, key_name};
use super::secrets::{SecretRef, secret_refs};
use crate::config::tree::Entry;
use crate::config::{Placed, Problem, Problems};
use crate::model::KindPattern;
use crate::model::units::parse_duration;

/// Waits before each further attempt, where none are written.
const RETRY: [Duration; 4] =
    [Duration::from_secs(60), Duration::from_secs(300), Duration::from_secs(1800), HOUR];

/// The longest wait between two attempts.
const WAIT_MOST: Duration = DAY.saturating_mul(30);

/// One `[destinations.…]`.
pub(crate) struct Destination {
    pub(crate) name: Placed<String>,
    pub(crate) url: Option<String>,
    pub(crate) events: Vec<KindPattern>,
    pub(crate) secret: Vec<SecretRef>,
    pub(crate) retry: Vec<Duration>,
    pub(crate) timeout: Duration,
    pub(crate) concurrency: usize,
}

pub(crate) fn destination(entry: &Entry, problems: &mut Problems) -> Option<Destination> {
    let name = key_name(entry, problems);
    let mut keys = Keys::open(&entry.node, "[destinations.*]", problems)?;
    if !keys.has("url") {
        keys.missing("url", "write url = \"https://…\"");
    }
    let url = keys.form("url", forms::url).map(|url| url.value);
    let events = keys.list("events", pattern);
    let secret = keys.take("secret").map(|node| secret_refs(node, keys.problems()));
    if secret.is_none() {
        let message = "deliveries to this destination are unsigned";
        let help = "write secret = { env = \"…\" }";
        keys.problems().push(Problem::warning(message).at(&entry.key.place).help(help).doubtful());
    }
    let retry = keys.list("retry", wait);
    let (mut timeout, mut concurrency) = (10 * SECOND, 16);
    keys.time("timeout", MS..=HOUR, &mut timeout);
    keys.count("concurrency", 1..=10_000, &mut concurrency);
    keys.finish();
    Some(Destination {
        name: name?,
        url,
        events: events.map_or_else(all, values),
        secret: secret.unwrap_or_default(),
        retry: retry.map_or_else(|| RETRY.to_vec(), values),
        timeout,
        concurrency,
    })
}

fn values<T>(list: Vec<Placed<T>>) -> Vec<T> {
    list.into_iter().map(|item| item.value).collect()
}

/// What a destination wants that doesn't say.
fn all() -> Vec<KindPattern> {
    KindPattern::parse("*").into_iter().collect()
}

fn pattern(text: &str) -> Result<KindPattern, Wrong> {
    KindPattern::parse(text).ok_or_else(|| {
        let help = "write a kind, with * for any characters: \"acme.payment.*\"";
        Wrong::new("this isn't a pattern of kinds", help)
    })
}

fn wait(text: &str) -> Result<Duration, Wrong> {
    bounded(parse_duration(text)?, &(MS..=WAIT_MOST))
}
