//! The workspace's packages, as cargo itself lists them.
//!
//! Which of them are plugins stands in their own `Cargo.toml`, so that no list elsewhere can
//! disagree: `[package.metadata.hookswitch]` holds `builtin = "NAME"` for an adapter that the
//! binary carries, `plugin = "NAME"` for one that is built as a file.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::environment;

/// Why the packages can't be listed.
#[derive(Debug, thiserror::Error)]
pub enum MetadataFault {
    /// Cargo could not be started.
    #[error("cargo can't be started: {0}")]
    Start(#[from] std::io::Error),
    /// Cargo refused; what it said is already on standard error.
    #[error("cargo can't read the workspace at {}", .0.display())]
    Refused(PathBuf),
    /// Cargo's answer has no package list that we understand.
    #[error("cargo describes the workspace in a form that isn't understood")]
    Form,
    /// A plugin's name goes into file names and source text.
    #[error("{package}: `{name}` is no plugin name; wanted are a-z, 0-9 and -, up to 64")]
    Name {
        /// The package with the name in its metadata.
        package: String,
        /// What stands there.
        name: String,
    },
}

/// One member of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// As cargo's `-p` wants it.
    pub name: String,
    /// The folder of its `Cargo.toml`.
    pub dir: PathBuf,
    /// The library's name, as it appears in file names; a package without a library has none.
    pub library: Option<String>,
    /// The name under which the binary carries it.
    pub builtin: Option<String>,
    /// The name of the file that it is built to, without `.wasm`.
    pub plugin: Option<String>,
}

/// Every member of the workspace at `root`, in cargo's order (sorted by folder).
pub fn packages(root: &Path) -> Result<Vec<Package>, MetadataFault> {
    let output = environment::cargo(root)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(MetadataFault::Refused(root.to_owned()));
    }
    let answer: Value = serde_json::from_slice(&output.stdout).map_err(|_| MetadataFault::Form)?;
    let members = answer["packages"].as_array().ok_or(MetadataFault::Form)?;
    members.iter().map(read).collect()
}

fn read(member: &Value) -> Result<Package, MetadataFault> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let manifest = member["manifest_path"].as_str().map(Path::new);
    let dir = manifest.and_then(Path::parent).ok_or(MetadataFault::Form)?;
    let name = text(&member["name"]).ok_or(MetadataFault::Form)?;
    let plugin_name = |key: &str| match text(&member["metadata"]["hookswitch"][key]) {
        Some(found) if !is_plugin_name(&found) => {
            Err(MetadataFault::Name { package: name.clone(), name: found })
        }
        found => Ok(found),
    };
    Ok(Package {
        dir: dir.to_owned(),
        library: library(member),
        builtin: plugin_name("builtin")?,
        plugin: plugin_name("plugin")?,
        name,
    })
}

/// The name of the target that is a Rust library: guests are declared `rlib`, and asked for as
/// another form only when they are packed.
fn library(member: &Value) -> Option<String> {
    let targets = member["targets"].as_array()?;
    let is_library = |target: &&Value| {
        let kinds = target["kind"].as_array();
        kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "lib" || kind == "rlib"))
    };
    let name = targets.iter().find(is_library)?["name"].as_str()?;
    Some(name.replace('-', "_"))
}

fn is_plugin_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=64).contains(&name.len()) && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn metadata_and_library_are_read() {
        let member = json!({
            "name": "hookswitch-acme",
            "manifest_path": "/w/plugins/acme/Cargo.toml",
            "targets": [{ "kind": ["test"], "name": "t" }, { "kind": ["rlib"], "name": "hookswitch-acme" }],
            "metadata": { "hookswitch": { "builtin": "acme" } },
        });
        let package = read(&member).expect("a package");
        assert_eq!(package.library.as_deref(), Some("hookswitch_acme"));
        assert_eq!(package.builtin.as_deref(), Some("acme"));
        assert_eq!(package.plugin, None);
        assert_eq!(package.dir, Path::new("/w/plugins/acme"));
    }

    #[test]
    fn a_name_that_would_leave_its_folder_is_refused() {
        for name in ["", "../up", "Acme", "a b", "a\"b", "a/b"] {
            let member = json!({
                "name": "x", "manifest_path": "/w/x/Cargo.toml", "targets": [],
                "metadata": { "hookswitch": { "plugin": name } },
            });
            assert!(matches!(read(&member), Err(MetadataFault::Name { .. })), "{name:?} passed");
        }
    }

    #[test]
    fn a_tool_is_no_plugin() {
        let member = json!({
            "name": "xtask", "manifest_path": "/w/xtask/Cargo.toml", "metadata": null,
            "targets": [{ "kind": ["bin"], "name": "xtask" }],
        });
        let package = read(&member).expect("a package");
        assert_eq!((package.library, package.builtin, package.plugin), (None, None, None));
    }
}
