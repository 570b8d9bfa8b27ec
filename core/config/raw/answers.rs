//! `[routes.answers.…]`: who answers one kind of request.

use std::time::Duration;

use super::bounds::MS;
use super::forms::{self, one_of};
use super::grants::json;
use super::keys::Keys;
use super::limits::{ANSWER_DEADLINE, DEADLINE_MOST};
use super::secrets::{SecretRef, secret_refs};
use crate::config::tree::Entry;
use crate::config::{Place, Placed, Problem, Problems};
use crate::model::{Answer as Computed, Decline, DeclineStatus};

/// How a fallback may say no.
const DECLINES: [&str; 4] = ["invalid", "not-found", "unprocessable", "unavailable"];

/// Tries of one kind at once, where nothing is written.
const CONCURRENCY: usize = 64;

/// One `[routes.answers.…]`.
pub(crate) struct Answer {
    pub(crate) kind: Placed<String>,
    pub(crate) responder: Option<Placed<String>>,
    pub(crate) url: Option<Placed<String>>,
    pub(crate) secret: Vec<SecretRef>,
    pub(crate) deadline: Duration,
    /// Where the deadline is written, if it is.
    pub(crate) deadline_place: Option<Place>,
    pub(crate) fallback: Option<Result<Computed, Decline>>,
    pub(crate) concurrency: usize,
}

pub(crate) fn answer(entry: &Entry, problems: &mut Problems) -> Option<Answer> {
    let mut keys = Keys::open(&entry.node, "[routes.answers.*]", problems)?;
    let responder = keys.form("responder", forms::filled);
    let url = keys.form("url", forms::url);
    let secret_place = keys.take("secret");
    let secret = secret_place.map(|node| secret_refs(node, keys.problems()));
    if let Some(node) = secret_place.filter(|_| !keys.has("url")) {
        let message = "this signs nothing: a secret is for a url";
        let help = "a responder's secrets stand under its [plugins.*]";
        keys.problems().push(Problem::warning(message).at(&node.place).help(help).doubtful());
    }
    if keys.has("url") && secret.is_none() {
        let message = "requests to this service are unsigned";
        let help = "write secret = { env = \"…\" }";
        keys.problems().push(Problem::warning(message).at(&entry.key.place).help(help).doubtful());
    }
    let mut deadline = ANSWER_DEADLINE;
    let deadline_place = keys.time("deadline", MS..=DEADLINE_MOST, &mut deadline);
    let fallback = keys.table("fallback", "fallback").and_then(fallback);
    let mut concurrency = CONCURRENCY;
    keys.count("concurrency", 1..=100_000, &mut concurrency);
    match (keys.has("responder"), keys.has("url")) {
        (true, true) => {
            let message = "an answer has a responder or a url, not both";
            keys.problems().push(Problem::error(message).at(&entry.key.place));
        }
        (false, false) => {
            keys.missing("responder", "name a plugin, responder = \"…\", or write url = \"…\"");
        }
        _ => {}
    }
    keys.finish();
    let (kind, secret) = (entry.key.clone(), secret.unwrap_or_default());
    Some(Answer { kind, responder, url, secret, deadline, deadline_place, fallback, concurrency })
}

/// What is said where no responder says anything in time; `None` where that is wrong, which was
/// told.
fn fallback(mut keys: Keys<'_, '_>) -> Option<Result<Computed, Decline>> {
    let answer = keys.take("answer").map(|node| json(node, keys.problems()).to_string());
    let status = keys.form("status", one_of(&DECLINES));
    let reason = keys.form("reason", forms::filled).map(|reason| reason.value);
    let customer_reason = keys.form("customer_reason", forms::filled).map(|reason| reason.value);
    if keys.has("answer") == keys.has("status") {
        keys.missing("answer", "write { answer = { … } } or { status = \"…\", reason = \"…\" }");
    }
    let reason = reason.unwrap_or_else(|| "no answer in time".to_owned());
    keys.finish();
    match (answer, status) {
        (Some(data), None) => Some(Ok(Computed { data })),
        (None, Some(status)) => {
            Some(Err(Decline { status: decline(&status.value), reason, customer_reason }))
        }
        _ => None,
    }
}

fn decline(word: &str) -> DeclineStatus {
    match word {
        "invalid" => DeclineStatus::Invalid,
        "not-found" => DeclineStatus::NotFound,
        "unprocessable" => DeclineStatus::Unprocessable,
        _ => DeclineStatus::Unavailable,
    }
}
