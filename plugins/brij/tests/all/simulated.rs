//! What `simulate` makes, `verify` and `parse` accept, and it is always the same.

use std::collections::BTreeSet;

use hookswitch_brij::Brij;
use hookswitch_sdk::{Callback, Content, Protocol, Reason, Registering, Simulating, Verdict};
use serde_json::{Value, json};

use crate::keys::{NOW_MS, host, pair};

fn simulate(kind: &str, options: &str, seed: u64) -> Result<Callback, Reason> {
    host(&pair().private).run(|| Brij::simulate(kind, options, NOW_MS, seed))
}

fn verify(call: &Callback) -> Verdict {
    host(&pair().public).run(|| Brij::verify(call))
}

fn body(call: &Callback) -> Value {
    serde_json::from_slice(&call.body).unwrap()
}

#[test]
fn every_kind_is_genuine_and_parses() {
    let kinds = Brij::kinds();
    assert_eq!(kinds, ["quote", "redirect-order", "create-order", "cancel-order", "dataShared"]);
    let mut ids = BTreeSet::new();
    for kind in &kinds {
        for (seed, options) in [(1, ""), (u64::MAX, r#"{"kid":"key-1"}"#)] {
            let call = simulate(kind, options, seed).unwrap();
            let Verdict::Genuine(proof) = verify(&call) else { panic!("{kind}: not genuine") };
            let id = proof.replay_key.unwrap();
            assert_eq!((id.len(), id.matches('-').count()), (36, 4), "{id} is no UUID");
            assert!(ids.insert(id), "{kind}: two tokens with one id");
            let content = host(&pair().public).run(|| Brij::parse(&call)).unwrap();
            match content {
                Content::Request(request) => assert_eq!(&request.kind, kind),
                Content::Notification(events) => {
                    assert_eq!(events[0].kind, format!("brij.{kind}"));
                    assert_eq!(call.head.param("call"), Some("webhook"));
                }
            }
        }
    }
}

#[test]
fn the_same_arguments_give_the_same_callback() {
    for kind in Brij::kinds() {
        assert_eq!(simulate(&kind, "", 7).unwrap(), simulate(&kind, "{}", 7).unwrap());
        assert_ne!(simulate(&kind, "", 7).unwrap(), simulate(&kind, "", 8).unwrap());
    }
    let (created, cancelled) = (simulate("create-order", "", 7), simulate("cancel-order", "", 7));
    assert_eq!(body(&created.unwrap())["orderId"], body(&cancelled.unwrap())["orderId"]);
}

#[test]
fn options_change_the_body_before_it_is_signed() {
    let options =
        json!({ "body": { "fromAmount": "1", "network": null, "promo": { "code": "x" } } });
    let call = simulate("quote", &options.to_string(), 1).unwrap();
    let sent = body(&call);
    assert_eq!((&sent["fromAmount"], &sent["promo"]["code"]), (&json!("1"), &json!("x")));
    assert!(sent.get("network").is_none() && sent["rampType"] == "ONRAMP");
    assert!(matches!(verify(&call), Verdict::Genuine(_)));
    let options = json!({ "body": { "dataShared": { "customerId": "cust_x" } } }).to_string();
    let shared = simulate("dataShared", &options, 1).unwrap();
    assert_eq!(body(&shared)["dataShared"]["customerId"], "cust_x");
    assert!(body(&shared)["dataShared"]["customerDataIds"].is_array());
}

#[test]
fn what_cannot_be_made_is_said() {
    let code = |kind, options| simulate(kind, options, 1).unwrap_err().code;
    assert_eq!(code("refund", ""), "kind_unknown");
    for options in ["[]", "{", r#"{"kd":"x"}"#, r#"{"kid":7}"#] {
        assert_eq!(code("quote", options), "options_invalid", "{options}");
    }
}

#[test]
fn registering_shows_a_url_for_every_call() {
    let facts = Brij::register("https://hooks.example.com/brij/{call}");
    for call in ["quote", "redirect-order", "create-order", "cancel-order", "webhook"] {
        let url = format!("https://hooks.example.com/brij/{call}");
        assert_eq!(facts.iter().filter(|fact| fact.value == url).count(), 1, "{call}");
    }
    assert!(facts.iter().all(|fact| fact.name != "problem"));
    assert_eq!(Brij::register("https://hooks.example.com/brij")[0].name, "problem");
}
