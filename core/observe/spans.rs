//! Spans on their way out: a queue that never makes anybody wait. What finds no room in it is
//! dropped and counted.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;
use tokio::sync::mpsc;

use super::standing::{Standing, Values};
use crate::model::TraceContext;

/// Spans that may wait.
const QUEUE_MAX: usize = 4096;

/// The process has one, as it has one log; none while it keeps no traces.
static KEPT: OnceLock<Kept> = OnceLock::new();
static EXPORTED: AtomicU64 = AtomicU64::new(0);
static DROPPED: AtomicU64 = AtomicU64::new(0);

/// Which callbacks are traced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// The share of them that is, from 0 to 1.
    pub share: f64,
    /// Whether a caller's `traceparent` is taken up; it then decides instead of the share.
    pub believe_parent: bool,
}

pub(super) struct Kept {
    pub(super) sampling: Sampling,
    queue: mpsc::Sender<Span>,
}

/// Which side of a call a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// The side that is called.
    Server,
    /// The side that calls.
    Client,
    /// Neither: work of our own.
    Internal,
}

/// Something that took a while, and has ended. It holds names of the config, ids and words of ours:
/// nothing of what was sent.
#[derive(Debug)]
pub struct Span {
    /// Its trace, and itself.
    pub context: TraceContext,
    /// The span that it is part of.
    pub parent: Option<[u8; 8]>,
    /// Which side of a call it is.
    pub kind: SpanKind,
    /// Of few that there are.
    pub name: String,
    /// Unix time in nanoseconds.
    pub began_ns: u64,
    /// Unix time in nanoseconds.
    pub ended_ns: u64,
    /// Texts, whole numbers and flags.
    pub attributes: Vec<(&'static str, Value)>,
    /// Whether it should have gone otherwise.
    pub failed: bool,
}

/// Begins to keep traces; what takes the spans. Only the first call has an effect.
pub fn start(sampling: Sampling) -> Option<mpsc::Receiver<Span>> {
    let (queue, spans) = mpsc::channel(QUEUE_MAX);
    KEPT.set(Kept { sampling, queue }).is_ok().then_some(spans)
}

pub(super) fn kept() -> Option<&'static Kept> {
    KEPT.get()
}

impl Kept {
    pub(super) fn queue(&self, span: Span) {
        if self.queue.try_send(span).is_err() {
            dropped(1);
        }
    }
}

/// So many spans arrived where they are kept.
pub fn exported(count: usize) {
    EXPORTED.fetch_add(count as u64, Ordering::Relaxed);
}

/// So many spans are lost.
pub fn dropped(count: usize) {
    DROPPED.fetch_add(count as u64, Ordering::Relaxed);
}

/// What became of all spans so far; nothing where no traces are kept.
pub(super) fn standing() -> Vec<Standing> {
    let count = |name, help, count: &AtomicU64| {
        let values = Values::Count(vec![(Vec::new(), count.load(Ordering::Relaxed))]);
        Standing { name, help, labels: &[], values }
    };
    match KEPT.get() {
        None => Vec::new(),
        Some(_) => vec![
            count("spans_exported", "Spans that the collector took", &EXPORTED),
            count("spans_dropped", "Spans that found no room, or no collector", &DROPPED),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_makes_nobody_wait() {
        let (queue, mut spans) = mpsc::channel(1);
        let sampling = Sampling { share: 1.0, believe_parent: false };
        let kept = Kept { sampling, queue };
        let span = |name: &str| Span {
            context: TraceContext { trace: [1; 16], span: [1; 8], sampled: true },
            parent: None,
            kind: SpanKind::Server,
            name: name.to_owned(),
            began_ns: 0,
            ended_ns: 0,
            attributes: Vec::new(),
            failed: false,
        };
        let before = DROPPED.load(Ordering::Relaxed);
        ["a", "b"].into_iter().for_each(|name| kept.queue(span(name)));
        assert_eq!(DROPPED.load(Ordering::Relaxed), before + 1);
        assert_eq!(spans.try_recv().expect("the first").name, "a");
        assert!(spans.try_recv().is_err());
    }
}
