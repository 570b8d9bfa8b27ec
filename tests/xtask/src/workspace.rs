//! Where the workspace and its target folder are, and a cargo to run in it.
//!
//! Every cargo that runs here is given the same target folder, the one this program was built
//! into, so that nothing is built twice.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The folders that every command works in.
pub(crate) struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// What is built goes here.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// From where this program's sources and the program itself lie.
    pub(crate) fn find() -> Result<Self> {
        let own = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = own.ancestors().nth(2).context("xtask lies outside a workspace")?.to_owned();
        let program = env::current_exe().context("this program's own place is unknown")?;
        // <target>/debug/xtask
        let target = program.ancestors().nth(2).context("this program lies in no target folder")?;
        Ok(Self { root, target: target.to_owned() })
    }

    /// A path as a person would type it in the workspace's root.
    pub(crate) fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }

    /// Runs a cargo command with its own output visible; `arguments` begin with the subcommand.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Result<()> {
        self.cargo_with(arguments, &[])
    }

    /// The same, with these variables set.
    pub(crate) fn cargo_with(
        &self,
        arguments: &[&str],
        variables: &[(&str, String)],
    ) -> Result<()> {
        let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut command = Command::new(program);
        command.current_dir(&self.root).args(arguments).env("CARGO_TARGET_DIR", &self.target);
        // `cargo run` describes this package to us; to another cargo that is noise which some
        // build scripts watch.
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&name);
            }
        }
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let status = command.status().context("cargo can't be started")?;
        if !status.success() {
            bail!("`cargo {}` ended with {status}", arguments.join(" "));
        }
        Ok(())
    }
}
