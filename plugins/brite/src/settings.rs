//! What a route sets for Brite.
//!
//! A value that was read here is valid; nothing checks it again.

use std::sync::Arc;

use hookswitch_sdk::settings::{self, Kept};
use hookswitch_sdk::{Reason, http};
use serde::Deserialize;

use crate::network::Network;

/// As written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    environment: String,
    allow_from: Option<Vec<String>>,
    public_key: String,
    api: Option<String>,
    merchant_id: Option<String>,
    verify_with: Option<String>,
}

/// As used.
pub(crate) struct Settings {
    pub(crate) environment: Environment,
    /// Where callbacks may come from.
    pub(crate) allow_from: Vec<Network>,
    /// Says who asks; the secret beside it proves it.
    pub(crate) public_key: String,
    /// The API's base URL, without a slash at its end.
    pub(crate) api: String,
    /// Whose callbacks these are.
    pub(crate) merchant_id: Option<String>,
    pub(crate) verb: Verb,
}

/// Which of Brite's two worlds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Environment {
    Sandbox,
    Production,
}

/// Which call tells a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    State,
    Get,
}

const SANDBOX_PEERS: [&str; 6] = [
    "34.107.68.175",
    "34.141.49.184",
    "34.141.92.135",
    "34.159.115.166",
    "35.228.90.52",
    "35.246.194.85",
];

const PRODUCTION_PEERS: [&str; 5] =
    ["34.107.68.175", "34.141.49.184", "34.141.92.135", "35.228.90.52", "35.246.194.85"];

/// Longer texts are none of Brite's.
const TEXT_BYTES_MAX: usize = 256;

impl Environment {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Environment::Sandbox => "sandbox",
            Environment::Production => "production",
        }
    }

    /// The base URL of its API.
    pub(crate) fn api(self) -> &'static str {
        match self {
            Environment::Sandbox => "https://sandbox.britepaymentgroup.com",
            Environment::Production => "https://production.britepaymentgroup.com",
        }
    }

    /// The addresses that Brite calls from, by its own list.
    pub(crate) fn peers(self) -> &'static [&'static str] {
        match self {
            Environment::Sandbox => &SANDBOX_PEERS,
            Environment::Production => &PRODUCTION_PEERS,
        }
    }
}

impl Verb {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Verb::State => "state",
            Verb::Get => "get",
        }
    }
}

/// The route's settings; the error holds everything that is wrong with them.
pub(crate) fn get() -> Result<Arc<Settings>, Vec<Reason>> {
    static KEPT: Kept<Settings> = Kept::new();
    KEPT.or_read(read)
}

fn read() -> Result<Settings, Vec<Reason>> {
    let written: Written = settings::get().map_err(|reason| vec![reason])?;
    let mut wrong = Vec::new();
    let mut found = |code: &str, detail: String| wrong.push(Reason::new(code, detail));
    let environment = match written.environment.as_str() {
        "sandbox" => Environment::Sandbox,
        "production" => Environment::Production,
        _ => {
            found("environment_invalid", "environment is sandbox or production".into());
            // Only so that the rest is looked at too.
            Environment::Sandbox
        }
    };
    let allow_from = allow_from(written.allow_from.as_deref(), environment, &mut found);
    let api = written.api.as_deref().unwrap_or(environment.api()).trim_end_matches('/').to_owned();
    if let Err(detail) = check_api(&api, environment) {
        found("api_invalid", detail.into());
    }
    if !is_text(&written.public_key) {
        found("public_key_invalid", "public_key is 1 to 256 visible ASCII characters".into());
    }
    if written.merchant_id.as_deref().is_some_and(|id| !is_text(id)) {
        found("merchant_id_invalid", "merchant_id is 1 to 256 visible ASCII characters".into());
    }
    let verb = match written.verify_with.as_deref() {
        None | Some("state") => Verb::State,
        Some("get") => Verb::Get,
        Some(_) => {
            found("verify_with_invalid", "verify_with is state or get".into());
            Verb::State
        }
    };
    let (public_key, merchant_id) = (written.public_key, written.merchant_id);
    let settings = Settings { environment, allow_from, public_key, api, merchant_id, verb };
    if wrong.is_empty() { Ok(settings) } else { Err(wrong) }
}

/// Names by its number an entry that can't be read.
fn allow_from(
    written: Option<&[String]>,
    environment: Environment,
    found: &mut impl FnMut(&str, String),
) -> Vec<Network> {
    let Some(entries) = written else {
        return environment.peers().iter().filter_map(|peer| Network::read(peer)).collect();
    };
    if entries.is_empty() {
        found("allow_from_empty", "allow_from is empty, so that nobody may call".into());
    }
    let mut networks = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        match Network::read(entry) {
            Some(network) => networks.push(network),
            None => found(
                "allow_from_invalid",
                format!("allow_from[{at}] is no address and no network, such as 10.0.0.0/8"),
            ),
        }
    }
    networks
}

/// The secret goes there, so production's has to be encrypted on the way.
fn check_api(api: &str, environment: Environment) -> Result<(), &'static str> {
    if !http::is_url(api) || api.contains('?') {
        return Err("api is an http or https URL without user info, query or fragment");
    }
    if environment == Environment::Production && !api.starts_with("https://") {
        return Err("api has to be https in production");
    }
    Ok(())
}

/// Also how an id of Brite's looks.
pub(crate) fn is_text(text: &str) -> bool {
    (1..=TEXT_BYTES_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}
