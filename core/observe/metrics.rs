//! What the router counts, for Prometheus. Counted where a line is written, so that the log and the
//! numbers never tell two stories. Labels are names of the config and words of ours: what comes
//! from outside makes no new series, and what the config names no more goes with the next scrape.

use std::collections::BTreeSet;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry, Unit};

use super::log::{AttemptLine, CallLine, ConfirmLine};
use super::spread::Spread;
use super::standing::{Standing, Values};
use crate::model::WebhookId;

/// The log of the process is one, and so is this.
static COUNTED: LazyLock<Counted> = LazyLock::new(Counted::new);

/// Upper bounds of what takes time, in seconds.
const SECONDS: [f64; 17] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0, 30.0,
];

/// Registered webhooks together: anybody with a key makes them.
const WEBHOOKS: &str = "webhooks";

#[derive(Debug, Clone, Hash, PartialEq, Eq, PartialOrd, Ord, EncodeLabelSet)]
struct Outcome {
    route: String,
    outcome: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, PartialOrd, Ord, EncodeLabelSet)]
struct Version {
    route: String,
    version: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, PartialOrd, Ord, EncodeLabelSet)]
struct Attempted {
    destination: String,
    outcome: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, PartialOrd, Ord, EncodeLabelSet)]
struct Destined {
    destination: String,
}

/// One metric by its labels, which are known so that they can go.
struct Series<L, M> {
    family: Family<L, M, fn() -> M>,
    known: Mutex<BTreeSet<L>>,
}

impl<L, M> Series<L, M>
where
    L: Clone + Ord + std::hash::Hash + Eq,
    Family<L, M, fn() -> M>: Metric,
{
    fn new(registry: &mut Registry, about: (&str, &str, Option<Unit>), make: fn() -> M) -> Self {
        let family = Family::new_with_constructor(make);
        let (name, help, unit) = about;
        match unit {
            Some(unit) => registry.register_with_unit(name, help, unit, family.clone()),
            None => registry.register(name, help, family.clone()),
        }
        Series { family, known: Mutex::default() }
    }

    fn count(&self, labels: &L, count: impl FnOnce(&M)) {
        if let Some(metric) = self.family.get(labels) {
            return count(&metric);
        }
        // The lock is held over both, so that no series is there unknown.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(labels.clone());
        count(&self.family.get_or_create(labels));
    }

    fn keep(&self, lives: impl Fn(&L) -> bool) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|labels| lives(labels) || !self.family.remove(labels));
    }
}

struct Counted {
    registry: Registry,
    callbacks: Series<Outcome, Histogram>,
    answers: Series<Outcome, Counter>,
    matched: Series<Version, Counter>,
    attempts: Series<Attempted, Histogram>,
    confirmations: Series<Outcome, Counter>,
    breakers: Series<Destined, Gauge>,
    written: Written,
}

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

impl Counted {
    fn new() -> Counted {
        let mut registry = Registry::with_prefix("hookswitch");
        let all = &mut registry;
        let about = ("callback", "Callbacks, from the head to the reply", Some(Unit::Seconds));
        let callbacks = Series::new(all, about, seconds);
        let about = ("answers", "Requests by whether the reply is the fallback", None);
        let answers = Series::new(all, about, Counter::default);
        let about = ("secret_matched", "Genuine callbacks by the secret that matched", None);
        let matched = Series::new(all, about, Counter::default);
        let about = ("attempt", "Attempts of deliveries", Some(Unit::Seconds));
        let attempts = Series::new(all, about, seconds);
        let about = ("confirmations", "Confirmations by what they brought", None);
        let confirmations = Series::new(all, about, Counter::default);
        let about = (
            "destination_breaker_open",
            "1: nothing is sent to it for failing; of webhooks, how many",
            None,
        );
        let breakers = Series::new(all, about, Gauge::default);
        let written = Written {
            batches: Spread::of_sizes(),
            commits: Spread::of_times(),
            syncs: Spread::of_times(),
        };
        Counted {
            registry,
            callbacks,
            answers,
            matched,
            attempts,
            confirmations,
            breakers,
            written,
        }
    }
}

pub(super) fn call(line: &CallLine<'_>) {
    let mut labels = Outcome { route: line.route.to_owned(), outcome: line.outcome.to_owned() };
    COUNTED.callbacks.count(&labels, |one| one.observe(line.took.as_secs_f64()));
    if !line.by.is_empty() {
        labels.outcome = if line.fallback { "fallback" } else { "answer" }.to_owned();
        COUNTED.answers.count(&labels, |one| _ = one.inc());
    }
    if !line.matched.is_empty() {
        let labels = Version { route: labels.route, version: line.matched.to_owned() };
        COUNTED.matched.count(&labels, |one| _ = one.inc());
    }
}

/// Who a delivery is to, as a label.
fn destination(to: &str) -> String {
    let is_webhook = to.parse::<WebhookId>().is_ok();
    if is_webhook { WEBHOOKS } else { to }.to_owned()
}

pub(super) fn attempt(line: &AttemptLine<'_>) {
    let labels = Attempted { destination: destination(line.to), outcome: line.outcome.to_owned() };
    COUNTED.attempts.count(&labels, |one| one.observe(line.took_ms as f64 / 1000.0));
}

pub(super) fn confirmation(line: &ConfirmLine<'_>) {
    let labels = Outcome { route: line.route.to_owned(), outcome: line.outcome.to_owned() };
    COUNTED.confirmations.count(&labels, |one| _ = one.inc());
}

/// The breaker of one destination, as a gauge shows it. Once dropped it is shut no more.
#[derive(Debug)]
pub struct BreakerShown {
    gauge: Gauge,
    open: bool,
}

impl BreakerShown {
    /// Of the destination of this name, or the webhook of this id; closed.
    pub fn of(to: &str) -> BreakerShown {
        let labels = Destined { destination: destination(to) };
        let mut gauge = Gauge::default();
        COUNTED.breakers.count(&labels, |one| gauge = one.clone());
        // There from the start: what grows from nothing to one is seen, what begins at one isn't.
        let Destined { destination } = labels;
        let labels = Attempted { destination, outcome: "exhausted".to_owned() };
        COUNTED.attempts.count(&labels, |_| ());
        BreakerShown { gauge, open: false }
    }

    /// Shows whether it is open.
    pub fn set(&mut self, open: bool) {
        match (std::mem::replace(&mut self.open, open), open) {
            (false, true) => _ = self.gauge.inc(),
            (true, false) => _ = self.gauge.dec(),
            (true, true) | (false, false) => {}
        }
    }
}

impl Drop for BreakerShown {
    fn drop(&mut self) {
        self.set(false);
    }
}

/// How the store writes.
struct Written {
    batches: Spread,
    commits: Spread,
    syncs: Spread,
}

impl Written {
    fn told(&self) -> [Standing; 3] {
        let one = |name, help, values: fn(_) -> Values, spread: &Spread| Standing {
            name,
            help,
            labels: &[],
            values: values(vec![(Vec::new(), spread.read())]),
        };
        [
            one("store_batch_writes", "Writes of one batch", Values::Sizes, &self.batches),
            one("store_commit", "Transactions, before their sync", Values::Seconds, &self.commits),
            one("store_sync", "Syncs of the disk", Values::Seconds, &self.syncs),
        ]
    }
}

/// The store did so many writes in one transaction.
pub fn store_committed(writes: usize, took: Duration) {
    COUNTED.written.batches.enter(writes as u64);
    COUNTED.written.commits.took(took);
}

/// The store brought a batch to the disk.
pub fn store_synced(took: Duration) {
    COUNTED.written.syncs.took(took);
}

/// What the config names now; series of other names go.
#[derive(Debug)]
pub struct Named<'n> {
    /// Routes.
    pub routes: BTreeSet<&'n str>,
    /// Destinations.
    pub destinations: BTreeSet<&'n str>,
}

/// Everything, in the text form of OpenMetrics 1.0, which Prometheus reads.
pub fn metrics(standing: impl Iterator<Item = Standing>, named: &Named<'_>) -> String {
    let Counted {
        registry,
        callbacks,
        answers,
        matched,
        attempts,
        confirmations,
        breakers,
        written,
    } = &*COUNTED;
    let route = |name: &str| name.is_empty() || named.routes.contains(name);
    callbacks.keep(|labels| route(&labels.route));
    answers.keep(|labels| route(&labels.route));
    matched.keep(|labels| route(&labels.route));
    confirmations.keep(|labels| route(&labels.route));
    let lives = |name: &str| name == WEBHOOKS || named.destinations.contains(name);
    attempts.keep(|labels| lives(&labels.destination));
    breakers.keep(|labels| lives(&labels.destination));
    let mut others = Registry::with_prefix("hookswitch");
    standing.chain(written.told()).for_each(|one| one.register(&mut others));
    let mut text = String::new();
    // Writing to a string can't fail.
    let _ = encode_registry(&mut text, registry);
    let _ = encode_registry(&mut text, &others);
    let _ = encode_eof(&mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breaker_is_shown_while_it_is_open_and_there() {
        let mut one = BreakerShown::of("only-in-this-test");
        let mut other = BreakerShown::of("only-in-this-test");
        let gauge = one.gauge.clone();
        for (open, shown) in [(true, 1), (true, 1), (false, 0), (true, 1)] {
            one.set(open);
            assert_eq!(gauge.get(), shown);
        }
        other.set(true);
        assert_eq!(gauge.get(), 2, "as webhooks are, together");
        drop(one);
        drop(other);
        assert_eq!(gauge.get(), 0);
    }

    #[test]
    fn what_is_named_no_more_goes() {
        let mut registry = Registry::default();
        let about = ("x", "Some", None);
        let series: Series<Outcome, Counter> = Series::new(&mut registry, about, Counter::default);
        let labels = |route: &str| Outcome { route: route.to_owned(), outcome: "ok".to_owned() };
        for route in ["a", "b", "a"] {
            series.count(&labels(route), |one| _ = one.inc());
        }
        series.keep(|labels| labels.route == "a");
        let mut text = String::new();
        encode_registry(&mut text, &registry).expect("text");
        assert!(text.contains("x_total{route=\"a\",outcome=\"ok\"} 2"), "{text}");
        assert!(!text.contains("route=\"b\""), "{text}");
        series.count(&labels("b"), |one| _ = one.inc());
        assert_eq!(series.family.get(&labels("b")).map(|one| one.get()), Some(1), "anew");
    }
}
