//! Calls that the router itself makes: over a connection of their own ([`exchange`]) or over kept
//! ones ([`Client`]). The guard looks at the address that is dialled, never only at the name, and
//! no redirect is followed.

mod dial;
mod tls;
mod pool;
mod signature;
mod posting;

use std::io;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Incoming};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};

pub use self::pool::{Brought, Client, OwnedReach};
pub use self::posting::{About, Posting};
use crate::model::Network;

/// Where a request goes, read from its URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Lower case, IPv6 without brackets.
    pub host: String,
    /// As written, or the scheme's own.
    pub port: u16,
    /// Over TLS?
    pub tls: bool,
}

impl Target {
    /// From an absolute http or https URI without user info.
    pub fn of(uri: &Uri) -> Option<Target> {
        let tls = match uri.scheme_str()? {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let authority = uri.authority()?;
        let host = authority.host().trim_matches(['[', ']']).to_ascii_lowercase();
        if host.is_empty() || authority.as_str().contains('@') {
            return None;
        }
        let port = match authority.as_str().strip_prefix(authority.host())? {
            "" if tls => 443,
            "" => 80,
            written => written.strip_prefix(':')?.parse().ok().filter(|port| *port > 0)?,
        };
        Some(Target { host, port, tls })
    }
}

/// Which addresses may be dialled.
#[derive(Debug, Clone, Copy)]
pub enum Reach<'a> {
    /// All: the operator wrote the URL.
    Anywhere,
    /// The public internet's, and those of these networks.
    Public(&'a [Network]),
}

/// Why a request brought no response.
#[derive(Debug, Error)]
pub enum OutboundFault {
    /// The URI is no absolute http or https one.
    #[error("the URL is no absolute http or https URL")]
    BadUrl,
    /// The name has no address now.
    #[error("the name can't be resolved: {0}")]
    Unresolved(io::Error),
    /// Its addresses are all private ones.
    #[error("the address is private, and no network that may be reached holds it")]
    Private,
    /// Nobody answers there.
    #[error("no connection: {0}")]
    Refused(io::Error),
    /// TLS failed.
    #[error("no TLS: {0}")]
    Tls(io::Error),
    /// HTTP failed.
    #[error("the connection broke: {0}")]
    Broken(hyper::Error),
    /// HTTP failed on a connection that was kept.
    #[error("the connection broke: {0}")]
    Lost(String),
    /// The response's body is larger than allowed, or broke off.
    #[error("the response's body is too large, or broke off")]
    Body,
}

/// Sends one request over a connection of its own and reads the whole response, at most `bytes_max`
/// of body. How long that may take is the caller's to bound.
pub async fn exchange<B>(
    request: Request<B>,
    reach: Reach<'_>,
    bytes_max: usize,
) -> Result<Response<Bytes>, OutboundFault>
where
    B: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    let target = Target::of(request.uri()).ok_or(OutboundFault::BadUrl)?;
    let stream = dial::dial(&target, reach).await?;
    let response = if target.tls {
        send(tls::wrap(stream, &target.host).await?, request).await?
    } else {
        send(stream, request).await?
    };
    let (head, body) = response.into_parts();
    let body = Limited::new(body, bytes_max).collect().await;
    let body = body.map_err(|_| OutboundFault::Body)?.to_bytes();
    Ok(Response::from_parts(head, body))
}

async fn send<S, B>(stream: S, mut request: Request<B>) -> Result<Response<Incoming>, OutboundFault>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    let opened = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = opened.map_err(OutboundFault::Broken)?;
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = path.parse().map_err(|_| OutboundFault::BadUrl)?;
    // Ends by itself once the response was read or dropped; it owns nothing else.
    tokio::spawn(connection);
    sender.send_request(request).await.map_err(OutboundFault::Broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        let of = |text: &str| {
            let target = text.parse::<Uri>().ok().as_ref().and_then(Target::of);
            target.map(|t| (t.host, t.port, t.tls))
        };
        assert_eq!(of("https://A.example/x"), Some(("a.example".into(), 443, true)));
        assert_eq!(of("http://[::1]:81/"), Some(("::1".into(), 81, false)));
        for text in [
            "/x",
            "ftp://a/",
            "http://u@a/",
            "http://u:p@a/",
            "http://a:0/",
            "http://a:99999/",
            "http://a:/",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[tokio::test]
    async fn private_addresses_are_not_dialled_unless_allowed() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its address").port();
        for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
            let uri: Uri = format!("http://{host}:{port}/").parse().expect("a URI");
            let target = Target::of(&uri).expect("a target");
            let refused = dial::dial(&target, Reach::Public(&[])).await;
            assert!(matches!(refused, Err(OutboundFault::Private)), "{host}");
        }
        let target = Target { host: "127.0.0.1".into(), port, tls: false };
        let allowed = ["127.0.0.0/8".parse().expect("a network")];
        assert!(dial::dial(&target, Reach::Public(&allowed)).await.is_ok());
        assert!(dial::dial(&target, Reach::Anywhere).await.is_ok());
    }
}
