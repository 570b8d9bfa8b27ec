//! What a command line may grant a plugin: `--set KEY=VALUE` and `--secret ROLE=@FILE`. A secret is
//! never an argument itself: those are there for everybody on the machine to read.

use anyhow::Context as _;
use serde_json::{Map, Value};

use super::Misuse;
use crate::plugin::{KeyVersion, Keyring, SecretText};

/// `KEY=VALUE` pairs as a JSON object. A value that is a JSON number, boolean, list or table is
/// taken as one, anything else as text.
pub(super) fn object(pairs: &[String]) -> anyhow::Result<Value> {
    let mut object = Map::new();
    for pair in pairs {
        let wrong = || Misuse(format!("{pair:?} is no KEY=VALUE"));
        let (key, text) = pair.split_once('=').ok_or_else(wrong)?;
        let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
        object.insert(key.to_owned(), value);
    }
    Ok(Value::Object(object))
}

/// `ROLE=@FILE` or `ROLE=env:NAME`, several of one role in the order given.
pub(super) fn keyring(pairs: &[String]) -> anyhow::Result<Keyring> {
    let mut roles: Vec<(String, Vec<KeyVersion>)> = Vec::new();
    for pair in pairs {
        let wrong = || Misuse("a secret is ROLE=@FILE or ROLE=env:NAME".into());
        let (role, source) = pair.split_once('=').ok_or_else(wrong)?;
        let version = KeyVersion::new(source, None, SecretText::new(text(source)?));
        match roles.iter_mut().find(|(name, _)| name == role) {
            Some((_, versions)) => versions.push(version),
            None => roles.push((role.to_owned(), vec![version])),
        }
    }
    Ok(Keyring::new(roles))
}

fn text(source: &str) -> anyhow::Result<String> {
    if let Some(path) = source.strip_prefix('@') {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("{path} can't be read"))?;
        return Ok(text.trim_end_matches(['\r', '\n']).to_owned());
    }
    let wrong = || Misuse("a secret is ROLE=@FILE or ROLE=env:NAME, never itself".into());
    let name = source.strip_prefix("env:").ok_or_else(wrong)?;
    std::env::var(name).with_context(|| format!("the environment has no {name}"))
}
