//! The token that asks Brite's API, shared by all instances of a route through `state`.
//!
//! One instance at a time asks for a new one, which is asked for anew with the secret, not renewed
//! with the old one: that is one way instead of two, and the old token stays good until it ends.
//! Nobody waits: while one instance asks, the others use the old token, or come back later.

use hookswitch_sdk::{Context, Reason, state};
use serde::{Deserialize, Serialize};

use crate::api;
use crate::lease::Lease;
use crate::settings::Settings;

/// A new one is asked for this long before the old one ends, or in the last quarter of its life
/// where that is shorter.
const RENEW_BEFORE_MS: u64 = 30 * 60 * 1000;
/// After asking in vain, nobody asks again for so long: a wrong secret must not become a flood.
const AGAIN_AFTER_MS: u64 = 5_000;
/// Bounds of how long one instance may be taken to be asking.
const ASKING_MS: std::ops::RangeInclusive<u64> = 1_000..=600_000;

#[derive(Serialize, Deserialize)]
struct Stored {
    token: String,
    /// From when a new one is asked for.
    renew_ms: u64,
    ends_ms: u64,
}

/// Where the token and its lease stand. Other credentials never find this token.
struct Keys {
    token: String,
    lease: String,
}

impl Keys {
    fn of(settings: &Settings) -> Keys {
        let of = format!("{} {}", settings.environment.word(), settings.public_key);
        Keys { token: format!("token {of}"), lease: format!("lease {of}") }
    }
}

/// A token that may be used now, and isn't the one that was `refused`.
pub(crate) fn access(
    settings: &Settings,
    context: &Context,
    refused: Option<&str>,
) -> Result<String, Reason> {
    let (keys, now_ms) = (Keys::of(settings), context.now_ms);
    let usable = || {
        let bytes = state::get(&keys.token)?;
        let stored: Stored = serde_json::from_slice(&bytes).ok()?;
        (stored.ends_ms > now_ms && refused != Some(&stored.token)).then_some(stored)
    };
    let fresh = |stored: &Stored| now_ms < stored.renew_ms;
    let standing = usable();
    if let Some(stored) = standing.as_ref().filter(|stored| fresh(stored)) {
        return Ok(stored.token.clone());
    }
    let pending = || {
        let detail = "another confirmation is asking for a token, or has just asked in vain";
        Reason::new("token_pending", detail)
    };
    let old = standing.map(|stored| stored.token);
    let asking_ms = context.deadline_ms.saturating_sub(now_ms);
    let ends_ms = now_ms.saturating_add(asking_ms.clamp(*ASKING_MS.start(), *ASKING_MS.end()));
    let Some(lease) = Lease::take(&keys.lease, now_ms, ends_ms) else {
        return old.ok_or_else(pending);
    };
    // Whoever had the lease before may have put one there since.
    if let Some(stored) = usable().filter(fresh) {
        lease.release(0);
        return Ok(stored.token);
    }
    match ask(settings, now_ms) {
        Ok(stored) => {
            put(&keys.token, &stored, now_ms);
            lease.release(0);
            Ok(stored.token)
        }
        Err(reason) => {
            lease.release(AGAIN_AFTER_MS);
            old.ok_or(reason)
        }
    }
}

fn ask(settings: &Settings, now_ms: u64) -> Result<Stored, Reason> {
    let api::Granted { token, ends_ms } = api::authorize(settings)?;
    let life_ms = ends_ms.saturating_sub(now_ms);
    if life_ms == 0 {
        let why = "Brite's new token has ended already: is this machine's clock right?";
        return Err(Reason::new("token_ended", why));
    }
    let renew_ms = ends_ms - RENEW_BEFORE_MS.min(life_ms / 4);
    Ok(Stored { token, renew_ms, ends_ms })
}

fn put(key: &str, stored: &Stored, now_ms: u64) {
    // Three plain members are always written.
    if let Ok(bytes) = serde_json::to_vec(stored) {
        state::put(key, &bytes, stored.ends_ms - now_ms);
    }
}
