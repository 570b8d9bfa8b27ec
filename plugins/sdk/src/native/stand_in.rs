//! What the imports do natively. The signatures are those that are generated for wasm32, so the
//! plugin's code can't tell the difference; where the router would trap, this panics.

use super::current;

pub(crate) mod crypto {
    use super::current;
    use crate::crypto::{KeyForm, Mac, Scheme};
    use crate::native::{Secret, keys};

    pub use crate::native::keys::{equal, sha256};

    /// The name of the version of `secret` whose MAC of `message` is `tag`.
    pub fn verify_mac(
        secret: &str,
        form: KeyForm,
        algorithm: Mac,
        message: &[u8],
        tag: &[u8],
    ) -> Option<String> {
        let host = current();
        let matches = |version: &&Secret| {
            let key = keys::mac_key(&version.text, form, algorithm);
            key.is_some_and(|key| ring::hmac::verify(&key, message, tag).is_ok())
        };
        host.versions(secret).find(matches).map(|version| version.version.clone())
    }

    /// The name of the version of `key` that made `signature` over `message`. A known `key_id`
    /// picks its key; without one, or with an unknown one, all are tried.
    pub fn verify_signature(
        key: &str,
        key_id: Option<&str>,
        algorithm: Scheme,
        message: &[u8],
        signature: &[u8],
    ) -> Option<String> {
        let host = current();
        let named = |version: &Secret| key_id.is_some() && version.kid.as_deref() == key_id;
        let known = host.versions(key).any(named);
        let mut tried = host.versions(key).filter(|version| !known || named(version));
        tried
            .find(|version| keys::is_signed(&version.text, algorithm, message, signature))
            .map(|version| version.version.clone())
    }
}

pub(crate) mod signing {
    use super::{current, first};
    use crate::crypto::{KeyForm, Mac};
    use crate::native::keys;

    /// The MAC of `message` under the first version of `secret`.
    pub fn sign_mac(secret: &str, form: KeyForm, algorithm: Mac, message: &[u8]) -> Vec<u8> {
        let text = first(&current(), secret);
        let Some(key) = keys::mac_key(&text, form, algorithm) else {
            panic!("the secret \"{secret}\" is no key in the form {form:?}");
        };
        ring::hmac::sign(&key, message).as_ref().to_vec()
    }

    /// RSA PKCS#1 v1.5 with SHA-256, by the first version of `key`: a private key in PEM (PKCS#8).
    pub fn sign_rsa_sha256(key: &str, message: &[u8]) -> Vec<u8> {
        let text = first(&current(), key);
        keys::sign_rsa(&text, message)
            .unwrap_or_else(|| panic!("the secret \"{key}\" is no RSA private key in PEM (PKCS#8)"))
    }
}

/// The text of the version that signs.
fn first(host: &super::Host, role: &str) -> String {
    let Some(secret) = host.versions(role).next() else {
        panic!("there is no secret \"{role}\" to sign with");
    };
    secret.text.clone()
}

pub(crate) mod settings {
    /// The settings as a JSON object.
    pub(crate) fn get() -> String {
        super::current().settings.clone()
    }
}

pub(crate) mod secrets {
    use crate::Reason;

    /// A secret in plain. The stand-in reveals every secret, in every phase.
    pub fn reveal(name: &str) -> Result<String, Reason> {
        let host = super::current();
        let unknown = || Reason::new("secret_unknown", format!("there is no secret \"{name}\""));
        host.versions(name).next().map(|secret| secret.text.clone()).ok_or_else(unknown)
    }
}

pub(crate) mod http {
    use hookswitch_vectors::{Answered, Sent};

    use crate::http::{Failure, Request, Response};

    /// What the script has for this call; a call that isn't the next one panics.
    pub(crate) fn send(request: Request) -> Result<Response, Failure> {
        let host = super::current();
        let path = request.url.strip_prefix(&host.origin).filter(|path| path.starts_with('/'));
        let Some(path) = path else {
            panic!("a call of {}, but the script is for {:?}", request.url, host.origin);
        };
        let header = |header: crate::Header| (header.name, header.value);
        let sent = Sent {
            path: path.to_owned(),
            method: request.method,
            headers: request.headers.into_iter().map(header).collect(),
            body: request.body,
        };
        let answer = host.script.borrow_mut().take(&sent);
        match answer.unwrap_or_else(|problem| panic!("{problem}")) {
            Answered::Reply { status, body } => Ok(Response { status, headers: vec![], body }),
            Answered::Down => Err(Failure::Failed),
        }
    }
}

pub(crate) mod state {
    use super::current;

    /// The value of a key.
    pub fn get(key: &str) -> Option<Vec<u8>> {
        current().state.borrow().get(key).cloned()
    }

    /// Puts a value. The stand-in has no clock, so nothing expires.
    pub fn put(key: &str, value: &[u8], _ttl_ms: u64) {
        current().state.borrow_mut().insert(key.to_owned(), value.to_vec());
    }

    /// Forgets a key.
    pub fn remove(key: &str) {
        current().state.borrow_mut().remove(key);
    }

    /// Puts `new` only where `old` still stands (`None` = nothing there); says whether it did.
    pub fn compare_and_put(key: &str, old: Option<&[u8]>, new: &[u8], _ttl_ms: u64) -> bool {
        let host = current();
        let mut state = host.state.borrow_mut();
        let stands = state.get(key).map(Vec::as_slice) == old;
        if stands {
            state.insert(key.to_owned(), new.to_vec());
        }
        stands
    }
}

pub(crate) mod log {
    use crate::bindings::host::hookswitch::plugin::log::Level;

    /// Shows the line where the test's own output goes.
    pub(crate) fn write(level: Level, message: &str) {
        eprintln!("{level:?}: {message}");
    }
}
