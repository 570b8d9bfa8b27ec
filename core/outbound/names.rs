//! From names to addresses: by the system's own way, or by asking the name servers that the config
//! names, and then nothing of the system's is read. Whatever a name server says, the guard looks at
//! the address that is dialled.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig,
    ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::Name;
use hickory_resolver::{Resolver, TokioResolver};

/// How long one name server may take, each time it is asked.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often each is asked again that says nothing.
const AGAIN: usize = 1;
/// Answers that are kept, each for as long as its name server says …
const ANSWERS_MAX: u64 = 4096;
/// … but at most this long, since it may be wrong …
const KEPT_MOST: Duration = Duration::from_secs(3600);
/// … and for less where there was no such name: it may be about to be made.
const NOTHING_KEPT_MOST: Duration = Duration::from_secs(30);
/// Where the system says whom it asks.
const SYSTEMS_SERVERS: &str = "/etc/resolv.conf";

/// Whom to ask for addresses. Clones share what was answered.
#[derive(Clone, Default)]
pub struct Names {
    asked: Option<Arc<Asked>>,
}

struct Asked {
    servers: Vec<SocketAddr>,
    /// Made when it is first needed.
    resolver: OnceLock<Result<TokioResolver, String>>,
}

impl Names {
    /// Asks these name servers; none: as the system does.
    pub fn of(servers: &[SocketAddr]) -> Names {
        let asked = || Arc::new(Asked { servers: servers.to_vec(), resolver: OnceLock::new() });
        Names { asked: (!servers.is_empty()).then(asked) }
    }

    /// All addresses of a host, which may be one itself. An error where there is none.
    pub async fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        match &self.asked {
            Some(asked) => asked.addresses(host, port).await,
            None => Ok(tokio::net::lookup_host((host, port)).await.map_err(explained)?.collect()),
        }
    }
}

/// The same if they ask the same servers.
impl PartialEq for Names {
    fn eq(&self, other: &Names) -> bool {
        let servers = |names: &'_ Names| names.asked.as_ref().map(|asked| asked.servers.clone());
        servers(self) == servers(other)
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers = self.asked.as_ref().map(|asked| &asked.servers);
        f.debug_struct("Names").field("servers", &servers).finish()
    }
}

impl Asked {
    async fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let made = self.resolver.get_or_init(|| resolver(&self.servers));
        let resolver = made.as_ref().map_err(|why| io::Error::other(why.clone()))?;
        let invalid = |_| io::Error::new(io::ErrorKind::InvalidInput, "this is no name");
        let mut name = Name::from_utf8(host).map_err(invalid)?;
        // There are no domains to try it in.
        name.set_fqdn(true);
        let found = resolver.lookup_ip(name).await.map_err(|error| fault(&error))?;
        let found: Vec<_> = found.iter().map(|ip| SocketAddr::new(ip, port)).collect();
        match found.is_empty() {
            true => Err(nothing()),
            false => Ok(found),
        }
    }
}

fn resolver(servers: &[SocketAddr]) -> Result<TokioResolver, String> {
    let server = |at: &SocketAddr| {
        let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
        let connections = connections.map(|mut connection| {
            connection.port = at.port();
            connection
        });
        // One that says there is no such name is believed: each of them may be the one that knows.
        NameServerConfig::new(at.ip(), true, connections.to_vec())
    };
    let config = ResolverConfig::from_name_servers(servers.iter().map(server).collect());
    let provider = TokioRuntimeProvider::default();
    let builder = Resolver::builder_with_config(config, provider).with_options(options());
    builder.build().map_err(|error| error.to_string())
}

fn options() -> ResolverOpts {
    let mut options = ResolverOpts::default();
    options.timeout = PATIENCE;
    options.attempts = AGAIN;
    options.cache_size = ANSWERS_MAX;
    options.positive_max_ttl = Some(KEPT_MOST);
    options.negative_max_ttl = Some(NOTHING_KEPT_MOST);
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.use_hosts_file = ResolveHosts::Never;
    options
}

fn fault(error: &hickory_resolver::net::NetError) -> io::Error {
    match error.is_no_records_found() {
        true => nothing(),
        false => io::Error::other(format!("the name servers: {error}")),
    }
}

fn nothing() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "there is no such name, or it has no address")
}

/// Says what to do where the system has nobody to ask, as in an empty chroot.
fn explained(error: io::Error) -> io::Error {
    if Path::new(SYSTEMS_SERVERS).exists() {
        return error;
    }
    let why = "there is no /etc/resolv.conf here; `nameservers` in [outbound] says whom to ask";
    io::Error::new(error.kind(), format!("{error} ({why})"))
}
