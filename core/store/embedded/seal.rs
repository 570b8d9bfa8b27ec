//! What is secret at rest: webhooks' secrets and what plugins remember, each under the store's key
//! and bound to its place, so that a value moved elsewhere in the file doesn't open.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};

/// The store's keys: the first seals, any opens.
pub(super) struct Seal {
    keys: Vec<LessSafeKey>,
    random: SystemRandom,
}

/// What was opened, and whether it has to be sealed anew since an older key opened it.
pub(super) struct Opened {
    pub(super) plain: Vec<u8>,
    pub(super) stale: bool,
}

/// The system has no random numbers to give.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random numbers")]
pub(super) struct NoRandom;

impl Seal {
    /// From secrets of any length, the newest first; there is at least one.
    pub(super) fn new(secrets: &[Vec<u8>]) -> Seal {
        let key = |secret: &Vec<u8>| {
            let text = [b"hookswitch store\0".as_slice(), secret].concat();
            // A digest of SHA-256 is as long as this key has to be.
            let key = UnboundKey::new(&CHACHA20_POLY1305, digest(&SHA256, &text).as_ref());
            key.ok().map(LessSafeKey::new)
        };
        Seal { keys: secrets.iter().filter_map(key).collect(), random: SystemRandom::new() }
    }

    /// Seals a value for `place`.
    pub(super) fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, NoRandom> {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(|_| NoRandom)?;
        let mut sealed = plain.to_vec();
        let key = self.keys.first().ok_or(NoRandom)?;
        let aad = Aad::from(place.as_bytes());
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
            .map_err(|_| NoRandom)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what was sealed for `place`; `None` where no key does.
    pub(super) fn open(&self, place: &str, sealed: &[u8]) -> Option<Opened> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce: [u8; NONCE_LEN] = nonce.try_into().ok()?;
        self.keys.iter().enumerate().find_map(|(index, key)| {
            let mut plain = sealed.to_vec();
            let nonce = Nonce::assume_unique_for_key(nonce);
            let length =
                key.open_in_place(nonce, Aad::from(place.as_bytes()), &mut plain).ok()?.len();
            plain.truncate(length);
            Some(Opened { plain, stale: index > 0 })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_at_its_place_and_under_a_key_it_knows() {
        let (old, new) = (b"old secret".to_vec(), b"new secret".to_vec());
        let sealed =
            Seal::new(std::slice::from_ref(&old)).seal("a/1", b"value").expect("random numbers");
        let both = Seal::new(&[new.clone(), old]);
        let opened = both.open("a/1", &sealed).expect("the old key opens it");
        assert_eq!((opened.plain.as_slice(), opened.stale), (b"value".as_slice(), true));
        assert!(both.open("a/2", &sealed).is_none());
        assert!(Seal::new(&[new]).open("a/1", &sealed).is_none());
        for cut in 0..sealed.len() {
            assert!(both.open("a/1", &sealed[..cut]).is_none(), "{cut}");
        }
    }
}
