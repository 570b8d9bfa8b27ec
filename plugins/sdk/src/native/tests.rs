//! The stand-in host against OpenSSL and the RFCs, and a toy adapter against its vectors.

use std::panic::catch_unwind;

use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};

use super::{Host, run_vectors};
use crate::crypto::{KeyForm, Mac, Scheme, verify_mac, verify_signature};
use crate::{
    Callback, Content, Event, Head, Manifest, Outcome, ParseFault, Proof, Protocol, Reason, Reply,
    Verdict, crypto, secrets, settings, signing, state, text,
};

const MESSAGE: &[u8] = b"what was signed";
const RSA_PUBLIC: &str = include_str!("../../keys/rsa-public.pem");
const RSA_PUBLIC_PKCS1: &str = include_str!("../../keys/rsa-public-pkcs1.pem");
const EC_PUBLIC: &str = include_str!("../../keys/ec-public.pem");
const ED25519_PUBLIC: &str = include_str!("../../keys/ed25519-public.pem");
const RSA_PKCS1: &[u8] = include_bytes!("../../keys/rsa-pkcs1.sig");
const RSA_PSS: &[u8] = include_bytes!("../../keys/rsa-pss.sig");
const EC_DER: &[u8] = include_bytes!("../../keys/ec-der.sig");
const EC_FIXED: &[u8] = include_bytes!("../../keys/ec-fixed.sig");
const ED25519: &[u8] = include_bytes!("../../keys/ed25519.sig");

/// RFC 2202 and RFC 4231, test case 2: key "Jefe", data "what do ya want for nothing?".
const JEFE: [(Mac, &str); 3] = [
    (Mac::HmacSha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
    (Mac::HmacSha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    (
        Mac::HmacSha512,
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
         9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
    ),
];

#[test]
fn macs_of_the_rfcs_in_every_form_of_the_key() {
    let forms = [
        (KeyForm::Utf8, "Jefe"),
        (KeyForm::Utf8WithoutWhsec, "whsec_Jefe"),
        (KeyForm::Utf8WithoutWhsec, "Jefe"),
        (KeyForm::Base64, "SmVmZQ=="),
        (KeyForm::Base64, "SmVmZQ"),
        (KeyForm::Base64WithoutWhsec, "whsec_SmVmZQ=="),
        (KeyForm::Hex, "4a656665"),
    ];
    let message = b"what do ya want for nothing?";
    for (form, secret) in forms {
        for (algorithm, tag) in JEFE {
            let tag = text::decode_hex(tag).unwrap();
            let host =
                Host::new().secret("key", "old", None, "6f6c64").secret("key", "v2", None, secret);
            let verify = |role: &str, tag: &[u8]| {
                host.run(|| verify_mac(role, form, algorithm, message, tag))
            };
            assert_eq!(verify("key", &tag).as_deref(), Some("v2"), "{form:?} {algorithm:?}");
            assert_eq!(verify("key", &tag[1..]), None, "a tag cut short");
            assert_eq!(verify("other", &tag), None, "a role that isn't there");
            let signer = Host::new().secret("key", "v2", None, secret);
            assert_eq!(signer.run(|| signing::sign_mac("key", form, algorithm, message)), tag);
        }
    }
}

#[test]
fn an_empty_or_unreadable_key_matches_nothing() {
    let tag = ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b""), MESSAGE);
    for (form, secret) in [
        (KeyForm::Utf8, ""),
        (KeyForm::Utf8WithoutWhsec, "whsec_"),
        (KeyForm::Base64, ""),
        (KeyForm::Base64, "no base64!"),
        (KeyForm::Hex, "0"),
    ] {
        let host = Host::new().secret("key", "v1", None, secret);
        let matched = host.run(|| verify_mac("key", form, Mac::HmacSha256, MESSAGE, tag.as_ref()));
        assert_eq!(matched, None, "{form:?} {secret}");
    }
}

#[test]
fn signatures_that_openssl_made() {
    for (scheme, pem, signature) in [
        (Scheme::RsaPkcs1Sha256, RSA_PUBLIC, RSA_PKCS1),
        (Scheme::RsaPkcs1Sha256, RSA_PUBLIC_PKCS1, RSA_PKCS1),
        (Scheme::RsaPssSha256, RSA_PUBLIC, RSA_PSS),
        (Scheme::EcdsaP256Sha256, EC_PUBLIC, EC_DER),
        (Scheme::EcdsaP256Sha256, EC_PUBLIC, EC_FIXED),
        (Scheme::Ed25519, ED25519_PUBLIC, ED25519),
    ] {
        let host = Host::new().secret("key", "v1", None, pem);
        let verify = |message: &[u8], signature: &[u8]| {
            host.run(|| verify_signature("key", None, scheme, message, signature))
        };
        assert_eq!(verify(MESSAGE, signature).as_deref(), Some("v1"), "{scheme:?}");
        assert_eq!(verify(b"What was signed", signature), None, "{scheme:?}");
        assert_eq!(verify(MESSAGE, &signature[1..]), None, "{scheme:?}");
        let other = if scheme == Scheme::Ed25519 { RSA_PUBLIC } else { ED25519_PUBLIC };
        for pem in [other, "", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"] {
            let host = Host::new().secret("key", "v1", None, pem);
            let matched = host.run(|| verify_signature("key", None, scheme, MESSAGE, signature));
            assert_eq!(matched, None, "{scheme:?} {pem}");
        }
    }
}

#[test]
fn a_private_key_signs_what_its_public_key_verifies_and_verifies_nothing_itself() {
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
    let private = key.to_pkcs8_pem(LineEnding::LF).unwrap();
    let host = Host::new().secret("key", "v1", None, private.as_str());
    let made = host.run(|| signing::sign_rsa_sha256("key", MESSAGE));
    let hash = ring::digest::digest(&ring::digest::SHA256, MESSAGE);
    let scheme = rsa::Pkcs1v15Sign::new::<rsa::sha2::Sha256>();
    assert!(key.to_public_key().verify(scheme, hash.as_ref(), &made).is_ok());
    let verify = || verify_signature("key", None, Scheme::RsaPkcs1Sha256, MESSAGE, &made);
    assert_eq!(host.run(verify), None);
}

#[test]
fn a_known_key_id_picks_its_key() {
    let host = Host::new()
        .secret("key", "a", Some("key-1"), RSA_PUBLIC)
        .secret("key", "b", Some("key-2"), ED25519_PUBLIC)
        .secret("key", "c", None, EC_PUBLIC);
    let verify = |key_id: Option<&str>| {
        host.run(|| verify_signature("key", key_id, Scheme::RsaPkcs1Sha256, MESSAGE, RSA_PKCS1))
    };
    assert_eq!(verify(Some("key-1")).as_deref(), Some("a"));
    assert_eq!(verify(Some("key-2")), None, "its key is another one");
    assert_eq!(verify(Some("key-3")).as_deref(), Some("a"), "unknown: all are tried");
    assert_eq!(verify(None).as_deref(), Some("a"));
}

#[test]
fn a_host_stands_while_its_closure_runs() {
    let (one, two) = (Host::new().settings("{\"a\":1}"), Host::new().settings(r#"{"a":2}"#));
    let a = || settings::get::<serde_json::Value>().unwrap()["a"].clone();
    assert_eq!(one.run(|| (a(), two.run(a), a())), (1.into(), 2.into(), 1.into()));
    assert!(catch_unwind(|| Host::new().run(|| panic!("in the closure"))).is_err());
    assert!(catch_unwind(settings::get::<()>).is_err(), "no host is left behind");
    let wrong = one.run(settings::get::<Vec<u8>>).unwrap_err();
    assert_eq!(wrong.code, "settings_invalid");
    assert_eq!(one.run(|| secrets::reveal("s")).unwrap_err().code, "secret_unknown");
    assert_eq!(
        one.secret("s", "v1", None, "plain").run(|| secrets::reveal("s")),
        Ok("plain".into())
    );
}

#[test]
fn state_is_kept_from_run_to_run() {
    let host = Host::new();
    host.run(|| state::put("k", b"1", 1000));
    assert_eq!(host.run(|| state::get("k")).as_deref(), Some(b"1".as_slice()));
    assert!(!host.run(|| state::compare_and_put("k", None, b"2", 1000)));
    assert!(host.run(|| state::compare_and_put("k", Some(b"1"), b"2", 1000)));
    assert!(host.run(|| state::compare_and_put("new", None, b"3", 1000)));
    host.run(|| state::remove("k"));
    assert_eq!(host.run(|| (state::get("k"), state::get("new"))), (None, Some(b"3".to_vec())));
}

/// A provider that signs its body; `NOTICED` is the status of what it takes.
struct Toy<const NOTICED: u16>;

#[derive(serde::Deserialize)]
struct ToySettings {
    prefix: String,
}

impl<const NOTICED: u16> Protocol for Toy<NOTICED> {
    fn describe() -> Manifest {
        let provider = "toy".into();
        Manifest { provider, settings: vec![], secrets: vec![], answers: vec![], events: vec![] }
    }
    fn configure() -> Vec<Reason> {
        settings::get::<ToySettings>().err().into_iter().collect()
    }
    fn verify(call: &Callback) -> Verdict {
        let tag = call.head.header("x-signature").and_then(text::decode_hex).unwrap_or_default();
        let form = KeyForm::Utf8;
        match crypto::verify_mac("signing-secret", form, Mac::HmacSha256, &call.body, &tag) {
            Some(version) => Verdict::Genuine(Proof {
                matched: Some(version),
                replay_key: call.head.param("call").map(str::to_owned),
            }),
            None => Verdict::Forged(Reason::new("signature_mismatch", "no secret matches")),
        }
    }
    fn parse(call: &Callback) -> Result<Content, ParseFault> {
        let malformed = |_| ParseFault::Malformed(Reason::new("body_not_json", "no JSON"));
        let body: serde_json::Value = serde_json::from_slice(&call.body).map_err(malformed)?;
        let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        let prefix = settings::get::<ToySettings>().map(|settings| settings.prefix);
        Ok(Content::Notification(vec![Event {
            id: text("id"),
            aliases: vec![],
            kind: format!("{}.{}", prefix.unwrap_or_default(), text("state")),
            subject: None,
            rank: None,
            occurred_at_ms: None,
            data: Some(body.to_string()),
        }]))
    }
    fn respond(_head: &Head, outcome: Outcome) -> Result<Reply, Reason> {
        match outcome {
            Outcome::Accepted => Ok(Reply::json(NOTICED, &serde_json::json!({"ok": true}))),
            Outcome::Forged(reason) => Ok(Reply::text(401, &reason.code)),
            Outcome::Malformed(reason) => Ok(Reply::text(400, &reason.code)),
            Outcome::Answered(_) => Err(Reason::new("no_requests", "nothing is ever asked")),
            _ => panic!("not worded"),
        }
    }
}

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors");

#[test]
fn an_adapter_runs_against_its_vectors() {
    assert_eq!(run_vectors::<Toy<200>>(VECTORS), 3);
}

#[test]
fn every_mismatch_is_listed_with_its_vector() {
    let panic = catch_unwind(|| run_vectors::<Toy<204>>(VECTORS)).unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    let expected = "  paid: A genuine notification.\n    \
                    outcomes[0] (as-parsed).status: expected 200, got 204\n";
    assert!(text.starts_with("1 of 3 vectors in ") && text.ends_with(expected), "{text}");
}

#[test]
fn scripted_calls_are_answered_and_no_others() {
    use super::{Answered, Scripted};
    let get = |path: &str| {
        crate::http::send(crate::http::Request {
            method: "GET".into(),
            url: format!("https://api.example{path}"),
            headers: vec![],
            body: vec![],
        })
    };
    let scripted = |path: &str, answer| Scripted {
        method: "GET".into(),
        answer,
        ..Scripted::post(path, 200, &serde_json::Value::Null)
    };
    let reply = |bytes: usize| Answered::Reply { status: 404, body: vec![b'x'; bytes] };
    let host = [
        scripted("/a?b", reply(3)),
        scripted("/large", reply(crate::http::RESPONSE_BYTES_MAX + 1)),
        scripted("/down", Answered::Down),
        scripted("/never", Answered::Down),
    ]
    .into_iter()
    .fold(Host::new(), |host, call| host.exchange("https://api.example", call));
    host.run(|| {
        let response = get("/a?b").unwrap_or_else(|why| panic!("{why:?}"));
        assert_eq!((response.status, response.body.as_slice()), (404, b"xxx".as_slice()));
        let code = |path| get(path).map(|_| ()).unwrap_err().code;
        assert_eq!(
            (code("/large"), code("/down")),
            ("http_too_large".into(), "http_failed".into())
        );
        assert_eq!(code("#"), "http_url");
    });
    assert_eq!(host.problems(), ["GET /never was never called"]);
    assert!(catch_unwind(std::panic::AssertUnwindSafe(|| host.run(|| get("/other")))).is_err());
    let elsewhere = Host::new().exchange("https://other.example", scripted("/a", reply(1)));
    let call = std::panic::AssertUnwindSafe(|| elsewhere.run(|| get("/a")));
    assert!(catch_unwind(call).is_err(), "only the origin that is scripted");
}
