//! The house rules that a machine can check: sizes, first lines, words that belong elsewhere.

use std::path::Path;

use crate::layers::sources;

const FILE_LINES_MAX: usize = 400;
const LINE_CHARS_MAX: usize = 100;

/// Every Rust file of ours, with its text.
fn ours() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["core", "plugins", "tests", "examples"] {
        files.extend(sources(&root.join(folder)));
    }
    let read = |path: &std::path::PathBuf| {
        let name = path.strip_prefix(root).expect("below the root").display().to_string();
        (name, std::fs::read_to_string(path).expect("a source file"))
    };
    files
        .iter()
        .filter(|path| !path.components().any(|part| part.as_os_str() == "target"))
        .map(read)
        .collect()
}

fn check(rule: &str, breaks: impl Fn(&str, &str) -> bool) {
    let found: Vec<String> = ours()
        .into_iter()
        .filter(|(name, text)| breaks(name, text))
        .map(|(name, _)| name)
        .collect();
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

#[test]
fn files_say_what_they_are_and_stay_small() {
    check("a file opens with `//!`", |_, text| !text.starts_with("//!"));
    check("a file has at most 400 lines", |_, text| text.lines().count() > FILE_LINES_MAX);
    // A long text stays in one piece, so that it can be found.
    check("a line has at most 100 characters", |_, text| {
        text.lines().any(|line| line.chars().count() > LINE_CHARS_MAX && !line.contains('"'))
    });
}

#[test]
fn each_library_has_its_one_place() {
    let only = |word: &'static str, places: &'static [&'static str]| {
        check(&format!("`{word}` is named only in {places:?}"), |name, text| {
            name.starts_with("core/")
                && !places.iter().any(|place| name.starts_with(place))
                && text
                    .lines()
                    .any(|line| line.contains(word) && !line.trim_start().starts_with("//"))
        });
    };
    only("wasmtime::", &["core/plugin/"]);
    only("tracing::", &["core/observe/"]);
    only("SystemTime::now", &["core/model/clock.rs"]);
    only("ariadne::", &["core/config/"]);
}

#[test]
fn core_knows_no_provider() {
    check("a provider's name belongs in its adapter", |name, text| {
        let words = ["brij", "brz", "brite"];
        let code = |line: &str| !line.trim_start().starts_with("//");
        name.starts_with("core/")
            && text.lines().filter(|line| code(line)).any(|line| {
                let line = line.to_lowercase();
                words.iter().any(|word| line.contains(word))
            })
    });
}

#[test]
fn names_say_what_things_are() {
    check("no file is named for what it isn't", |name, _| {
        let vague = ["handler", "manager", "processor", "helper", "util", "common", "types"];
        vague.iter().any(|word| Path::new(name).file_stem().is_some_and(|stem| stem == *word))
    });
}
