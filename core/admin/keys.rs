//! Who may use the API. Secrets are kept and compared as digests, in a time that depends neither on
//! what was sent nor on which key fits; a key without a secret fits nothing.

use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use ring::digest::{Digest, SHA256, digest};
use subtle::{Choice, ConstantTimeEq as _};

use super::reply::Refusal;
use super::tokens::{Token, Tokens};
use crate::config::AdminKey;

/// All keys of the API, and the tokens that stand for them.
pub struct Keys {
    keys: Vec<Key>,
    /// `None` where the system gave no random numbers: there are no tokens then.
    tokens: Option<Tokens>,
}

/// One of them.
struct Key {
    name: String,
    /// Old and new side by side while it is changed.
    secrets: Vec<Digest>,
    scopes: Vec<String>,
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    /// The name of its key.
    pub(super) key: String,
    /// What it is allowed.
    pub(super) scopes: Vec<String>,
    /// What it showed.
    pub(super) by: By,
}

/// What a caller showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// The key's own secret.
    Secret,
    /// A token.
    Token,
    /// A token that is only good for further ones, until this time, Unix milliseconds.
    Refresh(u64),
}

impl Caller {
    /// Is it allowed this?
    pub(super) fn may(&self, scope: &str) -> bool {
        self.scopes.iter().any(|own| own == scope)
    }
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
        Keys { keys: keys.iter().map(key).collect(), tokens: Tokens::new() }
    }

    /// Whose key, or token, these headers show: `x-key-id` with `x-secret-key`; or `Authorization:
    /// Bearer` with the secret or a token, where `x-key-id` may say which key it is. A header that
    /// stands there twice shows nothing.
    pub(super) fn admit(&self, headers: &HeaderMap, now_ms: u64) -> Result<Caller, Refusal> {
        let name = only(headers, "x-key-id").ok_or(Refusal::WrongKey)?;
        if let Some(secret) = only(headers, "x-secret-key").ok_or(Refusal::WrongKey)? {
            let name = name.ok_or(Refusal::NoKey)?;
            return self.key(Some(name), secret).ok_or(Refusal::WrongKey);
        }
        let shown = only(headers, AUTHORIZATION.as_str()).ok_or(Refusal::WrongToken)?;
        let shown = bearer(shown.ok_or(Refusal::NoKey)?).ok_or(Refusal::WrongToken)?;
        if let Some(caller) = self.key(name, shown) {
            return Ok(caller);
        }
        let token = self.tokens.as_ref().and_then(|tokens| tokens.open(shown));
        let token = token.filter(|token| name.is_none_or(|name| name == token.key.as_bytes()));
        let Token { key, scopes, ends_ms, refresh } = token.ok_or(Refusal::WrongToken)?;
        if ends_ms <= now_ms {
            return Err(Refusal::OldToken);
        }
        Ok(Caller { key, scopes, by: if refresh { By::Refresh(ends_ms) } else { By::Token } })
    }

    /// Makes the text of a token; `None` where there are none.
    pub(super) fn seal(&self, token: &Token) -> Option<String> {
        self.tokens.as_ref()?.seal(token)
    }

    /// The key with this secret: of this name, or whichever fits.
    fn key(&self, name: Option<&[u8]>, secret: &[u8]) -> Option<Caller> {
        let secret = digest(&SHA256, secret);
        let mut found = None;
        for key in &self.keys {
            let named = name.is_none_or(|name| name == key.name.as_bytes());
            if key.fits(&secret) && named && found.is_none() {
                found = Some(key);
            }
        }
        found.map(|key| Caller {
            key: key.name.clone(),
            scopes: key.scopes.clone(),
            by: By::Secret,
        })
    }
}

impl Key {
    /// Looks at every version, whichever fits.
    fn fits(&self, secret: &Digest) -> bool {
        let same = |own: &Digest| own.as_ref().ct_eq(secret.as_ref());
        self.secrets.iter().fold(Choice::from(0), |fits, own| fits | same(own)).into()
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
