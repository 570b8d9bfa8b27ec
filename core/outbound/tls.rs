//! The client side of TLS: the public web's roots, and no way to switch the check off.

use std::io;
use std::sync::{Arc, LazyLock};

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::OutboundFault;

/// Wraps a connection; the certificate must be for `host`.
pub(super) async fn wrap(
    stream: TcpStream,
    host: &str,
) -> Result<TlsStream<TcpStream>, OutboundFault> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| OutboundFault::BadUrl)?;
    let config =
        CONFIG.as_ref().map_err(|why| OutboundFault::Tls(io::Error::other(why.clone())))?;
    let connector = TlsConnector::from(Arc::clone(config));
    connector.connect(name, stream).await.map_err(OutboundFault::Tls)
}

/// Built once: it holds all roots.
static CONFIG: LazyLock<Result<Arc<rustls::ClientConfig>, String>> = LazyLock::new(|| {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map(|config| Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
        .map_err(|error| error.to_string())
});
