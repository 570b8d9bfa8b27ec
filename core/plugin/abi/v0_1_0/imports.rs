//! What version 0.1.0 may import beside `crypto`, answered by the call that is running.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::crypto::{key_form, mac};
use super::host::{crypto, log, secrets, settings, signing, state, text, types};
use crate::model::hex;
use crate::observe::Level;
use crate::plugin::call::Call;

type Made<T> = wasmtime::Result<T>;

impl types::Host for Call {}

impl settings::Host for Call {
    fn get(&mut self) -> Made<String> {
        Ok(self.grant().settings.clone())
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
