//! The other end of the wire: a process of its own, so that the server's CPU time is the server's.
//! It sends the same calls over and over on kept connections, and fails where a reply is no 200.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Set in the environment of the process that sends: `address connections calls`.
pub(crate) const ROLE: &str = "HOOKSWITCH_BENCH_LOAD";

/// How much is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    /// Over all connections together.
    pub(crate) calls: usize,
}

/// Has a process of its own send `calls` in turn, each the bytes of a whole HTTP/1.1 request; waits
/// for its end.
pub(crate) fn run(to: SocketAddr, calls: &[Vec<u8>], load: Load) {
    timed(to, calls, load);
}

/// The same; how long each took, from its first byte sent to its reply read.
pub(crate) fn timed(to: SocketAddr, calls: &[Vec<u8>], load: Load) -> Vec<Duration> {
    let me = std::env::current_exe().expect("this program");
    let mut child = Command::new(me)
        .env(ROLE, format!("{to} {} {}", load.connections, load.calls))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process that sends");
    let calls = serde_json::to_vec(calls).expect("numbers");
    child.stdin.take().expect("its input").write_all(&calls).expect("it listens");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "not every reply was a 200");
    let took: Vec<u64> = serde_json::from_slice(&output.stdout).expect("numbers");
    took.into_iter().map(Duration::from_nanos).collect()
}

/// The main function of the process that sends.
pub(crate) fn send() {
    let role = std::env::var(ROLE).expect("it was looked at");
    let words: Vec<&str> = role.split(' ').collect();
    let [to, connections, calls] = words[..] else { panic!("{ROLE}: three words") };
    let to: SocketAddr = to.parse().expect("an address");
    let connections: usize = connections.parse().expect("a number");
    let calls: usize = calls.parse().expect("a number");
    let mut given = Vec::new();
    std::io::stdin().read_to_end(&mut given).expect("calls");
    let given: Vec<Vec<u8>> = serde_json::from_slice(&given).expect("calls");
    let given: &'static [Vec<u8>] = given.leak();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let senders: Vec<_> = (0..connections)
            .map(|one| {
                let each = calls / connections;
                let mine = given.iter().cycle().skip(one * each % given.len()).take(each);
                tokio::spawn(keep_sending(to, mine))
            })
            .collect();
        let mut took = Vec::with_capacity(calls);
        for sender in senders {
            took.extend(sender.await.expect("every reply is a 200"));
        }
        println!("{}", serde_json::to_string(&took).expect("numbers"));
    });
}

/// How long each took, in nanoseconds.
async fn keep_sending(to: SocketAddr, calls: impl Iterator<Item = &'static Vec<u8>>) -> Vec<u64> {
    let mut took = Vec::new();
    let mut stream = TcpStream::connect(to).await.expect("a connection");
    stream.set_nodelay(true).expect("no delay");
    let mut reply = Vec::with_capacity(4096);
    for call in calls {
        let start = Instant::now();
        stream.write_all(call).await.expect("it is sent");
        reply.clear();
        while !is_whole(&reply) {
            assert!(
                stream.read_buf(&mut reply).await.expect("a reply") > 0,
                "the connection ended"
            );
        }
        took.push(u64::try_from(start.elapsed().as_nanos()).expect("no call takes years"));
        assert!(reply.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&reply));
    }
    took
}

/// Whether a reply or a request has come to its end; its length is announced.
pub(crate) fn is_whole(reply: &[u8]) -> bool {
    let Some(head) = reply.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let text = String::from_utf8_lossy(&reply[..head]).to_ascii_lowercase();
    let length = text.split("content-length: ").nth(1).expect("it says how long it is");
    let length: usize = length.lines().next().and_then(|n| n.parse().ok()).expect("a number");
    reply.len() >= head + 4 + length
}
