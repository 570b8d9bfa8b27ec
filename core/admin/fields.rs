//! A JSON body, read as its fields want it; `null` is nothing said.

use serde_json::{Map, Value};

use super::reply::Refusal;

/// The fields of one body.
#[derive(Debug)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Those of this body, which has to be a JSON object.
    pub(super) fn of(body: &[u8]) -> Result<Fields, Refusal> {
        let fields = serde_json::from_slice(body).map(Fields);
        fields.map_err(|_| Refusal::Invalid("the body is no JSON object".to_owned()))
    }

    /// The same, where there may be no body at all.
    pub(super) fn of_any(body: &[u8]) -> Result<Fields, Refusal> {
        match body.trim_ascii() {
            [] => Ok(Fields(Map::new())),
            body => Fields::of(body),
        }
    }

    /// Refuses what isn't among these: for calls that do more the less they are told.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        match self.0.keys().find(|name| !known.contains(&name.as_str())) {
            Some(_) => {
                let known = known.join(", ");
                Err(Refusal::Invalid(format!("a field isn't known; there are {known}")))
            }
            None => Ok(()),
        }
    }

    /// The text of one.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refusal::Invalid(format!("{name} is a text"))),
        }
    }

    /// The texts of one.
    pub(super) fn texts(&self, name: &str) -> Result<Option<Vec<&str>>, Refusal> {
        let list = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Array(list)) => list.iter().map(Value::as_str).collect(),
            Some(_) => None,
        };
        list.map(Some).ok_or_else(|| Refusal::Invalid(format!("{name} is a list of texts")))
    }
}
