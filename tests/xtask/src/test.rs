//! `cargo xtask test`: every check that a change has to pass, quickest first.
//!
//! The first one that fails ends it.

use anyhow::Result;

use crate::progress::Steps;
use crate::workspace::Workspace;
use crate::{build, toolchain};

const LINTS: [&str; 7] =
    ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];

/// Runs all checks.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut steps = Steps::of(5);
    steps.run("tools", toolchain::ensure)?;
    steps.run("formatting", || workspace.cargo(&["fmt", "--all", "--check"]))?;
    steps.run("lints", || workspace.cargo(&LINTS))?;
    // Tests load these as files.
    steps.run("example plugins", || build::plugins(workspace))?;
    steps.run("tests", || workspace.cargo(&["test", "--workspace", "--locked"]))?;
    eprintln!("all checks passed");
    Ok(())
}
