//! What a request was answered, as `hookswitch events show` prints it: the answer that stands, and
//! every try that is kept.

use serde_json::{Value, json};

use super::table::{Table, block, cell, facts};

pub(super) fn shown(answers: &Value) -> String {
    let answers = answers.as_array().map(Vec::as_slice).unwrap_or_default();
    if answers.is_empty() {
        return "no try to answer it has ended so far\n".to_owned();
    }
    let stands = answers.iter().find(|answer| answer["stands"] == true);
    let mut text = stands.map(standing).unwrap_or_default();
    text.push_str(&format!("\ntries\n{}", tries(answers)));
    text
}

/// What whoever asks again gets.
fn standing(answer: &Value) -> String {
    let took = json!(format!("{} ms", cell(&answer["took_ms"])));
    let mut text = String::new();
    if !answer["answer"].is_null() {
        text.push_str(&format!("answer\n{}", block(&answer["answer"])));
    }
    text.push_str(&facts(&[
        ("answered by", &answer["by"]),
        ("at", &answer["at"]),
        ("took", &took),
        ("fallback", &answer["fallback"]),
        ("late", &answer["late"]),
        ("response", &answer["response_status"]),
        ("why", &answer["why"]),
    ]));
    text
}

fn tries(answers: &[Value]) -> String {
    let row = |answer: &Value| {
        let words = ["stands", "fallback", "late"];
        let words = words.into_iter().filter(|name| answer[*name] == true);
        let how: Vec<&str> = match answer["finished"] == true {
            true => words.collect(),
            false => std::iter::once("unfinished").chain(words).collect(),
        };
        let cells = ["attempt", "at", "took_ms", "response_status", "by"];
        let mut row = vec![String::new()];
        row.extend(cells.map(|name| cell(&answer[name])));
        row.extend([how.join(", "), cell(&answer["why"])]);
        row
    };
    let mut table = Table::new(&["", "TRY", "AT", "MS", "STATUS", "BY", "HOW", "WHY"]);
    table.lines(answers.iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(attempt: u32, stands: bool) -> Value {
        json!({
            "attempt": attempt, "stands": stands, "finished": stands, "by": "quotes@ab",
            "answer": stands.then(|| json!({ "price": 1 })), "fallback": false, "late": stands,
            "why": (!stands).then_some("trap"), "took_ms": 7, "at": "2026-01-02T03:04:05.678Z",
            "response_status": if stands { 200 } else { 503 }, "response_body": "",
        })
    }

    /// With the columns as far apart as two rows make them.
    fn head(wide: bool) -> String {
        let gap = if wide { "  " } else { "" };
        let at = format!("AT{}", " ".repeat(24));
        format!("\ntries\n  TRY  {at}MS  STATUS  BY         HOW         {gap}WHY\n")
    }

    #[test]
    fn what_stands_is_shown_first_and_then_every_try() {
        let at = "2026-01-02T03:04:05.678Z";
        let failed =
            |gap: &str| format!("  1    {at}  7   503     quotes@ab  unfinished  {gap}trap\n");
        let stands = format!("  2    {at}  7   200     quotes@ab  stands, late  -\n");
        let answered = format!(
            "answer\n  {{\n    \"price\": 1\n  }}\nanswered by  quotes@ab\nat           {at}\n\
             took         7 ms\nfallback     false\nlate         true\nresponse     200\n"
        );
        for (answers, wanted) in [
            (json!([]), "no try to answer it has ended so far\n".to_owned()),
            (json!([answer(1, false)]), head(false) + &failed("")),
            (
                json!([answer(1, false), answer(2, true)]),
                answered + &head(true) + &failed("  ") + &stands,
            ),
        ] {
            assert_eq!(shown(&answers), wanted);
        }
    }
}
