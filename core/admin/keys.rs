//! Who may use the API: a key by its id and secret, or by its secret alone as a bearer token.
//! Secrets are compared by their hashes, so that time tells neither their bytes nor their length.

use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use ring::digest::{Digest, SHA256, digest};
use subtle::ConstantTimeEq as _;

use crate::config::AdminKey;

/// All keys.
pub struct Keys(Vec<Key>);

struct Key {
    name: String,
    /// One for each version of its secret.
    secrets: Vec<Digest>,
    scopes: Vec<String>,
}

impl Keys {
    /// The keys of the config. One whose secret isn't to be had lets nobody in.
    pub fn new(keys: &[AdminKey]) -> Keys {
        let key = |key: &AdminKey| Key {
            name: key.name.clone(),
            secrets: key.secret.iter().map(|version| hash(version.value.expose())).collect(),
            scopes: key.scopes.clone(),
        };
        Keys(keys.iter().map(key).collect())
    }

    /// What the caller may do; `None` = the caller has no key.
    pub(super) fn of(&self, headers: &HeaderMap) -> Option<&[String]> {
        let text = |name: &str| headers.get(name)?.to_str().ok();
        let (name, secret) = match (text("x-key-id"), text("x-secret-key")) {
            (Some(name), Some(secret)) => (Some(name), secret),
            _ => (None, bearer(headers)?),
        };
        let secret = hash(secret);
        let named = |key: &&Key| name.is_none_or(|name| name == key.name);
        let found =
            self.0.iter().filter(named).find(|key| {
                key.secrets.iter().any(|own| own.as_ref().ct_eq(secret.as_ref()).into())
            });
        found.map(|key| key.scopes.as_slice())
    }
}

fn hash(secret: &str) -> Digest {
    digest(&SHA256, secret.as_bytes())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
