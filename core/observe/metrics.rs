//! What the router counts, for Prometheus. Counted where a line is written, so that the log and the
//! numbers never tell two stories. Labels are names of the config and words of ours: what comes
//! from outside makes no new series, and what the config names no more goes with the next scrape.

use std::collections::BTreeSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry, Unit};

use super::log::{AttemptLine, CallLine, ConfirmLine};
use super::spans;
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
        Counted { registry, callbacks, answers, matched, attempts, confirmations }
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

pub(super) fn attempt(line: &AttemptLine<'_>) {
    let is_webhook = line.to.parse::<WebhookId>().is_ok();
    let destination = if is_webhook { WEBHOOKS } else { line.to }.to_owned();
    let labels = Attempted { destination, outcome: line.outcome.to_owned() };
    COUNTED.attempts.count(&labels, |one| one.observe(line.took_ms as f64 / 1000.0));
}

pub(super) fn confirmation(line: &ConfirmLine<'_>) {
    let labels = Outcome { route: line.route.to_owned(), outcome: line.outcome.to_owned() };
    COUNTED.confirmations.count(&labels, |one| _ = one.inc());
}

/// What the config names now; series of other names go.
#[derive(Debug)]
pub struct Named<'n> {
    /// Routes.
    pub routes: BTreeSet<&'n str>,
    /// Destinations.
    pub destinations: BTreeSet<&'n str>,
}

/// What others know: how much it is now, or, of a count, so far.
#[derive(Debug)]
pub struct Standing {
    /// Without the prefix; a count's gets `_total`.
    pub name: &'static str,
    /// One sentence, without its full stop.
    pub help: &'static str,
    /// Whether it only ever grows.
    pub is_count: bool,
    /// The label's name; empty: none, and one value.
    pub label: &'static str,
    /// The label's values, with what stands there.
    pub values: Vec<(String, u64)>,
}

impl Standing {
    fn register(self, registry: &mut Registry) {
        let Standing { name, help, is_count, label, values } = self;
        let labels = |value: String| vec![(label.to_owned(), value)];
        if label.is_empty() {
            let value = values.first().map_or(0, |(_, value)| *value);
            match is_count {
                true => registry.register(name, help, counter(value)),
                false => registry.register(name, help, gauge(value)),
            }
        } else if is_count {
            let family = Family::<Vec<(String, String)>, Counter>::default();
            for (name, value) in values {
                family.get_or_create(&labels(name)).inc_by(value);
            }
            registry.register(name, help, family);
        } else {
            let family = Family::<Vec<(String, String)>, Gauge>::default();
            for (name, value) in values {
                family.get_or_create(&labels(name)).set(signed(value));
            }
            registry.register(name, help, family);
        }
    }
}

fn counter(value: u64) -> Counter {
    let counter: Counter = Counter::default();
    counter.inc_by(value);
    counter
}

fn gauge(value: u64) -> Gauge {
    let gauge: Gauge = Gauge::default();
    gauge.set(signed(value));
    gauge
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Everything, in the text form of OpenMetrics 1.0, which Prometheus reads.
pub fn metrics(standing: impl Iterator<Item = Standing>, named: &Named<'_>) -> String {
    let Counted { registry, callbacks, answers, matched, attempts, confirmations } = &*COUNTED;
    let route = |name: &str| name.is_empty() || named.routes.contains(name);
    callbacks.keep(|labels| route(&labels.route));
    answers.keep(|labels| route(&labels.route));
    matched.keep(|labels| route(&labels.route));
    confirmations.keep(|labels| route(&labels.route));
    let lives = |name: &str| name == WEBHOOKS || named.destinations.contains(name);
    attempts.keep(|labels| lives(&labels.destination));
    let mut others = Registry::with_prefix("hookswitch");
    standing.chain(spans::standing()).for_each(|one| one.register(&mut others));
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
