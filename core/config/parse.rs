//! TOML's own rules: text to a tree, and what breaks those rules.
//!
//! Reading goes on after a fault, so that one run shows all; what may only follow from a fault
//! isn't shown.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

/// Faults told of one file.
const FAULTS_MAX: usize = 50;

/// One place that isn't TOML.
pub(crate) struct Fault {
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
    pub(crate) help: Option<&'static str>,
    /// Where the same was written first.
    pub(crate) first: Option<Range<usize>>,
}

/// All that isn't TOML in a file.
#[derive(Default)]
pub(crate) struct Faults {
    pub(crate) list: Vec<Fault>,
    /// From here on it isn't sure what belongs to which table.
    pub(crate) lost_from: Option<usize>,
}

/// Sorts out what the parser says: one fault a line, none that only follows from another.
pub(crate) fn faults(text: &str, table: &DeTable<'_>, errors: &[Error]) -> Faults {
    let mut list: Vec<Fault> = errors.iter().map(|error| fault(text, error)).collect();
    list.sort_by_key(|fault| fault.span.start);
    let mut spans = Spans::default();
    spans.collect(text, table);
    if let Some(open) = unclosed(&list, &spans) {
        list.retain(|fault| fault.span.start < open);
        list.push(never_closed(text, open));
    }
    for fault in list.iter_mut().filter(|fault| fault.help.is_none()) {
        fault.help = spans.bare_word(text, fault).then_some("if it is text, write \"…\" around it");
    }
    let lost =
        |fault: &&Fault| fault.message != "duplicate key" && spans.scalar(text, fault).is_none();
    let lost_from = list.iter().find(lost).map(|fault| line_start(text, fault.span.start));
    list.dedup_by_key(|fault| line_start(text, fault.span.start));
    list.truncate(FAULTS_MAX);
    Faults { list, lost_from }
}

fn fault(text: &str, error: &Error) -> Fault {
    let span = error.span().unwrap_or(0..0);
    let start = text.floor_char_boundary(span.start);
    let span = start..text.ceil_char_boundary(span.end.max(start));
    let message = error.message().to_owned();
    let first = (message == "duplicate key").then(|| first_definition(text, &span)).flatten();
    Fault { span, message, help: None, first }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// An array or inline table that is never closed swallows the rest of the file, and the parser then
/// complains of every line of it. What helps is where it opens.
fn unclosed(list: &[Fault], spans: &Spans) -> Option<usize> {
    let open = |fault: &&Fault| {
        fault.message.starts_with("unclosed array")
            || fault.message.starts_with("unclosed inline table")
    };
    let end = list.iter().find(open)?.span.start;
    spans.containers.iter().filter(|span| span.end >= end).map(|span| span.start).min()
}

fn never_closed(text: &str, open: usize) -> Fault {
    let bracket = text[open..].chars().next().unwrap_or('[');
    let message = format!("this {bracket} is never closed");
    Fault { span: open..open + bracket.len_utf8(), message, help: None, first: None }
}

/// The line that has the same header, or earlier in the table the same key.
fn first_definition(text: &str, span: &Range<usize>) -> Option<Range<usize>> {
    let key = text.get(span.clone())?;
    let at = line_start(text, span.start);
    let line = text[at..].lines().next()?.trim();
    let header = line.starts_with('[');
    let mut end = at;
    for earlier in text[..at].lines().rev() {
        let start = line_start(text, end.saturating_sub(1));
        let words = earlier.trim();
        let same = match header {
            true => words == line,
            false => words.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('=')),
        };
        if same {
            let from = start + earlier.find(words).unwrap_or(0);
            return Some(from..from + if header { words.len() } else { key.len() });
        }
        if !header && words.starts_with('[') {
            return None;
        }
        end = start;
    }
    None
}

/// Where values stand.
#[derive(Default)]
struct Spans {
    scalars: Vec<Range<usize>>,
    containers: Vec<Range<usize>>,
}

impl Spans {
    fn collect(&mut self, text: &str, table: &DeTable<'_>) {
        for (_, value) in table.iter() {
            self.value(text, value);
        }
    }

    fn value(&mut self, text: &str, value: &Spanned<DeValue<'_>>) {
        let opens = text.get(value.span()).and_then(|written| written.chars().next());
        match value.get_ref() {
            DeValue::Table(table) => {
                // A table under a header has the header's span; that one holds nothing.
                if opens == Some('{') {
                    self.containers.push(value.span());
                }
                self.collect(text, table);
            }
            DeValue::Array(list) => {
                if opens == Some('[') && !text[value.span()].starts_with("[[") {
                    self.containers.push(value.span());
                }
                list.iter().for_each(|item| self.value(text, item));
            }
            _ => self.scalars.push(value.span()),
        }
    }

    /// The one value that is wrong, on one line, where the rest of the file is as it was meant.
    fn scalar<'t>(&self, text: &'t str, fault: &Fault) -> Option<&'t str> {
        let holds =
            |span: &&Range<usize>| span.start <= fault.span.start && fault.span.end <= span.end;
        let written = text.get(self.scalars.iter().find(holds)?.clone())?;
        (!written.contains('\n')).then_some(written)
    }

    fn bare_word(&self, text: &str, fault: &Fault) -> bool {
        let quoted = |word: &str| word.starts_with(['"', '\'']);
        self.scalar(text, fault).is_some_and(|word| !word.is_empty() && !quoted(word))
    }
}
