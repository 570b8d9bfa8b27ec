//! What a plugin is given, written alike under `[[routes]]` and `[plugins.…]`: settings, secrets,
//! what is revealed of them, and hosts to call.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value as Json};

use super::forms::{self, Wrong};
use super::keys::Keys;
use super::secrets::{SecretRef, secret_refs};
use crate::config::nearest::{quoted, suggestion};
use crate::config::tree::{Node, Value};
use crate::config::{Place, Placed, Problem, Problems};
use crate::plugin::HostRule;

/// Settings, secrets and permissions.
#[derive(Default)]
pub(crate) struct Grants {
    pub(crate) settings: Map<String, Json>,
    pub(crate) setting_places: BTreeMap<String, Place>,
    pub(crate) settings_place: Option<Place>,
    pub(crate) secrets: Vec<SecretRole>,
    pub(crate) reveal: Vec<String>,
    pub(crate) allow_http: Vec<HostRule>,
    /// Where the first of all these is written, if any is.
    pub(crate) place: Option<Place>,
}

/// A key of a `secrets` table and the versions under it.
pub(crate) struct SecretRole {
    pub(crate) name: Placed<String>,
    pub(crate) versions: Vec<SecretRef>,
}

pub(crate) fn grants(keys: &mut Keys<'_, '_>) -> Grants {
    let mut grants = Grants::default();
    if let Some(node) = keys.take("settings") {
        settings(node, &mut grants, keys.problems());
    }
    for entry in keys.entries("secrets") {
        let versions = secret_refs(&entry.node, keys.problems());
        grants.secrets.push(SecretRole { name: entry.key.clone(), versions });
    }
    let roles: Vec<&str> = grants.secrets.iter().map(|role| role.name.value.as_str()).collect();
    let reveal = keys.list("reveal", |text| revealed(text, &roles));
    let allow_http = keys.list("allow_http", forms::host_rule);
    let places = [
        grants.settings_place.clone(),
        grants.secrets.first().map(|role| role.name.place.clone()),
        reveal.iter().flatten().next().map(|name| name.place.clone()),
        allow_http.iter().flatten().next().map(|host| host.place.clone()),
    ];
    grants.place = places.into_iter().flatten().min_by_key(Place::rank);
    grants.reveal = reveal.into_iter().flatten().map(|name| name.value).collect();
    grants.allow_http = allow_http.into_iter().flatten().map(|host| host.value).collect();
    grants
}

fn revealed(text: &str, roles: &[&str]) -> Result<String, Wrong> {
    match roles.contains(&text) {
        true => Ok(text.to_owned()),
        false => {
            let message = format!("{} is no key of secrets here", quoted(text));
            Err(Wrong::new(message, suggestion(text, roles, "secrets here")))
        }
    }
}

fn settings(node: &Node, grants: &mut Grants, problems: &mut Problems) {
    let Some(keys) = Keys::open(node, "settings", problems) else {
        return;
    };
    grants.settings_place = Some(node.place.clone());
    for entry in keys.into_entries() {
        let key = entry.key.value.clone();
        grants.setting_places.insert(key.clone(), entry.key.place.clone());
        grants.settings.insert(key, json(&entry.node, problems));
    }
}

/// The same value as JSON; dates become text.
pub(crate) fn json(node: &Node, problems: &mut Problems) -> Json {
    match &node.value {
        Value::Text(text) => Json::String(text.clone()),
        Value::Integer(number) => Json::Number(Number::from(*number)),
        Value::Float(number) => Number::from_f64(*number).map_or_else(
            || {
                let message =
                    "this number has no form in JSON, and settings are handed over as JSON";
                problems.push(Problem::error(message).at(&node.place));
                Json::Null
            },
            Json::Number,
        ),
        Value::Flag(flag) => Json::Bool(*flag),
        Value::Date(date) => Json::String(date.clone()),
        Value::List(items) => Json::Array(items.iter().map(|item| json(item, problems)).collect()),
        Value::Table(entries) => {
            let pairs = entries.iter();
            let pair = |entry: &crate::config::tree::Entry, problems: &mut Problems| {
                (entry.key.value.clone(), json(&entry.node, problems))
            };
            Json::Object(pairs.map(|entry| pair(entry, problems)).collect())
        }
    }
}
