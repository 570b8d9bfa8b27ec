//! What a request was answered, against what it would be answered today. Unlike of callbacks, what
//! differs is told with both values: an answer is what the operator's own side says, and history
//! shows it whole.

use serde_json::Value;

use super::Difference;
use super::differ::{Found, step_name};
use crate::store::{AnswerShown, EventWhole};

/// Differences that are told of one answer.
const TOLD_MAX: usize = 20;
/// Characters that are told of a value.
const VALUE_CHARS_MAX: usize = 200;

/// What differs today; of a request that nobody answered, that there is an answer.
pub fn answered(whole: &EventWhole, today: &AnswerShown) -> Vec<Difference> {
    let callback = whole.callback.callback.head.id.clone();
    let mut found = Found { callback, list: Vec::new() };
    match stored(whole) {
        Some(stored) => compare(&mut found, stored, today),
        None => {
            found.text("outcome", "none", outcome(today));
        }
    }
    found.list
}

/// What a request was answered: the try that stands, else its newest.
pub fn stored(whole: &EventWhole) -> Option<&AnswerShown> {
    whole.answers.iter().find(|answer| answer.stands).or(whole.answers.last())
}

fn compare(found: &mut Found, old: &AnswerShown, new: &AnswerShown) {
    found.text("outcome", outcome(old), outcome(new));
    if let (Some(old), Some(new)) = (&old.answer, &new.answer) {
        answers(found, old, new);
    } else {
        let why = |answer: &AnswerShown| match &answer.answer {
            Some(_) => String::new(),
            None => short(answer.why.as_deref().unwrap_or_default()),
        };
        found.text("reason", &why(old), &why(new));
    }
    // Other words for another answer are no news, and of what doesn't stand only the start is kept.
    match found.list.is_empty() && old.stands {
        true => found.worded(&old.reply, &new.reply),
        false => {
            let status = |answer: &AnswerShown| answer.reply.status.to_string();
            found.text("reply/status", &status(old), &status(new));
        }
    }
}

fn outcome(answer: &AnswerShown) -> &'static str {
    match (&answer.answer, answer.finished) {
        (Some(_), _) => "answered",
        (None, true) => "declined",
        (None, false) => "unavailable",
    }
}

fn answers(found: &mut Found, old: &str, new: &str) {
    match (serde_json::from_str(old), serde_json::from_str(new)) {
        (Ok(old), Ok(new)) => each(found, "answer", (Some(&old), Some(&new))),
        _ => {
            found.text("answer", &short(old), &short(new));
        }
    }
}

/// Tells each place where they differ, as a JSON pointer behind `answer`.
fn each(found: &mut Found, at: &str, (old, new): (Option<&Value>, Option<&Value>)) {
    if old == new || found.list.len() >= TOLD_MAX {
        return;
    }
    match (old, new) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let more = new.keys().filter(|name| !old.contains_key(*name));
            for name in old.keys().chain(more) {
                each(found, &format!("{at}{}", step_name(name)), (old.get(name), new.get(name)));
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for index in 0..old.len().max(new.len()) {
                each(found, &format!("{at}/{index}"), (old.get(index), new.get(index)));
            }
        }
        _ => {
            let value = |value: Option<&Value>| {
                value.map_or("none".to_owned(), |value| short(&value.to_string()))
            };
            // Cut, two long values may look the same.
            if !found.text(at, &value(old), &value(new)) {
                found.differs(at);
            }
        }
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(old: &str, new: &str) -> Vec<String> {
        let mut found = Found { callback: "c1".to_owned(), list: Vec::new() };
        answers(&mut found, old, new);
        found.list.iter().map(|one| format!("{} {} {}", one.what, one.old, one.new)).collect()
    }

    #[test]
    fn each_place_is_told_with_both_values() {
        let long = "x".repeat(300);
        let cases: [(&str, &str, &[&str]); 8] = [
            (r#"{"a":1,"b":2}"#, r#"{ "b": 2, "a": 1 }"#, &[]),
            (r#"{"a":"1.0"}"#, r#"{"a":"1.1"}"#, &[r#"answer/a "1.0" "1.1""#]),
            (r#"{"a":1}"#, r#"{"b":2}"#, &["answer/a 1 none", "answer/b none 2"]),
            (
                r#"{"a":[1,{"c/d":2}]}"#,
                r#"{"a":[1,{"c/d":3},4]}"#,
                &["answer/a/1/c~1d 2 3", "answer/a/2 none 4"],
            ),
            ("1", "{}", &["answer 1 {}"]),
            ("null", "1", &["answer null 1"]),
            ("no", "1", &["answer no 1"]),
            (r#"{"a":null}"#, "{}", &["answer/a null none"]),
        ];
        for (old, new, wanted) in cases {
            assert_eq!(told(old, new), wanted, "{old} {new}");
        }
        let (one, other) = (format!("\"{long}1\""), format!("\"{long}2\""));
        assert_eq!(told(&one, &other), ["answer one another"]);
        let many = |value: u32| format!("[{}]", vec![value.to_string(); 50].join(","));
        assert_eq!(told(&many(1), &many(2)).len(), TOLD_MAX);
    }
}
