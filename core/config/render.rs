//! Problems for people, with the source line and a mark under it, and for programs, as JSON.
//!
//! Both forms are bounded, however much is wrong: errors come first into what is shown.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ariadne::{CharSet, Color, Config, IndexType, Label, Report, ReportKind};
use serde_json::json;

use super::{Place, Problem, Problems, Severity};

/// Problems shown at once; the rest is counted.
const SHOWN_MAX: usize = 200;

/// Lines longer than this (in bytes) are not printed, only named.
const LINE_BYTES_MAX: usize = 1000;

/// Other places shown with one problem.
const RELATED_MAX: usize = 8;

impl Problems {
    /// All problems as text for a terminal or a log, by file and line.
    pub fn render(&self, colour: bool) -> String {
        let (shown, left) = self.most_important();
        let mut out = String::new();
        let mut shelf = shelf(&shown);
        for problem in shown {
            render_one(problem, colour, &mut shelf, &mut out);
        }
        if left > 0 {
            let _ = writeln!(out, "… and {left} more problems");
        }
        out
    }

    /// All problems for programs: a list, by file and line.
    pub fn to_json(&self) -> serde_json::Value {
        let (shown, left) = self.most_important();
        let mut list: Vec<_> = shown.into_iter().map(to_json).collect();
        if left > 0 {
            list.push(json!({"severity": "error", "message": format!("and {left} more problems")}));
        }
        serde_json::Value::Array(list)
    }

    fn most_important(&self) -> (Vec<&Problem>, usize) {
        let sorted = self.in_order();
        let left = sorted.len().saturating_sub(SHOWN_MAX);
        if left == 0 {
            return (sorted, 0);
        }
        let mut kept = sorted;
        kept.sort_by_key(|problem| problem.severity);
        kept.truncate(SHOWN_MAX);
        (kept, left)
    }

    fn in_order(&self) -> Vec<&Problem> {
        let mut list: Vec<&Problem> = self.iter().collect();
        list.sort_by_key(|problem| problem.rank());
        list
    }
}

fn to_json(problem: &Problem) -> serde_json::Value {
    let related: Vec<_> = problem.related.iter().take(RELATED_MAX).map(related_json).collect();
    let place = problem.place.as_ref();
    json!({
        "file": place.map(|place| place.path().display().to_string()),
        "line": place.map(Place::line),
        "column": place.map(Place::column),
        "severity": problem.severity.word(),
        "message": problem.message,
        "help": problem.help,
        "related": related,
    })
}

fn related_json((place, what): &(Place, String)) -> serde_json::Value {
    json!({
        "file": place.path().display().to_string(),
        "line": place.line(),
        "column": place.column(),
        "message": what,
    })
}

/// One problem; in plain words where its line can't be printed.
fn render_one(
    problem: &Problem,
    colour: bool,
    shelf: &mut impl ariadne::Cache<String>,
    out: &mut String,
) {
    if let Some(place) = problem.place.as_ref().filter(|place| printable(place)) {
        let mut bytes = Vec::new();
        let report = report(problem, place, colour);
        if report.write(shelf, &mut bytes).is_ok() {
            push_trimmed(&String::from_utf8_lossy(&bytes), out);
            return;
        }
    }
    let _ = writeln!(out, "{}: {}", title(problem.severity), problem.message);
    for (place, what) in problem.place.iter().map(|place| (place, "here")).chain(near(problem)) {
        let _ = writeln!(out, "  at {place}: {what}");
    }
    if let Some(help) = &problem.help {
        let _ = writeln!(out, "  Help: {help}");
    }
}

/// Without the blanks that stand at the ends of lines.
fn push_trimmed(text: &str, out: &mut String) {
    for line in text.lines() {
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

fn printable(place: &Place) -> bool {
    place.shown_line().len() <= LINE_BYTES_MAX
}

fn title(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
    }
}

fn near(problem: &Problem) -> impl Iterator<Item = (&Place, &str)> {
    problem.related.iter().take(RELATED_MAX).map(|(place, what)| (place, what.as_str()))
}

/// A file's name and a span of it, as ariadne wants them.
type Span = (String, std::ops::Range<usize>);

fn span(place: &Place) -> Span {
    (place.path().display().to_string(), place.shown_span())
}

fn report<'a>(problem: &Problem, place: &Place, colour: bool) -> Report<'a, Span> {
    let (kind, ink) = match problem.severity {
        Severity::Error => (ReportKind::Error, Color::Red),
        Severity::Warning => (ReportKind::Warning, Color::Yellow),
    };
    let config = Config::default()
        .with_color(colour)
        .with_index_type(IndexType::Byte)
        .with_char_set(if colour { CharSet::Unicode } else { CharSet::Ascii });
    let mut built = Report::build(kind, span(place)).with_config(config);
    built.set_message(&problem.message);
    // This file first, then in the order of the text: two labels of one file make one excerpt.
    let mut labels: Vec<(&Place, &str, Color)> = vec![(place, "here", ink)];
    let others = near(problem).filter(|(other, _)| printable(other));
    labels.extend(others.map(|(other, what)| (other, what, Color::Blue)));
    labels.sort_by_key(|(other, ..)| (other.rank().0 != place.rank().0, other.rank()));
    for (place, what, ink) in labels {
        built.add_label(Label::new(span(place)).with_color(ink).with_message(what));
    }
    if let Some(help) = &problem.help {
        built.set_help(help);
    }
    built.finish()
}

/// The texts of all files that problems point into.
fn shelf(problems: &[&Problem]) -> impl ariadne::Cache<String> + use<> {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for problem in problems {
        for place in problem.place.iter().chain(near(problem).map(|(place, _)| place)) {
            let name = place.path().display().to_string();
            texts.entry(name).or_insert_with(|| place.source().shown().to_owned());
        }
    }
    ariadne::sources(texts)
}
