//! JSON as other libraries would have written it: the same values, told apart only by white space,
//! escapes and the order of names. Works on the text's tokens, so numbers stay as written.

use std::fmt::Write as _;

use serde_json::Value;

/// Where white space stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// As it came.
    AsItIs,
    /// None: JavaScript, Rust, Go.
    Compact,
    /// After each comma and colon: Python.
    Spaced,
    /// A line for each, so many blanks deep.
    Indented(usize),
}

/// How characters are written that needn't be escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    /// As they came.
    AsTheyAre,
    /// All but ASCII as \u: Python.
    Ascii,
    /// Slashes too: PHP.
    Slashes,
    /// None where it isn't needed.
    Fewest,
}

impl Spelling {
    pub(super) const ALL: [Spelling; 5] = [
        Spelling::AsItIs,
        Spelling::Compact,
        Spelling::Spaced,
        Spelling::Indented(2),
        Spelling::Indented(4),
    ];

    pub(super) fn said(self) -> String {
        match self {
            Spelling::AsItIs => "as it is".to_owned(),
            Spelling::Compact => "without white space".to_owned(),
            Spelling::Spaced => "with a blank after commas and colons".to_owned(),
            Spelling::Indented(deep) => format!("in lines, {deep} blanks deep"),
        }
    }
}

impl Escapes {
    pub(super) const ALL: [Escapes; 4] =
        [Escapes::AsTheyAre, Escapes::Ascii, Escapes::Slashes, Escapes::Fewest];

    pub(super) fn said(self) -> &'static str {
        match self {
            Escapes::AsTheyAre => "",
            Escapes::Ascii => ", all but ASCII escaped",
            Escapes::Slashes => ", slashes and all but ASCII escaped",
            Escapes::Fewest => ", nothing escaped that needn't be",
        }
    }
}

/// The text, which is valid JSON, spelled otherwise; `None` where that takes more than `most`
/// bytes: what is nested deep is mostly blanks once it stands in lines.
pub(super) fn spelled(
    text: &str,
    spelling: Spelling,
    escapes: Escapes,
    most: usize,
) -> Option<String> {
    let mut writer = Writer { made: String::with_capacity(text.len()), depth: 0, spelling };
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if writer.made.len() > most {
            return None;
        }
        let length = match first {
            '"' => string_length(rest),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        match first {
            '"' => string(token, escapes, &mut writer.made),
            ' ' | '\t' | '\n' | '\r' if spelling != Spelling::AsItIs => {}
            _ => writer.put(first, rest),
        }
    }
    Some(writer.made)
}

/// The same members in the order of their names, and numbers as a library writes them.
pub(super) fn sorted(text: &str) -> Option<String> {
    serde_json::from_str::<Value>(text).ok().map(|mut value| {
        value.sort_all_objects();
        value.to_string()
    })
}

/// Bytes of the string literal that the text begins with.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return at + 1,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

fn string(token: &str, escapes: Escapes, made: &mut String) {
    let read = match escapes {
        Escapes::AsTheyAre => None,
        Escapes::Ascii | Escapes::Slashes | Escapes::Fewest => serde_json::from_str(token).ok(),
    };
    let Some(read): Option<String> = read else { return made.push_str(token) };
    let plain = Value::String(read).to_string();
    for c in plain.chars() {
        match c {
            '/' if escapes == Escapes::Slashes => made.push_str("\\/"),
            _ if c.is_ascii() || escapes == Escapes::Fewest => made.push(c),
            _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                // Writing to a string can't fail.
                let _ = write!(made, "\\u{unit:04x}");
            }),
        }
    }
}

struct Writer {
    made: String,
    depth: usize,
    spelling: Spelling,
}

impl Writer {
    /// One character outside of strings; `rest` is what follows it.
    fn put(&mut self, c: char, rest: &str) {
        match (self.spelling, c) {
            (Spelling::Indented(_), '{' | '[') => {
                self.made.push(c);
                if !rest.trim_ascii_start().starts_with(['}', ']']) {
                    self.depth += 1;
                    self.line();
                }
            }
            (Spelling::Indented(_), '}' | ']') => {
                if !self.made.ends_with(['{', '[']) {
                    self.depth = self.depth.saturating_sub(1);
                    self.line();
                }
                self.made.push(c);
            }
            (Spelling::Indented(_), ',') => {
                self.made.push(c);
                self.line();
            }
            (Spelling::Indented(_), ':') => self.made.push_str(": "),
            (Spelling::Spaced, ',' | ':') => {
                self.made.push(c);
                self.made.push(' ');
            }
            _ => self.made.push(c),
        }
    }

    fn line(&mut self) {
        let Spelling::Indented(deep) = self.spelling else { return };
        self.made.push('\n');
        self.made.extend(std::iter::repeat_n(' ', deep * self.depth));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_spelled_as_others_do() {
        let text = r#"{"b": [1.50,  {}, []],"a":"\u00e9/\"é"}"#;
        for (spelling, escapes, wanted) in [
            (Spelling::AsItIs, Escapes::AsTheyAre, text),
            (Spelling::Compact, Escapes::AsTheyAre, r#"{"b":[1.50,{},[]],"a":"\u00e9/\"é"}"#),
            (Spelling::Spaced, Escapes::Ascii, r#"{"b": [1.50, {}, []], "a": "\u00e9/\"\u00e9"}"#),
            (Spelling::Compact, Escapes::Slashes, r#"{"b":[1.50,{},[]],"a":"\u00e9\/\"\u00e9"}"#),
            (Spelling::Compact, Escapes::Fewest, r#"{"b":[1.50,{},[]],"a":"é/\"é"}"#),
            (
                Spelling::Indented(2),
                Escapes::AsTheyAre,
                "{\n  \"b\": [\n    1.50,\n    {},\n    []\n  ],\n  \"a\": \"\\u00e9/\\\"é\"\n}",
            ),
        ] {
            let spelled = spelled(text, spelling, escapes, 1000);
            assert_eq!(spelled.as_deref(), Some(wanted), "{spelling:?} {escapes:?}");
        }
        assert_eq!(spelled(text, Spelling::Compact, Escapes::AsTheyAre, 20), None);
        assert_eq!(sorted(text).as_deref(), Some(r#"{"a":"é/\"é","b":[1.5,{},[]]}"#));
    }

    proptest::proptest! {
        /// However it is spelled, it says the same.
        #[test]
        fn values_stay(value in json(), spelling in 0..5_usize, escapes in 0..4_usize) {
            let (spelling, escapes) = (Spelling::ALL[spelling], Escapes::ALL[escapes]);
            let spelled = spelled(&value.to_string(), spelling, escapes, usize::MAX);
            let read = serde_json::from_str::<Value>(&spelled.expect("it may be long")).ok();
            proptest::prop_assert_eq!(read, Some(value));
        }
    }

    fn json() -> impl proptest::strategy::Strategy<Value = Value> {
        use proptest::prelude::*;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(".*", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }
}
