//! Named members of a JSON object, found where they stand.
//!
//! A member that is asked for and stands twice is an error, never a choice: two readers of one
//! body could choose differently. What isn't asked for is skipped, however deep, and not kept.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

/// Why members could not be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    NotJson,
    NotObject,
    Repeated,
}

/// The members `names` of the object `json`; one that is null counts as missing.
pub(crate) fn find<'j, const N: usize>(
    json: &'j str,
    names: [&str; N],
) -> Result<[Option<&'j RawValue>; N], Unreadable> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let found = reader
        .deserialize_map(Members(names))
        .and_then(|found| reader.end().map(|()| found))
        .map_err(|error| match error.classify() {
            Category::Data => Unreadable::NotObject,
            Category::Io | Category::Syntax | Category::Eof => Unreadable::NotJson,
        })?
        .ok_or(Unreadable::Repeated)?;
    Ok(found.map(|member| member.filter(|raw| raw.get() != "null")))
}

/// The string that a member holds; none if it holds anything else.
pub(crate) fn string(member: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(member?.get()).ok()
}

/// Yields none where a name stands twice.
struct Members<'n, const N: usize>([&'n str; N]);

impl<'j, const N: usize> Visitor<'j> for Members<'_, N> {
    type Value = Option<[Option<&'j RawValue>; N]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'j>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        let mut repeated = false;
        while let Some(place) = map.next_key_seed(Place(&self.0))? {
            match place {
                Some(place) => repeated |= found[place].replace(map.next_value()?).is_some(),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok((!repeated).then_some(found))
    }
}

/// Where a member's name stands among those that are asked for. It isn't kept: most names are only
/// passed by.
struct Place<'n, const N: usize>(&'n [&'n str; N]);

impl<'j, const N: usize> DeserializeSeed<'j> for Place<'_, N> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'j>>(self, name: D) -> Result<Self::Value, D::Error> {
        name.deserialize_str(self)
    }
}

impl<const N: usize> Visitor<'_> for Place<'_, N> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|wanted| *wanted == name))
    }
}
