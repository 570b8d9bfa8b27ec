//! The other end of the wire: a process of its own, so that the server's CPU time is the server's.
//! It sends the same calls over and over on kept connections, as fast as replies come or at a
//! steady pace, and fails where a reply is no 200.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::cost;

/// Set in the environment of the process that sends: `address connections calls pace`, the last in
/// nanoseconds.
pub(crate) const ROLE: &str = "HOOKSWITCH_BENCH_LOAD";

/// How much is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    /// Over all connections together.
    pub(crate) calls: usize,
    /// From one call to the next, over all connections together, whether or not there was a reply;
    /// zero: each connection sends as soon as it has its reply.
    pub(crate) pace: Duration,
}

impl Load {
    /// As fast as replies come.
    pub(crate) const fn eager(connections: usize, calls: usize) -> Load {
        Load { connections, calls, pace: Duration::ZERO }
    }
}

/// What came of it.
pub(crate) struct Sent {
    /// How long each call took, from its first byte sent to its reply read. One that couldn't be
    /// sent when it was due, since the last reply was still to come, began then all the same.
    pub(crate) took: Vec<Duration>,
    /// How long all of them took.
    pub(crate) time: Duration,
    /// CPU time of this process meanwhile.
    pub(crate) cpu: Duration,
}

/// Has a process of its own send `calls` in turn, each the bytes of a whole HTTP/1.1 request; waits
/// for its end.
pub(crate) fn run(to: SocketAddr, calls: &[Vec<u8>], load: Load) -> Sent {
    let me = std::env::current_exe().expect("this program");
    let mut child = Command::new(me)
        .env(ROLE, role(to, load))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process that sends");
    let mut given = serde_json::to_vec(calls).expect("numbers");
    given.push(b'\n');
    let mut input = child.stdin.take().expect("its input");
    input.write_all(&given).expect("it listens");
    let mut output = BufReader::new(child.stdout.take().expect("its output"));
    let mut line = String::new();
    output.read_line(&mut line).expect("it is ready");
    // From here on this process only serves.
    let before = cost::cpu();
    drop(input);
    line.clear();
    output.read_line(&mut line).expect("it tells");
    let cpu = cost::cpu() - before;
    assert!(child.wait().expect("it ends").success(), "not every reply was a 200");
    let (time, took): (u64, Vec<u64>) = serde_json::from_str(&line).expect("numbers");
    let took = took.into_iter().map(Duration::from_nanos).collect();
    Sent { took, time: Duration::from_nanos(time), cpu }
}

fn role(to: SocketAddr, load: Load) -> String {
    format!("{to} {} {} {}", load.connections, load.calls, load.pace.as_nanos())
}

/// The main function of the process that sends.
pub(crate) fn send() {
    let role = std::env::var(ROLE).expect("it was looked at");
    let words: Vec<&str> = role.split(' ').collect();
    let [to, connections, calls, pace] = words[..] else { panic!("{ROLE}: four words") };
    let to: SocketAddr = to.parse().expect("an address");
    let connections: usize = connections.parse().expect("a number");
    let calls: usize = calls.parse().expect("a number");
    let pace = Duration::from_nanos(pace.parse().expect("a number"));
    let mut input = std::io::stdin().lock();
    let mut line = String::new();
    input.read_line(&mut line).expect("calls");
    let given: Vec<Vec<u8>> = serde_json::from_str(&line).expect("calls");
    let given: &'static [Vec<u8>] = given.leak();
    println!("ready");
    input.read_line(&mut line).expect("it may begin");
    let start = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let senders: Vec<_> = (0..connections)
            .map(|one| {
                let each = calls / connections;
                let mine = given.iter().cycle().skip(one * each % given.len()).take(each);
                let first = start + pace * u32::try_from(one).expect("few");
                let own = pace * u32::try_from(connections).expect("few");
                tokio::spawn(keep_sending(to, mine, (first, own)))
            })
            .collect();
        let mut took = Vec::with_capacity(calls);
        for sender in senders {
            took.extend(sender.await.expect("every reply is a 200"));
        }
        let time = u64::try_from(start.elapsed().as_nanos()).expect("it didn't take years");
        println!("{}", serde_json::to_string(&(time, took)).expect("numbers"));
    });
}

/// How long each took, in nanoseconds.
async fn keep_sending(
    to: SocketAddr,
    calls: impl Iterator<Item = &'static Vec<u8>>,
    (mut due, pace): (Instant, Duration),
) -> Vec<u64> {
    let mut took = Vec::new();
    let mut stream = TcpStream::connect(to).await.expect("a connection");
    stream.set_nodelay(true).expect("no delay");
    let mut reply = Vec::with_capacity(4096);
    for call in calls {
        let start = begin(due, pace).await;
        due += pace;
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

/// Waits for when a call is due; when it began.
async fn begin(due: Instant, pace: Duration) -> Instant {
    if pace.is_zero() {
        return Instant::now();
    }
    if Instant::now() >= due {
        return due;
    }
    tokio::time::sleep_until(due.into()).await;
    // How late this process wakes is nothing that the server does.
    Instant::now()
}

/// Whether a reply or a request has come to its end; its length is announced.
pub(crate) fn is_whole(reply: &[u8]) -> bool {
    let Some(head) = reply.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let text = String::from_utf8_lossy(&reply[..head]).to_ascii_lowercase();
    let length = text.split("content-length: ").nth(1).expect("it says how long it is");
    let length: usize = length.lines().next().and_then(|n| n.parse().ok()).expect("a number");
    reply.len() >= head + 4 + length
}
