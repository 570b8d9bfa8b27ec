//! The {{name}} adapter: an HMAC-SHA256 of the body, in hexadecimal, in the header `x-signature`.

wit_bindgen::generate!({ world: "adapter", path: "wit" });

use exports::hookswitch::plugin::protocol::Guest;
use hookswitch::plugin::crypto::{KeyForm, Mac, verify_mac};
use hookswitch::plugin::text::decode_hex;
use hookswitch::plugin::types::{
    Callback, Content, Event, Head, Header, Manifest, Outcome, ParseFault, Proof, Reason, Reply,
    SecretRole, Verdict,
};
use serde_json::{Value, json};

struct Adapter;
export!(Adapter);

/// The one type that is told as an event, and as what.
const TYPE: &str = "payment.settled";
const KIND: &str = "{{name}}.payment.settled";

impl Guest for Adapter {
    fn describe() -> Manifest {
        Manifest {
            provider: "{{name}}".into(),
            settings: vec![],
            secrets: vec![SecretRole {
                name: "signing-secret".into(),
                required: true,
                about: "the secret that the provider signs with".into(),
            }],
            answers: vec![],
            events: vec![KIND.into()],
        }
    }

    fn configure() -> Vec<Reason> {
        vec![]
    }

    fn verify(call: Callback) -> Verdict {
        let header = |name: &str| call.head.headers.iter().find(|header| header.name == name);
        let Some(signature) = header("x-signature") else {
            return forged("signature_missing", "there is no x-signature header");
        };
        let Some(tag) = decode_hex(&signature.value) else {
            return forged("signature_malformed", "the signature isn't hexadecimal");
        };
        // The key stays in the router: it is named here, and checked there.
        match verify_mac("signing-secret", KeyForm::Utf8, Mac::HmacSha256, &call.body, &tag) {
            Some(version) => Verdict::Genuine(Proof { matched: Some(version), replay_key: None }),
            None => forged("signature_mismatch", "no secret's signature is this one"),
        }
    }

    fn parse(call: Callback) -> Result<Content, ParseFault> {
        let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        let (Some(id), Some(kind)) = (body["id"].as_str(), body["type"].as_str()) else {
            let detail = "the body is no JSON object with an id and a type".into();
            return Err(ParseFault::Malformed(Reason { code: "body_malformed".into(), detail }));
        };
        if kind != TYPE {
            return Ok(Content::Notification(vec![]));
        }
        Ok(Content::Notification(vec![Event {
            id: id.into(),
            aliases: vec![],
            kind: KIND.into(),
            subject: body["payment"].as_str().map(str::to_owned),
            rank: None,
            occurred_at_ms: None,
            data: None,
        }]))
    }

    fn respond(_head: Head, outcome: Outcome) -> Result<Reply, Reason> {
        let error = |code: &str| json!({ "error": code });
        Ok(match outcome {
            Outcome::Accepted | Outcome::Duplicate => reply(200, &json!({ "ok": true })),
            Outcome::Forged(why) => reply(401, &error(&why.code)),
            Outcome::Malformed(why) => reply(400, &error(&why.code)),
            Outcome::NotFound(why) => reply(404, &error(&why.code)),
            Outcome::Unavailable(why) => reply(503, &error(&why.code)),
            // This provider asks nothing and sends no challenge.
            Outcome::Challenged(_) | Outcome::Answered(_) | Outcome::Declined(_) => {
                let detail = "this adapter parses no requests".into();
                return Err(Reason { code: "not_asked".into(), detail });
            }
        })
    }
}

fn forged(code: &str, detail: &str) -> Verdict {
    Verdict::Forged(Reason { code: code.into(), detail: detail.into() })
}

fn reply(status: u16, body: &Value) -> Reply {
    let kind = Header { name: "content-type".into(), value: "application/json".into() };
    Reply { status, headers: vec![kind], body: body.to_string().into_bytes() }
}
