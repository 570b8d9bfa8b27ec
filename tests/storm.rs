//! A reload storm: 200 edits in 20 seconds, half of them broken, while callbacks come: routes,
//! plugins' files, which have vectors, and secrets, rehearsed with what was stored. No callback
//! fails, none sees two generations, and nothing is left behind.

mod caller;
mod place;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use self::caller::{Caller, Heard, Told, keep_calling};
use self::place::Place;
use crate::support::router::Router;

const EDITS: usize = 200;
const EVERY: Duration = Duration::from_millis(100);
const SENDERS: usize = 3;
/// Edits before those that count, at least: until then the allocator's own holdings grow.
const WARMING: usize = 300;

/// Waits until this number runs, and gives its generation.
fn runs(address: SocketAddr, number: usize) -> u64 {
    let start = Instant::now();
    let mut caller = Caller::new(address);
    loop {
        let told = ["/telling", "/swap"].map(|path| caller.call(path).expect("a reply"));
        if told.iter().all(|told| (told.number, told.version) == (number, number % 2)) {
            return told[0].generation;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{told:?}, and {number} was written");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Resident memory in KiB, and open files.
fn holdings(router: &Router) -> (f64, usize) {
    let process = format!("/proc/{}", router.id());
    let status = std::fs::read_to_string(format!("{process}/status")).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    let kib = line.trim().trim_end_matches(" kB").parse().expect("a number");
    (kib, std::fs::read_dir(format!("{process}/fd")).expect("its files").count())
}

/// The same, once connections that were closed here are closed there too.
fn settled(router: &Router) -> (f64, usize) {
    let mut same = 0;
    let mut last = holdings(router);
    while same < 10 {
        std::thread::sleep(Duration::from_millis(50));
        let now = holdings(router);
        same = if now.1 == last.1 { same + 1 } else { 0 };
        last = now;
    }
    last
}

/// The storm that comes before the one that counts: it brings what every reload needs once, and
/// lets callbacks fill what the store keeps of its file in memory, bounded (4 MiB) and none
/// of what a reload could leave behind.
fn warm(place: &Place) {
    let db = rusqlite::Connection::open(place.path("data/hookswitch.db")).expect("the store");
    let pages = || -> i64 {
        db.pragma_query_value(None, "page_count", |row| row.get(0)).expect("its pages")
    };
    let began = Instant::now();
    for number in 0.. {
        if number >= WARMING && pages() * 4096 >= 6 << 20 {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "{} pages", pages());
        place.edit(number);
        std::thread::sleep(EVERY);
    }
}

#[test]
fn a_reload_storm_fails_and_mixes_nothing_and_leaves_nothing_behind() {
    let place = Place::new();
    let router = Router::start_administered(&place.path("config"));
    let stop = Arc::new(AtomicBool::new(false));
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| keep_calling(router.address, (sender, Arc::clone(&stop))))
        .collect();
    warm(&place);
    place.mend(20);
    let first = runs(router.address, 20);
    let (memory_before, files_before) = settled(&router);

    let start = Instant::now();
    for number in 0..EDITS {
        place.edit(number);
        let due = start + EVERY * u32::try_from(number + 1).expect("few");
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    let took = start.elapsed();
    place.mend(1001);
    let last = runs(router.address, 1001);
    let (memory_after, files_after) = settled(&router);
    rehearsed(&place, &router, last);
    stop.store(true, Ordering::Relaxed);
    let mut heard = Heard::default();
    for sender in senders {
        let one = sender.join().expect("no panic");
        heard.told.extend(one.told);
        heard.kept.extend(one.kept);
    }
    let Heard { told, kept } = heard;
    // Whatever ran before is freed with its last callback.
    router.until(GENERATION, |said| said["old"] == Value::Array(Vec::new()));

    let failed: Vec<_> = told.iter().filter_map(|(_, told)| told.as_ref().err()).collect();
    let failed: Vec<_> = kept.iter().filter_map(|one| one.as_ref().err()).chain(failed).collect();
    let mixed = mixed(&told);
    let grown = (memory_after / memory_before - 1.0) * 100.0;
    println!(
        "{EDITS} edits in {:.0?}: {} callbacks, {} failed, {} mixed; {} generations; memory {grown:+.1} %, \
         open files {files_before} before and {files_after} after",
        took,
        told.len() + kept.len(),
        failed.len(),
        mixed.len(),
        last - first,
    );
    assert!(failed.is_empty(), "{:?}", failed[0]);
    assert!(mixed.is_empty(), "{:?}", mixed[0]);
    assert!(last >= first + 2, "the storm was about reloads");
    assert!(grown < 10.0, "{memory_before} KiB before, {memory_after} after");
    assert_eq!(files_before, files_after);
}

const GENERATION: &str = "/api/v1/generation";

/// Another secret beside the one in use, and another code that makes the same of all: reloads
/// that are rehearsed with what came last.
fn rehearsed(place: &Place, router: &Router, generation: u64) {
    let steps: [(&str, &dyn Fn()); 2] =
        [("brz", &|| place.turn(2000)), ("noting", &|| place.swap(2000))];
    for (id, (route, step)) in (generation + 1..).zip(steps) {
        step();
        router.until(GENERATION, |said| said["id"] == id);
        let plan = router.json("/api/v1/plan");
        let rehearsals = plan["plan"]["rehearsals"].as_array().expect("rehearsals");
        let found = rehearsals.iter().find(|one| one["route"] == route);
        let found = found.unwrap_or_else(|| panic!("{route} wasn't rehearsed: {plan}"));
        assert_eq!((&found["callbacks"], &found["differing"]), (&5.into(), &0.into()), "{plan}");
    }
}

/// Replies whose plugin isn't the one that their settings came with, or that differ from another
/// reply of the same route and generation.
fn mixed(told: &[(&'static str, Result<Told, String>)]) -> Vec<String> {
    let mut seen: HashMap<(&str, u64), Told> = HashMap::new();
    let mut numbers: HashMap<u64, usize> = HashMap::new();
    let mut mixed = Vec::new();
    for (path, told) in told {
        let Ok(told) = told else { continue };
        let first = seen.entry((path, told.generation)).or_insert(*told);
        let number = numbers.entry(told.generation).or_insert(told.number);
        let torn = *path == "/telling" && told.version != told.number % 2;
        if torn || first != told || *number != told.number {
            mixed.push(format!("{path}: {told:?}, and before {first:?}, {number}"));
        }
    }
    mixed
}

#[test]
fn sighup_has_the_config_looked_at_once_more() {
    let place = Place::new();
    let router = Router::start(&place.path("config"));
    assert_eq!(runs(router.address, 0), 1);
    router.hang_up();
    place.mend(7);
    router.hang_up();
    assert!(runs(router.address, 7) > 1);
    router.terminate();
    let (status, log) = router.ended();
    assert!(status.success(), "{log}");
}
