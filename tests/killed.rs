//! The router is killed again and again while callbacks come and go. Whatever it acknowledged is
//! there after each start and reaches its destination; nothing is recorded twice, though senders
//! send anew whatever brought them no answer.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::support::brz;
use crate::support::router::Router;

const KILLS: usize = 50;
const SENDERS: u64 = 4;
const PATIENCE: Duration = Duration::from_secs(60);

/// What senders, the destination and the test share.
#[derive(Default)]
struct World {
    /// Where the router listens now.
    router: Mutex<Option<SocketAddr>>,
    stop: AtomicBool,
    acknowledged: Mutex<BTreeSet<String>>,
    /// Sent once more, since no answer had come.
    repeats: AtomicU64,
    /// How often the destination took each event.
    delivered: Mutex<BTreeMap<String, u64>>,
    /// Calls of the destination, of which one in seven fails.
    calls: AtomicU64,
}

/// A connection that stays open, and the next message of the other side on it.
struct Line(BufReader<TcpStream>);

impl Line {
    fn new(stream: TcpStream) -> Line {
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a time-out");
        stream.set_nodelay(true).expect("no delay");
        Line(BufReader::new(stream))
    }

    fn send(&mut self, bytes: &[u8]) -> Option<()> {
        self.0.get_mut().write_all(bytes).ok()
    }

    /// The first line and the headers of a message, whose body is read too.
    fn message(&mut self) -> Option<(String, BTreeMap<String, String>)> {
        let mut first = String::new();
        self.0.read_line(&mut first).ok().filter(|read| *read > 0)?;
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).ok().filter(|read| *read > 0)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).ok()?;
        Some((first, headers))
    }
}

/// Takes deliveries until the test ends; one in seven is refused.
fn destination(world: &Arc<World>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    let world = Arc::clone(world);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let world = Arc::clone(&world);
            std::thread::spawn(move || take(&world, &mut Line::new(stream)));
        }
    });
    address
}

fn take(world: &World, line: &mut Line) -> Option<()> {
    loop {
        let (_, headers) = line.message()?;
        let status = match world.calls.fetch_add(1, Ordering::Relaxed) % 7 {
            6 => "500 Internal Server Error",
            _ => {
                let id = headers.get("ce-subject").expect("the transaction").clone();
                *world.delivered.lock().expect("no panic").entry(id).or_default() += 1;
                "200 OK"
            }
        };
        line.send(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").as_bytes())?;
    }
}

/// Sends one callback after the other, each until it is acknowledged.
fn send(world: &World, sender: u64) {
    let mut line = None;
    let mut number = 0_u64;
    while !world.stop.load(Ordering::Relaxed) {
        let transaction = format!("txn_{sender}_{number}");
        let mut tries = 0;
        while once(world, &mut line, &transaction).is_none() {
            line = None;
            tries += 1;
            // Nothing listens for a moment: a router starts within a few of these.
            std::thread::sleep(Duration::from_millis(5));
        }
        if tries > 0 {
            world.repeats.fetch_add(1, Ordering::Relaxed);
        }
        world.acknowledged.lock().expect("no panic").insert(transaction);
        number += 1;
    }
}

/// One try; `Some` where it was acknowledged.
fn once(world: &World, line: &mut Option<Line>, transaction: &str) -> Option<()> {
    if line.is_none() {
        let address = (*world.router.lock().expect("no panic"))?;
        *line = Some(Line::new(TcpStream::connect(address).ok()?));
    }
    let line = line.as_mut()?;
    line.send(&brz::request("/brz", transaction))?;
    let (first, _) = line.message()?;
    first.starts_with("HTTP/1.1 200 ").then_some(())
}

fn config(folder: &Path, destination: SocketAddr) -> PathBuf {
    std::fs::write(folder.join("brz.secret"), brz::SECRET).expect("a secret");
    let text = format!(
        "[listen]\npublic = \"127.0.0.1:0\"\n[store]\npath = \"data/store.db\"\n\
         [secrets]\nbrz = {{ file = \"brz.secret\" }}\n\
         [[routes]]\nname = \"brz\"\npath = \"/brz\"\nadapter = \"builtin:brz\"\n\
         secrets = {{ signing-secret = [\"brz\"] }}\ndeliver = [\"ledger\"]\n\
         [destinations.ledger]\nurl = \"http://{destination}/\"\n\
         retry = [\"50ms\", \"50ms\", \"50ms\", \"50ms\", \"50ms\", \"50ms\", \"50ms\", \"50ms\"]\n"
    );
    let path = folder.join("hooks.toml");
    std::fs::write(&path, text).expect("a config");
    path
}

/// A fixed sequence of moments, 0 to 249 ms after the router listens.
fn moment(kill: usize) -> Duration {
    let mixed = (kill as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
    Duration::from_millis(mixed % 250)
}

#[test]
fn whatever_was_acknowledged_survives_being_killed() {
    let world = Arc::new(World::default());
    let folder = tempfile::tempdir().expect("a folder");
    let path = config(folder.path(), destination(&world));
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let world = Arc::clone(&world);
            std::thread::spawn(move || send(&world, sender))
        })
        .collect();
    for kill in 0..KILLS {
        let router = Router::start(&path);
        *world.router.lock().expect("no panic") = Some(router.address);
        // The moment is what is tried.
        std::thread::sleep(moment(kill));
        *world.router.lock().expect("no panic") = None;
        drop(router);
        check(&world, folder.path());
    }
    let router = Router::start(&path);
    *world.router.lock().expect("no panic") = Some(router.address);
    world.stop.store(true, Ordering::Relaxed);
    senders.into_iter().for_each(|sender| sender.join().expect("a sender that ends"));
    let acknowledged = world.acknowledged.lock().expect("no panic").clone();
    let began = Instant::now();
    loop {
        let missing = missing(&world, &acknowledged);
        if missing == 0 {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{missing} were never delivered");
        std::thread::sleep(Duration::from_millis(20));
    }
    let recorded = check(&world, folder.path());
    let delivered = world.delivered.lock().expect("no panic");
    println!(
        "killed {KILLS} times: {} acknowledged, {recorded} recorded, {} delivered, {} of them more \
         than once; {} callbacks were sent again",
        acknowledged.len(),
        delivered.len(),
        delivered.values().filter(|times| **times > 1).count(),
        world.repeats.load(Ordering::Relaxed),
    );
    assert!(acknowledged.len() > KILLS, "there was load");
}

fn missing(world: &World, acknowledged: &BTreeSet<String>) -> usize {
    let delivered = world.delivered.lock().expect("no panic");
    acknowledged.iter().filter(|id| !delivered.contains_key(*id)).count()
}

/// All that was acknowledged before this is recorded, and nothing twice; how much is recorded.
fn check(world: &World, folder: &Path) -> usize {
    let acknowledged = world.acknowledged.lock().expect("no panic").clone();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let db = Connection::open_with_flags(folder.join("data/store.db"), flags).expect("the file");
    let mut all = db.prepare("SELECT subject FROM events").expect("a query");
    let found = all.query_map([], |row| row.get::<_, String>(0)).expect("rows");
    let found: Vec<String> = found.collect::<Result<_, _>>().expect("subjects");
    let once: BTreeSet<&String> = found.iter().collect();
    assert_eq!(once.len(), found.len(), "an event is recorded twice");
    for transaction in &acknowledged {
        assert!(once.contains(transaction), "{transaction} was acknowledged and is lost");
    }
    found.len()
}
