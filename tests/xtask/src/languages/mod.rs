//! The plugins that aren't written in Rust: examples, and guests that mean harm to the engine of
//! their language. Each has a `build.sh` of its own, the same that its README tells people to run;
//! here its tools are brought first.
//!
//! A language without tools is skipped, by name, with the reason; where `HOOKSWITCH_SKIP_NOTHING`
//! is set, that is a failure.

mod tools;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::build::replace;
use crate::workspace::Workspace;

/// What plugins are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    JavaScript,
    C,
    Zig,
    Python,
    TypeScript,
}

impl Language {
    fn name(self) -> &'static str {
        match self {
            Language::JavaScript => "JavaScript",
            Language::C => "C",
            Language::Zig => "Zig",
            Language::Python => "Python",
            Language::TypeScript => "TypeScript",
        }
    }
}

/// Those of every `cargo xtask test`: quickly brought, built and compiled.
pub(crate) const QUICK: &[Language] = &[Language::JavaScript, Language::C, Language::Zig];
/// All of them: the other two are some 15 MB each, and take long to compile.
pub(crate) const ALL: &[Language] =
    &[Language::JavaScript, Language::C, Language::Zig, Language::Python, Language::TypeScript];

/// Set: no language may be skipped.
const STRICT: &str = "HOOKSWITCH_SKIP_NOTHING";

/// A plugin and how it is built.
struct Guest {
    /// It becomes `target/plugins/NAME.wasm`.
    name: &'static str,
    language: Language,
    /// Where its `build.sh` is.
    folder: &'static str,
    /// Where it is said which tools in which versions build it.
    tools: &'static str,
    /// What `build.sh` is given after where the plugin goes.
    argument: Option<&'static str>,
}

const JAVASCRIPT: &str = "examples/quotes-javascript";
const PYTHON: &str = "examples/quotes-python";

const fn example(name: &'static str, language: Language, folder: &'static str) -> Guest {
    Guest { name, language, folder, tools: folder, argument: None }
}

const GUESTS: [Guest; 10] = [
    example("quotes-javascript", Language::JavaScript, JAVASCRIPT),
    example("standard-webhooks", Language::JavaScript, "examples/standard-webhooks"),
    example("quotes-c", Language::C, "examples/quotes-c"),
    example("quotes-zig", Language::Zig, "examples/quotes-zig"),
    example("quotes-python", Language::Python, PYTHON),
    example("quotes-typescript", Language::TypeScript, "examples/quotes-typescript"),
    Guest {
        tools: JAVASCRIPT,
        ..example("hostile-loop", Language::JavaScript, "tests/guests/javascript")
    },
    Guest { argument: Some("smash"), ..example("hostile-smash", Language::C, "tests/guests/c") },
    Guest {
        argument: Some("recursion"),
        ..example("hostile-recursion", Language::C, "tests/guests/c")
    },
    Guest { tools: PYTHON, ..example("hostile-bomb", Language::Python, "tests/guests/python") },
];

/// What came of building languages.
#[derive(Default)]
pub(crate) struct Built {
    /// The plugins, by name and file.
    pub(crate) plugins: Vec<(&'static str, PathBuf)>,
    /// What the templates' own `build.sh` would fetch, by the variable that tells the tests where.
    pub(crate) tools: BTreeMap<&'static str, PathBuf>,
    /// The languages without tools, each with the reason.
    pub(crate) skipped: Vec<(&'static str, String)>,
}

impl Built {
    /// Says what was skipped, last of all, where nobody overlooks it.
    pub(crate) fn tell(&self) {
        for (language, why) in &self.skipped {
            eprintln!("skipped: {language}: {why}");
        }
    }
}

/// Builds the plugins of these languages.
pub(crate) fn build(workspace: &Workspace, languages: &[Language]) -> Result<Built> {
    let mut built = Built::default();
    for language in languages {
        let guests: Vec<&Guest> =
            GUESTS.iter().filter(|guest| guest.language == *language).collect();
        let folders = guests.iter().map(|guest| tools::bring(workspace, *language, guest.tools));
        let brought = folders.collect::<Result<Vec<PathBuf>>>();
        match brought.and_then(|at| Ok((at, tools::of_template(workspace, *language)?))) {
            Ok((folders, template)) => {
                // Those of TypeScript hold those of JavaScript, which come before them.
                built.tools.extend(template);
                for (guest, tools) in guests.into_iter().zip(folders) {
                    built.plugins.push((guest.name, make(workspace, guest, tools)?));
                }
            }
            Err(fault) => {
                for guest in guests {
                    // One of an earlier day would pass for one of these sources.
                    let _ = fs::remove_file(file(workspace, guest));
                }
                built.skipped.push((language.name(), format!("{fault:#}")));
            }
        }
    }
    if env::var_os(STRICT).is_some_and(|value| !value.is_empty()) && !built.skipped.is_empty() {
        built.tell();
        bail!("{STRICT} is set, and a language was skipped");
    }
    Ok(built)
}

fn file(workspace: &Workspace, guest: &Guest) -> PathBuf {
    workspace.target.join("plugins").join(format!("{}.wasm", guest.name))
}

/// Builds one with the tools in a folder.
fn make(workspace: &Workspace, guest: &Guest, tools: PathBuf) -> Result<PathBuf> {
    let start = Instant::now();
    let path = file(workspace, guest);
    fs::create_dir_all(workspace.target.join("plugins")).context("target/plugins")?;
    let made = path.with_extension("wasm.made");
    let mut build = Command::new("sh");
    build.arg(workspace.root.join(guest.folder).join("build.sh")).arg(&made);
    build.args(guest.argument).env("PATH", tools::ahead(tools)?);
    tools::quietly(&mut build).with_context(|| format!("{} did not build", guest.name))?;
    let bytes = fs::read(&made).with_context(|| made.display().to_string())?;
    replace(&path, &bytes)?;
    fs::remove_file(&made).with_context(|| made.display().to_string())?;
    let (language, seconds) = (guest.language.name(), start.elapsed().as_secs_f64());
    eprintln!("{language}: {} built in {seconds:.1} s", guest.name);
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::{ALL, GUESTS};
    use std::path::Path;

    #[test]
    fn every_example_that_is_built_by_itself_is_listed() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for guest in &GUESTS {
            assert!(root.join(guest.folder).join("build.sh").is_file(), "{}", guest.folder);
            assert!(ALL.contains(&guest.language), "{}", guest.name);
        }
        for entry in root.join("examples").read_dir().expect("examples") {
            let entry = entry.expect("an entry");
            let name = entry.file_name().into_string().expect("UTF-8");
            let listed = GUESTS.iter().any(|guest| guest.folder == format!("examples/{name}"));
            assert_eq!(listed, entry.path().join("build.sh").exists(), "{name}");
        }
    }
}
