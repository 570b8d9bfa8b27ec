//! Rows and facts as a person reads them. What came from outside can't do anything to the terminal:
//! control characters are shown, not sent.

use std::io::{self, Write as _};

use serde_json::Value;

/// Characters of one cell that are shown.
const CELL_CHARS_MAX: usize = 72;

/// Rows under a head. Columns are as wide as the widest cell so far, so that rows which come later
/// stand under those that were printed.
pub(super) struct Table {
    head: Option<Vec<String>>,
    widths: Vec<usize>,
}

impl Table {
    /// A table with nothing printed yet.
    pub(super) fn new(head: &[&str]) -> Table {
        let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
        Table { widths: vec![0; head.len()], head: Some(head) }
    }

    /// The lines of these rows; the first ones stand under the head.
    pub(super) fn lines(&mut self, rows: Vec<Vec<String>>) -> String {
        let shorten = |row: Vec<String>| row.iter().map(|cell| short(cell)).collect();
        let rows: Vec<Vec<String>> =
            self.head.take().into_iter().chain(rows.into_iter().map(shorten)).collect();
        for row in &rows {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        rows.iter().map(|row| self.line(row)).collect()
    }

    fn line(&self, row: &[String]) -> String {
        let cells = row.iter().zip(&self.widths);
        let line: String = cells.map(|(cell, width)| format!("{cell:<width$}  ")).collect();
        format!("{}\n", line.trim_end())
    }
}

/// Names and what they are, one a line; what isn't there is left out.
pub(super) fn facts(facts: &[(&str, &Value)]) -> String {
    let there = || facts.iter().filter(|(_, value)| !value.is_null());
    let width = there().map(|(name, _)| name.len()).max().unwrap_or(0);
    there().map(|(name, value)| format!("{name:<width$}  {}\n", cell(value))).collect()
}

/// A value in a cell.
pub(super) fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => clean(text),
        other => clean(&other.to_string()),
    }
}

/// Text without control characters.
pub(super) fn clean(text: &str) -> String {
    let shown = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(shown).collect()
}

/// JSON over several lines.
pub(super) fn block(value: &Value) -> String {
    let text = format!("{value:#}");
    text.lines().map(|line| format!("  {}\n", clean(line))).collect()
}

/// Prints to standard output. That nobody reads it any more is an error of its own, which ends the
/// command without a word.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn short(cell: &str) -> String {
    match cell.char_indices().nth(CELL_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &cell[..end]),
        None => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn columns_are_aligned_and_stay_so() {
        let mut table = Table::new(&["ID", "KIND"]);
        let row = |id: &str, kind: &str| vec![id.to_owned(), kind.to_owned()];
        assert_eq!(table.lines(vec![row("long", "a")]), "ID    KIND\nlong  a\n");
        assert_eq!(table.lines(vec![row("é", "")]), "é\n");
        assert_eq!(table.lines(vec![row("x", "b")]), "x     b\n");
        let cut = table.lines(vec![row("x", &"y".repeat(100))]);
        assert_eq!(cut, format!("x     {}…\n", "y".repeat(CELL_CHARS_MAX)));
    }

    #[test]
    fn nothing_reaches_the_terminal_but_text() {
        for (value, shown) in [
            (json!(null), "-"),
            (json!(7), "7"),
            (json!("a\u{1b}[2Jb\n"), r"a\u{1b}[2Jb\n"),
            (json!({ "a": "\u{9b}" }), r#"{"a":"\u{9b}"}"#),
        ] {
            assert_eq!(cell(&value), shown);
        }
        assert_eq!(block(&json!({ "a": "\u{9b}" })), "  {\n    \"a\": \"\\u{9b}\"\n  }\n");
        let (one, two) = (json!(1), json!(null));
        assert_eq!(facts(&[("a", &one), ("longer", &two)]), "a  1\n");
    }
}
