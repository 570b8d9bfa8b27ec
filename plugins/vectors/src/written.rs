//! A vector's TOML as it is written, and how it becomes a vector: defaults are merged under it,
//! and a key that would never be compared is refused.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use toml::Table;

use crate::confirming::WrittenConfirm;
use crate::expected::{
    BodyExpected, ContentExpected, EventExpected, Expected, OutcomeAsked, ReplyExpected,
    RequestExpected, VerdictExpected, Wording,
};
use crate::{Decline, RawRequest};

/// The whole file, defaults included.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    pub(crate) about: String,
    pub(crate) received_at_ms: u64,
    #[serde(default = "example_peer")]
    pub(crate) peer: String,
    pub(crate) url: Option<String>,
    #[serde(default)]
    pub(crate) params: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) settings: Table,
    #[serde(default)]
    pub(crate) secrets: BTreeMap<String, Vec<WrittenSecret>>,
    /// Where the settings say that the provider's API is.
    #[serde(default)]
    api_origin: String,
    expect: WrittenExpect,
    confirm: Option<WrittenConfirm>,
    #[serde(default)]
    outcomes: Vec<WrittenOutcome>,
}

/// One version of a secret: its text, or the file that holds it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenSecret {
    pub(crate) name: String,
    pub(crate) kid: Option<String>,
    pub(crate) value: Option<String>,
    pub(crate) file: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenExpect {
    verdict: VerdictWord,
    matched: Option<String>,
    replay_key: Option<String>,
    reason: Option<String>,
    content: Option<ContentWord>,
    events: Option<Vec<WrittenEvent>>,
    request: Option<WrittenRequest>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum VerdictWord {
    Genuine,
    Challenge,
    Forged,
    Unavailable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ContentWord {
    Notification,
    Request,
    Malformed,
    NotFound,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenEvent {
    id: Option<String>,
    aliases: Option<Vec<String>>,
    kind: Option<String>,
    subject: Option<String>,
    rank: Option<u32>,
    occurred_at_ms: Option<u64>,
    data: Option<toml::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRequest {
    id: Option<String>,
    kind: Option<String>,
    data: Option<toml::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenOutcome {
    outcome: OutcomeWord,
    answer: Option<toml::Value>,
    decline: Option<Decline>,
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, HeaderValues>,
    body: Option<String>,
    body_json: Option<toml::Value>,
    error: Option<String>,
}

/// What a header has to say: one value, or a list where it is repeated or must not be there.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum HeaderValues {
    One(String),
    All(Vec<String>),
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum OutcomeWord {
    Accepted,
    Duplicate,
    Challenged,
    Answered,
    Declined,
    Forged,
    Malformed,
    NotFound,
    Unavailable,
    AsParsed,
}

/// An address kept for documentation (RFC 5737).
fn example_peer() -> String {
    "203.0.113.9".to_owned()
}

impl Written {
    /// The URL as the provider saw it.
    pub(crate) fn url(&self, request: &RawRequest) -> String {
        match &self.url {
            Some(url) => url.clone(),
            None if request.target.starts_with('/') => {
                format!("https://hooks.example.com{}", request.target)
            }
            None => request.target.clone(),
        }
    }

    /// What is compared; the error is a sentence about what would not be.
    pub(crate) fn expected(self) -> Result<Expected, String> {
        let (verdict, content) = self.expect.split()?;
        let replies = self.outcomes.into_iter().enumerate().map(|(at, outcome)| {
            outcome.expected().map_err(|problem| format!("outcomes[{at}]: {problem}"))
        });
        let replies = replies.collect::<Result<_, _>>()?;
        let notified = matches!(&content, Some(ContentExpected::Notification(_)));
        if self.confirm.is_some() && (!notified || self.api_origin.is_empty()) {
            return Err("`confirm` needs an event, and `api_origin`".to_owned());
        }
        let (at_ms, origin) = (self.received_at_ms, self.api_origin);
        let confirm = self.confirm.map(|confirm| confirm.expected(at_ms, origin)).transpose();
        let confirm = confirm.map_err(|problem| format!("confirm: {problem}"))?;
        Ok(Expected { verdict, content, confirm, replies })
    }
}

impl WrittenExpect {
    fn split(self) -> Result<(VerdictExpected, Option<ContentExpected>), String> {
        let genuine = self.verdict == VerdictWord::Genuine;
        let proof = self.matched.is_some() || self.replay_key.is_some();
        let content = self.content.is_some() || self.events.is_some() || self.request.is_some();
        if !genuine && (proof || content) {
            let keys = "`matched`, `replay_key`, `content`, `events` and `request`";
            return Err(format!("expect: {keys} are only for a genuine verdict"));
        }
        let verdict = match self.verdict {
            VerdictWord::Genuine => {
                let content = self.content()?;
                let (matched, replay_key) = (self.matched, self.replay_key);
                return Ok((VerdictExpected::Genuine { matched, replay_key }, content));
            }
            VerdictWord::Challenge if self.reason.is_some() => {
                return Err("expect: a challenge has no reason".to_owned());
            }
            VerdictWord::Challenge => VerdictExpected::Challenge,
            VerdictWord::Forged => VerdictExpected::Forged(self.reason),
            VerdictWord::Unavailable => VerdictExpected::Unavailable(self.reason),
        };
        Ok((verdict, None))
    }

    /// What a genuine callback holds; `events` alone means a notification, `request` a request.
    fn content(&self) -> Result<Option<ContentExpected>, String> {
        use ContentWord::{Malformed, NotFound, Notification, Request};
        let word = match (self.content, &self.events, &self.request) {
            (Some(word), ..) => word,
            (None, Some(_), _) => Notification,
            (None, None, Some(_)) => Request,
            (None, None, None) => {
                return match self.reason {
                    Some(_) => Err("expect: `reason` needs `content`".to_owned()),
                    None => Ok(None),
                };
            }
        };
        let misplaced = [
            ("events", self.events.is_some() && word != Notification),
            ("request", self.request.is_some() && word != Request),
            ("reason", self.reason.is_some() && !matches!(word, Malformed | NotFound)),
        ];
        if let Some((key, _)) = misplaced.into_iter().find(|(_, wrong)| *wrong) {
            return Err(format!("expect: `{key}` doesn't go with this content"));
        }
        Ok(Some(match word {
            Notification => {
                let events = self.events.as_ref();
                ContentExpected::Notification(
                    events.map(|events| events.iter().map(WrittenEvent::expected).collect()),
                )
            }
            Request => ContentExpected::Request(
                self.request
                    .as_ref()
                    .map_or_else(RequestExpected::default, WrittenRequest::expected),
            ),
            Malformed => ContentExpected::Malformed(self.reason.clone()),
            NotFound => ContentExpected::NotFound(self.reason.clone()),
        }))
    }
}

impl WrittenEvent {
    pub(crate) fn expected(&self) -> EventExpected {
        EventExpected {
            id: self.id.clone(),
            aliases: self.aliases.clone(),
            kind: self.kind.clone(),
            subject: self.subject.clone(),
            rank: self.rank,
            occurred_at_ms: self.occurred_at_ms,
            data: self.data.as_ref().map(json),
        }
    }
}

impl WrittenRequest {
    fn expected(&self) -> RequestExpected {
        RequestExpected {
            id: self.id.clone(),
            kind: self.kind.clone(),
            data: self.data.as_ref().map(json),
        }
    }
}

impl WrittenOutcome {
    fn expected(self) -> Result<ReplyExpected, String> {
        if self.answer.is_some() != matches!(self.outcome, OutcomeWord::Answered) {
            return Err("`answer` and the outcome `answered` go together".to_owned());
        }
        let outcome = match (self.outcome, self.decline) {
            (OutcomeWord::Declined, Some(decline)) => OutcomeAsked::Declined(decline),
            (OutcomeWord::Declined, None) | (_, Some(_)) => {
                return Err("`decline` and the outcome `declined` go together".to_owned());
            }
            (OutcomeWord::Answered, None) => OutcomeAsked::Answered(
                self.answer.as_ref().map(json).unwrap_or_default().to_string(),
            ),
            (OutcomeWord::Accepted, None) => OutcomeAsked::Accepted,
            (OutcomeWord::Duplicate, None) => OutcomeAsked::Duplicate,
            (OutcomeWord::Challenged, None) => OutcomeAsked::Challenged,
            (OutcomeWord::Forged, None) => OutcomeAsked::Forged,
            (OutcomeWord::Malformed, None) => OutcomeAsked::Malformed,
            (OutcomeWord::NotFound, None) => OutcomeAsked::NotFound,
            (OutcomeWord::Unavailable, None) => OutcomeAsked::Unavailable,
            (OutcomeWord::AsParsed, None) => OutcomeAsked::AsParsed,
        };
        let body = match (self.body, self.body_json) {
            (Some(_), Some(_)) => return Err("`body` or `body_json`, not both".to_owned()),
            (Some(text), None) => Some(BodyExpected::Exact(text)),
            (None, value) => value.as_ref().map(json).map(BodyExpected::Json),
        };
        let values = |values| match values {
            HeaderValues::One(value) => vec![value],
            HeaderValues::All(values) => values,
        };
        let headers: Vec<(String, Vec<String>)> =
            self.headers.into_iter().map(|(name, held)| (name, values(held))).collect();
        let wording = match (self.status, self.error, body) {
            (Some(status), None, body) => Wording::Reply { status, headers, body },
            (None, Some(code), None) if headers.is_empty() => Wording::Error(code),
            _ => return Err("either `status` (with headers and a body) or `error`".to_owned()),
        };
        Ok(ReplyExpected { outcome, wording })
    }
}

/// Puts `defaults` under `table`: a table is merged key by key, all else stands as the vector has
/// it.
pub(crate) fn merge(table: &mut Table, defaults: &Table) {
    for (key, default) in defaults {
        match (table.get_mut(key), default) {
            (None, _) => {
                table.insert(key.clone(), default.clone());
            }
            (Some(toml::Value::Table(table)), toml::Value::Table(default)) => merge(table, default),
            (Some(_), _) => {}
        }
    }
}

/// A TOML value as JSON; a date becomes its text.
pub(crate) fn json(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::from(text.as_str()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) => Value::from(*number),
        toml::Value::Boolean(truth) => Value::from(*truth),
        toml::Value::Datetime(time) => Value::from(time.to_string()),
        toml::Value::Array(values) => values.iter().map(json).collect(),
        toml::Value::Table(table) => json_object(table),
    }
}

/// A TOML table as a JSON object.
pub(crate) fn json_object(table: &Table) -> Value {
    table.iter().map(|(key, value)| (key.clone(), json(value))).collect()
}
