//! Who called, and at which URL: the socket's word, or a trusted proxy's. A header counts only as
//! far as it was written by proxies that config trusts, so a caller can't name itself.

use std::net::IpAddr;

use hyper::HeaderMap;
use hyper::header::{HOST, HeaderName};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;

use crate::model::{Network, address};

/// Which header a trusted proxy writes. Only that one is read: a proxy passes the other through as
/// the caller wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, with `X-Forwarded-Proto` and `X-Forwarded-Host`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Whose word is taken.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    /// Networks of proxies that are believed.
    pub trusted: Vec<Network>,
    /// Which header they write.
    pub header: ForwardedHeader,
    /// What providers think they call, without a trailing slash; wins over every header.
    pub public_url: Option<String>,
    /// The listener speaks TLS itself.
    pub tls: bool,
}

/// One hop as a proxy wrote it down.
#[derive(Debug, Default, PartialEq, Eq)]
struct Hop {
    from: Sender,
    scheme: Option<String>,
    host: Option<String>,
}

/// Whom a proxy had the call from, by its own word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Sender {
    At(IpAddr),
    /// It wrote no such header: the call is its own.
    Unsaid,
    /// It wrote what is no address. The call isn't its own, and whose it is can't be told.
    #[default]
    Unreadable,
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED: HeaderName = HeaderName::from_static("forwarded");

impl Proxies {
    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&address))
    }

    /// The caller: the socket's peer, or, behind trusted proxies, the first address from the right
    /// that isn't one of them. `None` where such a proxy wrote something else than an address: the
    /// caller isn't the proxy, and may not pass for it.
    pub(super) fn caller(&self, socket: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        Some(self.outermost(socket, headers)?.0)
    }

    /// The absolute URL that the caller used, or `None` where it can't be told.
    pub(super) fn url(&self, socket: IpAddr, head: &Parts) -> Option<String> {
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let own = host(head)?;
        if let Some(base) = &self.public_url {
            return Some(format!("{base}{target}"));
        }
        let hop = self.outermost(socket, &head.headers)?.1;
        let scheme = hop.scheme.as_deref().unwrap_or(if self.tls { "https" } else { "http" });
        let host = hop.host.as_deref().unwrap_or(&own);
        Some(format!("{scheme}://{host}{target}"))
    }

    /// The caller, and what the outermost trusted proxy wrote of the caller's own request. What
    /// stands further left came from the caller, and may be anything. `None` where the caller can't
    /// be told.
    fn outermost(&self, socket: IpAddr, headers: &HeaderMap) -> Option<(IpAddr, Hop)> {
        let mut caller = address::bare(socket);
        let mut outermost = Hop::default();
        for hop in self.hops(caller, headers).into_iter().rev() {
            if !self.trusts(caller) {
                break;
            }
            let from = hop.from;
            outermost = hop;
            match from {
                Sender::At(address) => caller = address::bare(address),
                Sender::Unsaid => break,
                Sender::Unreadable => return None,
            }
        }
        Some((caller, outermost))
    }

    /// What trusted proxies wrote, nearest to the caller first; nothing where the socket's peer is
    /// none of them.
    fn hops(&self, socket: IpAddr, headers: &HeaderMap) -> Vec<Hop> {
        if !self.trusts(socket) {
            return Vec::new();
        }
        match self.header {
            ForwardedHeader::XForwardedFor => x_forwarded(headers),
            ForwardedHeader::Forwarded => items(headers, &FORWARDED).map(forwarded).collect(),
        }
    }
}

/// The one host that the request names: HTTP/1.1 must name exactly one (RFC 9112, 3.2), HTTP/2 may
/// do it in `:authority` alone.
fn host(head: &Parts) -> Option<String> {
    let mut named = head.headers.get_all(HOST).iter();
    let host = match (named.next(), named.next()) {
        (Some(host), None) => host.to_str().ok()?.to_owned(),
        (None, _) => head.uri.authority()?.to_string(),
        (Some(_), Some(_)) => return None,
    };
    let authority: Authority = host.parse().ok()?;
    (!authority.as_str().contains('@')).then_some(host)
}

/// The items of a list header, in order. An item that isn't text is there, and empty: what stands
/// around it was written by others, and keeps its place.
fn items<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    let values = headers.get_all(name).iter().map(|value| value.as_bytes());
    // Only `Forwarded` has quoted strings; elsewhere a quote is a caller's attempt to swallow what
    // a proxy appends.
    let quotes = *name == FORWARDED;
    values.flat_map(move |value| split(value, b',', quotes)).map(|item| {
        match std::str::from_utf8(item) {
            Ok(text) if text.is_ascii() => text.trim(),
            Ok(_) | Err(_) => "",
        }
    })
}

/// Splits at a byte, but, where there are `quotes`, not inside a quoted string (RFC 9110, 5.6.4).
/// One that never ends is none: it would swallow all that proxies appended.
fn split(value: &[u8], at: u8, quotes: bool) -> impl Iterator<Item = &[u8]> {
    let mut scan = scanner();
    let closed = !value.iter().fold(false, |_, byte| scan(*byte));
    let (mut scan, honoured) = (scanner(), quotes && closed);
    value.split(move |&byte| {
        let inside = scan(byte);
        byte == at && !(honoured && inside)
    })
}

/// Told byte after byte, says whether the text is inside a quoted string after each.
fn scanner() -> impl FnMut(u8) -> bool {
    let (mut quoted, mut escaped) = (false, false);
    move |byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        quoted
    }
}

/// Addresses are appended hop by hop. Scheme and host are too by some proxies, and replaced by
/// others: several values belong to the hops from the right, a single one to all.
fn x_forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let mut from: Vec<Sender> = items(headers, &X_FORWARDED_FOR).map(node).collect();
    if from.is_empty() {
        from.push(Sender::Unsaid);
    }
    let schemes: Vec<&str> = items(headers, &X_FORWARDED_PROTO).collect();
    let hosts: Vec<&str> = items(headers, &X_FORWARDED_HOST).collect();
    let of = |values: &[&str], from_right: usize| match values {
        [only] => Some((*only).to_owned()),
        several => several.iter().rev().nth(from_right).map(|value| (*value).to_owned()),
    };
    let hops = from.iter().rev().enumerate().map(|(from_right, from)| Hop {
        from: *from,
        scheme: of(&schemes, from_right).as_deref().and_then(scheme),
        host: of(&hosts, from_right).as_deref().and_then(named_host),
    });
    let mut hops: Vec<Hop> = hops.collect();
    hops.reverse();
    hops
}

/// One element of `Forwarded`. One that breaks the form, or says a thing twice, says nothing: part
/// of it may be what a caller made a proxy write.
fn forwarded(item: &str) -> Hop {
    let mut hop = Hop::default();
    let mut seen = Vec::new();
    for pair in split(item.as_bytes(), b';', true) {
        let pair = std::str::from_utf8(pair).unwrap_or_default();
        let Some((name, value)) = pair.trim().split_once('=') else { return Hop::default() };
        let (name, Some(value)) = (name.to_ascii_lowercase(), unquoted(value)) else {
            return Hop::default();
        };
        match name.as_str() {
            _ if seen.contains(&name) => return Hop::default(),
            "for" => hop.from = node(value),
            "proto" => hop.scheme = scheme(value),
            "host" => hop.host = named_host(value),
            _ => {}
        }
        seen.push(name);
    }
    hop
}

/// A token, or what a quoted string holds; nothing that was escaped is ever wanted here.
fn unquoted(value: &str) -> Option<&str> {
    let inner = match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => value,
    };
    (!inner.contains(['"', '\\'])).then_some(inner)
}

/// An address with or without a port: `1.2.3.4`, `1.2.3.4:5`, `::1`, `[::1]`, `[::1]:5`.
fn node(text: &str) -> Sender {
    address_of(text).map_or(Sender::Unreadable, Sender::At)
}

fn address_of(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    match bracketed {
        Some((inner, _)) => inner.parse().ok(),
        None => text.rsplit_once(':')?.0.parse().ok(),
    }
}

fn scheme(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    matches!(lower.as_str(), "http" | "https").then_some(lower)
}

fn named_host(text: &str) -> Option<String> {
    let authority: Authority = text.parse().ok()?;
    (!authority.as_str().contains('@')).then(|| text.to_owned())
}

#[cfg(test)]
mod tests;
