//! A name server on loopback with a few names under `.test`. It serves in threads of its own until
//! the test process ends, and counts what it is asked.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex};

const A: u16 = 1;
const AAAA: u16 = 28;
/// A response to a question that wanted recursion, and was given it.
const RESPONSE: u16 = 0x8180;
const TRUNCATED: u16 = 0x0200;
const NO_SUCH_NAME: u16 = 3;
const REFUSED: u16 = 5;

/// What it says of one name.
#[derive(Debug, Clone)]
pub(crate) enum Says {
    /// These addresses, which may be kept for so many seconds.
    Addresses(Vec<IpAddr>, u32),
    /// The same, but over UDP only that they don't fit.
    OverTcp(Vec<IpAddr>, u32),
    /// It won't say.
    Refuses,
    /// Nothing, ever.
    Nothing,
}

/// A running name server.
#[derive(Clone)]
pub(crate) struct NameServer {
    pub(crate) address: SocketAddr,
    names: Arc<HashMap<String, Says>>,
    asked: Arc<Mutex<HashMap<String, usize>>>,
}

impl NameServer {
    /// Knows these names; of all others it says that there are none.
    pub(crate) fn start(names: &[(&str, Says)]) -> NameServer {
        let (udp, tcp) = sockets();
        let names = names.iter().map(|(name, says)| ((*name).to_owned(), says.clone()));
        let address = udp.local_addr().expect("its address");
        let server =
            NameServer { address, names: Arc::new(names.collect()), asked: Arc::default() };
        let (over_udp, over_tcp) = (server.clone(), server.clone());
        std::thread::spawn(move || over_udp.serve_udp(&udp));
        std::thread::spawn(move || over_tcp.serve_tcp(&tcp));
        server
    }

    /// How often it was asked for a name's IPv4 addresses, by whichever way.
    pub(crate) fn asked(&self, name: &str) -> usize {
        self.asked.lock().expect("no panic").get(name).copied().unwrap_or_default()
    }

    fn serve_udp(&self, socket: &UdpSocket) {
        let mut question = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut question) {
            if let Some(answer) = self.answer(&question[..length], false) {
                let _ = socket.send_to(&answer, from);
            }
        }
    }

    fn serve_tcp(&self, listener: &TcpListener) {
        while let Ok((mut stream, _)) = listener.accept() {
            let server = self.clone();
            std::thread::spawn(move || {
                let mut length = [0; 2];
                while stream.read_exact(&mut length).is_ok() {
                    let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
                    stream.read_exact(&mut question).expect("a question");
                    let Some(answer) = server.answer(&question, true) else { continue };
                    let length = u16::try_from(answer.len()).expect("a short answer");
                    let _ = stream.write_all(&[&length.to_be_bytes()[..], &answer].concat());
                }
            });
        }
    }

    fn answer(&self, question: &[u8], tcp: bool) -> Option<Vec<u8>> {
        let (name, kind, end) = read(question)?;
        let counted = usize::from(kind == A);
        *self.asked.lock().expect("no panic").entry(name.clone()).or_default() += counted;
        let (code, addresses, seconds) = match self.names.get(&name) {
            Some(Says::Nothing) => return None,
            Some(Says::Refuses) => (REFUSED, &Vec::new(), 0),
            None => (NO_SUCH_NAME, &Vec::new(), 0),
            Some(Says::OverTcp(..)) if !tcp => (TRUNCATED, &Vec::new(), 0),
            Some(Says::Addresses(list, seconds) | Says::OverTcp(list, seconds)) => {
                (0, list, *seconds)
            }
        };
        let records: Vec<Vec<u8>> =
            addresses.iter().filter_map(|address| record(*address, kind, seconds)).collect();
        let count = u16::try_from(records.len()).expect("a few");
        let mut answer = question[..2].to_vec();
        for number in [RESPONSE | code, 1, count, 0, 0] {
            answer.extend(number.to_be_bytes());
        }
        answer.extend(&question[12..end]);
        answer.extend(records.concat());
        Some(answer)
    }
}

/// The same port for both.
fn sockets() -> (UdpSocket, TcpListener) {
    loop {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = udp.local_addr().expect("its address");
        if let Ok(tcp) = TcpListener::bind(address) {
            return (udp, tcp);
        }
    }
}

/// Name and kind of the one question, and where it ends.
fn read(question: &[u8]) -> Option<(String, u16, usize)> {
    let (mut labels, mut at) = (Vec::new(), 12);
    loop {
        let length = usize::from(*question.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(question.get(at..at + length)?).to_lowercase());
        at += length;
    }
    let kind = u16::from_be_bytes([*question.get(at)?, *question.get(at + 1)?]);
    Some((labels.join("."), kind, at + 4))
}

/// The address as a record, where it is of the kind that was asked for.
fn record(address: IpAddr, kind: u16, seconds: u32) -> Option<Vec<u8>> {
    let (of, bytes) = match address {
        IpAddr::V4(address) => (A, address.octets().to_vec()),
        IpAddr::V6(address) => (AAAA, address.octets().to_vec()),
    };
    let length = u16::try_from(bytes.len()).expect("4 or 16");
    // Its name is the question's, which begins at 12.
    let mut record = vec![0xc0, 12];
    record.extend([kind.to_be_bytes(), [0, 1]].concat());
    record.extend(seconds.to_be_bytes());
    record.extend(length.to_be_bytes());
    record.extend(bytes);
    (of == kind).then_some(record)
}
