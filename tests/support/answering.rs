//! Vectors of responders: a question with the settings it is asked under, and the answer or the
//! decline that must come of it. One folder of them holds for the same responder in any language.

use std::path::Path;

use hookswitch::model::{Answer, Context, Decline, DeclineStatus, Request};
use serde::Deserialize;
use serde_json::Value;

/// One of them, as its file states it; a key that nothing would look at is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vector {
    #[serde(skip)]
    pub(crate) name: String,
    #[serde(rename = "about")]
    _about: String,
    #[serde(default)]
    pub(crate) settings: serde_json::Map<String, Value>,
    request: Asked,
    #[serde(default)]
    context: At,
    expect: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    id: String,
    kind: String,
    data: Option<Value>,
    /// Instead of `data`: exactly this text.
    data_text: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct At {
    now_ms: u64,
}

impl Default for At {
    fn default() -> At {
        At { now_ms: 1_790_000_000_000 }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
enum Expected {
    Answer(Value),
    Decline(Declined),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declined {
    status: String,
    reason: String,
    customer_reason: Option<String>,
}

impl Vector {
    /// What is asked.
    pub(crate) fn request(&self) -> Request {
        let Asked { id, kind, data, data_text } = &self.request;
        let data = match (data, data_text) {
            (Some(data), None) => data.to_string(),
            (None, Some(text)) => text.clone(),
            _ => panic!("{}: either `data` or `data_text`", self.name),
        };
        Request { id: id.clone(), kind: kind.clone(), data }
    }

    /// When it is asked.
    pub(crate) fn context(&self) -> Context {
        let now_ms = self.context.now_ms;
        Context {
            now_ms,
            route: "vectors".into(),
            attempt: 1,
            deadline_ms: now_ms + 2000,
            idempotency_key: self.request.id.clone(),
        }
    }

    /// What isn't as it should be, in a sentence.
    pub(crate) fn mismatch(&self, came: &Result<Answer, Decline>) -> Option<String> {
        let fits = match (&self.expect, came) {
            (Expected::Answer(wanted), Ok(answer)) => {
                serde_json::from_str::<Value>(&answer.data).is_ok_and(|got| got == *wanted)
            }
            (Expected::Decline(wanted), Err(no)) => {
                word(no.status) == wanted.status
                    && no.reason == wanted.reason
                    && no.customer_reason == wanted.customer_reason
            }
            _ => false,
        };
        (!fits).then(|| format!("{}: {came:?} came", self.name))
    }
}

fn word(status: DeclineStatus) -> &'static str {
    match status {
        DeclineStatus::Invalid => "invalid",
        DeclineStatus::NotFound => "not-found",
        DeclineStatus::Unprocessable => "unprocessable",
        DeclineStatus::Unavailable => "unavailable",
    }
}

/// All vectors of a folder, by name.
pub(crate) fn load(folder: &Path) -> Vec<Vector> {
    let entries = std::fs::read_dir(folder).expect("a folder of vectors");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut vectors: Vec<Vector> = paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a vector");
            let read: Vector =
                toml::from_str(&text).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            Vector { name, ..read }
        })
        .collect();
    vectors.sort_by(|one, other| one.name.cmp(&other.name));
    vectors
}
