//! A config file as a tree of values, each with its place, in the order of the file.
//!
//! The tree may hold a secret that was wrongly written out, so it has no `Debug`.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::place::Source;
use super::{Place, Placed, Problem, Problems};

/// A value.
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) place: Place,
}

/// What a value may be.
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Flag(bool),
    Date(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// A key and its value.
pub(crate) struct Entry {
    pub(crate) key: Placed<String>,
    pub(crate) node: Node,
}

impl Value {
    /// What it is, in words.
    pub(crate) fn noun(&self) -> &'static str {
        match self {
            Value::Text(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a number with a fraction",
            Value::Flag(_) => "true or false",
            Value::Date(_) => "a date or time",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

/// Builds the tree of one file; what no value can be is a problem.
pub(crate) struct Planting<'a> {
    pub(crate) text: &'a str,
    pub(crate) source: &'a Arc<Source>,
    pub(crate) problems: &'a mut Problems,
}

impl Planting<'_> {
    pub(crate) fn table(&mut self, table: &DeTable<'_>) -> Vec<Entry> {
        let mut entries: Vec<Entry> =
            table.iter().map(|(key, value)| self.entry(key, value)).collect();
        entries.sort_by_key(|entry| entry.key.place.start());
        entries
    }

    fn entry(
        &mut self,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Entry {
        let key = Placed { value: key.get_ref().to_string(), place: self.place(key.span()) };
        Entry { key, node: self.node(value) }
    }

    fn node(&mut self, value: &Spanned<DeValue<'_>>) -> Node {
        let place = self.place(value.span());
        let value = match value.get_ref() {
            DeValue::String(text) => {
                self.refuse_substitution(value.span(), &place);
                Value::Text(text.to_string())
            }
            DeValue::Integer(digits) => {
                let number = i64::from_str_radix(digits.as_str(), digits.radix());
                Value::Integer(self.number(number.ok(), &place))
            }
            DeValue::Float(digits) => {
                Value::Float(self.number(digits.as_str().parse::<f64>().ok(), &place))
            }
            DeValue::Boolean(flag) => Value::Flag(*flag),
            DeValue::Datetime(date) => Value::Date(date.to_string()),
            DeValue::Array(list) => Value::List(list.iter().map(|item| self.node(item)).collect()),
            DeValue::Table(table) => Value::Table(self.table(table)),
        };
        Node { value, place }
    }

    fn number<T: Default>(&mut self, number: Option<T>, place: &Place) -> T {
        number.unwrap_or_else(|| {
            self.problems.push(Problem::error("this number is too large").at(place));
            T::default()
        })
    }

    /// `${VAR}` left as text is how an unset variable becomes a password. The source text is
    /// looked at, not the value, so that an escaped `$` can still say what it looks like.
    fn refuse_substitution(&mut self, span: Range<usize>, place: &Place) {
        let found = self.text.get(span).is_some_and(|written| {
            written.match_indices("${").any(|(at, _)| {
                written[at + 2..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            })
        });
        if found {
            let help = "a secret is taken from the environment by { env = \"NAME\" }; if the \
                        characters themselves are meant, write \"\\u0024{\"";
            self.problems.push(Problem::error("${…} isn't replaced here").at(place).help(help));
        }
    }

    fn place(&self, span: Range<usize>) -> Place {
        Place::new(self.source, span)
    }
}
