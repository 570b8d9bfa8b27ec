//! Whole vectors from files, against an adapter that says what a test tells it to.

mod headers;

use std::fs;
use std::path::Path;

use crate::{
    Answered, Asked, Callback, Came, Confirmation, Decline, DeclineStatus, Event, LoadError,
    Outcome, Parsed, Reason, Reply, Request, Subject, Vector, Verdict, load, run,
};

const REQUEST: &[u8] = b"POST /toy?a=b HTTP/1.1\nHost: h\n\nbody\n";

/// A folder with these files in it.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn vector(toml: &str) -> Vector {
    let toml = format!("about = \"x\"\nreceived_at_ms = 1\n{toml}");
    let folder = folder(&[("v.http", REQUEST), ("v.toml", toml.as_bytes())]);
    load(folder.path()).unwrap().remove(0)
}

fn problem(toml: &str) -> String {
    let toml = format!("about = \"x\"\nreceived_at_ms = 1\n{toml}");
    let folder = folder(&[("v.http", REQUEST), ("v.toml", toml.as_bytes())]);
    match load(folder.path()).unwrap_err() {
        LoadError::Toml { path, problem } if path.ends_with("v.toml") => problem,
        other => panic!("another fault: {other}"),
    }
}

/// Says what it is told, and remembers what it was asked to word.
struct Scripted {
    refused: Vec<Reason>,
    verdict: Verdict,
    parsed: Result<Parsed, String>,
    worded: Result<Reply, Reason>,
    came: Result<Came, String>,
    confirmed: Option<Asked>,
    asked: Vec<Outcome>,
}

impl Subject for Scripted {
    fn configure(&mut self) -> Result<Vec<Reason>, String> {
        Ok(self.refused.clone())
    }
    fn verify(&mut self, _: &Callback) -> Result<Verdict, String> {
        Ok(self.verdict.clone())
    }
    fn parse(&mut self, _: &Callback) -> Result<Parsed, String> {
        self.parsed.clone()
    }
    fn confirm(&mut self, asked: &Asked) -> Result<Came, String> {
        self.confirmed = Some(asked.clone());
        self.came.clone()
    }
    fn respond(&mut self, _: &Callback, asked: &Outcome) -> Result<Result<Reply, Reason>, String> {
        self.asked.push(asked.clone());
        Ok(self.worded.clone())
    }
}

fn reason(code: &str) -> Reason {
    Reason { code: code.into(), detail: "why".into() }
}

fn event() -> Event {
    Event {
        id: "e-1".into(),
        aliases: vec!["e-a".into()],
        kind: "toy.paid".into(),
        subject: None,
        rank: Some(2),
        occurred_at_ms: Some(7),
        data: Some(r#"{"b":[1], "a":"x"}"#.into()),
    }
}

fn scripted() -> Scripted {
    Scripted {
        refused: vec![],
        verdict: Verdict::Genuine { matched: Some("current".into()), replay_key: None },
        parsed: Ok(Parsed::Notification(vec![event()])),
        worded: Ok(Reply { status: 200, headers: vec![], body: b"{\"ok\":true}".to_vec() }),
        came: Err("it doesn't confirm".into()),
        confirmed: None,
        asked: vec![],
    }
}

fn mismatches(vector: &Vector, subject: &mut Scripted) -> Vec<String> {
    let found = run(vector, subject).err().unwrap_or_default();
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn a_vector_is_read_with_its_defaults() {
    let files: &[(&str, &[u8])] = &[
        (
            "defaults.toml",
            b"received_at_ms = 5\nsettings = { a = 1, b = { c = 2, d = 1979-05-27 } }\n\
          secrets.key = [{ name = \"v1\", file = \"k.pem\", kid = \"key-1\" }]",
        ),
        ("one.http", REQUEST),
        (
            "one.toml",
            b"about = \"One.\"\nsettings.b.c = 3\nparams = { x = \"y\" }\npeer = \"::1\"\n\
          [expect]\nverdict = \"genuine\"",
        ),
        ("two.http", REQUEST),
        (
            "two.toml",
            b"about = \"Two.\"\nreceived_at_ms = 6\nurl = \"https://a.example/b\"\n\
          secrets.key = [{ name = \"v2\", value = \"s\" }]\n[expect]\nverdict = \"challenge\"",
        ),
        ("k.pem", b"text\r\n"),
        ("README.md", b"not looked at"),
    ];
    let folder = folder(files);
    let vectors = load(folder.path()).unwrap();
    let [one, two] = vectors.as_slice() else { panic!("{} vectors", vectors.len()) };
    assert_eq!((one.name.as_str(), one.about.as_str()), ("one", "One."));
    assert_eq!(one.call.url, "https://hooks.example.com/toy?a=b");
    assert_eq!((one.call.received_at_ms, one.call.peer.as_str()), (5, "::1"));
    assert_eq!(one.call.params, [("x".to_owned(), "y".to_owned())]);
    assert_eq!(one.call.body, b"body\n");
    let settings = serde_json::json!({"a": 1, "b": {"c": 3, "d": "1979-05-27"}});
    assert_eq!(one.settings, settings);
    let [secret] = one.secrets.as_slice() else { panic!("one secret") };
    assert_eq!((secret.kid.as_deref(), secret.text.as_str()), (Some("key-1"), "text"));
    assert_eq!((two.call.url.as_str(), two.call.received_at_ms), ("https://a.example/b", 6));
    assert_eq!(two.secrets[0].version, "v2");
}

#[test]
fn half_a_vector_is_refused() {
    let refused = |files: &[(&str, &[u8])]| load(folder(files).path()).unwrap_err().to_string();
    assert!(refused(&[("v.http", REQUEST)]).contains("v.toml is missing"));
    assert!(refused(&[("v.toml", b"")]).contains("v.http is missing"));
    assert!(refused(&[("defaults.toml", b"")]).ends_with("no vectors"));
    assert!(refused(&[("v.http", b"POST"), ("v.toml", b"")]).contains("v.http: no blank line"));
    assert!(load(Path::new("/nowhere")).unwrap_err().to_string().starts_with("/nowhere: "));
}

#[test]
fn what_would_not_be_compared_is_refused() {
    for (toml, says) in [
        ("", "missing field `expect`"),
        ("[expect]\nverdict = \"true\"", "unknown variant `true`"),
        ("[expect]\nverdict = \"genuine\"\nmatch = \"x\"", "unknown field `match`"),
        ("[expect]\nverdict = \"forged\"\nmatched = \"x\"", "only for a genuine verdict"),
        ("[expect]\nverdict = \"genuine\"\nreason = \"x\"", "`reason` needs `content`"),
        ("[expect]\nverdict = \"challenge\"\nreason = \"x\"", "a challenge has no reason"),
        (
            "[expect]\nverdict = \"genuine\"\ncontent = \"request\"\nevents = []",
            "`events` doesn't go",
        ),
        ("[expect]\nverdict = \"genuine\"\nevents = []\nreason = \"x\"", "`reason` doesn't go"),
        (
            "secrets.k = [{ name = \"v\" }]\n[expect]\nverdict = \"challenge\"",
            "either `value` or `file`",
        ),
    ] {
        assert!(problem(toml).contains(says), "{toml}: {}", problem(toml));
    }
    for (outcome, says) in [
        ("outcome = \"answered\"\nstatus = 200", "`answer` and the outcome"),
        ("outcome = \"accepted\"\nanswer = {}\nstatus = 200", "`answer` and the outcome"),
        ("outcome = \"declined\"\nstatus = 404", "`decline` and the outcome"),
        ("outcome = \"accepted\"", "either `status`"),
        ("outcome = \"accepted\"\nstatus = 200\nerror = \"x\"", "either `status`"),
        ("outcome = \"accepted\"\nerror = \"x\"\nbody = \"\"", "either `status`"),
        ("outcome = \"accepted\"\nerror = \"x\"\nheaders = { a = \"b\" }", "either `status`"),
        ("outcome = \"accepted\"\nstatus = 200\nbody = \"\"\nbody_json = {}", "not both"),
    ] {
        let toml = format!("[expect]\nverdict = \"genuine\"\n[[outcomes]]\n{outcome}");
        let problem = problem(&toml);
        assert!(problem.starts_with("outcomes[0]: ") && problem.contains(says), "{problem}");
    }
}

#[test]
fn all_that_is_stated_and_right_passes() {
    let vector = vector(
        "[expect]\nverdict = \"genuine\"\nmatched = \"current\"\ncontent = \"notification\"\n\
         [[expect.events]]\nid = \"e-1\"\naliases = [\"e-a\"]\nkind = \"toy.paid\"\nrank = 2\n\
         occurred_at_ms = 7\ndata = { a = \"x\", b = [1] }\n\
         [[outcomes]]\noutcome = \"as-parsed\"\nstatus = 200\nbody = '{\"ok\":true}'\n\
         [[outcomes]]\noutcome = \"answered\"\nanswer = { a = 1.5 }\nstatus = 200\n\
         body_json = { ok = true }\n\
         [[outcomes]]\noutcome = \"declined\"\nstatus = 200\n\
         decline = { status = \"not-found\", reason = \"r\", customer_reason = \"c\" }",
    );
    let mut subject = scripted();
    assert_eq!(run(&vector, &mut subject), Ok(()));
    let declined = Decline {
        status: DeclineStatus::NotFound,
        reason: "r".into(),
        customer_reason: Some("c".into()),
    };
    let answered = Outcome::Answered(r#"{"a":1.5}"#.into());
    assert_eq!(subject.asked, [Outcome::Accepted, answered, Outcome::Declined(declined)]);
}

#[test]
fn every_mismatch_says_what_differs() {
    let vector = vector(
        "[expect]\nverdict = \"genuine\"\nmatched = \"old\"\nreplay_key = \"r\"\n\
         [[expect.events]]\nid = \"e-2\"\naliases = []\nkind = \"toy.paid\"\nsubject = \"s\"\n\
         rank = 3\noccurred_at_ms = 7\ndata = { a = \"x\", b = [2] }\n[[expect.events]]\n\
         [[outcomes]]\noutcome = \"accepted\"\nstatus = 204\nbody = '{\"ok\":false}'\n\
         [[outcomes]]\noutcome = \"duplicate\"\nerror = \"no\"",
    );
    let mut subject = Scripted { refused: vec![reason("settings_invalid")], ..scripted() };
    assert_eq!(
        mismatches(&vector, &mut subject),
        [
            "configure: expected no reason to refuse, got settings_invalid (why)",
            "expect.matched: expected \"old\", got \"current\", first differing at \
             byte 0 (0x6f, got 0x63)",
            "expect.replay_key: expected \"r\", got none",
            "expect.events: expected 2 of them, got 1 of them",
            "expect.events[0].id: expected \"e-2\", got \"e-1\", first differing at byte 2 \
             (0x32, got 0x31)",
            "expect.events[0].subject: expected \"s\", got none",
            "expect.events[0].rank: expected 3, got 2",
            "expect.events[0].aliases: expected [], got [\"e-a\"]",
            "expect.events[0].data.b[0]: expected 2, got 1",
            "outcomes[0] (accepted).status: expected 204, got 200",
            "outcomes[0] (accepted).body: expected \"{\"ok\":false}\", got \"{\"ok\":true}\", \
             first differing at byte 6 (0x66, got 0x74)",
            "outcomes[1] (duplicate): expected the error no, got status 200",
        ]
    );
}

#[test]
fn verdicts_and_contents_that_differ_are_named_with_their_reason() {
    let genuine = vector("[expect]\nverdict = \"genuine\"\ncontent = \"request\"");
    let mut subject = Scripted { verdict: Verdict::Forged(reason("late")), ..scripted() };
    let said = mismatches(&genuine, &mut subject);
    assert_eq!(said, ["expect.verdict: expected genuine, got forged: late (why)"]);
    let said = mismatches(&genuine, &mut scripted());
    assert_eq!(said, ["expect.content: expected request, got notification"]);
    let mut subject = Scripted { parsed: Ok(Parsed::NotFound(reason("no"))), ..scripted() };
    let said = mismatches(&genuine, &mut subject);
    assert_eq!(said, ["expect.content: expected request, got not-found: no (why)"]);

    let forged = vector("[expect]\nverdict = \"forged\"\nreason = \"early\"");
    let mut subject = Scripted { verdict: Verdict::Forged(reason("late")), ..scripted() };
    assert_eq!(
        mismatches(&forged, &mut subject),
        ["expect.reason: expected early, got late (why)"]
    );
    let request = Request { id: "r".into(), kind: "quote".into(), data: "{".into() };
    let asked =
        vector("[expect]\nverdict = \"genuine\"\nrequest = { kind = \"quote\", data = {} }");
    let mut subject = Scripted { parsed: Ok(Parsed::Request(request)), ..scripted() };
    let [said] = mismatches(&asked, &mut subject).try_into().unwrap();
    assert!(said.starts_with("expect.request.data: expected {}, got no JSON: EOF"), "{said}");
}

#[test]
fn as_parsed_hands_on_the_real_reason() {
    let outcomes = "[[outcomes]]\noutcome = \"as-parsed\"\nstatus = 200";
    let genuine = vector(&format!("[expect]\nverdict = \"genuine\"\n{outcomes}"));
    let forged = vector(&format!("[expect]\nverdict = \"forged\"\n{outcomes}"));
    let asked = |vector: &Vector, mut subject: Scripted| {
        assert_eq!(run(vector, &mut subject), Ok(()));
        subject.asked.remove(0)
    };
    let subject = Scripted { verdict: Verdict::Forged(reason("late")), ..scripted() };
    assert_eq!(asked(&forged, subject), Outcome::Forged(reason("late")));
    let subject = Scripted { parsed: Ok(Parsed::Malformed(reason("bad"))), ..scripted() };
    assert_eq!(asked(&genuine, subject), Outcome::Malformed(reason("bad")));
    let subject = Scripted { parsed: Ok(Parsed::NotFound(reason("no"))), ..scripted() };
    assert_eq!(asked(&genuine, subject), Outcome::NotFound(reason("no")));

    let request = Request { id: "r".into(), kind: "quote".into(), data: "{}".into() };
    let mut subject = Scripted { parsed: Ok(Parsed::Request(request)), ..scripted() };
    let [said] = mismatches(&genuine, &mut subject).try_into().unwrap();
    assert!(said.contains("which needs an answer"), "{said}");
}

#[test]
fn a_broken_call_ends_its_vector() {
    let vector = vector(
        "[expect]\nverdict = \"genuine\"\n[[outcomes]]\noutcome = \"accepted\"\nstatus = 200",
    );
    let mut subject = Scripted { parsed: Err("it trapped".into()), ..scripted() };
    assert_eq!(mismatches(&vector, &mut subject), ["parse: expected a result, got it trapped"]);
    assert!(subject.asked.is_empty());
}

const CONFIRM: &str = r#"
api_origin = "https://api.example"
[expect]
verdict = "genuine"
content = "notification"
[confirm]
now_ms = 9
state = { token = "t" }
confirmation = "confirmed"
event = { id = "e-1", rank = 2 }
state_after = { token = "u" }
[[confirm.exchanges]]
path = "/state"
authorization = "Bearer t"
body = { id = 1 }
status = 200
reply = { state = 5 }
[[confirm.exchanges]]
path = "/state"
down = true
"#;

#[test]
fn a_confirmation_is_asked_for_as_written_and_compared() {
    let vector = vector(CONFIRM);
    let came = |confirmation, problems: &[&str], state: &[(&str, &str)]| {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Ok(Came {
            confirmation,
            problems: problems.iter().map(ToString::to_string).collect(),
            state: state.iter().map(owned).collect(),
        })
    };
    let good = came(Confirmation::Confirmed(event()), &[], &[("token", "u")]);
    let mut subject = Scripted { came: good, ..scripted() };
    assert_eq!(mismatches(&vector, &mut subject), [""; 0]);
    let asked = subject.confirmed.unwrap();
    assert_eq!((asked.now_ms, asked.event.id.as_str()), (9, "e-1"));
    assert_eq!(asked.state, [("token".to_owned(), "t".to_owned())]);
    assert_eq!(asked.watched, ["token"]);
    let replied = Answered::Reply { status: 200, body: br#"{"state":5}"#.to_vec() };
    assert_eq!(asked.exchanges[0].answer, replied);
    assert_eq!(asked.exchanges[1].answer, Answered::Down);
    let other = Event { id: "e-2".into(), ..event() };
    let wrong = [
        (came(Confirmation::Confirmed(other), &[], &[("token", "u")]), "confirm.event.id"),
        (came(Confirmation::Confirmed(event()), &["x"], &[("token", "u")]), "confirm.exchanges"),
        (came(Confirmation::Confirmed(event()), &[], &[]), "confirm.state_after.token"),
        (came(Confirmation::NotYet(reason("a")), &[], &[("token", "u")]), "confirm.confirmation"),
        (Err("a trap".into()), "confirm: expected a result, got a trap"),
    ];
    for (came, wanted) in wrong {
        let found = mismatches(&vector, &mut Scripted { came, ..scripted() });
        assert!(found.len() == 1 && found[0].starts_with(wanted), "{wanted}: {found:?}");
    }
}

#[test]
fn a_confirmation_that_would_not_be_compared_is_refused() {
    let cases = [
        ("event = { id = \"e-1\", rank = 2 }", "reason = \"x\"", "for what isn't"),
        ("confirmation = \"confirmed\"", "confirmation = \"not-yet\"", "for what isn't"),
        ("down = true", "down = true\nstatus = 200", "exchanges[1]"),
        ("status = 200", "", "exchanges[0]"),
        ("reply = { state = 5 }", "reply = 5\nreply_text = \"5\"", "not both"),
        ("content = \"notification\"", "content = \"malformed\"", "needs an event"),
        ("api_origin = \"https://api.example\"", "", "needs an event"),
    ];
    for (from, to, wanted) in cases {
        let problem = problem(&CONFIRM.replace(from, to));
        assert!(problem.contains(wanted), "{to}: {problem}");
    }
}
