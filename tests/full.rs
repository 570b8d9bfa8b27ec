//! A disk that takes no more, and then does again: the router says so, acknowledges nothing that
//! isn't written, and goes on by itself. The disk is a bound on how large the router's files may
//! be, which can be set and lifted while it runs.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use crate::support::brz;
use crate::support::router::{Reply, Router};

const PATIENCE: Duration = Duration::from_secs(60);

/// An address that nobody listens on.
fn free() -> String {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
    socket.local_addr().expect("its address").to_string()
}

fn config(admin: &str) -> String {
    format!(
        "[listen]\npublic = \"127.0.0.1:0\"\nadmin = \"{admin}\"\n\
         [store]\npath = \"data/store.db\"\n\
         [secrets]\nbrz = {{ file = \"brz.secret\" }}\n\
         [[routes]]\nname = \"brz\"\npath = \"/brz\"\nadapter = \"builtin:brz\"\n\
         secrets = {{ signing-secret = [\"brz\"] }}\n"
    )
}

/// Sends a genuine callback about this transaction.
fn send(router: &Router, transaction: usize) -> Reply {
    let body = brz::body(&format!("txn_{transaction}"));
    let headers = brz::headers(&body);
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    router.post("/brz", &headers, body.as_bytes())
}

fn ready(admin: &str) -> Reply {
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {admin}\r\nconnection: close\r\n\r\n");
    let mut stream = std::net::TcpStream::connect(admin).expect("a connection");
    std::io::Write::write_all(&mut stream, request.as_bytes()).expect("it is sent");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut stream, &mut text).expect("a reply");
    Reply::parse(&text)
}

/// Asks until it is so ready.
fn await_ready(admin: &str, status: u16) -> Reply {
    let began = Instant::now();
    loop {
        let reply = ready(admin);
        if reply.status == status {
            return reply;
        }
        assert!(began.elapsed() < PATIENCE, "{reply:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Bounds each file of the router; `None` lifts the bound.
fn bound(router: &Router, bytes: Option<u64>) {
    let pid = Pid::from_raw(i32::try_from(router.id()).expect("a process id"));
    let maximum = getrlimit(Resource::Fsize).maximum;
    let limit = Rlimit { current: bytes.or(maximum), maximum };
    prlimit(pid, Resource::Fsize, limit).expect("the limit is set");
}

#[test]
fn a_full_disk_refuses_callbacks_until_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let admin = free();
    std::fs::write(folder.path().join("brz.secret"), brz::SECRET).expect("a secret");
    let path = folder.path().join("hooks.toml");
    std::fs::write(&path, config(&admin)).expect("a config");
    let router = Router::start(&path);
    assert_eq!(send(&router, 0).status, 200);
    await_ready(&admin, 200);
    let log = folder.path().join("data/store.db-wal");
    bound(&router, Some(std::fs::metadata(&log).expect("a log").len() + 200_000));
    let taken = (1..1000).take_while(|n| send(&router, *n).status == 200).count();
    assert!((1..999).contains(&taken), "some fit, and some don't: {taken}");
    let reply = await_ready(&admin, 503);
    assert!(reply.body.contains("store_failing"), "{reply:?}");
    let refused = router.post("/brz", &[], b"{}");
    assert_eq!(refused.status, 503, "before anything is verified: {refused:?}");
    assert!(refused.head.contains("retry-after:"), "{refused:?}");
    bound(&router, None);
    await_ready(&admin, 200);
    assert_eq!(send(&router, 1000).status, 200);
    let db = rusqlite::Connection::open(folder.path().join("data/store.db")).expect("the file");
    let kept: i64 =
        db.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).expect("a count");
    let acknowledged = i64::try_from(taken).expect("few") + 2;
    // The one that was refused may be there too: it was never said not to be.
    assert!((acknowledged..=acknowledged + 1).contains(&kept), "{kept} of {acknowledged}");
    router.terminate();
    let (status, log) = router.ended();
    assert!(status.success() && log.contains("the store can be written again"), "{log}");
}
