//! What counts as a difference, and what is told of it.

use bytes::Bytes;

use super::*;
use crate::model::{Event, Header, Proof, Reason, Request};

fn event(data: &str) -> Event {
    Event {
        id: "e1".to_owned(),
        aliases: Vec::new(),
        kind: "acme.paid".to_owned(),
        subject: Some("t1".to_owned()),
        rank: Some(2),
        occurred_at_ms: None,
        data: Some(data.to_owned()),
    }
}

fn notification(event: Event) -> Option<Result<Content, ParseFault>> {
    Some(Ok(Content::Notification(vec![event])))
}

fn reply(status: u16, body: &str) -> Option<Result<Reply, String>> {
    let header = Header { name: "content-type".to_owned(), value: "application/json".to_owned() };
    let body = Bytes::copy_from_slice(body.as_bytes());
    Some(Ok(Reply { status, headers: vec![header], body }))
}

fn good() -> Taken {
    Taken {
        verdict: Ok(Verdict::Genuine(Proof::default())),
        content: notification(event(r#"{"card":{"number":"4111","cvc":"1"}}"#)),
        reply: reply(200, r#"{"status":"ok"}"#),
    }
}

/// What changed, and the one difference that is told of it; none where `what` is empty.
type Case = (&'static str, fn(&mut Taken), &'static str, &'static str, &'static str);

const CASES: [Case; 13] = [
    ("nothing", |_| {}, "", "", ""),
    (
        "another version of the secret",
        |taken| {
            let matched = Some("new".to_owned());
            taken.verdict = Ok(Verdict::Genuine(Proof { matched, replay_key: None }));
        },
        "",
        "",
        "",
    ),
    (
        "forged, which says it all",
        |taken| {
            taken.verdict = Ok(Verdict::Forged(Reason::new("late", "4111")));
            taken.content = None;
            taken.reply = reply(401, "");
        },
        "verdict",
        "genuine",
        "forged (late)",
    ),
    (
        "a fault",
        |taken| taken.verdict = Err("trap".to_owned()),
        "verdict",
        "genuine",
        "fault (trap)",
    ),
    (
        "a replay key",
        |taken| {
            let replay_key = Some("4111".to_owned());
            taken.verdict = Ok(Verdict::Genuine(Proof { matched: None, replay_key }));
        },
        "replay key",
        "none",
        "some",
    ),
    (
        "a kind",
        |taken| {
            taken.content = notification(Event { kind: "acme.sent".to_owned(), ..base() });
        },
        "events/0/kind",
        "acme.paid",
        "acme.sent",
    ),
    (
        "a rank",
        |taken| taken.content = notification(Event { rank: None, ..base() }),
        "events/0/rank",
        "2",
        "",
    ),
    (
        "data",
        |taken| taken.content = notification(event(r#"{"card":{"number":"4222","cvc":"1"}}"#)),
        "events/0/data/card/number",
        "one",
        "another",
    ),
    (
        "data that is gone",
        |taken| taken.content = notification(event(r#"{"card":{"number":"4111"}}"#)),
        "events/0/data/card/cvc",
        "one",
        "another",
    ),
    (
        "the body for data",
        |taken| taken.content = notification(Event { data: None, ..base() }),
        "events/0/data",
        "its own",
        "the body",
    ),
    (
        "a request",
        |taken| {
            let (id, kind) = ("q1".to_owned(), "quote".to_owned());
            let request = Request { id, kind, data: "{}".to_owned() };
            taken.content = Some(Ok(Content::Request(request)));
        },
        "content",
        "a notification of 1",
        "a request (quote)",
    ),
    (
        "a status",
        |taken| taken.reply = reply(202, r#"{"status":"ok"}"#),
        "reply/status",
        "200",
        "202",
    ),
    (
        "a reply's body",
        |taken| taken.reply = reply(200, r#"{"status":"4111"}"#),
        "reply/body/status",
        "one",
        "another",
    ),
];

fn base() -> Event {
    event(r#"{"card":{"number":"4111","cvc":"1"}}"#)
}

#[test]
fn each_difference_is_told_once_and_without_data() {
    for (name, change, what, old, new) in CASES {
        let mut changed = good();
        change(&mut changed);
        let found = differ::between("c1", &good(), &changed);
        let told: Vec<_> = found
            .iter()
            .map(|one| (one.what.as_str(), one.old.as_str(), one.new.as_str()))
            .collect();
        let wanted: Vec<_> =
            [(what, old, new)].into_iter().filter(|one| !one.0.is_empty()).collect();
        assert_eq!(told, wanted, "{name}");
        assert!(!format!("{found:?}").contains("4111"), "{name}");
    }
}
