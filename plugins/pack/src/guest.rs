//! Builds one guest: a workspace package becomes a core module, then a component.
//!
//! Guests have a target folder of their own. The outer cargo holds a lock on its folder while it
//! waits for a build script; a guest built there would wait for ever.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use crate::toolchain::{choose, look};
use crate::{ComponentFault, Missing, Package, Release, TARGET, Toolchain, component, environment};

/// The stack of a guest. Rust's default is 1 MiB, which every fresh instance would have to map
/// and clear; adapters are shallow.
pub const STACK_BYTES: u32 = 64 * 1024;

/// The profile that guests are built with; it stands in the workspace's `Cargo.toml`.
const PROFILE: &str = "guest";

/// Why a guest wasn't built.
#[derive(Debug, thiserror::Error)]
pub enum GuestFault {
    /// A tool is missing; the text holds the command that brings it.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// The active compiler can't be asked what it has.
    #[error("the Rust compiler can't be asked: {0}")]
    Compiler(std::io::Error),
    /// Cargo could not be started.
    #[error("cargo can't be started: {0}")]
    Start(std::io::Error),
    /// Cargo failed; what it said is already on standard error.
    #[error("{package} did not build ({status}); cargo's own words stand above")]
    Cargo {
        /// The package.
        package: String,
        /// Cargo's exit status.
        status: ExitStatus,
    },
    /// The package has no library target.
    #[error("{0} has no library, so it is no plugin")]
    NoLibrary(String),
    /// The built module can't be read.
    #[error("{}: {fault}", path.display())]
    Module {
        /// Where it should be.
        path: PathBuf,
        /// What went wrong.
        fault: std::io::Error,
    },
    /// The module is no component.
    #[error("{package}: {fault}")]
    Component {
        /// The package.
        package: String,
        /// Why not.
        fault: ComponentFault,
    },
}

/// Where and with what guests are built.
#[derive(Debug, Clone)]
pub struct Workplace {
    root: PathBuf,
    target_dir: PathBuf,
    toolchain: Toolchain,
}

impl Workplace {
    /// For the workspace at `root`; what is built goes beneath `target/guests`. Looks at the
    /// machine, and refuses where guests can't be compiled.
    pub fn open(root: &Path, target: &Path) -> Result<Self, GuestFault> {
        Ok(Self { root: root.to_owned(), target_dir: target.join("guests"), toolchain: find()? })
    }
}

/// How guests are compiled on this machine.
pub fn find() -> Result<Toolchain, GuestFault> {
    let facts = look().map_err(GuestFault::Compiler)?;
    // Cargo has already refused a `rust-version` that it can't read.
    let oldest = Release::read(env!("CARGO_PKG_RUST_VERSION")).unwrap_or(Release(1, 0, 0));
    Ok(choose(&facts, oldest)?)
}

/// Builds a package and gives the bytes of its component.
pub fn build(place: &Workplace, package: &Package) -> Result<Vec<u8>, GuestFault> {
    let name = || package.name.clone();
    let library = package.library.as_ref().ok_or_else(|| GuestFault::NoLibrary(name()))?;
    let status = compile(place, &package.name).status().map_err(GuestFault::Start)?;
    if !status.success() {
        return Err(GuestFault::Cargo { package: name(), status });
    }
    let path = place.target_dir.join(TARGET).join(PROFILE).join(format!("{library}.wasm"));
    let module = fs::read(&path).map_err(|fault| GuestFault::Module { path, fault })?;
    component(&module).map_err(|fault| GuestFault::Component { package: name(), fault })
}

fn compile(place: &Workplace, package: &str) -> Command {
    let mut cargo = environment::cargo(&place.root);
    cargo.args(["rustc", "--locked", "--package", package, "--lib", "--crate-type", "cdylib"]);
    cargo.args(["--profile", PROFILE, "--target", TARGET, "--target-dir"]).arg(&place.target_dir);
    // As a setting of the command line it joins what the person's own settings say for the target,
    // and takes the place of their flags for the host, which would not suit a guest.
    let flags = format!("[\"-C\", \"link-arg=-zstack-size={STACK_BYTES}\"]");
    cargo.arg("--config").arg(format!("target.{TARGET}.rustflags={flags}"));
    match &place.toolchain {
        Toolchain::Active { rustc } => cargo.env("RUSTC", rustc),
        // A released cargo takes `-Z` only with the bootstrap variable, which the compiler wants
        // too for building a standard library.
        Toolchain::BuildStd { rustc, linker } => cargo
            .arg("-Zbuild-std=std,panic_abort")
            // None of its optional parts: a guest has nowhere to write a backtrace to.
            .arg("-Zbuild-std-features=")
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTC", rustc)
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker),
    };
    cargo
}
