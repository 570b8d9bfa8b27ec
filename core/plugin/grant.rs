//! What a route, or a responder's own table, gives its plugin: settings, secrets, hosts. A plugin
//! has nothing else.

use super::keyring::Keyring;
use crate::model::Network;
use crate::outbound::Names;

/// Everything that config grants to one use of a plugin.
#[derive(Debug, Clone, Default)]
pub struct Grant {
    /// Whose state it uses, and the name in log lines: `route NAME` or `responder NAME`, so that
    /// the two never share one.
    pub scope: String,
    /// The `settings` table as a JSON object.
    pub settings: String,
    /// The secrets, by role.
    pub keyring: Keyring,
    /// Roles that `reveal` may give away, in confirm and compute.
    pub reveal: Vec<String>,
    /// Hosts that outgoing HTTP may reach, in confirm and compute.
    pub allow_http: Vec<HostRule>,
    /// Private networks that those hosts may turn out to be in.
    pub allow_networks: Vec<Network>,
    /// Whom to ask for those hosts' addresses.
    pub names: Names,
    /// May it sign? Only where callbacks are simulated.
    pub signing: bool,
}

/// A host that may be called: on any port, or on one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRule {
    /// A name or an address, lower case; IPv6 without brackets.
    pub host: String,
    /// `None` = any port.
    pub port: Option<u16>,
}

impl HostRule {
    /// Does it cover this host (lower case, no brackets) on this port?
    pub fn covers(&self, host: &str, port: u16) -> bool {
        self.host == host && self.port.is_none_or(|only| only == port)
    }
}
