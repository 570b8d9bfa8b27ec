//! Who may use the API. Secrets are kept and compared as digests, in a time that depends neither on
//! what was sent nor on which key fits; a key without a secret fits nothing.

use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use ring::digest::{Digest, SHA256, digest};
use subtle::{Choice, ConstantTimeEq as _};

use crate::config::AdminKey;

/// All keys of the API.
pub struct Keys(Vec<Key>);

/// One of them.
pub(super) struct Key {
    pub(super) name: String,
    /// Old and new side by side while it is changed.
    secrets: Vec<Digest>,
    scopes: Vec<String>,
}

/// What a caller shows for a key.
struct Shown<'h> {
    /// Which key it is said to be; without it any that fits.
    name: Option<&'h [u8]>,
    secret: &'h [u8],
}

impl Keys {
    /// The keys of the config.
    pub fn new(keys: &[AdminKey]) -> Keys {
        let secret = |text: &str| digest(&SHA256, text.as_bytes());
        let key = |key: &AdminKey| Key {
            name: key.name.clone(),
            secrets: key.secret.iter().map(|version| secret(version.value.expose())).collect(),
            scopes: key.scopes.clone(),
        };
        Keys(keys.iter().map(key).collect())
    }

    /// The key that these headers show, where they show a valid one.
    pub(super) fn admit(&self, headers: &HeaderMap) -> Option<&Key> {
        let shown = shown(headers)?;
        let secret = digest(&SHA256, shown.secret);
        let mut found = None;
        for key in &self.0 {
            let named = shown.name.is_none_or(|name| name == key.name.as_bytes());
            if key.fits(&secret) && named && found.is_none() {
                found = Some(key);
            }
        }
        found
    }
}

impl Key {
    /// Is it allowed this?
    pub(super) fn may(&self, scope: &str) -> bool {
        self.scopes.iter().any(|own| own == scope)
    }

    /// Looks at every version, whichever fits.
    fn fits(&self, secret: &Digest) -> bool {
        let same = |own: &Digest| own.as_ref().ct_eq(secret.as_ref());
        self.secrets.iter().fold(Choice::from(0), |fits, own| fits | same(own)).into()
    }
}

/// `x-key-id` with `x-secret-key`; or `Authorization: Bearer` with the secret, where `x-key-id` may
/// say which key it is. A header that stands there twice shows nothing.
fn shown(headers: &HeaderMap) -> Option<Shown<'_>> {
    let name = only(headers, "x-key-id")?;
    match only(headers, "x-secret-key")? {
        Some(secret) => Some(Shown { name: Some(name?), secret }),
        None => Some(Shown { name, secret: bearer(only(headers, AUTHORIZATION.as_str())??)? }),
    }
}

/// The value of a header that isn't repeated; the outer `None`: it is.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<Option<&'h [u8]>> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().map(|value| value.as_bytes());
    values.next().is_none().then_some(first)
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    const SCHEME: &[u8] = b"bearer ";
    let (scheme, secret) = value.split_at_checked(SCHEME.len())?;
    scheme.eq_ignore_ascii_case(SCHEME).then(|| secret.trim_ascii())
}
