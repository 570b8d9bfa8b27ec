//! A plugin's secrets, by role. The bytes stay here: a plugin names a role and is told which
//! version matched. An empty version never matches anything.

use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ring::{hmac, signature};

use super::looking::{Check, Witness};
use super::public_key::{PublicKey, Scheme};
use crate::model::{SecretText, hex};

/// One version of a secret: several stand side by side while it is rotated.
#[derive(Debug)]
pub struct KeyVersion {
    /// What a match is reported as.
    pub name: String,
    /// The provider's name for the key, where it has one.
    pub key_id: Option<String>,
    text: SecretText,
    public: OnceLock<Option<PublicKey>>,
    /// By form and algorithm: making one costs as much as checking a short message.
    macs: [OnceLock<Option<Box<hmac::Key>>>; KeyForm::ALL.len() * Mac::COUNT],
}

impl KeyVersion {
    /// A version by its name and text.
    pub fn new(name: impl Into<String>, key_id: Option<String>, text: SecretText) -> KeyVersion {
        let macs = std::array::from_fn(|_| OnceLock::new());
        KeyVersion { name: name.into(), key_id, text, public: OnceLock::new(), macs }
    }

    /// PEM that holds something else than a public key: the name of what it says it holds.
    pub fn wrong_pem(&self) -> Option<String> {
        let text = self.text.expose().trim_start();
        let label = text.strip_prefix("-----BEGIN ")?.split("-----").next().unwrap_or_default();
        self.public_key().is_none().then(|| label.to_owned())
    }

    /// The same version with another text.
    fn with_text(&self, text: &str) -> KeyVersion {
        KeyVersion::new(self.name.clone(), self.key_id.clone(), SecretText::new(text))
    }

    fn public_key(&self) -> Option<&PublicKey> {
        self.public.get_or_init(|| PublicKey::from_pem(self.text.expose())).as_ref()
    }

    fn mac_key(&self, form: KeyForm, mac: Mac) -> Option<&hmac::Key> {
        let key = || {
            let bytes = key_bytes(&self.text, form)?;
            Some(Box::new(hmac::Key::new(algorithm(mac), &bytes)))
        };
        self.macs[form as usize * Mac::COUNT + mac as usize].get_or_init(key).as_deref()
    }
}

/// How the bytes of a key are found in the secret's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyForm {
    /// The text as it is.
    Utf8,
    /// The text without a leading `whsec_`.
    Utf8WithoutWhsec,
    /// The text is base64.
    Base64,
    /// The text without a leading `whsec_` is base64.
    Base64WithoutWhsec,
    /// The text is hexadecimal.
    Hex,
}

impl KeyForm {
    /// All there are.
    pub const ALL: [KeyForm; 5] = [
        KeyForm::Utf8,
        KeyForm::Utf8WithoutWhsec,
        KeyForm::Base64,
        KeyForm::Base64WithoutWhsec,
        KeyForm::Hex,
    ];

    /// How the contract calls it.
    pub fn word(self) -> &'static str {
        match self {
            KeyForm::Utf8 => "utf8",
            KeyForm::Utf8WithoutWhsec => "utf8-without-whsec",
            KeyForm::Base64 => "base64",
            KeyForm::Base64WithoutWhsec => "base64-without-whsec",
            KeyForm::Hex => "hex",
        }
    }
}

/// Which HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mac {
    /// HMAC-SHA1, for providers that still use it.
    Sha1,
    /// HMAC-SHA256.
    Sha256,
    /// HMAC-SHA512.
    Sha512,
}

impl Mac {
    const COUNT: usize = Mac::Sha512 as usize + 1;

    fn word(self) -> &'static str {
        match self {
            Mac::Sha1 => "HMAC-SHA1",
            Mac::Sha256 => "HMAC-SHA256",
            Mac::Sha512 => "HMAC-SHA512",
        }
    }
}

/// All secrets of one route's adapter, or of one responder.
#[derive(Debug, Default, Clone)]
pub struct Keyring {
    roles: Arc<Vec<(String, Vec<KeyVersion>)>>,
    /// Keys are read in this form, whatever is asked for: only while a callback is looked into.
    read_as: Option<KeyForm>,
    /// Who writes down what is asked, likewise.
    witness: Option<Arc<Witness>>,
}

impl Keyring {
    /// A keyring of these roles, newest version first.
    pub fn new(roles: Vec<(String, Vec<KeyVersion>)>) -> Keyring {
        Keyring { roles: Arc::new(roles), read_as: None, witness: None }
    }

    /// No secret at all?
    pub(super) fn is_empty(&self) -> bool {
        self.roles.iter().all(|(_, versions)| versions.is_empty())
    }

    /// The same secrets, read in one form whatever is asked for.
    pub(super) fn read_as(&self, form: KeyForm) -> Keyring {
        Keyring { read_as: Some(form), ..self.clone() }
    }

    /// The same secrets without the white space around them.
    pub(super) fn trimmed(&self) -> Keyring {
        let trimmed = |version: &KeyVersion| version.with_text(version.text.expose().trim());
        Keyring::new(self.each(|versions| versions.iter().map(trimmed).collect()))
    }

    /// For each of these roles, all secrets of the other keyring.
    pub(super) fn taken_from(&self, other: &Keyring) -> Keyring {
        let theirs = || other.roles.iter().flat_map(|(_, versions)| versions);
        let copy = |version: &KeyVersion| version.with_text(version.text.expose());
        Keyring::new(self.each(|_| theirs().map(copy).collect()))
    }

    fn each(
        &self,
        change: impl Fn(&[KeyVersion]) -> Vec<KeyVersion>,
    ) -> Vec<(String, Vec<KeyVersion>)> {
        self.roles.iter().map(|(role, versions)| (role.clone(), change(versions))).collect()
    }

    /// The same keyring, with somebody who writes down what it is asked.
    pub(super) fn witnessed(self, witness: Arc<Witness>) -> Keyring {
        Keyring { witness: Some(witness), ..self }
    }

    /// Whether it holds the same texts.
    pub(super) fn same(&self, other: &Keyring) -> bool {
        let texts = |keyring: &Keyring| -> Vec<String> {
            let versions = keyring.roles.iter().flat_map(|(_, versions)| versions);
            versions.map(|version| version.text.expose().to_owned()).collect()
        };
        texts(self) == texts(other)
    }

    /// Whether it holds the same versions under the same roles, in the same order.
    pub(super) fn equals(&self, other: &Keyring) -> bool {
        let one = |version: &KeyVersion| {
            let text = version.text.expose().to_owned();
            (version.name.clone(), version.key_id.clone(), text)
        };
        let all = |keyring: &Keyring| -> Vec<_> {
            let roles = keyring.roles.iter();
            roles
                .map(|(role, all)| (role.clone(), all.iter().map(one).collect::<Vec<_>>()))
                .collect()
        };
        all(self) == all(other)
    }

    fn bear_witness(&self, asked: (&str, String), message: &[u8], matched: Option<&str>) {
        let Some(witness) = &self.witness else { return };
        let (role, scheme) = (asked.0.chars().take(64).collect::<String>(), asked.1);
        let digest = ring::digest::digest(&ring::digest::SHA256, message);
        witness.enter(Check {
            versions: self.versions(&role).iter().map(|version| version.name.clone()).collect(),
            role,
            scheme,
            message_bytes: message.len(),
            message_sha256: hex::encode(digest.as_ref()),
            matched: matched.map(str::to_owned),
        });
    }

    fn versions(&self, role: &str) -> &[KeyVersion] {
        self.roles.iter().find(|(name, _)| name == role).map_or(&[], |(_, versions)| versions)
    }

    /// How many versions a role has.
    pub(super) fn count(&self, role: &str) -> usize {
        self.versions(role).len()
    }

    /// The name of the version whose MAC over `message` is `tag`, compared in constant time.
    pub fn verify_mac(
        &self,
        role: &str,
        form: KeyForm,
        mac: Mac,
        signed: Signed<'_>,
    ) -> Option<&str> {
        let form = self.read_as.unwrap_or(form);
        let matches = |version: &&KeyVersion| {
            let key = version.mac_key(form, mac);
            key.is_some_and(|key| hmac::verify(key, signed.message, signed.tag).is_ok())
        };
        let matched = self.versions(role).iter().find(matches).map(|version| version.name.as_str());
        if self.witness.is_some() {
            let scheme = format!("{}, key as {}", mac.word(), form.word());
            self.bear_witness((role, scheme), signed.message, matched);
        }
        matched
    }

    /// The name of the version whose public key verifies the signature. A known `key_id` picks its
    /// key; otherwise all are tried.
    pub fn verify_signature(
        &self,
        role: &str,
        key_id: Option<&str>,
        scheme: Scheme,
        signed: Signed<'_>,
    ) -> Option<&str> {
        let versions = self.versions(role);
        let named = |version: &KeyVersion| key_id.is_some() && version.key_id.as_deref() == key_id;
        let known = versions.iter().any(named);
        let matched = versions
            .iter()
            .filter(|version| !known || named(version))
            .find(|version| version.public_key().is_some_and(|key| key.verifies(scheme, signed)))
            .map(|version| version.name.as_str());
        if self.witness.is_some() {
            let key = key_id.map_or(String::new(), |_| match known {
                true => ", by the key's id".to_owned(),
                false => ", the key's id is none of ours".to_owned(),
            });
            self.bear_witness((role, format!("{scheme:?}{key}")), signed.message, matched);
        }
        matched
    }

    /// Does any version hold a public key? Without one no signature can ever match.
    pub fn has_public_key(&self, role: &str) -> bool {
        self.versions(role).iter().any(|version| version.public_key().is_some())
    }

    /// The MAC of the newest version; `None` where there is none, or its form is another.
    pub fn sign_mac(&self, role: &str, form: KeyForm, mac: Mac, message: &[u8]) -> Option<Vec<u8>> {
        let key = self.versions(role).first()?.mac_key(form, mac)?;
        Some(hmac::sign(key, message).as_ref().to_vec())
    }

    /// An RSA PKCS#1 v1.5 SHA-256 signature by the newest version, a PKCS#8 PEM private key.
    pub fn sign_rsa_sha256(&self, role: &str, message: &[u8]) -> Option<Vec<u8>> {
        let pem = self.versions(role).first()?.text.expose();
        let (label, der) = spki::der::pem::decode_vec(pem.as_bytes()).ok()?;
        let key = match label {
            "PRIVATE KEY" => signature::RsaKeyPair::from_pkcs8(&der).ok()?,
            "RSA PRIVATE KEY" => signature::RsaKeyPair::from_der(&der).ok()?,
            _ => return None,
        };
        let mut made = vec![0; key.public().modulus_len()];
        let random = ring::rand::SystemRandom::new();
        key.sign(&signature::RSA_PKCS1_SHA256, &random, message, &mut made).ok()?;
        Some(made)
    }

    /// The newest version in plain; who may ask is the caller's to decide.
    pub fn reveal(&self, role: &str) -> Option<&SecretText> {
        self.versions(role).first().map(|version| &version.text)
    }
}

/// What was signed, and the MAC or signature that came with it.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The bytes that were signed.
    pub message: &'a [u8],
    /// The MAC's or the signature's bytes.
    pub tag: &'a [u8],
}

fn algorithm(mac: Mac) -> hmac::Algorithm {
    match mac {
        Mac::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Mac::Sha256 => hmac::HMAC_SHA256,
        Mac::Sha512 => hmac::HMAC_SHA512,
    }
}

/// Keys come with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fn key_bytes(text: &SecretText, form: KeyForm) -> Option<Vec<u8>> {
    let whole = text.expose();
    let stripped = whole.strip_prefix("whsec_").unwrap_or(whole);
    let bytes = match form {
        KeyForm::Utf8 => whole.as_bytes().to_vec(),
        KeyForm::Utf8WithoutWhsec => stripped.as_bytes().to_vec(),
        KeyForm::Base64 => BASE64.decode(whole).ok()?,
        KeyForm::Base64WithoutWhsec => BASE64.decode(stripped).ok()?,
        KeyForm::Hex => hex::decode(whole)?,
    };
    // HMAC takes an empty key, and then anyone can sign.
    (!bytes.is_empty()).then_some(bytes)
}

#[cfg(test)]
mod tests;
