//! Whatever comes, `verify` and `parse` come back, and nothing unsigned is genuine.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hookswitch_brij::Brij;
use hookswitch_sdk::{Answer, Callback, Content, Outcome, Protocol, Verdict};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::keys::{NOW_MS, callback, host, pair};

/// SHA-256 of nothing.
const EMPTY_HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const CALLS: [&str; 7] =
    ["quote", "redirect-order", "create-order", "cancel-order", "webhook", "refund", ""];

/// JSON of any shape, with names that the adapter looks for among the rest.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "[0-9]{0,42}(\\.[0-9]{0,3})?".prop_map(Value::from),
        prop_oneof![Just("ONRAMP"), Just("BRA"), Just("RS256"), Just("JWT"), Just("partner-42")]
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 12, |inner| {
        let name = prop_oneof![
            "(alg|typ|kid|crit|iss|aud|iat|exp|jti|payload_hash|dataShared|customerId)",
            "(orderId|rampType|type|fromAmount|countryCode|toAmount|redirectUrl|status)",
            "\\PC{0,8}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..12)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn token(jose: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let (jose, claims) = (jose.to_string(), claims.to_string());
    format!("{}.{}.{}", part(jose.as_bytes()), part(claims.as_bytes()), part(signature))
}

/// Claims that are right but for the members that replace some of them.
fn near_claims(changes: &Value) -> Value {
    let now_s = NOW_MS / 1000;
    let mut claims = json!({
        "iss": "brij.fi", "aud": "partner-42", "iat": now_s, "exp": now_s + 600, "jti": "token-1",
        "payload_hash": EMPTY_HASH,
    });
    if let (Some(claims), Some(changes)) = (claims.as_object_mut(), changes.as_object()) {
        claims.extend(changes.clone());
    }
    claims
}

/// Runs all that a callback can reach. Parsing an unverified one is more than the router ever does.
fn survives(call: &Callback) -> Result<(), TestCaseError> {
    host(&pair().public).run(|| {
        let verdict = Brij::verify(call);
        prop_assert!(matches!(verdict, Verdict::Forged(_)), "{:?}", verdict);
        let _ = Brij::parse(call);
        Ok(())
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes(
        token in "\\PC{0,200}",
        call in prop::sample::select(&CALLS[..]),
        body in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        survives(&callback(call, &token, &body))?;
    }

    #[test]
    fn arbitrary_json_in_every_place(
        jose in json_value(),
        claims in json_value(),
        signature in prop::collection::vec(any::<u8>(), 0..260),
        call in prop::sample::select(&CALLS[..]),
        body in json_value(),
    ) {
        let token = token(&jose, &claims, &signature);
        survives(&callback(call, &token, body.to_string().as_bytes()))?;
    }

    #[test]
    fn bodies_of_any_shape(
        body in json_value(),
        sent in json_value(),
        call in prop::sample::select(&CALLS[..]),
    ) {
        let token = token(&json!({}), &json!({ "jti": "token-1" }), b"");
        let mut near = json!({
            "orderId": "o", "externalOrderId": "e", "customerId": "c", "type": "ONRAMP",
            "rampType": "OFFRAMP", "fromCurrency": "BRL", "toCurrency": "SOLANA_SOL",
            "network": "SOLANA", "paymentMethod": "BRA_PIX", "fromAmount": "1",
            "countryCode": "BRA", "customerPaymentDetailsDataId": "p", "customerWalletDataId": "w",
        });
        if let (Some(near), Some(changes)) = (near.as_object_mut(), sent.as_object()) {
            near.extend(changes.clone());
        }
        for body in [body, near, json!({ "dataShared": sent })] {
            let call = callback(call, &token, body.to_string().as_bytes());
            if let Ok(Content::Request(request)) = host(&pair().public).run(|| Brij::parse(&call)) {
                prop_assert!(!request.id.is_empty() && CALLS.contains(&request.kind.as_str()));
                prop_assert!(serde_json::from_str::<Value>(&request.data).unwrap().is_object());
            }
        }
    }

    #[test]
    fn answers_of_any_shape(answer in json_value(), text in "\\PC{0,80}") {
        for call in CALLS {
            let head = callback(call, "", b"").head;
            for data in [answer.to_string(), text.clone()] {
                let reply = Brij::respond(&head, Outcome::Answered(Answer { data }));
                prop_assert!(reply.map_or(true, |reply| reply.status == 200));
            }
        }
    }
}

proptest! {
    // Each case is signed, which takes a while.
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn signed_claims_of_any_shape(changes in json_value()) {
        let key = EncodingKey::from_rsa_pem(pair().private.as_bytes()).unwrap();
        let claims = near_claims(&changes);
        let token = jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key).unwrap();
        let verdict = host(&pair().public).run(|| Brij::verify(&callback("quote", &token, b"")));
        let untouched = claims == near_claims(&Value::Null);
        match verdict {
            Verdict::Genuine(proof) => prop_assert!(proof.replay_key.is_some()),
            Verdict::Forged(_) => prop_assert!(!untouched),
            other => prop_assert!(false, "{:?}", other),
        }
    }
}
