//! Callbacks as BRIJ would send them, signed with a private key of one's own.
//!
//! Invariant: the same arguments give the same callback, and what is made here `verify` accepts
//! (unless its options say otherwise).

use hookswitch_sdk::{Callback, Head, Reason, crypto, signing, text};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{REQUESTS, SIGNING_KEY, Settings, WEBHOOK, token};

const DATA_SHARED: &str = "dataShared";

/// What may be asked for beside the kind.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Options {
    /// The token's `kid`; none = a token without one.
    kid: Option<String>,
    /// Merged into the body as RFC 7396 says: a null removes a member.
    body: Value,
}

/// Which kinds can be made.
pub(crate) fn kinds() -> Vec<String> {
    REQUESTS.iter().chain([&DATA_SHARED]).map(|&kind| kind.to_owned()).collect()
}

/// Makes one callback; `options` is a JSON object or nothing at all.
pub(crate) fn simulate(
    kind: &str,
    options: &str,
    now_ms: u64,
    seed: u64,
) -> Result<Callback, Reason> {
    let options = read_options(options)?;
    let settings = Settings::get()?;
    let mut body = sample(kind, seed)?;
    if !options.body.is_null() {
        merge(&mut body, &options.body);
    }
    let body = body.to_string().into_bytes();
    let call = if kind == DATA_SHARED { WEBHOOK } else { kind };
    let claims = json!({
        "iss": settings.issuer,
        "aud": settings.partner_id,
        "iat": now_ms / 1000,
        "exp": now_ms / 1000 + token::LIFETIME_S,
        "jti": uuid(kind, seed),
        "payload_hash": text::encode_hex(&crypto::sha256(&body)),
    });
    let mut head = Head::new("POST", &format!("https://hooks.example.com/brij/{call}"))
        .with_id(&uuid("head", seed))
        .with_param("call", call)
        .with_header("content-type", "application/json")
        .with_header(token::HEADER, &sign(options.kid, &claims))
        .with_peer("203.0.113.7")
        .with_time(now_ms);
    if matches!(kind, "quote" | "redirect-order") {
        head = head.with_header("x-forwarded-for", "198.51.100.7");
    }
    Ok(Callback { head, body })
}

fn read_options(json: &str) -> Result<Options, Reason> {
    let json = json.trim();
    let read = match json {
        "" => Some(Options::default()),
        _ if json.starts_with('{') => serde_json::from_str(json).ok(),
        _ => None,
    };
    let form = "options are {\"kid\": \"…\", \"body\": {…}}, each of them optional";
    read.ok_or_else(|| Reason::new("options_invalid", form))
}

/// A body of this kind. One seed means one order, so that it can be created and then cancelled.
fn sample(kind: &str, seed: u64) -> Result<Value, Reason> {
    let trade = json!({
        "fromCurrency": "BRL", "toCurrency": "SOLANA_USDC", "network": "SOLANA",
        "paymentMethod": "BRA_PIX", "fromAmount": "250.00",
    });
    let with = |more: Value| {
        let mut body = trade.clone();
        merge(&mut body, &more);
        body
    };
    let order_id = format!("ord_{seed:016x}");
    let customer_id = format!("cust_{seed:016x}");
    match kind {
        "quote" => Ok(with(json!({ "countryCode": "BRA", "rampType": "ONRAMP" }))),
        "redirect-order" => Ok(with(json!({
            "countryCode": "BRA", "rampType": "ONRAMP",
            "walletAddress": "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin",
        }))),
        "create-order" => Ok(with(json!({
            "orderId": order_id, "customerId": customer_id, "type": "ONRAMP",
            "customerPaymentDetailsDataId": format!("cd_{seed:016x}_pay"),
            "customerWalletDataId": format!("cd_{seed:016x}_wallet"),
        }))),
        "cancel-order" => {
            Ok(json!({ "orderId": order_id, "externalOrderId": format!("po_{seed:016x}") }))
        }
        DATA_SHARED => Ok(json!({ DATA_SHARED: {
            "customerId": customer_id,
            "customerDataIds": [format!("cd_{seed:016x}")],
            "attestationIds": [],
        }})),
        _ => Err(Reason::new("kind_unknown", format!("kinds are {}", kinds().join(", ")))),
    }
}

/// RFC 7396.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Some(members) = target.as_object_mut() else { return };
    for (name, change) in changes {
        if change.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}

fn sign(kid: Option<String>, claims: &Value) -> String {
    let mut jose = json!({ "alg": "RS256", "typ": "JWT" });
    if let Some(kid) = kid {
        jose["kid"] = kid.into();
    }
    let part = |json: &Value| text::encode_base64url(json.to_string().as_bytes());
    let signed = format!("{}.{}", part(&jose), part(claims));
    let signature = signing::sign_rsa_sha256(SIGNING_KEY, signed.as_bytes());
    format!("{signed}.{}", text::encode_base64url(&signature))
}

/// An id in the form of a UUID of version 8 (own making), from a hash of what it is for.
fn uuid(purpose: &str, seed: u64) -> String {
    let mut bytes = crypto::sha256(format!("{purpose}:{seed}").as_bytes());
    bytes.truncate(16);
    if let [_, _, _, _, _, _, version, _, variant, ..] = bytes.as_mut_slice() {
        *version = (*version & 0x0f) | 0x80;
        *variant = (*variant & 0x3f) | 0x80;
    }
    let hex = text::encode_hex(&bytes);
    let part = |range| hex.get(range).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32))
}
