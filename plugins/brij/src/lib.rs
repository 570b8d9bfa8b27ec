//! The adapter for BRIJ, a network of crypto ramps: four requests that want an answer (quote,
//! redirect-order, create-order, cancel-order) and one webhook, each under a signed token.
//!
//! Invariant: no claim, field or path is believed before the token's signature was checked.

mod answers;
mod explain;
mod fields;
mod requests;
mod setup;
mod simulate;
mod token;
mod webhook;

use std::sync::Arc;

use hookswitch_sdk::settings::{self, Kept};
use hookswitch_sdk::{
    Callback, Content, Explaining, Fact, Head, Manifest, Outcome, ParseFault, Protocol, Reason,
    Registering, Reply, SecretRole, Setting, Simulating, Verdict, time,
};
use serde::Deserialize;

/// The adapter.
pub struct Brij;

hookswitch_sdk::export!(Brij: protocol, simulating, explaining, registering);

/// The requests, as the path's `{call}` names them; the fifth call is [`WEBHOOK`].
const REQUESTS: [&str; 4] = ["quote", "redirect-order", "create-order", "cancel-order"];
/// The `{call}` of one-way notices.
const WEBHOOK: &str = "webhook";
/// The role of BRIJ's public keys.
const SIGNING_KEY: &str = "signing-key";
/// The longest text that a field or a claim may hold, in bytes.
const TEXT_BYTES_MAX: usize = 256;

/// The route's `settings` table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    partner_id: String,
    #[serde(default = "default_leeway")]
    leeway: String,
    #[serde(default = "default_issuer")]
    issuer: String,
}

fn default_leeway() -> String {
    "60s".to_owned()
}

fn default_issuer() -> String {
    "brij.fi".to_owned()
}

impl Settings {
    fn get() -> Result<Arc<Settings>, Reason> {
        static KEPT: Kept<Settings> = Kept::new();
        KEPT.or_read(settings::get)
    }

    fn leeway_ms(&self) -> Result<u64, Reason> {
        time::parse_duration_ms(&self.leeway).map_err(|_| {
            let detail = "leeway must be a length of time: 500ms, 60s, 2m";
            Reason::new("settings_invalid", detail)
        })
    }

    fn problems(&self) -> Vec<Reason> {
        let empty =
            |name: &str| Reason::new("settings_invalid", format!("{name} must not be empty"));
        let texts = [("partner_id", &self.partner_id), ("issuer", &self.issuer)];
        let blank = texts.into_iter().filter(|(_, text)| text.trim().is_empty());
        blank.map(|(name, _)| empty(name)).chain(self.leeway_ms().err()).collect()
    }
}

impl Protocol for Brij {
    fn describe() -> Manifest {
        let setting = |name: &str, required, about: &str| Setting {
            name: name.to_owned(),
            required,
            about: about.to_owned(),
        };
        Manifest {
            provider: "brij".to_owned(),
            settings: vec![
                setting("partner_id", true, "your partner id at BRIJ, the audience of its tokens"),
                setting("leeway", false, "how far the two clocks may differ (default 60s)"),
                setting("issuer", false, "who issues the tokens (default brij.fi)"),
            ],
            secrets: vec![SecretRole {
                name: SIGNING_KEY.to_owned(),
                required: true,
                about: "BRIJ's public RSA keys in PEM, each with its kid where it is known"
                    .to_owned(),
            }],
            answers: REQUESTS.map(str::to_owned).to_vec(),
            events: vec!["brij.dataShared".to_owned(), "brij.*".to_owned()],
        }
    }

    fn configure() -> Vec<Reason> {
        Settings::get().map_or_else(|reason| vec![reason], |found| found.problems())
    }

    fn verify(call: &Callback) -> Verdict {
        token::verify(call)
    }

    fn parse(call: &Callback) -> Result<Content, ParseFault> {
        let name = call.head.param("call").unwrap_or_default();
        if name == WEBHOOK {
            return webhook::parse(call).map(Content::Notification).map_err(ParseFault::Malformed);
        }
        if !REQUESTS.contains(&name) {
            let detail =
                "the path must end in quote, redirect-order, create-order, cancel-order or webhook";
            return Err(ParseFault::NotFound(Reason::new("unknown_call", detail)));
        }
        requests::parse(call, name).map(Content::Request).map_err(ParseFault::Malformed)
    }

    fn respond(head: &Head, outcome: Outcome) -> Result<Reply, Reason> {
        answers::respond(head, outcome)
    }
}

impl Simulating for Brij {
    fn kinds() -> Vec<String> {
        simulate::kinds()
    }

    fn simulate(kind: &str, options: &str, now_ms: u64, seed: u64) -> Result<Callback, Reason> {
        simulate::simulate(kind, options, now_ms, seed)
    }
}

impl Explaining for Brij {
    fn explain(call: &Callback) -> Vec<Fact> {
        explain::explain(call)
    }
}

impl Registering for Brij {
    fn register(url: &str) -> Vec<Fact> {
        setup::register(url)
    }
}
