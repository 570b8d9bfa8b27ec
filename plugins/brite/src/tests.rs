//! The vectors, what is simulated, settings, and hostile input.
//!
//! The vectors were written from Brite's tables by another program; what is simulated here has to
//! agree with what is read.

use hookswitch_sdk::native::{self, Host, Scripted};
use hookswitch_sdk::{
    Callback, Confirmation, Confirming, Content, Context, Event, Outcome, Protocol, Reason,
    Registering, Simulating, Verdict,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::Brite;

const NOW_MS: u64 = 1_790_000_005_000;

fn host(settings: &Value) -> Host {
    Host::new().settings(settings).secret("api-secret", "current", None, "an API secret")
}

fn sandbox() -> Value {
    json!({ "environment": "sandbox", "public_key": "pk_example" })
}

fn with(key: &str, value: Value) -> Value {
    let mut settings = sandbox();
    settings[key] = value;
    settings
}

fn simulated(kind: &str, options: &str) -> Callback {
    Brite::simulate(kind, options, NOW_MS, 7).expect("it is simulated")
}

fn event(call: &Callback) -> Event {
    match host(&sandbox()).run(|| Brite::parse(call)) {
        Ok(Content::Notification(mut events)) if events.len() == 1 => events.remove(0),
        other => panic!("not one event: {other:?}"),
    }
}

fn context() -> Context {
    Context {
        now_ms: NOW_MS,
        route: "brite".into(),
        attempt: 1,
        deadline_ms: NOW_MS + 30_000,
        idempotency_key: "1".into(),
    }
}

#[test]
fn vectors() {
    let ran =
        native::run_confirming_vectors::<Brite>(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"));
    assert!(ran >= 140, "{ran}");
}

#[test]
fn whatever_is_simulated_is_genuine_and_of_its_kind() {
    let kinds = Brite::kinds();
    assert_eq!(kinds.len(), 8 + 13);
    for kind in kinds {
        let call = simulated(&kind, "{}");
        let verdict = host(&sandbox()).run(|| Brite::verify(&call));
        assert!(matches!(verdict, Verdict::Genuine(_)), "{kind}: {verdict:?}");
        assert_eq!(event(&call).kind, format!("brite.{kind}"));
        assert_eq!(simulated(&format!("brite.{kind}"), "{}"), call, "with its provider's name too");
    }
    let other = simulated("transaction.credit", r#"{"id":"agTxnA","merchant":"m","state":"77"}"#);
    assert_eq!(event(&other).id, "transaction-agTxnA-77");
    for (kind, options, code) in [
        ("transaction.x", "{}", "kind_unknown"),
        ("transaction", "{}", "kind_unknown"),
        ("transaction.credit", r#"{"amount":1}"#, "options_invalid"),
        ("transaction.credit", "[]", "options_invalid"),
    ] {
        let why = Brite::simulate(kind, options, NOW_MS, 7).map(|_| ()).expect_err(kind);
        assert_eq!(why.code, code);
    }
}

#[test]
fn every_mistake_in_the_settings_is_told() {
    let codes = |settings: &Value| -> Vec<String> {
        host(settings).run(Brite::configure).into_iter().map(|reason| reason.code).collect()
    };
    let good = [
        sandbox(),
        json!({ "environment": "production", "public_key": "p", "merchant_id": "m" }),
        with("api", json!("http://127.0.0.1:9000/")),
        with("allow_from", json!(["10.0.0.0/8", "::1"])),
        with("verify_with", json!("get")),
    ];
    for settings in &good {
        assert_eq!(codes(settings), [""; 0], "{settings}");
    }
    let insecure = json!({
        "environment": "production", "public_key": "p", "api": "http://brite.example"
    });
    let all = json!({
        "environment": "staging", "public_key": "", "merchant_id": "a b", "verify_with": "x",
        "api": "brite.example", "allow_from": ["10.0.0.0/8", "x"],
    });
    let wrong = [
        (json!({}), &["settings_invalid"][..]),
        (json!({ "environment": "sandbox" }), &["settings_invalid"]),
        (with("alow_from", json!([])), &["settings_invalid"]),
        (with("allow_from", json!("10.0.0.0/8")), &["settings_invalid"]),
        (with("allow_from", json!([])), &["allow_from_empty"]),
        (with("api", json!("https://brite.example/?x")), &["api_invalid"]),
        (insecure, &["api_invalid"]),
        (
            all,
            &[
                "environment_invalid",
                "allow_from_invalid",
                "api_invalid",
                "public_key_invalid",
                "merchant_id_invalid",
                "verify_with_invalid",
            ],
        ),
    ];
    for (settings, wanted) in wrong {
        assert_eq!(codes(&settings), wanted, "{settings}");
        let verdict = host(&settings).run(|| Brite::verify(&simulated("session.completed", "{}")));
        assert!(matches!(verdict, Verdict::Unavailable(_)), "{settings}: {verdict:?}");
    }
}

#[test]
fn each_environment_has_its_own_api() {
    let token = json!({ "token": "t", "renew_ms": NOW_MS + 1, "ends_ms": NOW_MS + 2 }).to_string();
    for environment in ["sandbox", "production"] {
        let settings = json!({ "environment": environment, "public_key": "p" });
        let asked = Scripted::post("/api/transaction.state", 200, &json!({ "state": 5 }));
        let origin = format!("https://{environment}.britepaymentgroup.com");
        let host = host(&settings).exchange(&origin, asked.authorized("Bearer t"));
        host.put_state(&format!("token {environment} p"), token.as_bytes());
        let told = event(&simulated("transaction.credit", "{}"));
        let came = host.run(|| Brite::confirm(told.clone(), context()));
        assert_eq!(came, Confirmation::Confirmed(told));
        assert_eq!(host.problems(), [""; 0]);
    }
}

#[test]
fn no_reason_holds_a_secret_or_a_body() {
    let api = "https://sandbox.britepaymentgroup.com";
    let body = json!({ "error": "PRIVATE", "access_token": "PRIVATE" });
    for status in [200, 400, 401, 403, 500] {
        let host = host(&sandbox());
        let host = host.exchange(api, Scripted::post("/api/merchant.authorize", status, &body));
        let told = event(&simulated("transaction.credit", "{}"));
        let Confirmation::NotYet(why) = host.run(|| Brite::confirm(told, context())) else {
            panic!("{status} confirms nothing");
        };
        let said = format!("{why:?}");
        assert!(!said.contains("PRIVATE") && !said.contains("API secret"), "{said}");
    }
}

#[test]
fn a_foreign_event_is_not_asked_about() {
    let told = event(&simulated("transaction.credit", "{}"));
    for data in [None, Some("{}".to_owned()), Some("no JSON".to_owned())] {
        let came =
            host(&sandbox()).run(|| Brite::confirm(Event { data, ..told.clone() }, context()));
        assert!(matches!(came, Confirmation::NotYet(Reason { code, .. }) if code == "event_odd"));
    }
}

#[test]
fn setup_prints_an_array_that_can_be_sent() {
    let url = "https://hooks.example.com/brite?a=\"b\"";
    let facts = Brite::register(url);
    let of = |name: &str| facts.iter().find(|fact| fact.name == name).map(|fact| &fact.value);
    let callbacks: Value = serde_json::from_str(of("callbacks").expect("it")).expect("JSON");
    let callbacks = callbacks.as_array().expect("an array");
    assert_eq!(callbacks.len(), 10);
    for callback in callbacks {
        assert_eq!(callback["url"], url);
        let states = [&callback["session_state"], &callback["transaction_state"]];
        assert_eq!(states.iter().filter(|state| state.is_u64()).count(), 1, "{callback}");
    }
    assert!(of("problem").is_none());
    let plain = Brite::register("http://hooks.example.com/brite");
    assert!(plain.iter().any(|fact| fact.name == "problem"));
}

proptest! {
    #[test]
    fn no_body_and_no_answer_breaks_it(
        body in proptest::collection::vec(any::<u8>(), 0..200),
        member in r#"[-+0-9a-zA-Z."\[\]{}:,]{0,12}"#,
        status in prop::sample::select(vec![200_u16, 400, 401, 500]),
    ) {
        let text = format!(r#"{{"transaction_id":"a","transaction_state":{member}}}"#);
        for body in [body, text.into_bytes()] {
            let head = simulated("transaction.credit", "{}").head;
            let call = Callback { head: head.with_peer("35.228.90.52"), body };
            let parsed = host(&sandbox()).run(|| { Brite::verify(&call); Brite::parse(&call) });
            if let Ok(Content::Notification(events)) = parsed {
                prop_assert!(events.len() == 1 && events[0].data.is_some());
            }
        }
        let answer = native::Answered::Reply {
            status,
            body: format!(r#"{{"state":{member}}}"#).into_bytes(),
        };
        let asked = Scripted { answer, ..Scripted::post("/api/merchant.authorize", 0, &json!(0)) };
        let host = host(&sandbox()).exchange("https://sandbox.britepaymentgroup.com", asked);
        let told = event(&simulated("transaction.credit", "{}"));
        let came = host.run(|| Brite::confirm(told, context()));
        prop_assert!(matches!(came, Confirmation::NotYet(_)), "{:?}", came);
    }
}

#[test]
fn accepted_and_duplicate_are_exactly_200() {
    let head = simulated("session.completed", "{}").head;
    for outcome in [Outcome::Accepted, Outcome::Duplicate] {
        assert_eq!(Brite::respond(&head, outcome).map(|reply| reply.status), Ok(200));
    }
}
