//! What a route may configure for BRZ, and what it may yield.
//!
//! Every key that `settings` reads stands here, so that the router can refuse an unknown one.

use hookswitch_sdk::{Manifest, SecretRole, Setting};

use crate::catalogue::{EVENTS, SECRET};

pub(crate) fn describe() -> Manifest {
    let setting = |name: &str, about: &str| Setting {
        name: name.to_owned(),
        required: false,
        about: about.to_owned(),
    };
    Manifest {
        provider: "brz".to_owned(),
        settings: vec![
            setting(
                "tolerance",
                "how far the signed time may be from ours, either way: a length of time, default \
                 300s",
            ),
            setting(
                "key_form",
                "what of the secret is the key: full (with whsec_, as BRZ signs since August \
                 2026), stripped (without, as its guide said before) or either, the default: full \
                 first",
            ),
        ],
        secrets: vec![SecretRole {
            name: SECRET.to_owned(),
            required: true,
            about: "the webhook's secret, whsec_…, as BRZ showed it once when the webhook was \
                    created or its secret rotated; a list while it changes"
                .to_owned(),
        }],
        answers: Vec::new(),
        events: EVENTS.iter().chain(&["*"]).map(|event| format!("brz.{event}")).collect(),
    }
}
