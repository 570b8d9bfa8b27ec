//! The router is killed again and again while providers call it: what it acknowledged is there,
//! once, and is delivered. A callback without an acknowledgement is sent again, as providers do.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use hookswitch::model::Clock;

use crate::support::brz;
use crate::support::destination::{Came, Destination};
use crate::support::router::Router;

const KILLS: u32 = 60;
const SENDERS: usize = 4;
/// How long a router runs, in milliseconds.
const LIFE_MS: std::ops::Range<u64> = 50..300;
/// How long a sender waits after each reply: the disk is to keep up in a debug build.
const PACE: Duration = Duration::from_millis(2);
/// One delivery in so many is refused once.
const REFUSE_EVERY: usize = 7;

/// The breaker and the number of attempts are to have no part in this.
fn config(destination: SocketAddr) -> String {
    let retry = vec!["\"100ms\""; 50].join(", ");
    format!(
        r#"
[listen]
public = "127.0.0.1:0"
[store]
path = "data/hookswitch.db"
[limits]
breaker_faults = 1000000
[[routes]]
name = "brz"
path = "/brz"
adapter = "builtin:brz"
secrets = {{ signing-secret = {{ file = "brz.secret" }} }}
deliver = ["ledger"]
[destinations.ledger]
url = "http://{destination}/events"
secret = {{ file = "brz.secret" }}
retry = [{retry}]
"#
    )
}

/// Random enough, and the same for the same seed (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, range: &std::ops::Range<u64>) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        range.start + self.0 % (range.end - range.start)
    }
}

/// Where the router is now; `None` between two lives.
type Now = Arc<RwLock<Option<SocketAddr>>>;

/// A provider's side of one connection, which ends with the router.
struct Line(BufReader<TcpStream>);

impl Line {
    fn open(now: &Now) -> io::Result<Line> {
        let address = *now.read().expect("no test panics with it");
        let stream = TcpStream::connect(address.ok_or(io::ErrorKind::NotConnected)?)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.set_nodelay(true)?;
        Ok(Line(BufReader::new(stream)))
    }

    /// The status of the reply, once all of it is there.
    fn post(&mut self, body: &str) -> io::Result<u16> {
        let mut text = String::from("POST /brz HTTP/1.1\r\nhost: x\r\n");
        for (name, value) in brz::headers(body) {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        self.0.get_mut().write_all(text.as_bytes())?;
        let (mut status, mut length) = (None, 0);
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end().to_lowercase();
            if line.is_empty() {
                break;
            }
            if status.is_none() {
                status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
            } else if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().map_err(io::Error::other)?;
            }
        }
        io::copy(&mut (&mut self.0).take(length), &mut io::sink())?;
        status.ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

/// What one sender knows at its end.
#[derive(Default)]
struct Sent {
    /// The bodies that were acknowledged.
    acknowledged: Vec<String>,
    /// How often a callback was sent again.
    again: usize,
    /// Replies with another status than 200.
    refused: Vec<u16>,
}

/// Sends one callback after the other, each until it is acknowledged.
fn keep_sending(sender: usize, now: &Now, enough: &AtomicBool) -> Sent {
    let mut sent = Sent::default();
    let mut line = None;
    for number in 0.. {
        if enough.load(Ordering::Relaxed) {
            break;
        }
        let body = brz::body(&format!("txn_{sender}_{number}"));
        let mut tries = 0;
        loop {
            let reply = match line.take() {
                Some(open) => Ok(open),
                None => Line::open(now),
            };
            let Ok(mut open) = reply else {
                std::thread::sleep(PACE);
                continue;
            };
            tries += 1;
            if let Ok(status) = open.post(&body) {
                line = Some(open);
                if status == 200 {
                    break;
                }
                sent.refused.push(status);
            }
        }
        sent.again += tries - 1;
        sent.acknowledged.push(body);
        std::thread::sleep(PACE);
    }
    sent
}

/// What the store holds at the end.
struct Kept {
    /// How often each event is recorded, by the provider's id.
    events: HashMap<String, i64>,
    repeats: i64,
    /// Deliveries in all, and those that weren't delivered.
    deliveries: (i64, i64),
    sound: String,
}

impl Kept {
    fn read(path: &Path) -> Kept {
        let db = rusqlite::Connection::open(path).expect("the store");
        let number = |sql: &str| db.query_row(sql, [], |row| row.get(0)).expect("a number");
        let mut rows = db
            .prepare("SELECT provider_id, count(*) FROM events GROUP BY provider_id")
            .expect("the table of events");
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
        Kept {
            events: rows.collect::<Result<_, _>>().expect("rows"),
            repeats: number("SELECT coalesce(sum(repeats), 0) FROM events"),
            deliveries: (
                number("SELECT count(*) FROM deliveries"),
                number("SELECT count(*) FROM deliveries WHERE delivered_ms IS NULL"),
            ),
            sound: db
                .query_row("PRAGMA integrity_check", [], |row| row.get(0))
                .expect("SQLite's own word"),
        }
    }
}

fn log_is_clean(log: &str) {
    for word in ["panicked", "damaged", "malformed"] {
        assert!(!log.contains(word), "{log}");
    }
}

/// How often each event was taken, by the provider's id.
fn taken(came: &[Came]) -> HashMap<String, u64> {
    let mut taken = HashMap::new();
    for came in came.iter().filter(|came| came.taken) {
        *taken.entry(came.header("ce-providerid").to_owned()).or_default() += 1;
    }
    taken
}

/// Kills one router after the other; the last one, which lives, and what was sent.
fn killed_again_and_again(path: &Path, dice: &mut Dice) -> (Router, Vec<Sent>) {
    let (now, enough) = (Now::default(), Arc::new(AtomicBool::new(false)));
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let (now, enough) = (Arc::clone(&now), Arc::clone(&enough));
            std::thread::spawn(move || keep_sending(sender, &now, &enough))
        })
        .collect();
    let is_at = |address| *now.write().expect("no test panics with it") = address;
    for _ in 0..KILLS {
        let router = Router::start(path);
        is_at(Some(router.address));
        std::thread::sleep(Duration::from_millis(dice.roll(&LIFE_MS)));
        log_is_clean(&router.kill());
        is_at(None);
    }
    let router = Router::start(path);
    is_at(Some(router.address));
    enough.store(true, Ordering::Relaxed);
    let sent = senders.into_iter().map(|sender| sender.join().expect("no panic")).collect();
    (router, sent)
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_by_a_kill() {
    let seed = std::env::var("HOOKSWITCH_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| Clock::system().now_ms());
    println!("HOOKSWITCH_TEST_SEED={seed}");
    let mut dice = Dice(seed | 1);
    let folder = tempfile::tempdir().expect("a folder");
    let destination = Destination::start(REFUSE_EVERY);
    let path = folder.path().join("router.toml");
    std::fs::write(folder.path().join("brz.secret"), brz::SECRET).expect("a file");
    std::fs::write(&path, config(destination.address)).expect("a file");

    let start = Instant::now();
    let (router, sent) = killed_again_and_again(&path, &mut dice);
    let acknowledged: HashSet<String> = sent
        .iter()
        .flat_map(|sent| &sent.acknowledged)
        .map(|body| brz::provider_id(body))
        .collect();
    let came = destination.wait_for(|came| {
        let taken = taken(came);
        acknowledged.iter().all(|id| taken.contains_key(id))
    });
    router.terminate();
    let (status, log) = router.ended();
    assert!(status.success(), "{log}");
    log_is_clean(&log);

    let kept = Kept::read(&folder.path().join("data/hookswitch.db"));
    let taken = taken(&came);
    println!(
        "{KILLS} kills in {:.0?}: {} acknowledged, {} sent again; {} recorded, {} repeats; {} \
         attempts, {} delivered, {} more than once",
        start.elapsed(),
        acknowledged.len(),
        sent.iter().map(|sent| sent.again).sum::<usize>(),
        kept.events.len(),
        kept.repeats,
        came.len(),
        taken.len(),
        taken.values().filter(|times| **times > 1).count(),
    );
    let refused: Vec<_> = sent.iter().flat_map(|sent| &sent.refused).collect();
    assert!(refused.iter().all(|status| **status == 503), "{refused:?}");
    assert_eq!(kept.sound, "ok");
    // Every callback was sent until it was acknowledged, so these are the same.
    let recorded: HashSet<String> = kept.events.keys().cloned().collect();
    assert_eq!(recorded, acknowledged);
    assert_eq!(kept.events.values().filter(|times| **times != 1).count(), 0, "recorded once");
    assert_eq!(
        kept.deliveries,
        (i64::try_from(acknowledged.len()).expect("few"), 0),
        "owed once, and delivered"
    );
    assert!(taken.keys().all(|id| acknowledged.contains(id)), "nothing else is delivered");
    assert!(acknowledged.len() > 100 && kept.repeats > 0, "the test was about something");
    for came in &came {
        assert_eq!(
            brz::provider_id(std::str::from_utf8(&came.body).expect("text")),
            came.header("ce-providerid")
        );
    }
}
