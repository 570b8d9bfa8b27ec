//! The token that every call carries: a compact JWS, RS256, whose claims bind it to this partner,
//! to a short time and to the body's hash. Source: docs.brij.fi, "Signature verification".
//!
//! Invariant: the signature is checked before any claim is read. A name given twice in the token's
//! header or among its checked claims is refused, so no two readers can see two tokens in one.

use hookswitch_sdk::crypto::{self, Scheme};
use hookswitch_sdk::{Callback, Proof, Reason, Verdict, text};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::fields::is_text;
use crate::{SIGNING_KEY, Settings};

/// The header that holds the token.
pub(crate) const HEADER: &str = "x-brij-signature";
/// How long BRIJ's tokens live, in seconds.
pub(crate) const LIFETIME_S: u64 = 600;
const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Far past any date meant (the year 33658), and far from overflow in milliseconds.
const SECONDS_MAX: u64 = 1_000_000_000_000;

/// The token's header. Members that could name a key (`jwk`, `jku`, `x5c`) are never looked at.
#[derive(Deserialize)]
struct Jose {
    alg: String,
    #[serde(default, deserialize_with = "present")]
    typ: Option<String>,
    #[serde(default, deserialize_with = "present")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: Option<IgnoredAny>,
}

/// Reads a member that may be missing, but, once there, may not be null.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// The claims that are checked; all are required, others are ignored.
#[derive(Deserialize)]
struct Claims {
    iss: Option<Value>,
    aud: Option<Value>,
    iat: Option<Value>,
    exp: Option<Value>,
    jti: Option<Value>,
    payload_hash: Option<Value>,
}

/// Is the callback from BRIJ, meant for this partner, in time and unaltered?
pub(crate) fn verify(call: &Callback) -> Verdict {
    let settings = match Settings::get() {
        Ok(settings) => settings,
        Err(reason) => return Verdict::Unavailable(reason),
    };
    let leeway_ms = match settings.leeway_ms() {
        Ok(leeway_ms) => leeway_ms,
        Err(reason) => return Verdict::Unavailable(reason),
    };
    match proof(call, &settings, leeway_ms) {
        Ok(proof) => Verdict::Genuine(proof),
        Err(reason) => Verdict::Forged(reason),
    }
}

/// The token's id, for callbacks that `verify` called genuine: its signature isn't checked again.
pub(crate) fn id(call: &Callback) -> Result<String, Reason> {
    let parts = Parts::of(sole_header(call)?)?;
    read::<Claims>(parts.claims, "claims")?.id()
}

/// The token's header and claims as they stand: for telling a person, and for nothing else.
pub(crate) fn unchecked(call: &Callback) -> Result<(Value, Value), Reason> {
    let parts = Parts::of(sole_header(call)?)?;
    Ok((read(parts.jose, "header")?, read(parts.claims, "claims")?))
}

fn proof(call: &Callback, settings: &Settings, leeway_ms: u64) -> Result<Proof, Reason> {
    let parts = Parts::of(sole_header(call)?)?;
    let jose: Jose = read(parts.jose, "header")?;
    check_jose(&jose)?;
    let signature = decode(parts.signature, "signature")?;
    let scheme = Scheme::RsaPkcs1Sha256;
    let message = parts.signed.as_bytes();
    let matched =
        crypto::verify_signature(SIGNING_KEY, jose.kid.as_deref(), scheme, message, &signature)
            .ok_or_else(|| Reason::new("signature_mismatch", "no signing key matches the token"))?;
    let claims: Claims = read(parts.claims, "claims")?;
    claims.check_parties(settings)?;
    claims.check_times(call.head.received_at_ms, leeway_ms)?;
    claims.check_body(&call.body)?;
    Ok(Proof { matched: Some(matched), replay_key: Some(claims.id()?) })
}

/// The header's value; one given twice could be read differently by whoever looks next.
fn sole_header(call: &Callback) -> Result<&str, Reason> {
    let mut values = call.head.headers(HEADER);
    let value = values
        .next()
        .ok_or_else(|| Reason::new("signature_missing", "no x-brij-signature header"))?;
    if values.next().is_some() {
        return Err(Reason::new("signature_repeated", "more than one x-brij-signature header"));
    }
    Ok(value)
}

/// A compact JWS: three base64url parts, the first two of which are signed as they stand.
struct Parts<'a> {
    signed: &'a str,
    jose: &'a str,
    claims: &'a str,
    signature: &'a str,
}

impl<'a> Parts<'a> {
    fn of(token: &'a str) -> Result<Parts<'a>, Reason> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Reason::new("token_too_long", "the token is longer than 8 KiB"));
        }
        let split = || {
            let (signed, signature) = token.rsplit_once('.')?;
            let (jose, claims) = signed.split_once('.')?;
            let three = !claims.contains('.');
            three.then_some(Parts { signed, jose, claims, signature })
        };
        split().ok_or_else(|| malformed("the token is not three parts with dots between"))
    }
}

fn malformed(detail: impl Into<String>) -> Reason {
    Reason::new("token_malformed", detail)
}

fn decode(part: &str, name: &str) -> Result<Vec<u8>, Reason> {
    text::decode_base64url(part)
        .ok_or_else(|| malformed(format!("the token's {name} is not base64url without padding")))
}

/// Reads a part as a JSON object (serde would take a list of the members' values, too). What the
/// parser says is left out: it may quote the token.
fn read<T: DeserializeOwned>(part: &str, name: &str) -> Result<T, Reason> {
    let json = decode(part, name)?;
    let object = json.trim_ascii_start().starts_with(b"{");
    let read = object.then(|| serde_json::from_slice(&json).ok()).flatten();
    read.ok_or_else(|| malformed(format!("the token's {name} is not the JSON object it should be")))
}

/// Only RS256: whoever lets the token choose can be made to take a public key for a MAC's secret.
fn check_jose(jose: &Jose) -> Result<(), Reason> {
    if jose.alg != "RS256" {
        return Err(Reason::new("alg_not_allowed", "the token's alg is not RS256"));
    }
    if jose.typ.as_ref().is_some_and(|typ| typ != "JWT") {
        return Err(Reason::new("typ_not_allowed", "the token's typ is not JWT"));
    }
    if jose.crit.is_some() {
        return Err(Reason::new("crit_not_allowed", "the token asks for extensions (crit)"));
    }
    Ok(())
}

impl Claims {
    fn check_parties(&self, settings: &Settings) -> Result<(), Reason> {
        if text_claim(&self.iss, "iss")? != settings.issuer {
            return Err(Reason::new("issuer_mismatch", "iss is not the issuer expected"));
        }
        let partner = Value::from(settings.partner_id.as_str());
        let meant = match claim(&self.aud, "aud")? {
            Value::Array(all) => all.contains(&partner),
            one => *one == partner,
        };
        if !meant {
            return Err(Reason::new("audience_mismatch", "aud does not hold this partner id"));
        }
        Ok(())
    }

    /// BRIJ names no leeway and no bound on `iat`: both are ours, and so is the longest lifetime.
    fn check_times(&self, now_ms: u64, leeway_ms: u64) -> Result<(), Reason> {
        let (iat_ms, exp_ms) = (time_claim(&self.iat, "iat")?, time_claim(&self.exp, "exp")?);
        let longest_ms = leeway_ms.saturating_add(LIFETIME_S * 1000);
        if exp_ms <= iat_ms || exp_ms - iat_ms > longest_ms {
            let detail = "exp must come after iat, by 600 s and the leeway at most";
            return Err(Reason::new("lifetime_invalid", detail));
        }
        if exp_ms.saturating_add(leeway_ms) <= now_ms {
            return Err(Reason::new("token_expired", "exp has passed"));
        }
        if iat_ms > now_ms.saturating_add(leeway_ms) {
            return Err(Reason::new("token_from_future", "iat is yet to come"));
        }
        Ok(())
    }

    fn check_body(&self, body: &[u8]) -> Result<(), Reason> {
        let claimed = text_claim(&self.payload_hash, "payload_hash")?.to_ascii_lowercase();
        let computed = text::encode_hex(&crypto::sha256(body));
        if !crypto::equal(claimed.as_bytes(), computed.as_bytes()) {
            let detail = "payload_hash is not the body's SHA-256";
            return Err(Reason::new("payload_hash_mismatch", detail));
        }
        Ok(())
    }

    fn id(&self) -> Result<String, Reason> {
        text_claim(&self.jti, "jti").map(str::to_owned)
    }
}

fn claim<'a>(value: &'a Option<Value>, name: &str) -> Result<&'a Value, Reason> {
    value.as_ref().ok_or_else(|| Reason::new("claim_missing", format!("the token has no {name}")))
}

fn text_claim<'a>(value: &'a Option<Value>, name: &str) -> Result<&'a str, Reason> {
    claim(value, name)?.as_str().filter(|text| is_text(text)).ok_or_else(|| {
        Reason::new("claim_malformed", format!("{name} must be a string of 1 to 256 bytes"))
    })
}

/// Unix seconds as milliseconds. RFC 7519 allows fractions: they are dropped.
fn time_claim(value: &Option<Value>, name: &str) -> Result<u64, Reason> {
    let number = claim(value, name)?;
    let whole = number.as_f64().filter(|seconds| *seconds >= 0.0).map(|seconds| seconds as u64);
    let seconds = number.as_u64().or(whole).filter(|seconds| *seconds <= SECONDS_MAX);
    seconds.map(|seconds| seconds * 1000).ok_or_else(|| {
        Reason::new("claim_malformed", format!("{name} must be a number of seconds since 1970"))
    })
}
