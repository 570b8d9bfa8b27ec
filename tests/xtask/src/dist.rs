//! `cargo xtask dist`: one binary with everything in it, checked, and how fast it starts.
//!
//! What it prints was measured with the very file that it made: it is run where there is nothing
//! else, and whatever it would need beside itself makes this fail.

mod elf;
mod cold;
mod outside;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use self::elf::Elf;
use crate::build::size;
use crate::progress::Steps;
use crate::toolchain;
use crate::workspace::Workspace;

const TARGET: &str = "x86_64-unknown-linux-gnu";
/// The second one has random numbers asked of the kernel: a static glibc lends its function to
/// nobody, and the device file isn't there in an empty chroot.
const FLAGS: &str = "target.x86_64-unknown-linux-gnu.rustflags=[\
    '-C', 'target-feature=+crt-static', '--cfg', 'getrandom_backend=\"linux_getrandom\"']";

/// Builds, checks and measures.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut steps = Steps::of(4);
    steps.run("tools", toolchain::ensure)?;
    let binary = steps.run("static binary", || build(workspace))?;
    steps.run("checks", || check(&binary))?;
    let started = steps.run("cold starts", || cold::measure(&binary, &workspace.target))?;
    print(workspace, &binary, &started)
}

/// Measures a binary that is there already, be it static or not.
pub(crate) fn of(workspace: &Workspace, binary: &Path) -> Result<()> {
    let mut steps = Steps::of(1);
    let started = steps.run("cold starts", || cold::measure(binary, &workspace.target))?;
    print(workspace, binary, &started)
}

fn build(workspace: &Workspace) -> Result<PathBuf> {
    let cargo = ["build", "--profile", "static", "--locked", "--bin", "hookswitch"];
    workspace.cargo(&[&cargo[..], &["--target", TARGET, "--config", FLAGS]].concat())?;
    let folder = workspace.target.join("dist");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let (made, binary) =
        (workspace.target.join(TARGET).join("static/hookswitch"), folder.join("hookswitch"));
    // A router may be running the old file, so the new one takes its place in one step.
    let beside = folder.join("hookswitch.new");
    fs::copy(&made, &beside).with_context(|| made.display().to_string())?;
    fs::rename(&beside, &binary).with_context(|| binary.display().to_string())?;
    Ok(binary)
}

fn check(binary: &Path) -> Result<()> {
    let elf = Elf::read(&fs::read(binary).with_context(|| binary.display().to_string())?)?;
    ensure!(!elf.interpreter, "it asks for an interpreter: it isn't static");
    ensure!(elf.needed == 0, "it needs {} libraries: it isn't static", elf.needed);
    ensure!(!elf.symbols, "it holds symbols: it isn't stripped");
    Ok(())
}

fn print(workspace: &Workspace, binary: &Path, started: &cold::Started) -> Result<()> {
    let elf = Elf::read(&fs::read(binary).with_context(|| binary.display().to_string())?)?;
    let form = match (elf.is_static(), elf.symbols) {
        (true, false) => "static: no interpreter, no library needed; stripped",
        (true, true) => "static: no interpreter, no library needed; not stripped",
        (false, _) => "NOT static",
    };
    println!("{:>10}  {}  ({form})", size(binary)?, workspace.shown(binary));
    print!("{started}");
    Ok(())
}
