//! Certificates that are made when a test runs, and a caller that trusts only them.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

const PATIENCE: Duration = Duration::from_secs(30);

/// A connection over TLS.
pub(crate) type Secured = StreamOwned<ClientConnection, TcpStream>;

/// A certificate for `localhost`, and its key.
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Pair {
    /// One that is valid now.
    pub(crate) fn new() -> Pair {
        Pair::valid_until(4096)
    }

    /// One that was valid until the start of this year.
    pub(crate) fn valid_until(year: i32) -> Pair {
        let mut params = CertificateParams::new(vec!["localhost".into()]).expect("parameters");
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate").pem();
        Pair { certificate, key: key.serialize_pem() }
    }

    /// Puts both where the config says, each in one step.
    pub(crate) fn write(&self, folder: &Path, name: &str) {
        let files =
            [(&self.key, format!("{name}.key")), (&self.certificate, format!("{name}.pem"))];
        for (text, name) in files {
            let beside = folder.join(format!("{name}.new"));
            std::fs::write(&beside, text).expect("a file");
            std::fs::rename(&beside, folder.join(name)).expect("it takes the place");
        }
    }

    /// The certificate as it goes over the wire.
    pub(crate) fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes()).expect("a certificate")
    }
}

/// What somebody trusts who trusts only these, and speaks these protocols.
pub(crate) fn trusting(pairs: &[&Pair], protocols: &[&str]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for pair in pairs {
        roots.add(pair.der()).expect("a root");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions");
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    config
}

/// A connection of its own, where the handshake succeeds.
pub(crate) fn connect(address: SocketAddr, config: ClientConfig) -> std::io::Result<Secured> {
    let mut tcp = TcpStream::connect(address)?;
    tcp.set_read_timeout(Some(PATIENCE))?;
    tcp.set_write_timeout(Some(PATIENCE))?;
    let name = ServerName::try_from("localhost").expect("a name");
    let mut tls = ClientConnection::new(Arc::new(config), name).expect("a client");
    while tls.is_handshaking() {
        tls.complete_io(&mut tcp)?;
    }
    Ok(StreamOwned::new(tls, tcp))
}
