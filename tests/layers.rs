//! The layer table of `core/ARCHITECTURE.md`, enforced: imports point down only.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// From the bottom up; what stands on one line never imports from the same line.
const LAYERS: [&[&str]; 10] = [
    &["model", "files", "shards"],
    &["observe", "outbound"],
    &["listen", "route", "plugin", "store"],
    &["generation"],
    &["intake", "deliver", "explain", "rehearse"],
    &["config"],
    &["reload", "admin"],
    &["app"],
    &["cli"],
    &["lib", "main", "build"],
];

fn layer(name: &str) -> usize {
    let found = LAYERS.iter().position(|names| names.contains(&name));
    found.unwrap_or_else(|| panic!("{name} has no layer: name it in LAYERS and ARCHITECTURE.md"))
}

/// The first part of a path below `core/`.
fn part(path: &Path, core: &Path) -> String {
    let below = path.strip_prefix(core).expect("it is below core");
    let first = below.components().next().expect("it has a name");
    Path::new(first.as_os_str()).with_extension("").to_string_lossy().into_owned()
}

/// Every part that the text names after `crate::`, in plain paths and in groups.
fn imported(text: &str) -> BTreeSet<String> {
    let name = |text: &str| {
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
        text[..end].to_owned()
    };
    let mut names = BTreeSet::new();
    for after in text.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            Some(group) => {
                let group = &group[..group.find('}').unwrap_or(group.len())];
                names.extend(group.split(',').map(|item| name(item.trim())));
            }
            None => {
                names.insert(name(after));
            }
        }
    }
    names.retain(|name| name.starts_with(|c: char| c.is_lowercase()));
    names
}

pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn imports_point_down_only() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("core");
    let mut wrong = Vec::new();
    for path in sources(&core) {
        let own = part(&path, &core);
        let text = std::fs::read_to_string(&path).expect("a source file");
        for other in imported(&text).iter().filter(|other| **other != own) {
            if layer(other) >= layer(&own) {
                wrong.push(format!("{}: {own} imports {other}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_imports_sees_them() {
    let text =
        "use crate::model::Head; use crate::{route, plugin::{A}};\nfn x() { crate::app::run() }";
    let wanted = ["app", "model", "plugin", "route"].map(str::to_owned);
    assert_eq!(imported(text), BTreeSet::from(wanted));
}
