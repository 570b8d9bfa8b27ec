//! References to secrets: a name of `[secrets]`, `{ env = … }`, `{ file = … }`, or a list of them.
//!
//! No message here repeats what stands where a reference should: it may be the secret itself.

use std::path::PathBuf;

use super::forms::{self, Wrong};
use super::keys::{Keys, items, key_name, wrong_kind};
use crate::config::shown::is_variable;
use crate::config::tree::{Entry, Node, Value};
use crate::config::{Place, Placed, Problem, Problems};

/// Where a secret is to be found.
pub(crate) enum Origin {
    /// Under a name of `[secrets]`.
    Name(String),
    /// In an environment variable.
    Env(String),
    /// In a file.
    File(PathBuf),
}

/// One reference.
pub(crate) struct SecretRef {
    pub(crate) origin: Origin,
    pub(crate) kid: Option<String>,
    pub(crate) place: Place,
}

/// One entry of `[secrets]`.
pub(crate) struct NamedSecret {
    pub(crate) name: Placed<String>,
    pub(crate) reference: SecretRef,
}

/// Versions of one secret at once.
const VERSIONS_MAX: usize = 16;

/// One entry of `[secrets]`: it says where a secret is, never what it is, nor another name.
pub(crate) fn named(entry: &Entry, problems: &mut Problems) -> Option<NamedSecret> {
    let name = key_name(entry, problems);
    let reference = match &entry.node.value {
        Value::Table(_) => inline(&entry.node, problems)?,
        Value::Text(_) => {
            let message = "a secret is never written out here";
            let help = "write { env = \"NAME\" } or { file = \"path\" }, and if this was a real \
                        secret, change it";
            problems.push(Problem::error(message).at(&entry.node.place).help(help));
            return None;
        }
        _ => {
            problems.push(wrong_kind(&entry.node, "{ env = … } or { file = … }"));
            return None;
        }
    };
    if matches!(reference.origin, Origin::Name(_)) {
        let message = "an entry of [secrets] can't be the name of another";
        problems.push(Problem::error(message).at(&reference.place));
        return None;
    }
    Some(NamedSecret { name: name?, reference })
}

/// One reference or a list of them.
pub(crate) fn secret_refs(node: &Node, problems: &mut Problems) -> Vec<SecretRef> {
    let Value::List(_) = node.value else {
        return secret_ref(node, problems).into_iter().collect();
    };
    let list = items(node, "a list of references", problems).unwrap_or_default();
    if list.is_empty() {
        let message = "this list of secrets is empty";
        let help = "name one version at least, or leave the key out";
        problems.push(Problem::error(message).at(&node.place).help(help));
    }
    if list.len() > VERSIONS_MAX {
        let message = format!("a secret has at most {VERSIONS_MAX} versions at once");
        problems.push(Problem::error(message).at(&node.place));
    }
    list.iter().filter_map(|item| secret_ref(item, problems)).collect()
}

fn secret_ref(node: &Node, problems: &mut Problems) -> Option<SecretRef> {
    match &node.value {
        Value::Text(name) => {
            let origin = Origin::Name(name.clone());
            Some(SecretRef { origin, kid: None, place: node.place.clone() })
        }
        Value::Table(_) => inline(node, problems),
        _ => {
            let wanted = "the name of a secret, { env = … } or { file = … }";
            problems.push(wrong_kind(node, wanted));
            None
        }
    }
}

fn inline(node: &Node, problems: &mut Problems) -> Option<SecretRef> {
    let mut keys = Keys::open(node, "a reference to a secret", problems)?;
    let count = ["env", "file", "secret"].into_iter().filter(|key| keys.has(key)).count();
    let env = keys.form("env", variable).map(|name| Origin::Env(name.value));
    let file = keys.path("file").map(|path| Origin::File(path.value));
    let name = keys.form("secret", forms::filled).map(|name| Origin::Name(name.value));
    let kid = keys.form("kid", forms::filled).map(|kid| kid.value);
    keys.finish();
    if count != 1 {
        let message = "a reference to a secret has one of env, file and secret";
        problems.push(Problem::error(message).at(&node.place).doubtful());
        return None;
    }
    let origin = env.or(file).or(name)?;
    Some(SecretRef { origin, kid, place: node.place.clone() })
}

fn variable(text: &str) -> Result<String, Wrong> {
    is_variable(text).then(|| text.to_owned()).ok_or_else(|| {
        let help = "write the variable's name, such as \"LEDGER_SECRET\", not what is in it";
        Wrong::new("this isn't the name of an environment variable", help)
    })
}
