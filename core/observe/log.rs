//! Log lines: one per callback, one per thing an operator should know, and what plugins write.

use std::time::Duration;

use tracing::{debug, error, info, warn};
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use super::{live, metrics, traces};
use crate::model::units::millis;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// For somebody who looks for a fault.
    Debug,
    /// Worth knowing.
    Info,
    /// Should be looked at.
    Warn,
    /// Something that should work doesn't.
    Error,
}

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogForm {
    /// For a person.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Starts logging to standard error, at `info` unless the environment's `HOOKSWITCH_LOG` says
/// otherwise. Only the first call has an effect.
///
/// Lines are written by a thread of their own. Where standard error isn't read, lines are lost and
/// nothing waits; what is still queued is written when the returned value is dropped.
pub fn init(form: LogForm) -> LogGuard {
    let (writer, guard) = tracing_appender::non_blocking(std::io::stderr());
    let filter = EnvFilter::try_from_env("HOOKSWITCH_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,hookswitch=info"));
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let lines = match form {
        LogForm::Pretty => lines.with_target(false).with_ansi(ansi).with_filter(filter).boxed(),
        LogForm::Json => {
            lines.json().flatten_event(true).with_ansi(false).with_filter(filter).boxed()
        }
    };
    let gathered = live::Gatherer.with_filter(dynamic_filter_fn(|line, _| live::wanted(line)));
    let _ = tracing_subscriber::registry().with(lines).with(gathered).try_init();
    LogGuard(guard)
}

/// Keeps the log's thread.
#[derive(Debug)]
#[must_use = "the log ends where this is dropped"]
pub struct LogGuard(#[allow(dead_code, reason = "held to be dropped")] WorkerGuard);

/// Something that an operator should know.
pub fn notice(level: Level, text: &str) {
    match level {
        Level::Debug => debug!(target: "hookswitch", "{text}"),
        Level::Info => info!(target: "hookswitch", "{text}"),
        Level::Warn => warn!(target: "hookswitch", "{text}"),
        Level::Error => error!(target: "hookswitch", "{text}"),
    }
}

/// A line that a plugin wrote: quoted, in a field of its own, so that it can't pass for another.
pub fn plugin_line(level: Level, plugin: &str, scope: &str, text: &str) {
    // Escaped here too: the formatter leaves marks that turn text around.
    let line: String = text.escape_debug().collect();
    match level {
        Level::Debug => debug!(target: "hookswitch::plugin", plugin, scope, line, "plugin"),
        Level::Info => info!(target: "hookswitch::plugin", plugin, scope, line, "plugin"),
        Level::Warn => warn!(target: "hookswitch::plugin", plugin, scope, line, "plugin"),
        Level::Error => error!(target: "hookswitch::plugin", plugin, scope, line, "plugin"),
    }
}

/// What became of one callback, never what it holds.
#[derive(Debug)]
pub struct CallLine<'a> {
    /// The router's id for it; empty where it was refused before it had one.
    pub id: &'a str,
    /// The route's name; empty where there was none.
    pub route: &'a str,
    /// One word.
    pub outcome: &'a str,
    /// The reply's status.
    pub status: u16,
    /// Why, where there is a reason.
    pub reason: &'a str,
    /// Which version of the secret it was verified by.
    pub matched: &'a str,
    /// Who answered a request; empty where nobody was asked.
    pub by: &'a str,
    /// Whether that is what config says where nobody answers.
    pub fallback: bool,
    /// From the head to the reply.
    pub took: Duration,
}

/// One line for one callback; a warning where the router's owner has something to mend.
pub fn call_line(call: &CallLine<'_>) {
    metrics::call(call);
    traces::call_ended(call);
    let CallLine { id, route, outcome, status, reason, matched, by, fallback, took } = *call;
    let took_ms = millis(took);
    if matches!(outcome, "offline" | "fault") || fallback {
        warn!(
            target: "hookswitch::call",
            id, route, outcome, status, reason, matched, by, fallback, took_ms, "callback"
        );
    } else {
        info!(
            target: "hookswitch::call",
            id, route, outcome, status, reason, matched, by, fallback, took_ms, "callback"
        );
    }
}

/// How one attempt of a delivery ended, never what was sent or answered.
#[derive(Debug)]
pub struct AttemptLine<'a> {
    /// The delivery's id.
    pub delivery: &'a str,
    /// The event's id.
    pub event: &'a str,
    /// The destination, by name or id.
    pub to: &'a str,
    /// 1 at the first.
    pub attempt: u32,
    /// One word.
    pub outcome: &'a str,
    /// The response's status; 0 where none came.
    pub status: u16,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Why it failed, where it did.
    pub reason: &'a str,
}

/// One line for one attempt; a warning where nothing more is tried.
pub fn attempt_line(line: &AttemptLine<'_>) {
    metrics::attempt(line);
    traces::attempt_ended(line);
    let AttemptLine { delivery, event, to, attempt, outcome, status, took_ms, reason } = *line;
    if matches!(outcome, "exhausted" | "gone") {
        warn!(
            target: "hookswitch::delivery",
            delivery, event, to, attempt, outcome, status, took_ms, reason, "attempt"
        );
    } else {
        info!(
            target: "hookswitch::delivery",
            delivery, event, to, attempt, outcome, status, took_ms, reason, "attempt"
        );
    }
}

/// What one confirmation of an event brought.
#[derive(Debug)]
pub struct ConfirmLine<'a> {
    /// The event's id.
    pub event: &'a str,
    /// The route's name.
    pub route: &'a str,
    /// 1 at the first.
    pub attempt: u32,
    /// One word.
    pub outcome: &'a str,
    /// The reason's code, where there is one.
    pub reason: &'a str,
}

/// One line for one confirmation; a warning where nothing more is asked.
pub fn confirm_line(line: &ConfirmLine<'_>) {
    metrics::confirmation(line);
    traces::confirmation_ended(line);
    let ConfirmLine { event, route, attempt, outcome, reason } = *line;
    // The adapter's own word: it can't pass for another line.
    let reason: String = reason.escape_debug().collect();
    if outcome == "given-up" {
        warn!(target: "hookswitch::confirm", event, route, attempt, outcome, reason, "confirmation");
    } else {
        info!(target: "hookswitch::confirm", event, route, attempt, outcome, reason, "confirmation");
    }
}
