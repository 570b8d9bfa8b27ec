//! `cargo xtask build`: the router, the example service beside it, and the example plugins as files.
//!
//! Which packages are plugins stands in their `Cargo.toml`: `[package.metadata.hookswitch]` with
//! `plugin = "NAME"` makes `target/plugins/NAME.wasm`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use hookswitch_pack::{Workplace, packages};

use crate::progress::Steps;
use crate::toolchain;
use crate::workspace::Workspace;

const BUILD: [&str; 8] = [
    "build",
    "--release",
    "--locked",
    "--bins",
    "--package",
    "hookswitch",
    "--package",
    "hookswitch-orders",
];

/// Builds all and lists what was made.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut steps = Steps::of(3);
    for path in all(workspace, &mut steps)? {
        println!("{:>10}  {}", size(&path)?, workspace.shown(&path));
    }
    Ok(())
}

/// The router, the service and the plugins, in three steps.
pub(crate) fn all(workspace: &Workspace, steps: &mut Steps) -> Result<Vec<PathBuf>> {
    steps.run("tools", toolchain::ensure)?;
    // Together, so that they are built of the same parts.
    steps.run("router and orders service", || workspace.cargo(&BUILD))?;
    let mut made = vec![router(workspace), orders(workspace)];
    made.extend(steps.run("example plugins", || plugins(workspace))?);
    Ok(made)
}

/// Where the router is when it is built.
pub(crate) fn router(workspace: &Workspace) -> PathBuf {
    workspace.target.join("release/hookswitch")
}

/// Where the service of `examples/orders` is when it is built.
pub(crate) fn orders(workspace: &Workspace) -> PathBuf {
    workspace.target.join("release/orders")
}

/// Builds the example plugins and gives their paths.
pub(crate) fn plugins(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let folder = workspace.target.join("plugins");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let place = Workplace::open(&workspace.root, &workspace.target)?;
    let mut made = Vec::new();
    for package in packages(&workspace.root)? {
        let Some(name) = &package.plugin else {
            continue;
        };
        let path = folder.join(format!("{name}.wasm"));
        replace(&path, &hookswitch_pack::build(&place, &package)?)?;
        made.push(path);
    }
    Ok(made)
}

/// A running router may be reading the old file, so the new one takes its place in one step.
fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = path.with_extension("wasm.new");
    fs::write(&beside, bytes).with_context(|| beside.display().to_string())?;
    fs::rename(&beside, path).with_context(|| path.display().to_string())
}

#[expect(clippy::cast_precision_loss, reason = "a size for people to read")]
fn size(path: &Path) -> Result<String> {
    let bytes = fs::metadata(path).with_context(|| path.display().to_string())?.len() as f64;
    let kib = bytes / 1024.0;
    Ok(if kib < 1024.0 { format!("{kib:.0} KiB") } else { format!("{:.1} MiB", kib / 1024.0) })
}
