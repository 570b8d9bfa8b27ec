//! What version 0.1.0 may import, answered by the call that is running.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq as _;

use super::host::{crypto, log, secrets, settings, signing, state, text, types};
use crate::model::hex;
use crate::observe::Level;
use crate::plugin::call::Call;
use crate::plugin::keyring::{KeyForm, Mac, Signed};
use crate::plugin::public_key::Scheme;

type Made<T> = wasmtime::Result<T>;

impl types::Host for Call {}

impl settings::Host for Call {
    fn get(&mut self) -> Made<String> {
        Ok(self.grant().settings.clone())
    }
}

impl crypto::Host for Call {
    fn verify_mac(
        &mut self,
        secret: String,
        form: crypto::KeyForm,
        algorithm: crypto::Mac,
        message: Vec<u8>,
        tag: Vec<u8>,
    ) -> Made<Option<String>> {
        self.charge(&message, self.grant().keyring.count(&secret))?;
        let signed = Signed { message: &message, tag: &tag };
        let keyring = &self.grant().keyring;
        let matched = keyring.verify_mac(&secret, key_form(form), mac(algorithm), signed);
        Ok(matched.map(str::to_owned))
    }

    fn verify_signature(
        &mut self,
        key: String,
        key_id: Option<String>,
        algorithm: crypto::Scheme,
        message: Vec<u8>,
        signature: Vec<u8>,
    ) -> Made<Option<String>> {
        self.charge(&message, self.grant().keyring.count(&key))?;
        let signed = Signed { message: &message, tag: &signature };
        let keyring = &self.grant().keyring;
        let matched = keyring.verify_signature(&key, key_id.as_deref(), scheme(algorithm), signed);
        let matched = matched.map(str::to_owned);
        if matched.is_none() && !keyring.has_public_key(&key) {
            self.log_line(Level::Error, "no version of the secret holds a public key in PEM");
        }
        Ok(matched)
    }

    fn sha256(&mut self, data: Vec<u8>) -> Made<Vec<u8>> {
        self.charge(&data, 1)?;
        Ok(ring::digest::digest(&ring::digest::SHA256, &data).as_ref().to_vec())
    }

    fn equal(&mut self, a: Vec<u8>, b: Vec<u8>) -> Made<bool> {
        Ok(a.ct_eq(&b).into())
    }
}

impl signing::Host for Call {
    fn sign_mac(
        &mut self,
        secret: String,
        form: crypto::KeyForm,
        algorithm: crypto::Mac,
        message: Vec<u8>,
    ) -> Made<Vec<u8>> {
        let keyring = self.signing_keyring()?;
        let made = keyring.sign_mac(&secret, key_form(form), mac(algorithm), &message);
        made.ok_or_else(|| Call::no_signing_key(&secret))
    }

    fn sign_rsa_sha256(&mut self, key: String, message: Vec<u8>) -> Made<Vec<u8>> {
        let keyring = self.signing_keyring()?;
        keyring.sign_rsa_sha256(&key, &message).ok_or_else(|| Call::no_signing_key(&key))
    }
}

impl secrets::Host for Call {
    fn reveal(&mut self, name: String) -> Made<Result<String, types::Reason>> {
        let refused =
            |why: crate::model::Reason| types::Reason { code: why.code, detail: why.detail };
        Ok(Call::reveal(self, &name)?.map_err(refused))
    }
}

impl state::Host for Call {
    fn get(&mut self, key: String) -> Made<Option<Vec<u8>>> {
        Ok(self.state().get(&key))
    }

    fn put(&mut self, key: String, value: Vec<u8>, ttl_ms: u64) -> Made<()> {
        self.check_state_entry(&key, &value)?;
        self.state().put(key, value, ttl_ms);
        Ok(())
    }

    fn remove(&mut self, key: String) -> Made<()> {
        self.state().remove(&key);
        Ok(())
    }

    fn compare_and_put(
        &mut self,
        key: String,
        old: Option<Vec<u8>>,
        new: Vec<u8>,
        ttl_ms: u64,
    ) -> Made<bool> {
        self.check_state_entry(&key, &new)?;
        Ok(self.state().compare_and_put(key, old.as_deref(), new, ttl_ms))
    }
}

impl text::Host for Call {
    fn decode_utf8(&mut self, data: Vec<u8>) -> Made<Option<String>> {
        Ok(String::from_utf8(data).ok())
    }

    fn encode_utf8(&mut self, text: String) -> Made<Vec<u8>> {
        Ok(text.into_bytes())
    }

    fn decode_base64(&mut self, text: String) -> Made<Option<Vec<u8>>> {
        Ok(STANDARD.decode(text).ok())
    }

    fn encode_base64(&mut self, data: Vec<u8>) -> Made<String> {
        Ok(STANDARD.encode(data))
    }

    fn decode_base64url(&mut self, text: String) -> Made<Option<Vec<u8>>> {
        Ok(URL_SAFE_NO_PAD.decode(text).ok())
    }

    fn encode_base64url(&mut self, data: Vec<u8>) -> Made<String> {
        Ok(URL_SAFE_NO_PAD.encode(data))
    }

    fn decode_hex(&mut self, text: String) -> Made<Option<Vec<u8>>> {
        Ok(hex::decode(&text))
    }

    fn encode_hex(&mut self, data: Vec<u8>) -> Made<String> {
        Ok(hex::encode(&data))
    }
}

impl log::Host for Call {
    fn write(&mut self, level: log::Level, message: String) -> Made<()> {
        self.log_line(
            match level {
                log::Level::Debug => Level::Debug,
                log::Level::Info => Level::Info,
                log::Level::Warn => Level::Warn,
                log::Level::Error => Level::Error,
            },
            &message,
        );
        Ok(())
    }
}

fn key_form(form: crypto::KeyForm) -> KeyForm {
    match form {
        crypto::KeyForm::Utf8 => KeyForm::Utf8,
        crypto::KeyForm::Utf8WithoutWhsec => KeyForm::Utf8WithoutWhsec,
        crypto::KeyForm::Base64 => KeyForm::Base64,
        crypto::KeyForm::Base64WithoutWhsec => KeyForm::Base64WithoutWhsec,
        crypto::KeyForm::Hex => KeyForm::Hex,
    }
}

fn mac(mac: crypto::Mac) -> Mac {
    match mac {
        crypto::Mac::HmacSha1 => Mac::Sha1,
        crypto::Mac::HmacSha256 => Mac::Sha256,
        crypto::Mac::HmacSha512 => Mac::Sha512,
    }
}

fn scheme(scheme: crypto::Scheme) -> Scheme {
    match scheme {
        crypto::Scheme::RsaPkcs1Sha256 => Scheme::RsaPkcs1Sha256,
        crypto::Scheme::RsaPssSha256 => Scheme::RsaPssSha256,
        crypto::Scheme::EcdsaP256Sha256 => Scheme::EcdsaP256Sha256,
        crypto::Scheme::Ed25519 => Scheme::Ed25519,
    }
}
