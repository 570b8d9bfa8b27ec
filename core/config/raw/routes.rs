//! `[[routes]]`: which calls go to which adapter, and who answers.

use std::time::Duration;

use super::answers::{Answer, answer};
use super::bounds::{DAY, SECOND};
use super::forms::{self, Wrong, one_of};
use super::grants::{Grants, grants};
use super::keys::Keys;
use crate::config::nearest::{quoted, suggestion};
use crate::config::tree::{Node, Value};
use crate::config::{Place, Placed, Problem, Problems};
use crate::model::OutOfOrder;

/// Methods that a route may take.
const METHODS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// The most callbacks that one route may have rehearsed.
const REHEARSE_MOST: u64 = 10_000;

/// One `[[routes]]`. What is missing was told.
pub(crate) struct Route {
    pub(crate) place: Place,
    pub(crate) name: Option<Placed<String>>,
    pub(crate) path: Option<Placed<String>>,
    pub(crate) methods: Vec<String>,
    pub(crate) adapter: Option<Placed<String>>,
    pub(crate) grants: Grants,
    pub(crate) answers: Vec<Answer>,
    pub(crate) deliver: Vec<Placed<String>>,
    pub(crate) dedupe: Duration,
    pub(crate) answers_keep: Duration,
    pub(crate) out_of_order: OutOfOrder,
    pub(crate) expect_every: Option<Duration>,
    pub(crate) rehearse: usize,
}

pub(crate) fn route(node: &Node, problems: &mut Problems) -> Option<Route> {
    let mut keys = Keys::open(node, "[[routes]]", problems)?;
    let name = keys.form("name", forms::name);
    let path = keys.form("path", pattern);
    let methods = methods(&mut keys);
    let adapter = keys.form("adapter", forms::filled);
    let grants = grants(&mut keys);
    let answers = keys.entries("answers");
    let answers = answers.iter().filter_map(|entry| answer(entry, keys.problems())).collect();
    let deliver = keys.list("deliver", forms::filled).unwrap_or_default();
    let mut every = Duration::ZERO;
    let expect_every = keys.time("expect_every", SECOND..=365 * DAY, &mut every).map(|_| every);
    let mut dedupe = 3 * DAY;
    keys.time("dedupe", SECOND..=30 * DAY, &mut dedupe);
    let mut answers_keep = 30 * DAY;
    keys.time("answers_keep", SECOND..=365 * DAY, &mut answers_keep);
    let out_of_order = out_of_order(&mut keys);
    let mut rehearse = 0;
    keys.count("rehearse", 0..=REHEARSE_MOST, &mut rehearse);
    for (key, help) in [
        ("name", "write name = \"…\": logs and commands call the route by it"),
        ("path", "write path = \"/…\": where the provider calls"),
        ("adapter", "write adapter = \"builtin:…\" or the name of a plugin"),
    ] {
        if !keys.has(key) {
            keys.missing(key, help);
        }
    }
    keys.finish();
    let place = name.as_ref().map_or(&node.place, |name| &name.place).clone();
    Some(Route {
        place,
        name,
        path,
        methods,
        adapter,
        grants,
        answers,
        deliver,
        dedupe,
        answers_keep,
        out_of_order,
        expect_every,
        rehearse,
    })
}

fn out_of_order(keys: &mut Keys<'_, '_>) -> OutOfOrder {
    match keys.form("out_of_order", one_of(&["mark", "deliver", "drop"])) {
        Some(word) if word.value == "deliver" => OutOfOrder::Deliver,
        Some(word) if word.value == "drop" => OutOfOrder::Drop,
        Some(_) | None => OutOfOrder::Mark,
    }
}

/// Only that it starts as a path does: patterns are compared, and checked, where they are matched.
fn pattern(text: &str) -> Result<String, Wrong> {
    match text.starts_with('/') && text.len() <= 1024 {
        true => Ok(text.to_owned()),
        false => {
            let help = "write \"/…\", with parameters as {name}, at most 1024 bytes";
            Err(Wrong::new("this isn't a path", help))
        }
    }
}

fn methods(keys: &mut Keys<'_, '_>) -> Vec<String> {
    let mut methods: Vec<String> = Vec::new();
    let Some(listed) = keys.list("methods", method) else {
        return vec!["POST".to_owned()];
    };
    for method in listed {
        if !methods.contains(&method.value) {
            methods.push(method.value);
        }
    }
    if let Some(node) = keys.take("methods").filter(|node| is_empty_list(node)) {
        let message = "a route without methods takes no call";
        let help = "leave methods out for POST";
        keys.problems().push(Problem::error(message).at(&node.place).help(help));
    }
    methods
}

fn is_empty_list(node: &Node) -> bool {
    matches!(&node.value, Value::List(items) if items.is_empty())
}

fn method(text: &str) -> Result<String, Wrong> {
    if METHODS.contains(&text) {
        return Ok(text.to_owned());
    }
    let help = suggestion(&text.to_ascii_uppercase(), &METHODS, "methods");
    Err(Wrong::new(format!("{} isn't a method that a route can take", quoted(text)), help))
}
