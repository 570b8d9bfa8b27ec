//! Vectors of responders: a question with what surrounds it, and the answer or the decline that has
//! to come of it. The router asks, so nothing of it is HTTP, and the whole vector is one TOML file.
//!
//! Every key is either given to the responder or compared with what came.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use toml::Table;

use crate::compare::{compare_state, compare_text};
use crate::confirming::{WrittenExchange, exchanges};
use crate::difference::compare_json;
use crate::written::{WrittenSecret, json, json_object};
use crate::{Decline, DeclineStatus, Exchange, Mismatch, Request, Secret};

/// One question, with its surroundings and what is expected.
#[derive(Debug, Clone)]
pub struct Question {
    /// The file's name without its ending.
    pub name: String,
    /// What it shows, in a sentence.
    pub about: String,
    /// What is asked.
    pub request: Request,
    /// When, Unix milliseconds.
    pub now_ms: u64,
    /// The route that asks.
    pub route: String,
    /// 1 at the first try.
    pub attempt: u32,
    /// When the answer is too late, Unix milliseconds.
    pub deadline_ms: u64,
    /// The responder's settings, a JSON object.
    pub settings: Value,
    /// Every version of every secret, in the order written; the responder may read them all.
    pub secrets: Vec<Secret>,
    /// Where the settings say that the API is which it calls; empty = it calls none.
    pub origin: String,
    /// Values in `state`, as texts.
    pub state: Vec<(String, String)>,
    /// The calls of the API that are made, in this order.
    pub exchanges: Vec<Exchange>,
    expected: Expected,
    state_after: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
enum Expected {
    Answer(Value),
    Decline(Declined),
}

/// What came of a question.
#[derive(Debug, Clone)]
pub struct Computed {
    /// The answer's JSON, or the no.
    pub answer: Result<String, Decline>,
    /// Which calls weren't as scripted, each in a sentence.
    pub problems: Vec<String>,
    /// The watched values that are there.
    pub state: Vec<(String, String)>,
}

impl Question {
    /// Keys of `state` whose values are wanted back.
    pub fn watched(&self) -> impl Iterator<Item = &str> {
        self.state_after.iter().map(|(key, _)| key.as_str())
    }
}

/// What came against what has to; an `Err` of `came` says that the call broke, in a sentence.
pub fn compare_answer(
    question: &Question,
    came: Result<Computed, String>,
) -> Result<(), Vec<Mismatch>> {
    let came = came.map_err(|broke| {
        vec![Mismatch::plain("compute", "an answer or a decline", broke).told()]
    })?;
    let mut found: Vec<Mismatch> = came
        .problems
        .iter()
        .map(|problem| Mismatch::plain("exchanges", "the calls that are scripted", problem))
        .collect();
    match (&question.expected, &came.answer) {
        (Expected::Answer(expected), Ok(got)) => {
            compare_json("expect.answer", Some(expected), Some(got), &mut found);
        }
        (Expected::Decline(expected), Err(got)) => expected.compare(got, &mut found),
        (Expected::Answer(_), Err(got)) => {
            let declined = format!("declined as {}", word(got.status));
            let got = format!("{declined}: {}", got.reason);
            found.push(Mismatch::plain("expect.answer", "an answer", got).told_as(declined));
        }
        (Expected::Decline(expected), Ok(got)) => {
            let expected = format!("declined as {}", word(expected.status));
            let answer = format!("the answer {got}");
            found.push(Mismatch::plain("expect.decline", expected, answer).told_as("an answer"));
        }
    }
    compare_state("state_after", &question.state_after, &came.state, &mut found);
    if found.is_empty() { Ok(()) } else { Err(found) }
}

fn word(status: DeclineStatus) -> &'static str {
    match status {
        DeclineStatus::Invalid => "invalid",
        DeclineStatus::NotFound => "not-found",
        DeclineStatus::Unprocessable => "unprocessable",
        DeclineStatus::Unavailable => "unavailable",
    }
}

/// The whole file, defaults included.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenQuestion {
    about: String,
    request: Asked,
    #[serde(default)]
    context: Context,
    #[serde(default)]
    settings: Table,
    #[serde(default)]
    pub(crate) secrets: BTreeMap<String, Vec<WrittenSecret>>,
    #[serde(default)]
    api_origin: String,
    #[serde(default)]
    exchanges: Vec<WrittenExchange>,
    #[serde(default)]
    state: BTreeMap<String, String>,
    #[serde(default)]
    state_after: BTreeMap<String, String>,
    expect: WrittenExpected,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    id: String,
    kind: String,
    data: Option<toml::Value>,
    data_text: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Context {
    now_ms: u64,
    route: String,
    attempt: u32,
    /// From `now_ms`.
    deadline_ms: u64,
}

impl Default for Context {
    fn default() -> Context {
        let route = "vectors".to_owned();
        Context { now_ms: 1_790_000_000_000, route, attempt: 1, deadline_ms: 2000 }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenExpected {
    answer: Option<toml::Value>,
    decline: Option<Declined>,
}

/// How a no has to be said; what isn't written isn't compared.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Declined {
    status: DeclineStatus,
    reason: Option<String>,
    customer_reason: Option<String>,
}

impl Declined {
    fn compare(&self, got: &Decline, found: &mut Vec<Mismatch>) {
        if self.status != got.status {
            let (expected, status) = (word(self.status), word(got.status));
            let said = format!("{status} ({})", got.reason);
            let mismatch = Mismatch::plain("expect.decline.status", expected, said);
            found.push(mismatch.told_as(status));
        }
        compare_text("expect.decline.reason", self.reason.as_ref(), Some(&got.reason), found);
        let (expected, got) = (self.customer_reason.as_ref(), got.customer_reason.as_ref());
        compare_text("expect.decline.customer_reason", expected, got, found);
    }
}

impl WrittenQuestion {
    /// The error is a sentence about what can't be asked, or would not be compared.
    pub(crate) fn question(self, name: &str, secrets: Vec<Secret>) -> Result<Question, String> {
        let Asked { id, kind, data, data_text } = self.request;
        let data = match (data, data_text) {
            (Some(data), None) => json(&data).to_string(),
            (None, Some(text)) => text,
            _ => return Err("request: either `data` or `data_text`".to_owned()),
        };
        let expected = match (self.expect.answer, self.expect.decline) {
            (Some(answer), None) => Expected::Answer(json(&answer)),
            (None, Some(decline)) => Expected::Decline(decline),
            _ => return Err("expect: either `answer` or `decline`".to_owned()),
        };
        if self.exchanges.is_empty() != self.api_origin.is_empty() {
            return Err("`exchanges` and `api_origin` go together".to_owned());
        }
        let Context { now_ms, route, attempt, deadline_ms } = self.context;
        Ok(Question {
            name: name.to_owned(),
            about: self.about,
            request: Request { id, kind, data },
            now_ms,
            route,
            attempt,
            deadline_ms: now_ms.saturating_add(deadline_ms),
            settings: json_object(&self.settings),
            secrets,
            origin: self.api_origin,
            state: self.state.into_iter().collect(),
            exchanges: exchanges(self.exchanges)?,
            expected,
            state_after: self.state_after.into_iter().collect(),
        })
    }
}

#[cfg(test)]
mod tests;
