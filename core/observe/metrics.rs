//! What the router counts, for Prometheus. Counted where a line is written, so that the log and the
//! numbers never tell two stories. Labels are names of the config and words of ours: what comes
//! from outside makes no new series.

use std::sync::LazyLock;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge as Standing;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::log::{AttemptLine, CallLine, ConfirmLine};
use crate::model::WebhookId;

/// The log of the process is one, and so is this.
static COUNTED: LazyLock<Counted> = LazyLock::new(Counted::new);

/// Upper bounds of what takes time, in seconds.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Routed {
    route: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    route: String,
    outcome: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Version {
    route: String,
    version: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Attempted {
    destination: String,
    outcome: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Sent {
    destination: String,
}

struct Counted {
    registry: Registry,
    callbacks: Family<Outcome, Counter>,
    callback_seconds: Family<Routed, Histogram>,
    fallbacks: Family<Routed, Counter>,
    matched: Family<Version, Counter>,
    attempts: Family<Attempted, Counter>,
    attempt_seconds: Family<Sent, Histogram>,
    confirmations: Family<Outcome, Counter>,
}

fn histogram() -> Histogram {
    Histogram::new(SECONDS)
}

impl Counted {
    fn new() -> Counted {
        let mut registry = Registry::with_prefix("hookswitch");
        let (callbacks, fallbacks, matched) =
            (Family::default(), Family::default(), Family::default());
        let (attempts, confirmations) = (Family::default(), Family::default());
        let callback_seconds = Family::new_with_constructor(histogram as fn() -> Histogram);
        let attempt_seconds = Family::new_with_constructor(histogram as fn() -> Histogram);
        registry.register("callbacks", "Callbacks by what became of them", callbacks.clone());
        let (name, help) = ("callback", "From the head of a callback to its reply");
        registry.register_with_unit(name, help, Unit::Seconds, callback_seconds.clone());
        registry.register("fallbacks", "Requests whose reply is the fallback", fallbacks.clone());
        let help = "Genuine callbacks by the version of the secret that matched";
        registry.register("secret_matched", help, matched.clone());
        registry.register("attempts", "Attempts of deliveries by how they ended", attempts.clone());
        let (name, help) = ("attempt", "How long attempts of deliveries took");
        registry.register_with_unit(name, help, Unit::Seconds, attempt_seconds.clone());
        let help = "Confirmations by what they brought";
        registry.register("confirmations", help, confirmations.clone());
        Counted {
            registry,
            callbacks,
            callback_seconds,
            fallbacks,
            matched,
            attempts,
            attempt_seconds,
            confirmations,
        }
    }
}

pub(super) fn call(line: &CallLine<'_>) {
    let route = line.route.to_owned();
    let outcome = Outcome { route: route.clone(), outcome: line.outcome.to_owned() };
    COUNTED.callbacks.get_or_create(&outcome).inc();
    let routed = Routed { route: route.clone() };
    COUNTED.callback_seconds.get_or_create(&routed).observe(line.took_ms as f64 / 1000.0);
    if line.fallback {
        COUNTED.fallbacks.get_or_create(&routed).inc();
    }
    if !line.matched.is_empty() {
        let version = Version { route, version: line.matched.to_owned() };
        COUNTED.matched.get_or_create(&version).inc();
    }
}

pub(super) fn attempt(line: &AttemptLine<'_>) {
    // Anybody with a key registers webhooks: they count together.
    let destination = match line.to.parse::<WebhookId>() {
        Ok(_) => "webhooks".to_owned(),
        Err(_) => line.to.to_owned(),
    };
    let outcome = line.outcome.to_owned();
    COUNTED.attempts.get_or_create(&Attempted { destination: destination.clone(), outcome }).inc();
    let sent = Sent { destination };
    COUNTED.attempt_seconds.get_or_create(&sent).observe(line.took_ms as f64 / 1000.0);
}

pub(super) fn confirmation(line: &ConfirmLine<'_>) {
    let outcome = Outcome { route: line.route.to_owned(), outcome: line.outcome.to_owned() };
    COUNTED.confirmations.get_or_create(&outcome).inc();
}

/// What stands now rather than being counted: a name, what it is, and its values by one label, or
/// by none.
#[derive(Debug)]
pub struct Gauge {
    /// Without the prefix.
    pub name: &'static str,
    /// One sentence, without its full stop.
    pub help: &'static str,
    /// The label's name; empty: none.
    pub label: &'static str,
    /// The label's values, with what stands there.
    pub values: Vec<(String, i64)>,
}

/// Everything, in the text form of OpenMetrics 1.0, which Prometheus reads.
pub fn metrics(gauges: Vec<Gauge>) -> String {
    use prometheus_client::encoding::text::{encode_eof, encode_registry};
    let mut standing = Registry::with_prefix("hookswitch");
    for Gauge { name, help, label, values } in gauges {
        if label.is_empty() {
            let standing_now: Standing = Standing::default();
            standing_now.set(values.iter().map(|(_, stands)| *stands).sum());
            standing.register(name, help, standing_now);
            continue;
        }
        let family = Family::<Vec<(String, String)>, Standing>::default();
        for (value, stands) in values {
            family.get_or_create(&vec![(label.to_owned(), value)]).set(stands);
        }
        standing.register(name, help, family);
    }
    let mut text = String::new();
    // Writing to a string can't fail.
    let _ = encode_registry(&mut text, &COUNTED.registry);
    let _ = encode_registry(&mut text, &standing);
    let _ = encode_eof(&mut text);
    text
}
