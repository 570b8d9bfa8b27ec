//! The plugin contract as the host speaks it, one folder per released version. Each turns its own
//! generated types into the model's; none of them leaves this folder.

pub(super) mod v0_1_0;

/// The interfaces of the contract, in any version, start with this.
pub(super) const PACKAGE: &str = "hookswitch:plugin/";

/// The versions that this host speaks.
pub(super) const VERSIONS: &[&str] = &["0.1.0"];

/// The contract's text, for plugins that carry no description of their own.
pub(super) const WIT: &str = include_str!("../../../plugins/wit/plugin.wit");
