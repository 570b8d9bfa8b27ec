//! Who calls the API. Secrets are compared as digests, in a time that depends neither on what was
//! sent nor on which key fits; a key without a secret fits nothing. A token is worth what its key
//! is worth now.

use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use ring::digest::{Digest, SHA256, digest};
use subtle::{Choice, ConstantTimeEq as _};

use super::reply::Refusal;
use super::tokens::{Token, Tokens};
use crate::generation::ApiKey;

/// The keys that count now, and the tokens that stand for them.
pub(super) struct Keys<'k> {
    pub(super) keys: &'k [ApiKey],
    /// `None` where the system gave no random numbers: there are no tokens then.
    pub(super) tokens: Option<&'k Tokens>,
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    /// The name of its key.
    pub(super) key: String,
    /// Which of its secrets it has, or its token was made for.
    pub(super) mark: String,
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

impl Keys<'_> {
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
        let token = self.tokens.and_then(|tokens| tokens.open(shown));
        let token = token.filter(|token| name.is_none_or(|name| name == token.key.as_bytes()));
        let token = token.ok_or(Refusal::WrongToken)?;
        if token.ends_ms <= now_ms {
            return Err(Refusal::OldToken);
        }
        self.of_token(token).ok_or(Refusal::WrongToken)
    }

    /// The key with this secret: of this name, or whichever fits.
    fn key(&self, name: Option<&[u8]>, secret: &[u8]) -> Option<Caller> {
        let secret = digest(&SHA256, secret);
        let mut found = None;
        for key in self.keys {
            let named = name.is_none_or(|name| name == key.name.as_bytes());
            if fits(key, &secret) && named && found.is_none() {
                found = Some(key);
            }
        }
        found.map(|key| Caller {
            key: key.name.clone(),
            mark: self.tokens.map(|tokens| tokens.mark(&secret)).unwrap_or_default(),
            scopes: key.scopes.clone(),
            by: By::Secret,
        })
    }

    /// Whoever shows a token, as long as its key has the secret that it was made for; with those of
    /// its scopes that the key still has.
    fn of_token(&self, token: Token) -> Option<Caller> {
        let Token { key, mark, mut scopes, ends_ms, refresh } = token;
        let tokens = self.tokens?;
        let own = self.keys.iter().find(|own| own.name == key)?;
        own.secrets.iter().find(|secret| tokens.mark(secret) == mark)?;
        scopes.retain(|scope| own.scopes.contains(scope));
        Some(Caller {
            key,
            mark,
            scopes,
            by: if refresh { By::Refresh(ends_ms) } else { By::Token },
        })
    }
}

/// Looks at every version of the key's secret, whichever fits.
fn fits(key: &ApiKey, secret: &Digest) -> bool {
    let same = |own: &Digest| own.as_ref().ct_eq(secret.as_ref());
    key.secrets.iter().fold(Choice::from(0), |fits, own| fits | same(own)).into()
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
