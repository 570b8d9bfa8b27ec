//! The forms that texts in the config have: addresses, networks, hosts, URLs, names. Each function
//! takes the text alone and says what would be right.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use crate::config::nearest::{quoted, suggestion};
use crate::model::Network;
use crate::plugin::HostRule;

const NAME_SERVER_PORT: u16 = 53;

/// Why a text isn't what it should be.
pub(crate) struct Wrong {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Wrong {
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> Wrong {
        Wrong { message: message.into(), help: Some(help.into()) }
    }
}

impl From<&'static str> for Wrong {
    fn from(message: &'static str) -> Wrong {
        Wrong { message: message.to_owned(), help: None }
    }
}

/// `[a-z0-9][a-z0-9_-]{0,63}`: what routes, plugins, destinations and secrets are called.
pub(crate) fn name(text: &str) -> Result<String, Wrong> {
    let body = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    let good =
        (1..=64).contains(&text.len()) && text.chars().all(body) && !text.starts_with(['_', '-']);
    good.then(|| text.to_owned()).ok_or_else(|| {
        let help = "a name is 1 to 64 of a-z, 0-9, _ and -, and starts with a letter or digit";
        Wrong::new(format!("{} isn't a name", quoted(text)), help)
    })
}

/// `127.0.0.1:8080` or `[::1]:8080`.
pub(crate) fn socket(text: &str) -> Result<SocketAddr, Wrong> {
    text.parse().map_err(|_| {
        let port = text.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        let help = match (text.rsplit_once(':').map(|(host, _)| host), port) {
            (Some("localhost"), Some(port)) => format!("write \"127.0.0.1:{port}\""),
            (Some("" | "*"), Some(port)) => format!("for all addresses write \"0.0.0.0:{port}\""),
            _ => "write \"127.0.0.1:8080\", \"0.0.0.0:8080\" or \"[::]:8080\"".to_owned(),
        };
        Wrong::new("this isn't an IP address and a port", help)
    })
}

/// `10.0.0.0/8`, or one address.
pub(crate) fn network(text: &str) -> Result<Network, Wrong> {
    let range = text.parse::<Network>().ok();
    range.or_else(|| text.parse::<IpAddr>().ok().map(Network::from)).ok_or_else(|| {
        Wrong::new("this isn't a network", "write \"10.0.0.0/8\", \"fd00::/8\" or one IP address")
    })
}

/// An IP address, perhaps with a port; 53 is what name servers have.
pub(crate) fn name_server(text: &str) -> Result<SocketAddr, Wrong> {
    let alone = || Some(SocketAddr::new(text.parse::<IpAddr>().ok()?, NAME_SERVER_PORT));
    text.parse().ok().or_else(alone).filter(|at| at.port() > 0).ok_or_else(|| {
        let help = "write \"10.0.0.2\", \"10.0.0.2:53\" or \"[fd00::2]:53\"";
        Wrong::new("this isn't a name server's IP address", help)
    })
}

/// `host` or `host:port`; IPv6 in brackets.
pub(crate) fn host_rule(text: &str) -> Result<HostRule, Wrong> {
    if let Some((_, rest)) = text.split_once("://") {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let help = format!("write {}", quoted(host));
        return Err(Wrong::new("this is a URL, and a host is wanted", help));
    }
    if text.contains('*') {
        return Err(Wrong::new("patterns can't be used here", "name every host"));
    }
    host_and_port(text).ok_or_else(|| {
        let help = "write \"api.example.com\", \"api.example.com:8443\" or \"[::1]:8443\"";
        Wrong::new("this isn't a host", help)
    })
}

fn host_and_port(text: &str) -> Option<HostRule> {
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, rest) = match bracketed {
        Some((host, rest)) => (host.parse::<Ipv6Addr>().ok()?.to_string(), rest),
        None => {
            let end = text.find(':').unwrap_or(text.len());
            (host_name(&text[..end])?, &text[end..])
        }
    };
    let port = match rest {
        "" => None,
        _ => Some(port(rest.strip_prefix(':')?)?),
    };
    Some(HostRule { host, port })
}

/// A DNS name or an IPv4 address, in lower case.
fn host_name(text: &str) -> Option<String> {
    let label = |label: &str| {
        let body = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        (1..=63).contains(&label.len())
            && label.chars().all(body)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let good = (1..=253).contains(&text.len()) && text.split('.').all(label);
    good.then(|| text.to_ascii_lowercase())
}

fn port(text: &str) -> Option<u16> {
    let digits = text.chars().all(|c| c.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port != 0)
}

/// `http` or `https`, a host, perhaps a port, a path and a query.
pub(crate) fn url(text: &str) -> Result<String, Wrong> {
    const HELP: &str = "write \"https://host/path\" or \"http://host:port/path\"";
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let rest = rest.ok_or_else(|| Wrong::new("this isn't an http or https URL", HELP))?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    if rest[..end].contains('@') {
        return Err(Wrong::new("a URL may hold no user or password", "use a secret"));
    }
    if rest.contains('#') || rest.contains(|c: char| !c.is_ascii_graphic()) {
        return Err(Wrong::new("this URL holds a character that no URL may hold here", HELP));
    }
    host_and_port(&rest[..end]).ok_or_else(|| Wrong::new("this URL has no proper host", HELP))?;
    Ok(text.to_owned())
}

/// A URL that paths are added to: no query, and no `/` at its end.
pub(crate) fn base_url(text: &str) -> Result<String, Wrong> {
    let text = url(text)?;
    if text.contains('?') {
        return Err(Wrong::new(
            "a query can't be part of this URL",
            "leave the ? and the rest out",
        ));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Any text with something in it.
pub(crate) fn filled(text: &str) -> Result<String, Wrong> {
    match text.trim().is_empty() {
        true => Err("this is empty".into()),
        false => Ok(text.to_owned()),
    }
}

/// One of a few words.
pub(crate) fn one_of<'w>(
    words: &'static [&'static str],
) -> impl Fn(&str) -> Result<String, Wrong> + 'w {
    move |text| match words.contains(&text) {
        true => Ok(text.to_owned()),
        false => {
            let help = suggestion(text, words, "known words");
            Err(Wrong::new(format!("{} isn't known here", quoted(text)), help))
        }
    }
}

/// A path to a file.
pub(crate) fn path(text: &str) -> Result<String, Wrong> {
    match crate::config::shown::is_path(text) {
        true => Ok(text.to_owned()),
        false => Err(Wrong::new("this isn't the path of a file", "name a file")),
    }
}
