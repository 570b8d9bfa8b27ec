//! What a plugin asks for, in words, and the lines of config that grant it. What stands in capitals
//! is the operator's to fill in.

use crate::cli::table::clean;
use crate::model::Manifest;
use crate::plugin::{Asking, Plugin};

/// What it asks for beyond what every plugin has; empty = nothing.
pub(in crate::cli) fn words(asking: Asking) -> Vec<&'static str> {
    let http = asking.http.then_some("outgoing HTTP, while it confirms or computes");
    let secrets = asking.secrets.then_some("secrets in plain, while it confirms or computes");
    http.into_iter().chain(secrets).collect()
}

/// The line that grants outgoing HTTP.
pub(in crate::cli) const ALLOW_HTTP: &str = "allow_http = [\"HOST\"]";
/// The line that grants secrets in plain.
pub(in crate::cli) const REVEAL: &str = "reveal = [\"ROLE\"]";

/// A plugin's whole place in a config, with everything that it asks for.
pub(super) fn lines(name: &str, plugin: &Plugin, manifest: Option<&Manifest>) -> String {
    let source = plugin.name();
    let builtin = source.starts_with("builtin:");
    let mut text = match builtin {
        true => String::new(),
        false => format!("[plugins.{name}]\nsource = {source:?}\n"),
    };
    let Some(manifest) = manifest else {
        text.push_str("settings = {}              # what it may be set to, its README says\n");
        text.push_str(&granted(plugin.asking(), None));
        return text + &answers(name);
    };
    let adapter = if builtin { source } else { name };
    let head = format!("[[routes]]\nname = {name:?}\npath = \"/{name}\"\nadapter = {adapter:?}\n");
    text.push_str(if builtin { "" } else { "\n" });
    text.push_str(&head);
    for role in &manifest.secrets {
        let said = (role.name.as_str(), role.required, role.about.as_str());
        text.push_str(&member("secrets", said, "[\"SECRET\"]"));
    }
    for setting in &manifest.settings {
        let said = (setting.name.as_str(), setting.required, setting.about.as_str());
        text.push_str(&member("settings", said, "\"VALUE\""));
    }
    text.push_str(&granted(plugin.asking(), Some(manifest)));
    for kind in &manifest.answers {
        text.push_str(&format!("# answers.{kind} = {{ responder = \"RESPONDER\" }}\n"));
    }
    text
}

/// What isn't required is shown, switched off.
fn member(table: &str, (name, required, about): (&str, bool, &str), value: &str) -> String {
    let off = if required { "" } else { "# " };
    clean(&format!("{off}{table}.{name} = {value}    # {about}")) + "\n"
}

fn granted(asking: Asking, manifest: Option<&Manifest>) -> String {
    let mut text = String::new();
    if asking.http {
        text.push_str(&format!("{ALLOW_HTTP}      # whom it may call; HOST:PORT for one port\n"));
    }
    let roles = manifest.map_or_else(String::new, |manifest| {
        let roles = manifest.secrets.iter().map(|role| role.name.as_str());
        format!(", of {}", roles.collect::<Vec<_>>().join(", "))
    });
    if asking.secrets {
        text.push_str(&format!(
            "{REVEAL}          # which of its secrets it may read, if it reads any{roles}\n"
        ));
    }
    text
}

fn answers(name: &str) -> String {
    format!(
        "\n# in the [[routes]] entry that asks, a kind that its adapter names:\n\
         # answers.KIND = {{ responder = {name:?} }}\n"
    )
}
