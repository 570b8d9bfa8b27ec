//! Questions as files: what is read, what is compared, and what is refused.

use std::fs;

use super::{Computed, Question, compare_answer};
use crate::{Decline, DeclineStatus, Recorded, load, load_all};

const ASKED: &str = "about = \"a\"\nsettings.price = \"2\"\nstate_after = { seen = \"1\" }\n\
    [request]\nid = \"r-1\"\nkind = \"quote\"\ndata = { amount = \"3\" }\n";

/// A folder with this one vector in it, read.
fn read(text: &str) -> Result<Question, String> {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("v.toml"), text).expect("a file");
    let mut read = load_all(folder.path()).map_err(|error| error.to_string())?;
    match read.pop() {
        Some(Recorded::Question(question)) => Ok(*question),
        other => panic!("{other:?}"),
    }
}

fn said(question: &Question, came: Result<Computed, String>) -> Vec<String> {
    let found = compare_answer(question, came).err().unwrap_or_default();
    found.iter().map(ToString::to_string).collect()
}

fn answered(answer: &str) -> Result<Computed, String> {
    let state = vec![("seen".to_owned(), "1".to_owned())];
    Ok(Computed { answer: Ok(answer.to_owned()), problems: Vec::new(), state })
}

fn declined(status: DeclineStatus, reason: &str) -> Result<Computed, String> {
    let no = Decline { status, reason: reason.to_owned(), customer_reason: None };
    Ok(Computed { answer: Err(no), problems: Vec::new(), state: Vec::new() })
}

#[test]
fn a_question_is_read_whole() {
    let question = read(&format!("{ASKED}[expect]\nanswer = {{ paid = \"6\" }}")).expect("it");
    assert_eq!(
        (question.name.as_str(), question.request.data.as_str()),
        ("v", r#"{"amount":"3"}"#)
    );
    assert_eq!(question.deadline_ms - question.now_ms, 2000);
    assert_eq!(question.settings.to_string(), r#"{"price":"2"}"#);
    assert_eq!(question.watched().collect::<Vec<_>>(), ["seen"]);
}

#[test]
fn what_differs_is_said() {
    let asks = read(&format!("{ASKED}[expect]\nanswer.paid = \"6\"")).expect("it");
    let nothing: [&str; 0] = [];
    assert_eq!(said(&asks, answered(r#"{ "paid": "6" }"#)), nothing);
    let byte = "first differing at byte 0 (0x36, got 0x37)";
    let wrong = format!("expect.answer.paid: expected \"6\", got \"7\", {byte}");
    assert_eq!(said(&asks, answered(r#"{"paid":"7"}"#)), [wrong]);
    let no = "expect.answer: expected an answer, got declined as invalid: why";
    let state = "state_after.seen: expected \"1\", got none";
    assert_eq!(said(&asks, declined(DeclineStatus::Invalid, "why")), [no, state]);
    let broke = "compute: expected an answer or a decline, got it trapped";
    assert_eq!(said(&asks, Err("it trapped".into())), [broke]);
    let called =
        Computed { problems: vec!["none came".into()], ..answered(r#"{"paid":"6"}"#).expect("it") };
    let problem = "exchanges: expected the calls that are scripted, got none came";
    assert_eq!(said(&asks, Ok(called)), [problem]);

    let text = ASKED.replace("state_after = { seen = \"1\" }\n", "");
    let decline =
        "decline = { status = \"not-found\", reason = \"none\", customer_reason = \"c\" }";
    let refuses = read(&format!("{text}[expect]\n{decline}")).expect("it");
    assert_eq!(
        said(&refuses, declined(DeclineStatus::Invalid, "none")),
        [
            "expect.decline.status: expected not-found, got invalid (none)",
            "expect.decline.customer_reason: expected \"c\", got none",
        ]
    );
    let yes = ["expect.decline: expected declined as not-found, got the answer {}"];
    assert_eq!(said(&refuses, answered("{}")), yes);
}

#[test]
fn what_would_not_be_compared_is_refused() {
    let expect = "[expect]\nanswer = {}\n";
    for (text, part) in [
        (ASKED.to_owned(), "missing field `expect`"),
        (format!("{ASKED}[expect]\n"), "either `answer` or `decline`"),
        (format!("{ASKED}{expect}decline = {{ status = \"invalid\" }}"), "either `answer` or"),
        (format!("{ASKED}data_text = \"x\"\n{expect}"), "either `data` or `data_text`"),
        (format!("{ASKED}{expect}verdict = \"forged\""), "unknown field `verdict`"),
        (format!("{ASKED}{expect}[[exchanges]]\npath = \"/\"\nstatus = 200"), "go together"),
    ] {
        let fault = read(&text).expect_err(&text);
        assert!(fault.contains(part) && fault.contains("v.toml"), "{fault}");
    }
}

#[test]
fn a_folder_of_callbacks_takes_no_question() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!("{ASKED}[expect]\nanswer = {{}}");
    fs::write(folder.path().join("v.toml"), text).expect("a file");
    let fault = load(folder.path()).expect_err("no .http").to_string();
    assert!(fault.contains("v.http is missing"), "{fault}");
}
