//! Times that a callback names: Unix seconds or milliseconds in its headers, alone or within a
//! list, and those of a token's claims. They are where the search looks for "late".

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::model::clock::rfc3339;
use crate::model::{Callback, Fact};

/// Ten digits are seconds from 2001 to 2286, thirteen the same in milliseconds.
const SECONDS_DIGITS: usize = 10;
const MS_DIGITS: usize = 13;
const CANDIDATES_MAX: usize = 6;
const FACTS_MAX: usize = 12;
/// A token is shorter than this.
const VALUE_BYTES_MAX: usize = 16 << 10;
/// The claims of a token that are times (RFC 7519, section 4.1).
const CLAIMS: [&str; 3] = ["iat", "nbf", "exp"];

/// A time and where it stands.
struct Named {
    place: String,
    at_ms: u64,
    /// A token is good until then, no longer at that moment.
    is_end: bool,
}

/// What is said of them: how far each is from when the callback came.
pub(super) fn named(callback: &Callback) -> Vec<Fact> {
    let came_ms = callback.head.received_at_ms;
    let fact = |time: Named| {
        let apart = time.at_ms.abs_diff(came_ms).div_ceil(1000);
        let side = if time.at_ms <= came_ms { "before" } else { "after" };
        let value = format!("{}, {apart} s {side} it came", rfc3339(time.at_ms));
        Fact { name: time.place, value }
    };
    all(callback).into_iter().take(FACTS_MAX).map(fact).collect()
}

/// The times at which the callback is tried again, in Unix milliseconds.
pub(super) fn candidates(callback: &Callback) -> Vec<u64> {
    let came_ms = callback.head.received_at_ms;
    let within =
        |time: &Named| if time.is_end { time.at_ms.saturating_sub(1000) } else { time.at_ms };
    let mut times: Vec<u64> = all(callback).iter().map(within).collect();
    times.retain(|at_ms| *at_ms != came_ms);
    times.sort_unstable();
    times.dedup();
    times.truncate(CANDIDATES_MAX);
    times
}

fn all(callback: &Callback) -> Vec<Named> {
    let mut times = Vec::new();
    for header in &callback.head.headers {
        if header.value.len() > VALUE_BYTES_MAX {
            continue;
        }
        match claims(&header.value) {
            Some(claims) => times.extend(of_claims(&header.name, &claims)),
            None => times.extend(of_digits(&header.name, &header.value)),
        }
    }
    times
}

fn of_digits(name: &str, value: &str) -> Vec<Named> {
    let runs = value.split(|c: char| !c.is_ascii_alphanumeric());
    let time = |run: &str| {
        let number: u64 = run.parse().ok()?;
        match run.len() {
            SECONDS_DIGITS => Some(number * 1000),
            MS_DIGITS => Some(number),
            _ => None,
        }
    };
    let named = |at_ms| Named { place: name.to_owned(), at_ms, is_end: false };
    runs.filter_map(time).map(named).collect()
}

/// The claims of a JSON Web Token, with or without a scheme's word before it.
fn claims(value: &str) -> Option<Value> {
    let token = value.rsplit(' ').next()?;
    let mut parts = token.split('.');
    let (_, claims, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    let bytes = URL_SAFE_NO_PAD.decode(claims).ok()?;
    serde_json::from_slice(&bytes).ok().filter(Value::is_object)
}

fn of_claims(name: &str, claims: &Value) -> Vec<Named> {
    let time = |claim: &&str| {
        let seconds = claims[*claim].as_u64()?;
        let place = format!("{name}, claim {claim}");
        Some(Named { place, at_ms: seconds.saturating_mul(1000), is_end: *claim == "exp" })
    };
    CLAIMS.iter().filter_map(time).collect()
}
