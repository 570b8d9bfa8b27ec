//! The vectors, what is simulated, and hostile input.
//!
//! The vectors were signed by another program; what is simulated here is only checked against
//! the vectors' scheme by way of `verify`.

use hookswitch_sdk::native::{self, Host};
use hookswitch_sdk::{Callback, Content, Event, Head, Header, Outcome, Protocol, Reason};
use hookswitch_sdk::{Registering, Simulating, Verdict};
use proptest::prelude::*;

use crate::Brz;

const SECRET: &str = "whsec_0123456789abcdef0123456789abcdef";
const NOW_MS: u64 = 1_790_000_005_000;
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789_.";

fn host() -> Host {
    host_with("{}")
}

fn host_with(settings: &str) -> Host {
    Host::new().settings(settings).secret("signing-secret", "current", None, SECRET)
}

fn simulated(kind: &str, options: &str) -> Callback {
    host().run(|| Brz::simulate(kind, options, NOW_MS, 7)).expect("it is simulated")
}

fn verified(call: &Callback) -> Verdict {
    host().run(|| Brz::verify(call))
}

fn event(call: &Callback) -> Event {
    match host().run(|| Brz::parse(call)) {
        Ok(Content::Notification(mut events)) if events.len() == 1 => events.remove(0),
        other => panic!("not one event: {other:?}"),
    }
}

fn code(verdict: Verdict) -> String {
    match verdict {
        Verdict::Forged(reason) => reason.code,
        other => panic!("not forged: {other:?}"),
    }
}

#[test]
fn vectors() {
    let ran = native::run_vectors::<Brz>(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"));
    assert!(ran >= 90, "{ran}");
}

#[test]
fn whatever_is_simulated_is_genuine_and_parses() {
    let shapes = ["{}", r#"{"shape":"envelope"}"#, r#"{"form":"stripped"}"#];
    for kind in Brz::kinds() {
        for options in shapes {
            let call = simulated(&kind, options);
            assert!(matches!(verified(&call), Verdict::Genuine(_)), "{kind} {options}");
            let event = event(&call);
            assert_eq!(event.kind, format!("brz.{kind}"));
            assert_eq!(event.subject.is_none(), kind == "balance.updated", "{kind} {options}");
            assert_eq!(event.occurred_at_ms, Some(NOW_MS));
            assert_eq!(event.aliases.len(), 1);
            assert_eq!(call, simulated(&kind, options));
        }
    }
}

#[test]
fn options_are_kept() {
    for shape in ["flat", "envelope"] {
        let options = format!(
            r#"{{"amount":12.30,"transaction":"txn_1","status":"refunded","delivery":"d-1",
                "shape":"{shape}"}}"#
        );
        let call = simulated("brz.pix.cash_in.refunded", &options);
        let event = event(&call);
        assert_eq!((event.subject.as_deref(), event.rank), (Some("txn_1"), Some(3)));
        let body = String::from_utf8(call.body).expect("JSON");
        assert!(body.contains(r#""amount":"12.30""#), "{body}");
        assert!(call.head.header("x-webhook-id") == Some("d-1"));
    }
    let other_seed = host().run(|| Brz::simulate("p2p.completed", "{}", NOW_MS, 8));
    let other_seed = other_seed.expect("it is simulated");
    assert_ne!(other_seed.body, simulated("p2p.completed", "{}").body);
}

#[test]
fn options_that_mean_nothing_are_refused() {
    let refused = |kind: &str, options: &str| {
        host().run(|| Brz::simulate(kind, options, NOW_MS, 7)).expect_err(options).code
    };
    assert_eq!(refused("pix.cash_in.lost", "{}"), "kind_unknown");
    for options in [
        "",
        "[1]",
        r#"{"shape":"round"}"#,
        r#"{"amuont":"1"}"#,
        r#"{"amount":"-1"}"#,
        r#"{"amount":"1."}"#,
        r#"{"amount":1e3}"#,
        r#"{"delivery":"a\r\nb: c"}"#,
        r#"{"delivery":""}"#,
    ] {
        assert_eq!(refused("pix.cash_in.confirmed", options), "options_invalid", "{options}");
    }
}

#[test]
fn settings_are_checked_at_once_and_all() {
    let codes = |settings: &str| -> Vec<String> {
        host_with(settings).run(Brz::configure).into_iter().map(|r| r.code).collect()
    };
    assert!(codes("{}").is_empty());
    assert!(codes(r#"{"tolerance":"10m","key_form":"stripped"}"#).is_empty());
    assert_eq!(codes(r#"{"tolerance":300}"#), ["settings_invalid"]);
    assert_eq!(codes(r#"{"tolerence":"300s"}"#), ["settings_invalid"]);
    for tolerance in ["", "0s", "300", "-5s", "5 s", "99999999999999999999h"] {
        assert_eq!(codes(&format!(r#"{{"tolerance":"{tolerance}"}}"#)), ["tolerance_invalid"]);
    }
    let both = r#"{"tolerance":"soon","key_form":"base64"}"#;
    assert_eq!(codes(both), ["tolerance_invalid", "key_form_invalid"]);
    let empty = Callback { head: head(&[]), body: Vec::new() };
    let verdict = host_with(both).run(|| Brz::verify(&empty));
    assert!(matches!(verdict, Verdict::Unavailable(_)), "{verdict:?}");
}

#[test]
fn a_reply_tells_the_code_and_no_more() {
    let reason = Reason::new("signature_mismatch", "for the operator only");
    let head = head(&[]);
    for (outcome, status) in [
        (Outcome::Forged(reason.clone()), 401),
        (Outcome::Malformed(reason.clone()), 400),
        (Outcome::NotFound(reason.clone()), 404),
        (Outcome::Unavailable(reason), 503),
    ] {
        let reply = host().run(|| Brz::respond(&head, outcome)).expect("a reply");
        assert_eq!(reply.status, status);
        assert_eq!(reply.body, br#"{"error":"signature_mismatch"}"#);
    }
    let challenged = Outcome::Challenged("t-1".into());
    let reply = host().run(|| Brz::respond(&head, challenged)).expect("a reply");
    assert_eq!((reply.status, reply.body.as_slice()), (200, b"t-1".as_slice()));
}

#[test]
fn what_is_not_said_is_none() {
    for (data, subject, rank) in [
        (r#"{"id":"txn_1","status":"pending"}"#, Some("txn_1"), Some(0)),
        (r#"{"transaction":{"status":"paid"},"id":"outer","status":"pending"}"#, None, Some(2)),
        (r#"{"transaction":null,"id":"txn_1"}"#, Some("txn_1"), None),
        (r#"{"id":7,"status":["pending"]}"#, None, None),
        (r#"{"id":"","status":"PENDING"}"#, None, None),
        (r#"["id","txn_1"]"#, None, None),
        ("null", None, None),
    ] {
        let body = format!(r#"{{"event":"pix.cash_out.created","data":{data}}}"#);
        let event = event(&Callback { head: head(&[]), body: body.into_bytes() });
        assert_eq!((event.subject.as_deref(), event.rank), (subject, rank), "{data}");
        assert_eq!((event.occurred_at_ms, event.aliases, event.data), (None, Vec::new(), None));
    }
}

#[test]
fn what_to_register_names_the_route() {
    let facts = Brz::register("https://hooks.example.com/brz");
    let fact = |name: &str| facts.iter().find(|fact| fact.name == name).map(|fact| &fact.value);
    let body: serde_json::Value =
        serde_json::from_str(fact("body").expect("a body")).expect("JSON");
    assert_eq!(body["url"], "https://hooks.example.com/brz");
    let events = Brz::describe().events;
    for event in body["events"].as_array().expect("events") {
        let event = format!("brz.{}", event.as_str().expect("text"));
        assert!(events.contains(&event), "{event}");
    }
    assert_eq!(fact("problem"), None);
    let plain = Brz::register("http://hooks.example.com/brz");
    assert!(plain.iter().any(|fact| fact.name == "problem"));
}

#[test]
fn depth_is_no_danger() {
    let body = format!(r#"{{"deep":{},"event":"p2p.completed"}}"#, nested(200_000));
    let call = Callback { head: head(&[]), body: body.into_bytes() };
    assert_eq!(event(&call).kind, "brz.p2p.completed");
    let body = format!(r#"{{"event":"p2p.completed","data":{}}}"#, nested(200_000));
    let call = Callback { head: head(&[]), body: body.into_bytes() };
    assert_eq!(event(&call).subject, None);
}

fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

/// What was signed is genuine whatever stands where an id is looked for: it is recorded without.
#[test]
fn what_is_no_text_is_no_subject() {
    for data in [
        "null",
        "5",
        "1e999",
        "[1]",
        r#""\ud800""#,
        r#"{"id":1e999}"#,
        r#"{"id":"\ud800","status":"\udfff"}"#,
        r#"{"id":{"id":"txn_1"}}"#,
        r#"{"transaction":{"id":1e999},"id":"txn_1"}"#,
    ] {
        let body = format!(r#"{{"event":"pix.cash_in.confirmed","data":{data}}}"#);
        let event = event(&Callback { head: head(&[]), body: body.into_bytes() });
        assert_eq!((event.subject, event.rank), (None, None), "{data}");
    }
}

fn head(headers: &[Header]) -> Head {
    let head = Head::new("POST", "https://hooks.example.com/brz").with_id("call-1");
    let head = head.with_peer("203.0.113.9").with_time(NOW_MS);
    headers.iter().fold(head, |head, one| head.with_header(&one.name, &one.value))
}

/// Headers near to right ones: the names that matter, values that are almost in form.
fn headers() -> impl Strategy<Value = Vec<Header>> {
    let name = prop::sample::select(vec![
        "x-webhook-signature",
        "x-webhook-timestamp",
        "x-webhook-id",
        "x-webhook-event",
        "x-webhook-source",
    ]);
    let value = prop_oneof!["sha256=[0-9a-f]{64}", "[0-9]{9,14}", "[a-z_.]{0,20}", any::<String>()];
    let header = (name, value).prop_map(|(name, value)| Header { name: name.into(), value });
    prop::collection::vec(header, 0..8)
}

/// Bodies near to right ones.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"event\"",
        "\"data\"",
        "\"transaction\"",
        "\"id\"",
        "\"status\"",
        "\"timestamp\"",
        "\"pix.cash_in.confirmed\"",
        "\"\\ud800\"",
        "null",
        "1e999",
        "\"2026-11-22T13:05:00Z\"",
        " ",
        "\u{feff}",
    ]);
    let pieces = prop::collection::vec(piece, 0..24).prop_map(|all| all.concat().into_bytes());
    let json = "[a-z_.]{1,12}".prop_flat_map(|event| {
        any::<String>().prop_map(move |text| {
            let text = serde_json::Value::from(text);
            format!(r#"{{"event":"{event}","timestamp":{text},"data":{{"id":{text}}}}}"#).into()
        })
    });
    prop_oneof![prop::collection::vec(any::<u8>(), 0..200), pieces, json]
}

proptest! {
    #[test]
    fn nothing_unsigned_is_genuine(headers in headers(), body in body(), now in any::<u64>()) {
        let mut call = Callback { head: head(&headers), body };
        call.head.received_at_ms = now;
        prop_assert!(matches!(verified(&call), Verdict::Forged(_)));
    }

    #[test]
    fn what_parses_is_in_form(headers in headers(), body in body()) {
        let call = Callback { head: head(&headers), body };
        if let Ok(content) = host().run(|| Brz::parse(&call)) {
            let Content::Notification(events) = content else { panic!("BRZ only notifies") };
            prop_assert_eq!(events.len(), 1);
            let event = &events[0];
            let name = event.kind.strip_prefix("brz.").expect("our prefix");
            prop_assert!((1..=100).contains(&name.len()));
            prop_assert!(name.bytes().all(|b| LETTERS.contains(&b)));
            prop_assert!(event.subject.as_ref().is_none_or(|s| (1..=256).contains(&s.len())));
            prop_assert_eq!(event.id.len(), 64);
            prop_assert!(event.aliases.iter().all(|alias| alias.len() == 73));
        }
    }

    #[test]
    fn any_altered_byte_is_noticed(place in any::<prop::sample::Index>(), bit in 0..8_u32) {
        let mut call = simulated("pix.cash_out.completed", "{}");
        let place = place.index(call.body.len());
        call.body[place] ^= 1 << bit;
        prop_assert_eq!(code(verified(&call)), "signature_mismatch");
    }

    #[test]
    fn time_is_judged_to_the_millisecond(apart_ms in -400_000_i64..400_000) {
        let mut call = simulated("pix.cash_out.completed", "{}");
        call.head.received_at_ms = NOW_MS.saturating_add_signed(apart_ms);
        let verdict = verified(&call);
        match apart_ms {
            300_001.. => prop_assert_eq!(code(verdict), "timestamp_late"),
            ..=-300_001 => prop_assert_eq!(code(verdict), "timestamp_early"),
            _ => prop_assert!(matches!(verdict, Verdict::Genuine(_))),
        }
    }
}
