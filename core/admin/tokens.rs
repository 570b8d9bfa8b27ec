//! Tokens in place of a key's secret: what they say is in them, under a MAC whose key is made when
//! the process starts. Nothing is kept, so a restart ends them all.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::Digest;
use ring::hmac;
use ring::rand::SystemRandom;
use serde::{Deserialize, Serialize};

use crate::model::hex;

/// For how long a token is good, in seconds.
pub(super) const TOKEN_S: u64 = 3600;
/// For how long new ones can be had for a refresh token, in milliseconds.
pub(super) const REFRESH_MS: u64 = 7 * 3600 * 1000;

/// What is signed for a mark begins with a byte that no token has.
const MARK: &[u8] = b"\0";
const MARK_BYTES: usize = 8;

/// What all tokens begin with.
const PREFIX: &str = "hst_";
/// Bytes of a token: far more than one with every scope has.
const TOKEN_BYTES_MOST: usize = 4096;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Token {
    /// The key that it stands for.
    pub(super) key: String,
    /// Which of the key's secrets it was made for.
    pub(super) mark: String,
    /// What it allows.
    pub(super) scopes: Vec<String>,
    /// When it ends, Unix milliseconds.
    pub(super) ends_ms: u64,
    /// Whether it is good for nothing but new tokens.
    pub(super) refresh: bool,
}

/// Makes tokens, and knows its own.
pub(super) struct Tokens(hmac::Key);

impl Tokens {
    /// With a key of its own; `None` where the system has no random numbers.
    pub(super) fn new() -> Option<Tokens> {
        hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).ok().map(Tokens)
    }

    /// What stands in a token for a secret of which this is the digest. It tells nobody which one
    /// that is.
    pub(super) fn mark(&self, secret: &Digest) -> String {
        let tag = hmac::sign(&self.0, &[MARK, secret.as_ref()].concat());
        hex::encode(&tag.as_ref()[..MARK_BYTES])
    }

    /// The text of a token.
    pub(super) fn seal(&self, token: &Token) -> Option<String> {
        let said = URL_SAFE_NO_PAD.encode(serde_json::to_vec(token).ok()?);
        let tag = hmac::sign(&self.0, said.as_bytes());
        Some(format!("{PREFIX}{said}.{}", URL_SAFE_NO_PAD.encode(tag)))
    }

    /// What a text says that was made here. Whether it has ended is for the caller to see.
    pub(super) fn open(&self, text: &[u8]) -> Option<Token> {
        if text.len() > TOKEN_BYTES_MOST {
            return None;
        }
        let (said, tag) = std::str::from_utf8(text).ok()?.strip_prefix(PREFIX)?.split_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(&self.0, said.as_bytes(), &tag).ok()?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(said).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_and_only_unchanged() {
        let tokens = Tokens::new().expect("random numbers");
        let scopes = vec!["webhooks:read".to_owned()];
        let (key, mark) = ("ops".to_owned(), "1".to_owned());
        let token = Token { key, mark, scopes, ends_ms: 7, refresh: false };
        let text = tokens.seal(&token).expect("a token");
        assert_eq!(tokens.open(text.as_bytes()), Some(token));
        for at in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(tokens.open(&other), None, "{at}");
        }
        let longer = "A".repeat(TOKEN_BYTES_MOST);
        for other in ["", "hst_", "hst_.", &text[..text.len() - 1], &text[4..], &longer] {
            assert_eq!(tokens.open(other.as_bytes()), None, "{other}");
        }
        let others = Tokens::new().expect("random numbers");
        assert_eq!(others.open(text.as_bytes()), None);
    }
}
