//! What a callback tells: of which object, which state. The event's data is the same in the same
//! form, so that `confirm`, which gets nothing but the event, reads it here too.
//!
//! A member that is read and stands twice is an error, never a choice. Members that aren't the
//! contract's are dropped: nobody confirms them.

use hookswitch_sdk::{Event, Reason, log};
use serde::Deserialize;
use serde_json::error::Category;
use serde_json::{Map, Value};

use crate::scalar::Scalar;
use crate::settings::is_text;
use crate::states::Object;

/// As sent. A member that is null counts as missing.
#[derive(Deserialize)]
struct Body {
    merchant_id: Option<Scalar>,
    session_id: Option<Scalar>,
    session_state: Option<Scalar>,
    transaction_id: Option<Scalar>,
    transaction_state: Option<Scalar>,
}

/// As understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) merchant_id: Option<String>,
    pub(crate) object: Object,
    /// Upper and lower case differ.
    pub(crate) id: String,
    pub(crate) state: u16,
}

impl Told {
    pub(crate) fn read(body: &[u8]) -> Result<Told, Reason> {
        let body: Body = object(body)?;
        let (object, id, state) = match (body.transaction_id, body.session_id) {
            (Some(id), None) => (Object::Transaction, id, body.transaction_state),
            (None, Some(id)) => (Object::Session, id, body.session_state),
            (Some(_), Some(_)) => {
                let why = "the body has both a transaction_id and a session_id";
                return Err(Reason::new("ids_both", why));
            }
            (None, None) => {
                let why = "the body has neither a transaction_id nor a session_id";
                return Err(Reason::new("id_missing", why));
            }
        };
        let id = text(&id)
            .ok_or_else(|| Reason::new("id_form", "an id is 1 to 256 visible ASCII characters"))?;
        let merchant_id = match body.merchant_id {
            None => None,
            Some(id) => Some(text(&id).ok_or_else(|| {
                Reason::new("merchant_form", "a merchant_id is 1 to 256 visible ASCII characters")
            })?),
        };
        let missing = || Reason::new("state_missing", "the body has no state of what it names");
        Ok(Told { merchant_id, object, id, state: number(&state.ok_or_else(missing)?)? })
    }

    /// The event of this object in a state: what was told, or what Brite's API said instead.
    pub(crate) fn event(&self, state: u16) -> Event {
        let (object, rank) = (self.object, self.object.rank(state));
        if rank.is_none() {
            log::info(&format!("{} state {state} isn't in Brite's tables", object.word()));
        }
        Event {
            id: format!("{}-{}-{state}", object.word(), self.id),
            aliases: Vec::new(),
            kind: format!("brite.{}", object.kind(state)),
            subject: Some(self.id.clone()),
            rank,
            occurred_at_ms: None,
            data: Some(self.data(state)),
        }
    }

    fn data(&self, state: u16) -> String {
        let word = self.object.word();
        let mut data = Map::new();
        if let Some(merchant) = &self.merchant_id {
            data.insert("merchant_id".to_owned(), Value::from(merchant.as_str()));
        }
        data.insert(format!("{word}_id"), Value::from(self.id.as_str()));
        data.insert(format!("{word}_state"), Value::from(state));
        Value::Object(data).to_string()
    }
}

/// Reads the members that are wanted of a JSON object.
fn object<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Result<T, Reason> {
    serde_json::from_slice(body)
        .map_err(|error| match error.classify() {
            Category::Data if starts_object(body) => {
                Reason::new("body_ambiguous", "a member that is read stands twice in the body")
            }
            Category::Data => Reason::new("body_not_object", "the body isn't a JSON object"),
            _ => Reason::new("body_not_json", "the body isn't JSON"),
        })
        .and_then(|read| {
            // A list of the right length would be taken for the object's members in their order.
            let why = "the body isn't a JSON object";
            starts_object(body).then_some(read).ok_or_else(|| Reason::new("body_not_object", why))
        })
}

pub(crate) fn starts_object(json: &[u8]) -> bool {
    json.trim_ascii_start().first() == Some(&b'{')
}

fn text(scalar: &Scalar) -> Option<String> {
    scalar.text().filter(|text| is_text(text)).map(str::to_owned)
}

/// A whole number, or its digits as a text.
fn number(state: &Scalar) -> Result<u16, Reason> {
    let found = match state {
        Scalar::Number(number) => u16::try_from(*number).ok(),
        Scalar::Text(text) if (1..=5).contains(&text.len()) => {
            // Rust's own reader takes a sign.
            text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
        }
        Scalar::Text(_) | Scalar::Other => None,
    };
    found.ok_or_else(|| Reason::new("state_form", "a state is a whole number from 0 to 65535"))
}
