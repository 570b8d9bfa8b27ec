//! Handshakes that don't come to their end, and what is counted of them. What works over TLS is
//! tested with the whole router.

use std::time::Instant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

/// The start of a handshake, without the rest.
const HALF: [u8; 6] = [22, 3, 1, 2, 0, 1];

fn tls() -> Tls {
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new(vec!["localhost".into()]).expect("parameters");
    let certificate = params.self_signed(&key).expect("a certificate").pem();
    let identity = Identity::from_pem(certificate.as_bytes(), key.serialize_pem().as_bytes());
    Tls::new(identity.expect("an identity"))
}

#[tokio::test]
async fn a_handshake_has_the_time_of_the_first_head() {
    let limits = Limits { head_timeout: SOON, ..Limits::default() };
    let served = start_with(limits, Some(tls())).await;
    let mut silent = TcpStream::connect(served.address).await.expect("a connection");
    let mut half = TcpStream::connect(served.address).await.expect("a connection");
    let start = Instant::now();
    half.write_all(&HALF).await.expect("it is sent");
    reaches(&served.counters.timed_out, 2).await;
    assert!(start.elapsed() >= SOON);
    for stream in [&mut silent, &mut half] {
        assert!(!matches!(stream.read(&mut [0; 64]).await, Ok(1..)), "no word, and the end");
    }
    let mut wrong = TcpStream::connect(served.address).await.expect("a connection");
    wrong.write_all(&[&HALF[..], &[0; 1024]].concat()).await.expect("it is sent");
    reaches(&served.counters.connection_errors, 1).await;
    reaches(&served.counters.ended, 3).await;
    assert_eq!(now(&served.counters.calls), 0);
}

#[tokio::test]
async fn a_handshake_does_not_hold_up_the_end() {
    let limits = Limits { drain_timeout: PATIENCE * 10, ..Limits::default() };
    let served = start_with(limits, Some(tls())).await;
    let mut half = TcpStream::connect(served.address).await.expect("a connection");
    half.write_all(&HALF).await.expect("it is sent");
    reaches(&served.counters.accepted, 1).await;
    served.drainer.start();
    let ended = timeout(PATIENCE, served.running).await.expect("ends in time");
    assert_eq!(ended.expect("no panic"), 0, "nobody was cut off");
}
