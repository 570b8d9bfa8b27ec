//! The plugin contract as the host speaks it, one folder per released version. Each turns its own
//! generated types into the model's; none of them leaves this folder, and nothing outside of it
//! tells versions apart.
//!
//! A released version is frozen, since a field more is another type to everything that was built
//! before. The next one gets a folder beside it: `link` then links both, and `Exports` and `Guest`
//! become one of each, chosen once, when a plugin is loaded.

mod v0_1_0;

pub(super) use self::v0_1_0::{Exports, Guest, link};
use super::load::LoadFault;

/// The interfaces of the contract, in any version, start with this.
pub(super) const PACKAGE: &str = "hookswitch:plugin/";

/// The versions that this host speaks.
pub(super) const VERSIONS: &[&str] = &["0.1.0"];

/// The version of a name of the contract; `None` for all other names. One that this host doesn't
/// speak is refused.
pub(super) fn check_version(name: &str) -> Result<Option<&'static str>, LoadFault> {
    let Some(interface) = name.strip_prefix(PACKAGE) else { return Ok(None) };
    let version = interface.split_once('@').map_or("none", |(_, version)| version);
    let found = version.split('#').next().unwrap_or(version);
    match VERSIONS.iter().find(|version| **version == found) {
        Some(version) => Ok(Some(version)),
        None => Err(LoadFault::Version { found: found.to_owned() }),
    }
}

/// What of WASI a core module may import, in the order in which the texts name each other.
pub(super) const WASI: [(&str, &str); 3] = [
    ("io.wit", include_str!("../../../plugins/wit/deps/io.wit")),
    ("clocks.wit", include_str!("../../../plugins/wit/deps/clocks.wit")),
    ("http.wit", include_str!("../../../plugins/wit/deps/http.wit")),
];

/// What a plugin may export beside the contract's interfaces, in one version so far.
pub(super) const WHOLE: &str = "hookswitch:taking/whole@0.1.0";

/// The text of that.
pub(super) const TAKING: &str = include_str!("../../../plugins/wit/taking/taking.wit");

/// What those texts are given away under.
pub(super) const WASI_LICENSE: &str = include_str!("../../../plugins/wit/deps/LICENSE");

/// The contract's text, for plugins that carry no description of their own.
pub(super) const WIT: &str = include_str!("../../../plugins/wit/plugin.wit");

#[cfg(test)]
mod tests;
