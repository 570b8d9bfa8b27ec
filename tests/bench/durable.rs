//! Durable acknowledgements per second: of the store, and of plain SQL that inserts the same rows
//! in transactions as large, on the same disk in turns. Then of the whole line, verified.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hookswitch::model::{Clock, DeliveryStatus, EventStatus};
use hookswitch::store::{Embedded, Recorded, Recording, Store as _};
use rusqlite::Connection;
use tokio::runtime::Runtime;

use crate::adapter::Adapter;
use crate::cost;
use crate::load::{self, Load};
use crate::rows::{self, Place, Row, insert, recording};

/// Callers of the store at once, and rows of one plain transaction.
const TOGETHER: [u64; 3] = [1, 32, 256];
const ROUNDS: usize = 5;
/// How long each is measured in each round.
const TIME: Duration = Duration::from_millis(1000);
/// Callbacks over connections in each round, and how many differ.
const CALLS: usize = 16_384;
const DIFFERENT: usize = 1024;

/// Measures and prints the table.
pub(crate) fn print() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let numbers = AtomicU64::new(1);
    let line = Line::new(&runtime);
    let rounds: Vec<Round> = (0..ROUNDS)
        .map(|_| Round {
            store: TOGETHER.map(|callers| record(&runtime, &numbers, callers)),
            plain: TOGETHER.map(|rows| plain(&numbers, rows, "full")),
            unsynced: TOGETHER.map(|rows| plain(&numbers, rows, "off")),
            line: line.measure(),
        })
        .collect();
    show(&rounds);
    runtime.shutdown_background();
}

/// Acknowledgements per second.
struct Round {
    store: [f64; 3],
    plain: [f64; 3],
    unsynced: [f64; 3],
    line: f64,
}

fn show(rounds: &[Round]) {
    let middle = |rate: &dyn Fn(&Round) -> f64| cost::median(rounds.iter().map(rate));
    println!("durable acknowledgements per second, median of {ROUNDS} rounds in turns");
    println!("at once  store    plain SQL  store/plain  of plain SQL's time, the disk has");
    for (at, together) in TOGETHER.iter().enumerate() {
        let (store, plain) = (middle(&|round| round.store[at]), middle(&|round| round.plain[at]));
        let ratio = middle(&|round| round.store[at] / round.plain[at]);
        let disk = middle(&|round| 1.0 - round.plain[at] / round.unsynced[at]);
        let disk = disk * 100.0;
        println!("{together:>7}  {store:>7.0}  {plain:>9.0}  {ratio:>11.2}  {disk:>5.0} %");
    }
    let group = middle(&|round| round.store[2] / round.store[0]);
    println!("group commit: 256 at once over one at a time: {group:.1} (bound: at least 10)");
    let (rate, over) = (middle(&|round| round.line), middle(&|round| round.line / round.plain[2]));
    println!(
        "verified, over 256 connections: {rate:.0}, over plain SQL by 256: {over:.2} (bound: at \
         least 0.25)\n"
    );
}

/// How often the store acknowledged in a second, asked by so many at once.
fn record(runtime: &Runtime, numbers: &AtomicU64, callers: u64) -> f64 {
    let place = Place::new();
    let store = Arc::new(place.open());
    let over = Arc::new(AtomicBool::new(false));
    // Made before: it isn't the store's work to make them up.
    let most = 4000 * callers.min(8);
    let from = numbers.fetch_add(most, Ordering::Relaxed);
    let now_ms = Clock::system().now_ms();
    let mut waiting: Vec<Vec<_>> = (0..callers).map(|_| Vec::new()).collect();
    for number in from..from + most {
        waiting[(number % callers) as usize].push(recording(number, now_ms));
    }
    let start = Instant::now();
    let callers: Vec<_> = waiting
        .into_iter()
        .map(|recordings| {
            runtime.spawn(keep_recording(Arc::clone(&store), recordings, Arc::clone(&over)))
        })
        .collect();
    while start.elapsed() < TIME && !callers.iter().all(tokio::task::JoinHandle::is_finished) {
        std::thread::sleep(Duration::from_millis(1));
    }
    over.store(true, Ordering::Relaxed);
    let done: u64 = callers
        .into_iter()
        .map(|caller| runtime.block_on(caller).expect("all of them are recorded"))
        .sum();
    done as f64 / start.elapsed().as_secs_f64()
}

async fn keep_recording(
    store: Arc<Embedded>,
    recordings: Vec<Recording>,
    over: Arc<AtomicBool>,
) -> u64 {
    let mut done = 0;
    for recording in recordings {
        let recorded = store.record(recording).await.expect("it is recorded");
        assert!(matches!(recorded, Recorded::New(events) if events.len() == 1), "it is new");
        done += 1;
        if over.load(Ordering::Relaxed) {
            break;
        }
    }
    done
}

/// The same for plain SQL, with so many rows in each transaction.
fn plain(numbers: &AtomicU64, rows: u64, synchronous: &str) -> f64 {
    let place = Place::new();
    let db = place.plain(synchronous);
    let most = 4000 * rows.min(8);
    let from = numbers.fetch_add(most, Ordering::Relaxed);
    let now_ms = Clock::system().now_ms();
    let made: Vec<Row> = (from..from + most)
        .map(|number| Row {
            recording: recording(number, now_ms),
            event: EventStatus::Accepted,
            delivery: DeliveryStatus::Waiting,
        })
        .collect();
    let start = Instant::now();
    let mut done = 0;
    for batch in made.chunks_exact(rows as usize) {
        commit(&db, batch).expect("it is inserted");
        done += batch.len();
        if start.elapsed() >= TIME {
            break;
        }
    }
    done as f64 / start.elapsed().as_secs_f64()
}

fn commit(db: &Connection, batch: &[Row]) -> rusqlite::Result<()> {
    db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let last = rows::last(db)?;
    for row in batch {
        insert(db, row)?;
    }
    rows::count(db, last)?;
    db.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

/// The router's line over a real store, and callbacks for it.
struct Line {
    _place: Place,
    to: std::net::SocketAddr,
    calls: Vec<Vec<u8>>,
}

impl Line {
    fn new(runtime: &Runtime) -> Line {
        let place = Place::new();
        let store = Arc::new(place.open());
        let (to, calls) = runtime.block_on(async {
            let adapter = Adapter::new("brz").await;
            let binding = adapter.bind(cost::REUSE).await;
            let made = adapter.more(DIFFERENT).await;
            let calls = made.iter().map(|call| cost::request(call, "durable")).collect();
            (cost::serve_one(("durable", binding), store).await, calls)
        });
        Line { _place: place, to, calls }
    }

    fn measure(&self) -> f64 {
        let connections = 256;
        load::run(self.to, &self.calls, Load::eager(connections, CALLS / 8));
        let start = Instant::now();
        load::run(self.to, &self.calls, Load::eager(connections, CALLS));
        CALLS as f64 / start.elapsed().as_secs_f64()
    }
}
