//! The newest log lines as data, for whoever watches now. What isn't watched costs one look at a
//! number; what nobody fetched in time is gone, and how much that was is told.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tokio::sync::Notify;
use tokio::time::timeout;
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use crate::model::Clock;
use crate::model::clock::rfc3339;
use crate::model::units::millis;

/// Lines that are kept.
const LINES_MAX: usize = 2000;
/// Characters of one field that are kept.
const FIELD_CHARS_MAX: usize = 500;
/// Lines are gathered for so long after somebody last asked.
const WATCHED: Duration = Duration::from_secs(60);

/// All log lines of the process go one way, so there is one of these.
static LIVE: LazyLock<Live> = LazyLock::new(Live::default);

struct Live {
    start: Instant,
    /// Until when lines are gathered, in milliseconds since the start.
    watched_until: AtomicU64,
    ring: Mutex<Ring>,
    more: Notify,
}

#[derive(Default)]
struct Ring {
    lines: VecDeque<Value>,
    /// The number of the line that comes next.
    next: u64,
}

/// What came since somebody last asked.
#[derive(Debug)]
pub struct Lines {
    /// Each an object with `at`, `level`, `what`, and what is told of that.
    pub lines: Vec<Value>,
    /// What to ask after the next time.
    pub next: u64,
    /// How many were gone already.
    pub missed: u64,
}

impl Default for Live {
    fn default() -> Live {
        Live {
            start: Instant::now(),
            watched_until: AtomicU64::new(0),
            ring: Mutex::default(),
            more: Notify::new(),
        }
    }
}

/// The lines from number `after` on; where there are none yet, waits for one, but no longer than
/// `wait`. `None` = from now on.
pub async fn lines_after(after: Option<u64>, wait: Duration) -> Lines {
    LIVE.watch();
    let Some(after) = after else {
        return Lines { lines: Vec::new(), next: LIVE.lock().next, missed: 0 };
    };
    let more = LIVE.more.notified();
    let lines = LIVE.lock().after(after);
    if !lines.lines.is_empty() || lines.missed > 0 {
        return lines;
    }
    // Woken or not: what there is by then is what is told.
    let _ = timeout(wait, more).await;
    LIVE.lock().after(after)
}

impl Live {
    fn watch(&self) {
        let until = self.start.elapsed() + WATCHED;
        self.watched_until.store(millis(until), Ordering::Relaxed);
    }

    fn is_watched(&self) -> bool {
        let until = self.watched_until.load(Ordering::Relaxed);
        until > 0 && millis(self.start.elapsed()) < until
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        // A push and a count: what a panic left is whole.
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn push(&mut self, line: Value) {
        if self.lines.len() == LINES_MAX {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
        self.next += 1;
    }

    fn after(&self, after: u64) -> Lines {
        let first = self.next - self.lines.len() as u64;
        // A number of an earlier process is as good as none.
        let after = if after > self.next { first } else { after };
        let skipped = usize::try_from(after.saturating_sub(first)).unwrap_or(usize::MAX);
        let lines = self.lines.iter().skip(skipped).cloned().collect();
        Lines { lines, next: self.next, missed: first.saturating_sub(after) }
    }
}

/// Gathers lines while somebody watches.
pub(super) struct Gatherer;

/// Whether a line is gathered now.
pub(super) fn wanted(line: &Metadata<'_>) -> bool {
    *line.level() <= tracing::Level::INFO
        && line.target().starts_with("hookswitch")
        && LIVE.is_watched()
}

impl<S: Subscriber> Layer<S> for Gatherer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields(Map::new());
        event.record(&mut fields);
        let Fields(mut line) = fields;
        let message = line.remove("message").unwrap_or_default();
        if event.metadata().target() == "hookswitch" {
            line.insert("text".to_owned(), message);
            line.insert("what".to_owned(), json!("notice"));
        } else {
            line.insert("what".to_owned(), message);
        }
        line.insert("at".to_owned(), json!(rfc3339(Clock::system().now_ms())));
        let level = event.metadata().level().as_str().to_ascii_lowercase();
        line.insert("level".to_owned(), json!(level));
        LIVE.lock().push(Value::Object(line));
        LIVE.more.notify_waiters();
    }
}

/// The fields of one line as JSON.
struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        // What is empty isn't there.
        if !value.is_empty() {
            let text: String = value.chars().take(FIELD_CHARS_MAX).collect();
            self.0.insert(field.name().to_owned(), json!(text));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_missed_is_told() {
        let mut ring = Ring::default();
        let told = |ring: &Ring, after| {
            let Lines { lines, next, missed } = ring.after(after);
            (lines.len(), next, missed)
        };
        assert_eq!(told(&ring, 0), (0, 0, 0));
        (0..3).for_each(|number| ring.push(json!(number)));
        assert_eq!(
            (told(&ring, 0), told(&ring, 2), told(&ring, 3)),
            ((3, 3, 0), (1, 3, 0), (0, 3, 0))
        );
        (3..LINES_MAX as u64 + 10).for_each(|number| ring.push(json!(number)));
        let next = LINES_MAX as u64 + 10;
        assert_eq!(told(&ring, 3), (LINES_MAX, next, 7));
        assert_eq!(told(&ring, next + 5), (LINES_MAX, next, 0));
        assert_eq!(ring.after(next - 1).lines, [json!(next - 1)]);
    }
}
