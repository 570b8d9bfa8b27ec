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

/// How a fallback may say no.
const DECLINES: [&str; 4] = ["invalid", "not-found", "unprocessable", "unavailable"];

/// One `[routes.answers.…]`.
pub(crate) struct Answer {
    pub(crate) kind: Placed<String>,
    pub(crate) responder: Option<Placed<String>>,
    pub(crate) secret: Vec<SecretRef>,
    pub(crate) deadline: Duration,
    /// Where the deadline is written, if it is.
    pub(crate) deadline_place: Option<Place>,
}

pub(crate) fn answer(entry: &Entry, problems: &mut Problems) -> Option<Answer> {
    let mut keys = Keys::open(&entry.node, "[routes.answers.*]", problems)?;
    let responder = keys.form("responder", forms::filled);
    keys.form("url", forms::url);
    let secret = keys.take("secret").map(|node| secret_refs(node, keys.problems()));
    let mut deadline = ANSWER_DEADLINE;
    let deadline_place = keys.time("deadline", MS..=DEADLINE_MOST, &mut deadline);
    if let Some(table) = keys.table("fallback", "fallback") {
        fallback(table);
    }
    keys.count("concurrency", 1..=100_000, &mut 1_u32);
    match (keys.has("responder"), keys.has("url")) {
        (true, true) => {
            let message = "an answer has a responder or a url, not both";
            keys.problems().push(Problem::error(message).at(&entry.key.place));
        }
        (false, false) => keys.missing("responder", "name a plugin: responder = \"…\""),
        _ => {}
    }
    keys.finish();
    let (kind, secret) = (entry.key.clone(), secret.unwrap_or_default());
    Some(Answer { kind, responder, secret, deadline, deadline_place })
}

/// Checked, and not kept: nothing uses it yet.
fn fallback(mut keys: Keys<'_, '_>) {
    if let Some(node) = keys.take("answer") {
        json(node, keys.problems());
    }
    keys.form("status", one_of(&DECLINES));
    keys.form("reason", forms::filled);
    keys.form("customer_reason", forms::filled);
    if keys.has("answer") == keys.has("status") {
        keys.missing("answer", "write { answer = { … } } or { status = \"…\", reason = \"…\" }");
    }
    keys.finish();
}
