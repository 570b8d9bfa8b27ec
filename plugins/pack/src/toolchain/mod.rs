//! Which compiler builds guests. They need Rust's standard library for `wasm32-unknown-unknown`:
//! the active toolchain may have it; else Debian's compiler for the web can build it from its own
//! sources (`-Zbuild-std`), with a linker of either.
//!
//! The choice is a pure function of the facts found on the machine. Where neither way is open the
//! answer is a single command for a person to run; this crate never runs it.

mod facts;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;

pub use facts::look;

/// A release of Rust, such as 1.95.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(pub u32, pub u32, pub u32);

impl Release {
    /// Reads `1.95` or `1.95.0`; a suffix such as `-nightly` is passed over.
    pub fn read(text: &str) -> Option<Self> {
        let plain = text.trim().split(['-', '+']).next()?;
        let mut parts = plain.splitn(3, '.').map(|part| part.parse().ok());
        let (major, minor) = (parts.next()??, parts.next()??);
        let patch = parts.next().unwrap_or(Some(0))?;
        Some(Self(major, minor, patch))
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// What a machine has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The toolchain that cargo uses here.
    pub active: Active,
    /// The distribution's compiler, where there is one.
    pub system: Option<System>,
    /// The packages of [`Missing::apt`] may be had: this is Debian itself.
    pub debian: bool,
    /// We are root.
    pub root: bool,
}

/// The toolchain that cargo uses here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Active {
    /// Its compiler.
    pub rustc: PathBuf,
    /// It has the standard library for guests.
    pub has_std: bool,
    /// Its `rust-lld`.
    pub linker: Option<PathBuf>,
}

/// The distribution's compiler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// The program.
    pub rustc: PathBuf,
    /// Its release.
    pub release: Release,
    /// Of which release the sources of the standard library are that it finds; none = it has none.
    pub sources: Option<Release>,
    /// Its `rust-lld`.
    pub linker: Option<PathBuf>,
}

/// How guests are compiled on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Toolchain {
    /// With the active toolchain as it is.
    Active {
        /// Its compiler.
        rustc: PathBuf,
    },
    /// With the distribution's compiler, which builds the standard library first.
    BuildStd {
        /// The compiler.
        rustc: PathBuf,
        /// What links the guest.
        linker: PathBuf,
    },
}

/// Guests can't be compiled here, and what mends that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("plugins can't be compiled: {why}. This one command mends it:\n\n    {command}\n")]
pub struct Missing {
    /// What was looked for in vain.
    pub why: String,
    /// The one command.
    pub command: String,
    /// The command is about Debian packages, so that a tool run by root may run it.
    pub apt: bool,
}

/// Debian's compiler for the web, the sources of its library and a linker. What else the packages
/// recommend (a second cargo, for one) would only get in the way.
pub const APT_PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];

const RUSTUP: &str = "rustup target add wasm32-unknown-unknown";

/// Picks the way to compile guests; `oldest` is the oldest release that their sources allow.
pub fn choose(facts: &Facts, oldest: Release) -> Result<Toolchain, Missing> {
    if facts.active.has_std {
        return Ok(Toolchain::Active { rustc: facts.active.rustc.clone() });
    }
    let absent = "the active Rust toolchain has no standard library for wasm32-unknown-unknown";
    let Some(system) = &facts.system else {
        let why =
            if facts.debian { format!("{absent}, and rustc-web is absent") } else { absent.into() };
        return Err(missing(facts, why, facts.debian));
    };
    let name = system.rustc.display();
    let lacks = |what: String| format!("{absent}, and {name} {what}");
    if system.release < oldest {
        // Another release of it is not to be had from the same packages.
        let what = format!("is {}, while {oldest} is wanted", system.release);
        return Err(missing(facts, lacks(what), false));
    }
    if system.sources != Some(system.release) {
        let what = format!("has no library sources of its own release, {}", system.release);
        return Err(missing(facts, lacks(what), facts.debian));
    }
    // The active toolchain's linker comes first: it is there wherever rustup is.
    let Some(linker) = facts.active.linker.as_ref().or(system.linker.as_ref()) else {
        return Err(missing(facts, lacks("has no rust-lld, nor has the toolchain".into()), false));
    };
    Ok(Toolchain::BuildStd { rustc: system.rustc.clone(), linker: linker.clone() })
}

fn missing(facts: &Facts, why: String, apt: bool) -> Missing {
    let install = format!("apt-get install -y --no-install-recommends {}", APT_PACKAGES.join(" "));
    let command = match (apt, facts.root) {
        (true, true) => format!("apt-get update && {install}"),
        (true, false) => format!("sudo apt-get update && sudo {install}"),
        (false, _) => RUSTUP.to_owned(),
    };
    Missing { why, command, apt }
}
