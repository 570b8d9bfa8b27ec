//! The text of a config file as problems may show it: secrets that were wrongly written out are
//! blotted, characters that a terminal would obey are blanks. Byte for byte as long as the file.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::nearest::nearest;
use super::parse::Faults;
use super::secret::BYTES_WISE;

/// A key with one of these in its name may hold a secret.
const SECRETIVE: [&str; 6] = ["secret", "password", "token", "api_key", "apikey", "private"];

/// The names that `[secrets]` defines in a file.
pub(crate) fn secret_names(table: &DeTable<'_>, names: &mut BTreeSet<String>) {
    if let Some(DeValue::Table(secrets)) = table.get("secrets").map(Spanned::get_ref) {
        names.extend(secrets.keys().map(|name| name.get_ref().to_string()));
    }
}

/// What may be shown of `text`, where the names of all secrets are known.
pub(crate) fn shown(
    text: &str,
    table: &DeTable<'_>,
    faults: &Faults,
    names: &BTreeSet<String>,
) -> String {
    let mut blots = Blots { names, spans: Vec::new() };
    blots.table(table, false);
    for fault in &faults.list {
        blots.spans.push(risky_part_of_line(text, fault.span.start));
        blots.spans.extend(fault.first.iter().map(|first| risky_part_of_line(text, first.start)));
    }
    if !faults.list.is_empty() {
        blots.spans.extend(["\"\"\"", "'''"].iter().filter_map(|quotes| unclosed(text, quotes)));
    }
    let mut bytes = text.as_bytes().to_vec();
    for span in blots.spans {
        blot(text, span, &mut bytes);
    }
    let blotted = String::from_utf8_lossy(&bytes);
    let mut out = String::with_capacity(text.len());
    for c in blotted.chars() {
        match is_obeyed(c) {
            true => out.extend(std::iter::repeat_n(' ', c.len_utf8())),
            false => out.push(c),
        }
    }
    out
}

/// May a secret stand under this key, be it misspelt?
fn is_secretive(key: &str) -> bool {
    SECRETIVE.iter().any(|word| key.contains(word))
        || nearest(key, ["secret", "secrets", "secret_key"]).is_some()
}

struct Blots<'a> {
    names: &'a BTreeSet<String>,
    spans: Vec<Range<usize>>,
}

impl Blots<'_> {
    fn table(&mut self, table: &DeTable<'_>, secret: bool) {
        for (key, value) in table.iter() {
            let name = key.get_ref().to_ascii_lowercase();
            let secret = secret || is_secretive(&name);
            self.value(&name, value, secret);
            if name == "keys" {
                self.keys(value);
            }
        }
    }

    /// A key of the API is a table: a text in its place is its secret.
    fn keys(&mut self, keys: &Spanned<DeValue<'_>>) {
        let DeValue::Table(keys) = keys.get_ref() else { return };
        let texts = keys.values().filter(|value| matches!(value.get_ref(), DeValue::String(_)));
        self.spans.extend(texts.map(Spanned::span));
    }

    fn value(&mut self, key: &str, value: &Spanned<DeValue<'_>>, secret: bool) {
        match value.get_ref() {
            DeValue::Table(table) => self.table(table, secret),
            DeValue::Array(list) => list.iter().for_each(|item| self.value(key, item, secret)),
            DeValue::String(text) if secret && !self.is_reference(key, text) => {
                self.spans.push(value.span());
            }
            DeValue::String(text) if holds_credentials(text) => self.spans.push(value.span()),
            DeValue::Integer(_) | DeValue::Float(_) if secret => self.spans.push(value.span()),
            _ => {}
        }
    }

    /// A known name, or a slip of one; or where a secret is to be found.
    fn is_reference(&self, key: &str, text: &str) -> bool {
        let known = nearest(text, self.names.iter().map(String::as_str)).is_some();
        known
            || match key {
                "env" => is_variable(text) && !is_secretlike(text),
                "file" => is_path(text) && !is_secretlike(text),
                "kid" => text.len() <= 64,
                _ => false,
            }
    }
}

/// A URL with a user in it has a password in it, too; and some have a token in their query.
fn holds_credentials(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let query = rest.split_once('?').map(|(_, query)| query.to_ascii_lowercase());
    rest.contains('@')
        || query.is_some_and(|query| SECRETIVE.iter().any(|word| query.contains(word)))
}

/// Does it look like what should be behind the name of a variable, or of a file, rather than like
/// the name?
pub(crate) fn is_secretlike(text: &str) -> bool {
    let has = |kind: fn(&char) -> bool| text.chars().any(|c| kind(&c));
    text.starts_with("whsec_")
        || (text.len() >= BYTES_WISE
            && !text.contains(['/', '.'])
            && has(char::is_ascii_lowercase)
            && has(char::is_ascii_digit))
}

/// Is it the name of an environment variable?
pub(crate) fn is_variable(text: &str) -> bool {
    let rest = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (1..=128).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(rest)
}

/// Could it be the path of a file, rather than what is in one?
pub(crate) fn is_path(text: &str) -> bool {
    (1..=4096).contains(&text.len())
        && !text.contains("-----")
        && !text.chars().any(char::is_control)
}

/// On a line that isn't TOML nobody knows what is a secret. A header is shown, and a key as keys
/// are here; of a value what stands before its quote, unless the key sounds like a secret's.
fn risky_part_of_line(text: &str, at: usize) -> Range<usize> {
    let at = text.floor_char_boundary(at);
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
    let line = &text[start..end];
    let header = line.trim_start().starts_with('[') && !line.contains(['"', '\'', '=', ',']);
    let safe = match line.split_once('=') {
        _ if header => line.len(),
        Some((key, value)) if is_plain_key(key.trim()) => {
            let opening = [' ', '\t', '{', '[', '"', '\''];
            let shown = match is_secretive(key.trim()) {
                true => value.len() - value.trim_start_matches(opening).len(),
                false => value.find(['"', '\'']).map_or(value.len(), |quote| quote + 1),
            };
            key.len() + 1 + shown
        }
        _ => 0,
    };
    start + safe..end
}

/// What stands in a text of several lines that never ends.
fn unclosed(text: &str, quotes: &str) -> Option<Range<usize>> {
    let last = text.rfind(quotes)? + quotes.len();
    (text.matches(quotes).count() % 2 == 1).then_some(last..text.len())
}

/// Is it a key as this config has them, and no stray piece of something else?
fn is_plain_key(key: &str) -> bool {
    let body = |c: char| c.is_ascii_lowercase() || matches!(c, '_' | '-' | '.');
    (1..=32).contains(&key.len()) && key.chars().all(body)
}

/// Writes stars over a span, but for its quotes and line ends.
fn blot(text: &str, span: Range<usize>, bytes: &mut [u8]) {
    let Some(written) = text.get(span.clone()) else {
        return;
    };
    let quote = |c: char| c == '"' || c == '\'';
    let inner = written.trim_start_matches(quote);
    let start = span.end - inner.len();
    let end = start + inner.trim_end_matches(quote).len();
    for byte in &mut bytes[start..end] {
        if *byte != b'\n' {
            *byte = b'*';
        }
    }
}

/// Would a terminal, or a reader of lines, take it for more than a character?
fn is_obeyed(c: char) -> bool {
    let direction = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}') || direction
}
