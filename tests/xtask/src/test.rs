//! `cargo xtask test`: every check that a change has to pass, quickest first.
//!
//! The first one that fails ends it. A language that was skipped is the last thing said.

use anyhow::Result;

use crate::languages::{self, Language};
use crate::progress::Steps;
use crate::workspace::Workspace;
use crate::{build, toolchain};

const LINTS: [&str; 7] =
    ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];

/// Runs all checks, with the example plugins of Rust and these languages.
pub(crate) fn run(workspace: &Workspace, languages: &[Language]) -> Result<()> {
    let mut steps = Steps::of(6);
    steps.run("tools", toolchain::ensure)?;
    steps.run("formatting", || workspace.cargo(&["fmt", "--all", "--check"]))?;
    steps.run("lints", || workspace.cargo(&LINTS))?;
    // Tests load these as files.
    steps.run("example plugins", || build::plugins(workspace))?;
    let built = steps.run("other languages", || languages::build(workspace, languages))?;
    let names: Vec<&str> = built.plugins.iter().map(|(name, _)| *name).collect();
    let mut wanted = vec![("HOOKSWITCH_PLUGINS", format!("quotes,{}", names.join(",")))];
    wanted.extend(built.tools.iter().map(|(name, at)| (*name, at.display().to_string())));
    let tests = ["test", "--workspace", "--locked"];
    steps.run("tests", || workspace.cargo_with(&tests, &wanted))?;
    eprintln!("all checks passed, with plugins in Rust and {} others", names.len());
    built.tell();
    Ok(())
}
