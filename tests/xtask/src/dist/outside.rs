//! The world beyond the chroot: a name server that says of every name that it is on this machine,
//! and a destination there. Both serve until the process ends.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::Result;

/// Both, running.
pub(super) struct Outside {
    /// Where names are asked for.
    pub(super) names: SocketAddr,
    /// Where deliveries are taken.
    pub(super) destination: SocketAddr,
    told: Receiver<()>,
}

impl Outside {
    pub(super) fn start() -> Result<Outside> {
        let asked = UdpSocket::bind("127.0.0.1:0")?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (names, destination) = (asked.local_addr()?, listener.local_addr()?);
        let (tell, told) = channel();
        std::thread::spawn(move || {
            let mut question = [0; 512];
            while let Ok((length, from)) = asked.recv_from(&mut question) {
                let answer = answer(&question[..length]);
                let _ = asked.send_to(&answer.unwrap_or_default(), from);
            }
        });
        std::thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                let _ = stream.read(&mut [0; 8 << 10]);
                let said = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                let _ = stream.write_all(said);
                let _ = tell.send(());
            }
        });
        Ok(Outside { names, destination, told })
    }

    /// Whether a delivery comes within this time.
    pub(super) fn was_told(&self, patience: Duration) -> bool {
        self.told.recv_timeout(patience).is_ok()
    }
}

/// 127.0.0.1 to who asks for such an address, nothing to who asks for another.
fn answer(question: &[u8]) -> Option<Vec<u8>> {
    let name = question.get(12..)?.iter().position(|byte| *byte == 0)? + 13;
    let kind = question.get(name..name + 2)?;
    let count = u8::from(kind == [0, 1]);
    let mut answer = question.get(..2)?.to_vec();
    answer.extend([0x81, 0x80, 0, 1, 0, count, 0, 0, 0, 0]);
    answer.extend(question.get(12..name + 4)?);
    if count > 0 {
        // The question's name, an IPv4 address for the internet, for a minute, of four bytes.
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
    }
    Some(answer)
}
