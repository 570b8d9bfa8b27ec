//! The host's checks against signatures that OpenSSL made and MACs of the RFCs.

use super::*;

const MESSAGE: &[u8] = b"what was signed";

macro_rules! key {
    ($name:literal) => {
        include_str!(concat!("../../../plugins/sdk/keys/", $name))
    };
}

macro_rules! signature {
    ($name:literal) => {
        include_bytes!(concat!("../../../plugins/sdk/keys/", $name)).as_slice()
    };
}

fn keyring(versions: &[(&str, Option<&str>, &str)]) -> Keyring {
    let version = |(name, key_id, text): &(&str, Option<&str>, &str)| {
        KeyVersion::new(*name, key_id.map(str::to_owned), SecretText::new(*text))
    };
    Keyring::new(vec![("key".to_owned(), versions.iter().map(version).collect())])
}

/// RFC 4231, test case 2.
#[test]
fn macs_in_every_form_of_the_key() {
    let message = b"what do ya want for nothing?";
    let tag = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    let tag = crate::model::hex::decode(tag).expect("hex");
    for (form, secret) in [
        (KeyForm::Utf8, "Jefe"),
        (KeyForm::Utf8WithoutWhsec, "whsec_Jefe"),
        (KeyForm::Base64, "SmVmZQ=="),
        (KeyForm::Base64, "SmVmZQ"),
        (KeyForm::Base64WithoutWhsec, "whsec_SmVmZQ=="),
        (KeyForm::Hex, "4a656665"),
    ] {
        let keys = keyring(&[("old", None, "6f6c64"), ("new", None, secret)]);
        let verify = |role: &str, tag: &[u8]| {
            let signed = Signed { message, tag };
            keys.verify_mac(role, form, Mac::Sha256, signed).map(str::to_owned)
        };
        assert_eq!(verify("key", &tag).as_deref(), Some("new"), "{form:?}");
        assert_eq!(verify("key", &tag[1..]), None, "{form:?}: cut short");
        assert_eq!(verify("other", &tag), None, "{form:?}: no such role");
        let signer = keyring(&[("new", None, secret)]);
        assert_eq!(signer.sign_mac("key", form, Mac::Sha256, message), Some(tag.clone()));
    }
}

/// Keys are kept once they are made: each form and algorithm has its own.
#[test]
fn a_key_that_was_made_is_none_of_another_form_or_algorithm() {
    let keys = keyring(&[("v1", None, "4a656665")]);
    let macs = [
        (Mac::Sha1, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        (Mac::Sha256, hmac::HMAC_SHA256),
        (Mac::Sha512, hmac::HMAC_SHA512),
    ];
    let bytes = |form| match form {
        KeyForm::Utf8 | KeyForm::Utf8WithoutWhsec => b"4a656665".as_slice(),
        KeyForm::Base64 | KeyForm::Base64WithoutWhsec => &[0xe1, 0xae, 0xb9, 0xeb, 0xae, 0xb9],
        KeyForm::Hex => b"Jefe",
    };
    for _made_and_kept in 0..2 {
        for (form, (mac, algorithm)) in
            KeyForm::ALL.into_iter().flat_map(|form| macs.map(|mac| (form, mac)))
        {
            let tag = hmac::sign(&hmac::Key::new(algorithm, bytes(form)), MESSAGE);
            let signed = Signed { message: MESSAGE, tag: tag.as_ref() };
            for (asked, other) in
                KeyForm::ALL.into_iter().flat_map(|form| macs.map(|(mac, _)| (form, mac)))
            {
                let matches = mac == other && bytes(form) == bytes(asked);
                let matched = keys.verify_mac("key", asked, other, signed);
                assert_eq!(matched.is_some(), matches, "{form:?} {mac:?}, as {asked:?} {other:?}");
            }
        }
    }
}

#[test]
fn an_empty_or_unreadable_key_matches_nothing() {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b""), MESSAGE);
    for (form, secret) in [
        (KeyForm::Utf8, ""),
        (KeyForm::Utf8WithoutWhsec, "whsec_"),
        (KeyForm::Base64, "no base64!"),
        (KeyForm::Hex, "0"),
    ] {
        let signed = Signed { message: MESSAGE, tag: tag.as_ref() };
        let keys = keyring(&[("v1", None, secret)]);
        assert_eq!(keys.verify_mac("key", form, Mac::Sha256, signed), None, "{form:?}");
    }
}

#[test]
fn signatures_that_openssl_made() {
    let (rsa, pkcs1) = (key!("rsa-public.pem"), key!("rsa-public-pkcs1.pem"));
    let (ec, ed25519) = (key!("ec-public.pem"), key!("ed25519-public.pem"));
    for (scheme, pem, tag) in [
        (Scheme::RsaPkcs1Sha256, rsa, signature!("rsa-pkcs1.sig")),
        (Scheme::RsaPkcs1Sha256, pkcs1, signature!("rsa-pkcs1.sig")),
        (Scheme::RsaPssSha256, rsa, signature!("rsa-pss.sig")),
        (Scheme::EcdsaP256Sha256, ec, signature!("ec-der.sig")),
        (Scheme::EcdsaP256Sha256, ec, signature!("ec-fixed.sig")),
        (Scheme::Ed25519, ed25519, signature!("ed25519.sig")),
    ] {
        let verify = |pem: &str, message: &[u8], tag: &[u8]| {
            let keys = keyring(&[("v1", None, pem)]);
            keys.verify_signature("key", None, scheme, Signed { message, tag }).is_some()
        };
        assert!(verify(pem, MESSAGE, tag), "{scheme:?}");
        assert!(!verify(pem, b"What was signed", tag), "{scheme:?}");
        assert!(!verify(pem, MESSAGE, &tag[1..]), "{scheme:?}");
        let other = if scheme == Scheme::Ed25519 { rsa } else { ed25519 };
        let broken = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----";
        for wrong in [other, "", broken] {
            assert!(!verify(wrong, MESSAGE, tag), "{scheme:?} {wrong}");
        }
    }
}

#[test]
fn a_known_key_id_picks_its_key() {
    let rsa = key!("rsa-public.pem");
    let keys = keyring(&[
        ("a", Some("key-1"), rsa),
        ("b", Some("key-2"), key!("ed25519-public.pem")),
        ("c", None, key!("ec-public.pem")),
    ]);
    let verify = |key_id: Option<&str>| {
        let signed = Signed { message: MESSAGE, tag: signature!("rsa-pkcs1.sig") };
        keys.verify_signature("key", key_id, Scheme::RsaPkcs1Sha256, signed)
    };
    assert_eq!(verify(Some("key-1")), Some("a"));
    assert_eq!(verify(Some("key-2")), None, "its key is another one");
    assert_eq!(verify(Some("key-3")), Some("a"), "unknown: all are tried");
    assert_eq!(verify(None), Some("a"));
}
