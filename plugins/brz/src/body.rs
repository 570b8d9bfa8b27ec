//! What is read of a body. BRZ has sent bodies in two shapes, and both are read: the transaction is
//! `data.transaction` where that is an object, else `data` itself.
//!
//! Nearly every body is of a form that one pass reads; where it isn't, it is read object by object,
//! and only that says what is wrong with it.

use std::fmt;
use std::marker::PhantomData;

use hookswitch_sdk::Reason;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::members::{self, Unreadable};

/// Members as they stand in the body; one that is null counts as missing.
#[derive(Debug)]
pub(crate) struct Body<'j> {
    pub(crate) event: Option<&'j RawValue>,
    pub(crate) timestamp: Option<&'j RawValue>,
    /// Of `data`. Its refusal is for when an event is named at all.
    pub(crate) about: Result<About<'j>, Reason>,
}

/// What an event is about.
#[derive(Debug, Default)]
pub(crate) struct About<'j> {
    /// The transaction's.
    pub(crate) id: Option<&'j RawValue>,
    /// The transaction's.
    pub(crate) status: Option<&'j RawValue>,
    pub(crate) refund: Option<&'j RawValue>,
    pub(crate) infraction: Option<&'j RawValue>,
}

impl<'j> Body<'j> {
    /// Reads any body.
    pub(crate) fn read(json: &'j str) -> Result<Body<'j>, Reason> {
        serde_json::from_str::<Object<Usual<'j>>>(json)
            .map(|Object(usual)| usual.into())
            .or_else(|_| Body::read_each(json))
    }

    fn read_each(json: &'j str) -> Result<Body<'j>, Reason> {
        let [event, timestamp, data] =
            members::find(json, ["event", "timestamp", "data"]).map_err(refusal)?;
        let about = data.map_or(Ok(About::default()), |data| About::read(data.get()));
        Ok(Body { event, timestamp, about })
    }
}

impl<'j> About<'j> {
    /// `data` of any form is accepted: some events have no transaction, and new ones come.
    fn read(data: &'j str) -> Result<About<'j>, Reason> {
        const NAMES: [&str; 5] = ["transaction", "id", "status", "refund_id", "infraction_id"];
        let [transaction, id, status, refund, infraction] = lenient(data, NAMES)?;
        let [id, status] = match transaction.filter(|raw| raw.get().starts_with('{')) {
            Some(raw) => lenient(raw.get(), ["id", "status"])?,
            None => [id, status],
        };
        Ok(About { id, status, refund, infraction })
    }
}

/// As `members::find`, but what isn't an object has no members.
fn lenient<'j, const N: usize>(
    json: &'j str,
    names: [&str; N],
) -> Result<[Option<&'j RawValue>; N], Reason> {
    // Looked at, not tried: a number or a text that nobody could read is no object either.
    if !json.starts_with('{') {
        return Ok([None; N]);
    }
    members::find(json, names).map_err(refusal)
}

pub(crate) fn refusal(why: Unreadable) -> Reason {
    match why {
        Unreadable::NotJson => Reason::new("body_not_json", "the body isn't JSON"),
        Unreadable::NotObject => Reason::new("body_not_object", "the body isn't a JSON object"),
        Unreadable::Repeated => {
            Reason::new("body_ambiguous", "a member that is read stands twice in the body")
        }
    }
}

/// The form that nearly every body has: `data` is an object, and so is its transaction if it has
/// one. A member that stands twice isn't of this form.
#[derive(Deserialize)]
struct Usual<'j> {
    #[serde(borrow)]
    event: Option<&'j RawValue>,
    #[serde(borrow)]
    timestamp: Option<&'j RawValue>,
    #[serde(borrow)]
    data: Object<Data<'j>>,
}

#[derive(Deserialize)]
struct Data<'j> {
    #[serde(borrow)]
    transaction: Option<Object<Transaction<'j>>>,
    #[serde(borrow)]
    id: Option<&'j RawValue>,
    #[serde(borrow)]
    status: Option<&'j RawValue>,
    #[serde(borrow)]
    refund_id: Option<&'j RawValue>,
    #[serde(borrow)]
    infraction_id: Option<&'j RawValue>,
}

#[derive(Deserialize)]
struct Transaction<'j> {
    #[serde(borrow)]
    id: Option<&'j RawValue>,
    #[serde(borrow)]
    status: Option<&'j RawValue>,
}

impl<'j> From<Usual<'j>> for Body<'j> {
    fn from(usual: Usual<'j>) -> Body<'j> {
        let Usual { event, timestamp, data: Object(data) } = usual;
        let Data { transaction, id, status, refund_id: refund, infraction_id: infraction } = data;
        let (id, status) = match transaction {
            Some(Object(Transaction { id, status })) => (id, status),
            None => (id, status),
        };
        Body { event, timestamp, about: Ok(About { id, status, refund, infraction }) }
    }
}

/// What is read of an object and of nothing else: a struct would be read of an array too.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object<T>, D::Error> {
        deserializer.deserialize_map(Members(PhantomData))
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_usual(json: &str) -> bool {
        serde_json::from_str::<Object<Usual<'_>>>(json).is_ok()
    }

    #[test]
    fn bodies_of_both_shapes_are_read_in_one_pass() {
        let usual =
            r#"{"event":"e","timestamp":"t","more":[1e999],"data":{"transaction":{"id":1}}}"#;
        for (json, wanted) in [
            (usual, true),
            (r#"{"data":{"id":"a","status":"paid","transaction":null}}"#, true),
            // An array could pass for the members in their order.
            (r#"{"event":"e","timestamp":"t","data":[null,"a","paid",null,null]}"#, false),
            (r#"["e","t",{}]"#, false),
            (r#"{"event":"e","data":{"transaction":"t"}}"#, false),
            (r#"{"event":"e","data":{"id":1,"id":1}}"#, false),
            (r#"{"event":"e","data":null}"#, false),
        ] {
            assert_eq!(is_usual(json), wanted, "{json}");
        }
    }

    /// JSON whose names and values are those that make a difference.
    fn json() -> impl Strategy<Value = String> {
        let names = [
            "event",
            "timestamp",
            "data",
            "transaction",
            "id",
            "status",
            "refund_id",
            "infraction_id",
            "x",
            "\\u0069d",
        ];
        let leaf = prop::sample::select(vec![
            "null",
            "1",
            "1e999",
            r#""a""#,
            r#""\ud800""#,
            r#""paid""#,
            "true",
            "[null,1]",
            "tru",
            "{}",
        ]);
        leaf.prop_map(str::to_owned).prop_recursive(4, 40, 6, move |inner| {
            let member = (prop::sample::select(names.to_vec()), inner);
            prop::collection::vec(member, 0..6).prop_map(|members| {
                let texts = members.iter().map(|(name, value)| format!(r#""{name}": {value}"#));
                format!("{{{}}}", texts.collect::<Vec<_>>().join(","))
            })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn one_pass_reads_what_object_by_object_is_read(data in json(), any in json()) {
            for json in [format!(r#"{{"event":"e","timestamp":1,"data":{data}}}"#), any] {
                let (fast, slow) = (Body::read(&json), Body::read_each(&json));
                prop_assert_eq!(format!("{fast:?}"), format!("{slow:?}"), "{}", json);
            }
        }
    }
}
