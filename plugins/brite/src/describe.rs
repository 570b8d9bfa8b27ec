//! What a route may configure for Brite, and what it may yield.
//!
//! Every key that `settings` reads stands here, so that the router can refuse an unknown one.

use hookswitch_sdk::{Manifest, SecretRole, Setting};

use crate::states;

/// The secret that asks for a token; `confirm` reads it in plain.
pub(crate) const SECRET: &str = "api-secret";

const SETTINGS: [(&str, bool, &str); 6] = [
    ("environment", true, "sandbox or production: which list of addresses, and which API"),
    (
        "allow_from",
        false,
        "addresses and networks that callbacks may come from; default: the list that Brite gives \
         for the environment",
    ),
    ("public_key", true, "the merchant's public key, which asks for a token with api-secret"),
    ("api", false, "the base URL of Brite's API; default: the environment's"),
    ("merchant_id", false, "callbacks of another merchant are refused"),
    (
        "verify_with",
        false,
        "state (the default) asks transaction.state or session.state; get asks transaction.get or \
         session.get",
    ),
];

pub(crate) fn describe() -> Manifest {
    let setting = |(name, required, about): (&str, bool, &str)| Setting {
        name: name.to_owned(),
        required,
        about: about.to_owned(),
    };
    let kinds = states::kinds().map(|kind| format!("brite.{kind}"));
    Manifest {
        provider: "brite".to_owned(),
        settings: SETTINGS.into_iter().map(setting).collect(),
        secrets: vec![SecretRole {
            name: SECRET.to_owned(),
            required: true,
            about: "the merchant's API secret; name it under `reveal` too, and Brite's API under \
                    `allow_http`, or nothing is ever confirmed"
                .to_owned(),
        }],
        answers: Vec::new(),
        events: kinds.chain(["brite.*".to_owned()]).collect(),
    }
}
