//! Who a listener says it is: a certificate with its chain, and the key to it, read from PEM. There
//! is an identity only where a handshake with it works.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{InconsistentKeys, ServerConfig};
use thiserror::Error;
use x509_cert::der::Decode;

use crate::model::units::millis;

/// What is offered over TLS, the best first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];
/// How an encrypted key in PKCS#8 begins.
const ENCRYPTED_KEY: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";

/// A certificate and its key.
#[derive(Clone)]
pub struct Identity {
    config: Arc<ServerConfig>,
    valid_ms: RangeInclusive<u64>,
}

/// Why there is no identity. None of these texts holds any part of a key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdentityFault {
    /// The certificate's file has none.
    #[error("there is no certificate in it (no -----BEGIN CERTIFICATE-----)")]
    NoCertificate,
    /// What stands there is none.
    #[error("the certificate can't be read: {0}")]
    BadCertificate(String),
    /// The key's file has none.
    #[error("there is no private key in it (no -----BEGIN PRIVATE KEY-----)")]
    NoKey,
    /// There is one, under a passphrase.
    #[error("the private key is encrypted: it has to be there without a passphrase")]
    EncryptedKey,
    /// What stands there is none, or of a kind that TLS doesn't use.
    #[error("the private key can't be used: {0}")]
    BadKey(String),
    /// Both are fine, alone.
    #[error("the private key isn't the certificate's")]
    Mismatch,
}

impl IdentityFault {
    /// Is the key's file at fault, rather than the certificate's?
    pub fn is_of_key(&self) -> bool {
        match self {
            IdentityFault::NoCertificate | IdentityFault::BadCertificate(_) => false,
            IdentityFault::NoKey
            | IdentityFault::EncryptedKey
            | IdentityFault::BadKey(_)
            | IdentityFault::Mismatch => true,
        }
    }
}

impl Identity {
    /// From PEM: the certificate first and then its chain; the key as PKCS#8, PKCS#1 or SEC1.
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Identity, IdentityFault> {
        let chain = chain(certificate)?;
        let valid_ms = validity(&chain[0])?;
        let key = private_key(key)?;
        let provider = Arc::new(ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key));
        let mut config = config.map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                IdentityFault::Mismatch
            }
            rustls::Error::InvalidCertificate(why) => {
                IdentityFault::BadCertificate(why.to_string())
            }
            other => IdentityFault::BadKey(other.to_string()),
        })?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(Identity { config: Arc::new(config), valid_ms })
    }

    /// From when until when the certificate is valid, in Unix milliseconds.
    pub fn valid_ms(&self) -> &RangeInclusive<u64> {
        &self.valid_ms
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("valid_ms", &self.valid_ms).finish_non_exhaustive()
    }
}

fn chain(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, IdentityFault> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    let chain = chain.map_err(|error| IdentityFault::BadCertificate(said(&error)))?;
    if chain.is_empty() {
        return Err(IdentityFault::NoCertificate);
    }
    Ok(chain)
}

fn validity(certificate: &CertificateDer<'_>) -> Result<RangeInclusive<u64>, IdentityFault> {
    let certificate = x509_cert::Certificate::from_der(certificate)
        .map_err(|error| IdentityFault::BadCertificate(error.to_string()))?;
    let validity = certificate.tbs_certificate.validity;
    let ms = |time: x509_cert::time::Time| millis(time.to_unix_duration());
    Ok(ms(validity.not_before)..=ms(validity.not_after))
}

fn private_key(text: &[u8]) -> Result<PrivateKeyDer<'static>, IdentityFault> {
    match PrivateKeyDer::from_pem_slice(text) {
        Ok(key) => Ok(key),
        Err(pem::Error::NoItemsFound) => {
            let encrypted = text.windows(ENCRYPTED_KEY.len()).any(|part| part == ENCRYPTED_KEY);
            Err(if encrypted { IdentityFault::EncryptedKey } else { IdentityFault::NoKey })
        }
        Err(error) => Err(IdentityFault::BadKey(said(&error))),
    }
}

/// The library repeats the line that it stumbles over, and that may be the key's.
fn said(error: &pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { .. } => "it is cut off before its END line",
        pem::Error::IllegalSectionStart { .. } => "its BEGIN line is malformed",
        pem::Error::Base64Decode(_) => "it is no base64",
        _ => "it is no PEM",
    }
    .to_owned()
}

#[cfg(test)]
mod tests;
