//! The stand-in host for native tests: settings, secrets and state in memory, checked and signed
//! with real keys. Only native builds have it.
//!
//! A host is the calling thread's own and stands only while a closure runs, so tests can't see each
//! other's keys.

mod keys;
mod vectors;
pub(crate) mod stand_in;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use hookswitch_vectors::{Exchange, Script};

pub use hookswitch_vectors::{Answered, Exchange as Scripted};
pub use vectors::{run_confirming_vectors, run_vectors};

/// What stands in for the router: build it, then [`Host::run`] the plugin's functions in it.
///
/// ```
/// use hookswitch_sdk::{crypto, native::Host};
///
/// let host = Host::new().settings(r#"{"tolerance":"300s"}"#).secret("key", "current", None, "s3cret");
/// let tag = [0; 32];
/// let form = crypto::KeyForm::Utf8;
/// let matched = host.run(|| crypto::verify_mac("key", form, crypto::Mac::HmacSha256, b"hi", &tag));
/// assert_eq!(matched, None);
/// ```
#[derive(Clone)]
pub struct Host {
    settings: String,
    secrets: Vec<Secret>,
    /// Shared by the copies of a host: what one run puts there, the next one finds.
    state: Rc<RefCell<BTreeMap<String, Vec<u8>>>>,
    /// The calls that the plugin may make, shared likewise.
    script: Rc<RefCell<Script>>,
    /// Where those calls go to: a scheme and an authority.
    origin: String,
}

/// One version of the secret that a role names.
#[derive(Clone)]
struct Secret {
    role: String,
    version: String,
    kid: Option<String>,
    text: String,
}

impl Host {
    /// A host with no settings and no secrets.
    #[allow(clippy::new_without_default, reason = "a host is always made by its name")]
    pub fn new() -> Host {
        Host {
            settings: "{}".to_owned(),
            secrets: Vec::new(),
            state: Rc::default(),
            script: Rc::default(),
            origin: String::new(),
        }
    }

    /// The settings: a JSON object, as text or as a `serde_json::Value`.
    #[must_use]
    #[allow(clippy::needless_pass_by_value, reason = "so that `json!({…})` can stand in the call")]
    pub fn settings(mut self, json: impl ToString) -> Host {
        self.settings = json.to_string();
        self
    }

    /// Adds a version of the secret that `role` names. The first one added signs and is revealed;
    /// all of them verify. Keys for signatures are PEM; `kid` is the provider's name for one.
    #[must_use]
    pub fn secret(
        mut self,
        role: &str,
        version: &str,
        kid: Option<&str>,
        text: impl AsRef<str>,
    ) -> Host {
        self.secrets.push(Secret {
            role: role.to_owned(),
            version: version.to_owned(),
            kid: kid.map(str::to_owned),
            text: text.as_ref().to_owned(),
        });
        self
    }

    /// Adds an outgoing call that the plugin has to make of `origin` (`https://api.example.com`),
    /// and what it gets. Calls come in the order added; any other call panics.
    #[must_use]
    pub fn exchange(mut self, origin: &str, exchange: Exchange) -> Host {
        origin.clone_into(&mut self.origin);
        self.script.borrow_mut().push(exchange);
        self
    }

    /// Everything that wasn't as scripted, with the calls that were never made.
    pub fn problems(&self) -> Vec<String> {
        self.script.borrow().problems()
    }

    /// The value that stands at a key of `state`.
    pub fn state(&self, key: &str) -> Option<Vec<u8>> {
        self.state.borrow().get(key).cloned()
    }

    /// Puts a value into `state`.
    pub fn put_state(&self, key: &str, value: &[u8]) {
        self.state.borrow_mut().insert(key.to_owned(), value.to_vec());
    }

    /// Runs a closure with this host behind the imports. State is kept from run to run.
    pub fn run<R>(&self, body: impl FnOnce() -> R) -> R {
        HOSTS.with_borrow_mut(|hosts| hosts.push(Rc::new(self.clone())));
        let _taken_away_after = Installed;
        body()
    }

    fn versions(&self, role: &str) -> impl Iterator<Item = &Secret> {
        self.secrets.iter().filter(move |secret| secret.role == role)
    }
}

thread_local! {
    /// The innermost host is the last.
    static HOSTS: RefCell<Vec<Rc<Host>>> = const { RefCell::new(Vec::new()) };
}

/// Takes the host away again, even where the closure panics.
struct Installed;

impl Drop for Installed {
    fn drop(&mut self) {
        HOSTS.with_borrow_mut(Vec::pop);
    }
}

/// The host of the run that is going on.
fn current() -> Rc<Host> {
    HOSTS.with_borrow(|hosts| hosts.last().cloned()).unwrap_or_else(|| {
        panic!("no host: call the plugin inside hookswitch_sdk::native::Host::new().run(|| …)")
    })
}

#[cfg(test)]
mod tests;
