//! Delivering a queue to a destination that takes all of it: events per second, and what the
//! process holds, for queues that grow tenfold. The destination is a process of its own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hookswitch::deliver::{Engine, Limits};
use hookswitch::generation::{Cell, Destination, Generation};
use hookswitch::model::{Clock, DeliveryStatus, EventStatus, GenerationId, KindPattern};
use hookswitch::route::Table;
use hookswitch::store::{DeliveryFilter, Embedded, Store};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::load;
use crate::rows::{self, Place, Row, insert, recording};

/// Set in the environment of the process that takes deliveries.
pub(crate) const ROLE: &str = "HOOKSWITCH_BENCH_TAKE";
/// Set to the largest queue where 100,000 is the wrong one.
const QUEUED: &str = "HOOKSWITCH_BENCH_QUEUED";
/// How often the process's memory is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// Measures and prints the table.
pub(crate) fn print() {
    let most = std::env::var(QUEUED).map_or(100_000, |text| text.parse().expect("a number"));
    let mut destination = Taking::start();
    println!("delivering what is queued to one destination on this machine, 32 at once");
    println!("(of the file the store keeps 4 MiB for its writer, 8 MiB for each reader)");
    println!("queued   events/s  memory before   at the peak   after, MiB");
    // The first one fills what fills once: caches, pools, threads.
    for queued in [most / 100, most / 100, most / 10, most] {
        let Measured { per_second, before, peak, after } = measure(&destination.url, queued);
        println!("{queued:>6}  {per_second:>9.0}  {before:>13.1}  {peak:>12.1}  {after:>11.1}");
    }
    println!();
    destination.process.kill().and_then(|()| destination.process.wait()).expect("it ends");
}

struct Measured {
    per_second: f64,
    before: f64,
    peak: f64,
    after: f64,
}

fn measure(url: &str, queued: u64) -> Measured {
    let place = Place::new();
    fill(&place, queued);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let store = Arc::new(place.open());
    let before = resident();
    let (stop, stopped) = watch::channel(false);
    let engine = Engine {
        store: Arc::clone(&store) as Arc<dyn Store>,
        cell: Arc::new(Cell::new(generation(url), 0)),
        clock: Clock::system(),
        limits: Limits::default(),
    };
    let peak = Arc::new(AtomicU64::new(0));
    let watching = keep_looking(Arc::clone(&peak), stopped.clone());
    let start = Instant::now();
    let engine = runtime.spawn(engine.run(stopped));
    runtime.block_on(until_done(&store));
    let took = start.elapsed();
    let after = resident();
    stop.send_replace(true);
    runtime.block_on(engine).expect("it stops");
    watching.join().expect("it stops");
    let peak = peak.load(Ordering::Relaxed).max(after);
    Measured {
        per_second: queued as f64 / took.as_secs_f64(),
        before: mib(before),
        peak: mib(peak),
        after: mib(after),
    }
}

fn fill(place: &Place, queued: u64) {
    let db = place.plain("off");
    let now_ms = Clock::system().now_ms();
    db.execute_batch("BEGIN").expect("a transaction");
    for number in 0..queued {
        let row = Row {
            recording: recording(number, now_ms),
            event: EventStatus::Accepted,
            delivery: DeliveryStatus::Waiting,
        };
        insert(&db, &row).expect("it is inserted");
    }
    rows::count(&db, 0).expect("they are counted");
    db.execute_batch("COMMIT").expect("it is committed");
}

async fn until_done(store: &Embedded) {
    loop {
        let statuses = vec![DeliveryStatus::Waiting];
        let filter = DeliveryFilter { statuses, limit: 1, ..DeliveryFilter::default() };
        if store.deliveries(filter).await.expect("a page").rows.is_empty() {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn keep_looking(
    peak: Arc<AtomicU64>,
    stopped: watch::Receiver<bool>,
) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        while !*stopped.borrow() {
            peak.fetch_max(resident(), Ordering::Relaxed);
            std::thread::sleep(LOOK);
        }
    })
}

/// Bytes of memory that this process has.
pub(crate) fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup").expect("Linux");
    let line = text.lines().find_map(|line| line.strip_prefix("Rss:")).expect("its memory");
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kib << 10
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn generation(url: &str) -> Generation {
    let routes = Table::build(Vec::new()).expect("no conflicts");
    let destination = Arc::new(destination(url.to_owned()));
    let destinations = [(destination.name.clone(), destination)].into();
    Generation { destinations, ..Generation::new(GenerationId(1), routes) }
}

/// Where the events of all rows go.
pub(crate) fn destination(url: String) -> Destination {
    Destination {
        name: "books".to_owned(),
        url,
        events: vec![KindPattern::parse("*").expect("a pattern")],
        secrets: Vec::new(),
        retry: vec![Duration::from_secs(60)],
        timeout: Duration::from_secs(10),
        concurrency: 32,
        offline: None,
    }
}

/// A process that takes deliveries.
struct Taking {
    process: Child,
    url: String,
}

impl Taking {
    fn start() -> Taking {
        let me = std::env::current_exe().expect("this program");
        let child = Command::new(me).env(ROLE, "1").stdout(Stdio::piped()).spawn();
        let mut process = child.expect("a process that takes");
        let mut url = String::new();
        let mut said = BufReader::new(process.stdout.take().expect("its output"));
        said.read_line(&mut url).expect("it says where");
        Taking { process, url: url.trim().to_owned() }
    }
}

/// The main function of the process that takes deliveries.
pub(crate) fn take() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("http://{}/", socket.local_addr().expect("its address"));
        loop {
            let (stream, _) = socket.accept().await.expect("a connection");
            tokio::spawn(keep_taking(stream));
        }
    });
}

/// Each whole request gets a 200, until the other end closes.
async fn keep_taking(mut stream: TcpStream) {
    stream.set_nodelay(true).expect("no delay");
    let mut request = Vec::with_capacity(8192);
    loop {
        request.clear();
        while !load::is_whole(&request) {
            match stream.read_buf(&mut request).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => return,
            }
        }
        let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        if stream.write_all(reply).await.is_err() {
            return;
        }
    }
}
