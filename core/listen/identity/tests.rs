//! Certificates and keys as they are found in files: of every kind, and broken in every way.

use rcgen::{CertificateParams, KeyPair, PublicKeyData as _};
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};

use super::*;

struct Pair {
    certificate: String,
    key: String,
}

fn pair(algorithm: &'static rcgen::SignatureAlgorithm) -> Pair {
    let key = KeyPair::generate_for(algorithm).expect("a key");
    signed(&key)
}

fn signed(key: &KeyPair) -> Pair {
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
    let certificate = params.self_signed(key).expect("a certificate").pem();
    Pair { certificate, key: key.serialize_pem() }
}

fn wrapped(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("text")).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn load(certificate: &str, key: &str) -> Result<Identity, IdentityFault> {
    Identity::from_pem(certificate.as_bytes(), key.as_bytes())
}

#[test]
fn keys_of_every_kind() {
    let (p256, p384) = (pair(&rcgen::PKCS_ECDSA_P256_SHA256), pair(&rcgen::PKCS_ECDSA_P384_SHA384));
    let ed25519 = pair(&rcgen::PKCS_ED25519);
    for pair in [&p256, &p384, &ed25519] {
        let identity = load(&pair.certificate, &pair.key).expect("an identity");
        assert_eq!(identity.config().alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
        assert!(identity.valid_ms().contains(&1_700_000_000_000), "{identity:?}");
    }
    let rsa = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).expect("a key");
    let pkcs8 = rsa.to_pkcs8_pem(LineEnding::LF).expect("its PEM").to_string();
    let pkcs1 = rsa.to_pkcs1_pem(LineEnding::CRLF).expect("its PEM").to_string();
    let rsa = signed(&KeyPair::from_pem(&pkcs8).expect("the key"));
    for key in [&pkcs8, &pkcs1] {
        load(&rsa.certificate, key).expect("an identity");
    }
    // Both in one file, in any order, with text around them.
    let both = format!("subject=localhost\n{}issuer\n{}", p256.key, p256.certificate);
    load(&both, &both).expect("an identity");
}

#[test]
fn a_sec1_key() {
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key");
    let pair = signed(&key);
    // PKCS#8 wraps it: 26 bytes of algorithm and two headers, then the same structure.
    let pkcs8 = key.serialize_der();
    let start = pkcs8.windows(5).position(|part| part == [0x02, 0x01, 0x01, 0x04, 0x20]);
    let start = start.expect("the inner key") - 2;
    let length = usize::from(pkcs8[start + 1]) + 2;
    let sec1 = wrapped("EC PRIVATE KEY", &pkcs8[start..start + length]);
    assert_eq!(key.der_bytes().len(), 65, "an uncompressed point");
    match load(&pair.certificate, &sec1) {
        Ok(_) => {}
        Err(fault) => panic!("{fault}"),
    }
}

#[test]
fn broken_pairs() {
    let (one, other) = (pair(&rcgen::PKCS_ECDSA_P256_SHA256), pair(&rcgen::PKCS_ED25519));
    let cut = |text: &str| text[..text.len() / 2].to_owned();
    let encrypted = wrapped("ENCRYPTED PRIVATE KEY", b"anything");
    let cases = [
        ("empty", String::new(), one.key.clone(), IdentityFault::NoCertificate),
        ("key twice", one.key.clone(), one.key.clone(), IdentityFault::NoCertificate),
        ("no key", one.certificate.clone(), String::new(), IdentityFault::NoKey),
        (
            "certificate twice",
            one.certificate.clone(),
            one.certificate.clone(),
            IdentityFault::NoKey,
        ),
        ("a passphrase", one.certificate.clone(), encrypted, IdentityFault::EncryptedKey),
        ("another's key", one.certificate.clone(), other.key.clone(), IdentityFault::Mismatch),
    ];
    for (name, certificate, key, wanted) in cases {
        let fault = load(&certificate, &key).expect_err(name);
        assert_eq!(fault, wanted, "{name}");
    }
    let fault = load(&cut(&one.certificate), &one.key).expect_err("half a certificate");
    assert!(matches!(fault, IdentityFault::BadCertificate(_)) && !fault.is_of_key(), "{fault}");
    let fault = load(&one.certificate, &cut(&one.key)).expect_err("half a key");
    assert!(matches!(fault, IdentityFault::BadKey(_)) && fault.is_of_key(), "{fault}");
    for line in one.key.lines().filter(|line| !line.contains("-----")) {
        assert!(!fault.to_string().contains(&line[..8]), "no part of the key is said");
    }
    let fault = load(&wrapped("CERTIFICATE", b"nothing"), &one.key).expect_err("no DER");
    assert!(matches!(fault, IdentityFault::BadCertificate(_)), "{fault}");
    let fault = load(&one.certificate, &wrapped("PRIVATE KEY", b"nothing")).expect_err("no DER");
    assert!(matches!(fault, IdentityFault::BadKey(_)), "{fault}");
}
