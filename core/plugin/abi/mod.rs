//! The plugin contract as the host speaks it, one folder per released version. Each turns its own
//! generated types into the model's; none of them leaves this folder.

pub(super) mod v0_1_0;

use super::load::LoadFault;

/// The interfaces of the contract, in any version, start with this.
pub(super) const PACKAGE: &str = "hookswitch:plugin/";

/// The versions that this host speaks.
pub(super) const VERSIONS: &[&str] = &["0.1.0"];

/// Refuses a name of the contract in a version that this host doesn't speak; all other names pass.
pub(super) fn check_version(name: &str) -> Result<(), LoadFault> {
    let Some(interface) = name.strip_prefix(PACKAGE) else { return Ok(()) };
    let version = interface.split_once('@').map_or("none", |(_, version)| version);
    let found = version.split('#').next().unwrap_or(version);
    match VERSIONS.contains(&found) {
        true => Ok(()),
        false => Err(LoadFault::Version { found: found.to_owned() }),
    }
}

/// What of WASI a core module may import, in the order in which the texts name each other.
pub(super) const WASI: [(&str, &str); 3] = [
    ("io.wit", include_str!("../../../plugins/wit/deps/io.wit")),
    ("clocks.wit", include_str!("../../../plugins/wit/deps/clocks.wit")),
    ("http.wit", include_str!("../../../plugins/wit/deps/http.wit")),
];

/// What those texts are given away under.
pub(super) const WASI_LICENSE: &str = include_str!("../../../plugins/wit/deps/LICENSE");

/// The contract's text, for plugins that carry no description of their own.
pub(super) const WIT: &str = include_str!("../../../plugins/wit/plugin.wit");
