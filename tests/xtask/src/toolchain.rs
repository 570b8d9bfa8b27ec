//! Brings what compiling plugins needs.
//!
//! For Rust it installs nothing but Debian's compiler for the web, only on Debian and only for
//! root. Rust toolchains are the person's own: it never changes one.

use std::process::Command;

use anyhow::{Context, Result, bail};
use hookswitch_pack::{APT_PACKAGES, GuestFault, Missing, Toolchain, find, look};

/// Makes sure that plugins can be compiled, and says how they will be.
pub(crate) fn ensure() -> Result<()> {
    let toolchain = match find() {
        Err(GuestFault::Missing(missing)) if missing.apt && look()?.root => install(&missing)?,
        found => found?,
    };
    match toolchain {
        Toolchain::Active { .. } => eprintln!("plugins are compiled by the active toolchain"),
        Toolchain::BuildStd { rustc, .. } => {
            let rustc = rustc.display();
            eprintln!(
                "plugins are compiled by {rustc}, which builds Rust's library for them first"
            );
        }
    }
    Ok(())
}

fn install(missing: &Missing) -> Result<Toolchain> {
    eprintln!("{}\ninstalling {} …", missing.why, APT_PACKAGES.join(" and "));
    let without =
        "without these packages, the other way is `rustup target add wasm32-unknown-unknown`";
    apt(&["update"]).context(without)?;
    apt(&[&["install", "-y", "--no-install-recommends"], &APT_PACKAGES[..]].concat())
        .context(without)?;
    Ok(find()?)
}

/// Runs apt-get.
pub(crate) fn apt(arguments: &[&str]) -> Result<()> {
    let status = Command::new("apt-get")
        // Another installation may be under way; it is waited for.
        .args(["-q", "-o", "DPkg::Lock::Timeout=300"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .status()
        .context("apt-get can't be started")?;
    if !status.success() {
        bail!("`apt-get {}` ended with {status}", arguments.join(" "));
    }
    Ok(())
}
