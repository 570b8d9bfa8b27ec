//! May this caller send callbacks? Nothing is signed, so this only filters: by the address that
//! called, and by the merchant that the body names.
//!
//! Genuine here means "worth asking Brite about": no secret matched, and `confirm` is the proof.

use std::net::IpAddr;

use hookswitch_sdk::{Callback, Proof, Reason, Verdict};

use crate::settings::{self, Settings};
use crate::told::Told;

pub(crate) fn verify(call: &Callback) -> Verdict {
    let settings = match settings::get() {
        Ok(settings) => settings,
        Err(reasons) => return Verdict::Unavailable(first(reasons)),
    };
    match check(call, &settings) {
        Ok(()) => Verdict::Genuine(Proof { matched: None, replay_key: None }),
        Err(reason) => Verdict::Forged(reason),
    }
}

fn check(call: &Callback, settings: &Settings) -> Result<(), Reason> {
    let peer: Option<IpAddr> = call.head.peer().parse().ok();
    let known = |peer| settings.allow_from.iter().any(|network| network.contains(peer));
    if !peer.is_some_and(known) {
        let why = "the caller's address isn't one that allow_from names";
        return Err(Reason::new("peer_foreign", why));
    }
    let Some(merchant) = &settings.merchant_id else { return Ok(()) };
    // A body that can't be read is for `parse` to refuse.
    match Told::read(&call.body) {
        Ok(told) if told.merchant_id.as_ref() != Some(merchant) => {
            Err(Reason::new("merchant_differs", "the callback isn't for the configured merchant"))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Settings that are wrong were told at load; one reason says that it is still so.
fn first(reasons: Vec<Reason>) -> Reason {
    let unknown = || Reason::new("settings_invalid", "the settings can't be read");
    reasons.into_iter().next().unwrap_or_else(unknown)
}
