//! The imports of `crypto`, which nearly every callback makes. By hand: what they are given is read
//! where it lies in the guest's memory; generated bindings would copy it out first.

use subtle::ConstantTimeEq as _;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, WasmList, WasmStr};

use super::host::crypto;
use crate::observe::Level;
use crate::plugin::call::Call;
use crate::plugin::keyring::{KeyForm, Mac, Signed};
use crate::plugin::public_key::Scheme;

type Made<T> = wasmtime::Result<(T,)>;
type Context<'c> = StoreContextMut<'c, Call>;

/// Links them. That they are what the contract says is checked where a component is linked.
pub(super) fn link(linker: &mut Linker<Call>) -> wasmtime::Result<()> {
    let mut crypto = linker.instance("hookswitch:plugin/crypto@0.1.0")?;
    crypto.func_wrap("verify-mac", verify_mac)?;
    crypto.func_wrap("verify-signature", verify_signature)?;
    crypto.func_wrap("sha256", sha256)?;
    crypto.func_wrap("equal", |mut context: Context<'_>, (a, b): (WasmList<u8>, WasmList<u8>)| {
        context.data_mut().charge(a.len(), 1)?;
        Ok((bool::from(a.as_le_slice(&context).ct_eq(b.as_le_slice(&context))),))
    })
}

fn verify_mac(
    mut context: Context<'_>,
    (secret, form, algorithm, message, tag): (
        WasmStr,
        crypto::KeyForm,
        crypto::Mac,
        WasmList<u8>,
        WasmList<u8>,
    ),
) -> Made<Option<String>> {
    let count = context.data().grant().keyring.count(&secret.to_str(&context)?);
    context.data_mut().charge(message.len(), count)?;
    let keyring = &context.data().grant().keyring;
    let signed = Signed { message: message.as_le_slice(&context), tag: tag.as_le_slice(&context) };
    let secret = secret.to_str(&context)?;
    let matched = keyring.verify_mac(&secret, key_form(form), mac(algorithm), signed);
    Ok((matched.map(str::to_owned),))
}

fn verify_signature(
    mut context: Context<'_>,
    (key, key_id, algorithm, message, signature): (
        WasmStr,
        Option<WasmStr>,
        crypto::Scheme,
        WasmList<u8>,
        WasmList<u8>,
    ),
) -> Made<Option<String>> {
    let count = context.data().grant().keyring.count(&key.to_str(&context)?);
    context.data_mut().charge(message.len(), count)?;
    let keyring = &context.data().grant().keyring;
    let (message, tag) = (message.as_le_slice(&context), signature.as_le_slice(&context));
    let key = key.to_str(&context)?;
    let key_id = key_id.as_ref().map(|id| id.to_str(&context)).transpose()?;
    let signed = Signed { message, tag };
    let matched = keyring.verify_signature(&key, key_id.as_deref(), scheme(algorithm), signed);
    let matched = matched.map(str::to_owned);
    if matched.is_none() && !keyring.has_public_key(&key) {
        let line = "no version of the secret holds a public key in PEM";
        context.data_mut().log_line(Level::Error, line);
    }
    Ok((matched,))
}

fn sha256(mut context: Context<'_>, (data,): (WasmList<u8>,)) -> Made<Vec<u8>> {
    context.data_mut().charge(data.len(), 1)?;
    let digest = ring::digest::digest(&ring::digest::SHA256, data.as_le_slice(&context));
    Ok((digest.as_ref().to_vec(),))
}

pub(super) fn key_form(form: crypto::KeyForm) -> KeyForm {
    match form {
        crypto::KeyForm::Utf8 => KeyForm::Utf8,
        crypto::KeyForm::Utf8WithoutWhsec => KeyForm::Utf8WithoutWhsec,
        crypto::KeyForm::Base64 => KeyForm::Base64,
        crypto::KeyForm::Base64WithoutWhsec => KeyForm::Base64WithoutWhsec,
        crypto::KeyForm::Hex => KeyForm::Hex,
    }
}

pub(super) fn mac(mac: crypto::Mac) -> Mac {
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
