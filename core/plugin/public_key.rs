//! Public keys as operators have them (PEM), and the signatures that they verify. Anything that
//! isn't a key of the scheme asked for verifies nothing.

use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use spki::der::{Decode, pem};

use super::keyring::Signed;

/// Which signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// RSA PKCS#1 v1.5 with SHA-256 (JOSE's RS256), 2048 to 8192 bits.
    RsaPkcs1Sha256,
    /// RSA PSS with SHA-256 (JOSE's PS256), 2048 to 8192 bits.
    RsaPssSha256,
    /// ECDSA on P-256 with SHA-256: ASN.1 DER, or r‖s where it has 64 bytes (JOSE's ES256).
    EcdsaP256Sha256,
    /// Ed25519.
    Ed25519,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    Ed25519,
}

/// A public key: what stands inside its wrapping, and what kind it is.
#[derive(Debug)]
pub(super) struct PublicKey {
    kind: Kind,
    bytes: Vec<u8>,
}

const RSA: &str = "1.2.840.113549.1.1.1";
const EC: &str = "1.2.840.10045.2.1";
const ED25519: &str = "1.3.101.112";

impl PublicKey {
    /// From `PUBLIC KEY` (SPKI, RFC 5280) or `RSA PUBLIC KEY` (PKCS#1, RFC 8017) in PEM.
    pub(super) fn from_pem(text: &str) -> Option<PublicKey> {
        let (label, der) = pem::decode_vec(text.trim().as_bytes()).ok()?;
        match label {
            "RSA PUBLIC KEY" => Some(PublicKey { kind: Kind::Rsa, bytes: der }),
            "PUBLIC KEY" => PublicKey::from_spki(&der),
            _ => None,
        }
    }

    fn from_spki(der: &[u8]) -> Option<PublicKey> {
        let info = spki::SubjectPublicKeyInfoRef::from_der(der).ok()?;
        let kind = match info.algorithm.oid.to_string().as_str() {
            RSA => Kind::Rsa,
            EC => Kind::P256,
            ED25519 => Kind::Ed25519,
            _ => return None,
        };
        let bytes = info.subject_public_key.as_bytes()?.to_vec();
        Some(PublicKey { kind, bytes })
    }

    /// Does the signature fit the message?
    pub(super) fn verifies(&self, scheme: Scheme, signed: Signed<'_>) -> bool {
        let algorithm: &'static dyn VerificationAlgorithm = match (scheme, self.kind) {
            (Scheme::RsaPkcs1Sha256, Kind::Rsa) => &signature::RSA_PKCS1_2048_8192_SHA256,
            (Scheme::RsaPssSha256, Kind::Rsa) => &signature::RSA_PSS_2048_8192_SHA256,
            (Scheme::EcdsaP256Sha256, Kind::P256) if signed.tag.len() == 64 => {
                &signature::ECDSA_P256_SHA256_FIXED
            }
            (Scheme::EcdsaP256Sha256, Kind::P256) => &signature::ECDSA_P256_SHA256_ASN1,
            (Scheme::Ed25519, Kind::Ed25519) => &signature::ED25519,
            _ => return false,
        };
        UnparsedPublicKey::new(algorithm, &self.bytes).verify(signed.message, signed.tag).is_ok()
    }
}
