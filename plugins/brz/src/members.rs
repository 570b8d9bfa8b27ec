//! The members of a JSON object that are asked for, read in one pass over the text.
//!
//! One that stands twice is an error, never a choice: two readers of one body could choose
//! differently. What isn't asked for is skipped, however deep, and not kept; null is as good as
//! missing.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::error::Category;

/// Why members could not be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    NotJson,
    NotObject,
    Repeated,
}

/// What is asked for of one kind of object.
pub(crate) trait Members<'j>: Default {
    /// The names of the members.
    const NAMES: &'static [&'static str];

    /// Reads the value of the member at this place among the names.
    fn read<A: MapAccess<'j>>(&mut self, place: usize, map: &mut A) -> Result<(), A::Error>;
}

/// An object, or some other value, which has no members.
#[derive(Default)]
pub(crate) struct Object<M> {
    members: M,
    is_object: bool,
    repeated: bool,
}

impl<M> Object<M> {
    /// Whether it is one.
    pub(crate) fn is_object(&self) -> bool {
        self.is_object
    }

    /// What was asked for, unless some of it stands twice.
    pub(crate) fn members(self) -> Result<M, Unreadable> {
        if self.repeated { Err(Unreadable::Repeated) } else { Ok(self.members) }
    }
}

/// The members of the object that the whole of `json` is.
pub(crate) fn find<'j, M: Members<'j>>(json: &'j str) -> Result<M, Unreadable> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let found = reader
        .deserialize_map(Fill::<Object<M>>(PhantomData))
        .and_then(|found| reader.end().map(|()| found))
        .map_err(|error| match error.classify() {
            Category::Data => Unreadable::NotObject,
            Category::Io | Category::Syntax | Category::Eof => Unreadable::NotJson,
        })?;
    found.members()
}

/// What is asked for as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Text<'j> {
    #[default]
    Missing,
    /// It is there, and no string.
    Other,
    Is(Cow<'j, str>),
}

impl<'j> Text<'j> {
    pub(crate) fn is_missing(&self) -> bool {
        *self == Text::Missing
    }

    /// The string, where it is one.
    pub(crate) fn string(self) -> Option<Cow<'j, str>> {
        match self {
            Text::Is(text) => Some(text),
            Text::Missing | Text::Other => None,
        }
    }
}

/// Makes of any value what is wanted of it.
struct Fill<T>(PhantomData<T>);

impl<'j, M: Members<'j>> Deserialize<'j> for Object<M> {
    fn deserialize<D: Deserializer<'j>>(value: D) -> Result<Self, D::Error> {
        value.deserialize_any(Fill::<Self>(PhantomData))
    }
}

impl<'j> Deserialize<'j> for Text<'j> {
    fn deserialize<D: Deserializer<'j>>(value: D) -> Result<Self, D::Error> {
        value.deserialize_any(Fill::<Self>(PhantomData))
    }
}

/// What becomes of values that aren't of the form that is wanted.
macro_rules! all_else {
    ($is:expr; $null:expr; $($visit:ident: $value:ty),+) => {
        $(fn $visit<E: Error>(self, _: $value) -> Result<Self::Value, E> { Ok($is) })+

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok($null)
        }

        fn visit_seq<A: SeqAccess<'j>>(self, mut all: A) -> Result<Self::Value, A::Error> {
            while all.next_element::<IgnoredAny>()?.is_some() {}
            Ok($is)
        }
    };
}

impl<'j, M: Members<'j>> Visitor<'j> for Fill<Object<M>> {
    type Value = Object<M>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    all_else!(
        Object::default(); Object::default();
        visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str
    );

    fn visit_map<A: MapAccess<'j>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut members, mut seen, mut repeated) = (M::default(), 0_u32, false);
        while let Some(place) = map.next_key_seed(Place(M::NAMES))? {
            match place {
                Some(place) => {
                    repeated |= seen & 1 << place != 0;
                    seen |= 1 << place;
                    members.read(place, &mut map)?;
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Object { members, is_object: true, repeated })
    }
}

impl<'j> Visitor<'j> for Fill<Text<'j>> {
    type Value = Text<'j>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'j str) -> Result<Self::Value, E> {
        Ok(Text::Is(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text::Is(Cow::Owned(text.to_owned())))
    }

    all_else!(
        Text::Other; Text::Missing;
        visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64
    );

    fn visit_map<A: MapAccess<'j>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text::Other)
    }
}

/// Where a member's name stands among those that are asked for. It isn't kept: most names are only
/// passed by.
struct Place(&'static [&'static str]);

impl<'j> DeserializeSeed<'j> for Place {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'j>>(self, name: D) -> Result<Self::Value, D::Error> {
        name.deserialize_str(self)
    }
}

impl Visitor<'_> for Place {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|wanted| *wanted == name))
    }
}
