//! A reload storm: 200 edits in 20 seconds, half of them broken, plugins' files swapped too, while
//! callbacks come. None of them fails, none sees two generations, and nothing is left behind.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::router::Router;

const EDITS: usize = 200;
const EVERY: Duration = Duration::from_millis(100);
const SENDERS: usize = 3;

/// A config in a folder, and the plugins that it names.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        let place = Place { folder: tempfile::tempdir().expect("a folder") };
        for folder in ["config/routes", "plugins"] {
            std::fs::create_dir_all(place.path(folder)).expect("a folder");
        }
        let router = "[listen]\npublic = \"127.0.0.1:0\"\ndebug_headers = true\n\
                      [limits]\nplugin_deadline = \"20s\"\n";
        std::fs::write(place.path("config/router.toml"), router).expect("a file");
        for version in [0, 1] {
            std::fs::write(place.path(&format!("plugins/p{version}.wasm")), telling(version))
                .expect("a plugin");
        }
        std::fs::write(place.path("plugins/swap.wasm"), telling(0)).expect("a plugin");
        place.rename_routes(&routes(0));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// As editors save: a new file takes the place of the old one.
    fn rename(&self, name: &str, bytes: &[u8]) {
        let fresh = self.path("fresh");
        std::fs::write(&fresh, bytes).expect("written");
        std::fs::rename(fresh, self.path(name)).expect("renamed");
    }

    fn rename_routes(&self, text: &str) {
        self.rename("config/routes/storm.toml", text.as_bytes());
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).expect("written");
    }

    /// The edits by turns: every second one leaves something broken.
    fn edit(&self, number: usize) {
        let good = routes(number);
        match number % 10 {
            0 | 4 => self.rename_routes(&good),
            1 => self.rename_routes("[[routes]\n"),
            2 => self.write("config/routes/storm.toml", good.as_bytes()),
            3 => self.write("config/routes/storm.toml", &good.as_bytes()[..good.len() / 2]),
            5 => self.rename_routes(&good.replace("\"telling\"", "\"tolling\"")),
            6 => {
                self.rename_routes(&good);
                self.rename("plugins/swap.wasm", &telling(number / 10 % 2));
            }
            7 => self.write("plugins/swap.wasm", &telling(0)[..100]),
            8 => self.write("plugins/swap.wasm", &telling(number / 10 % 2)),
            _ => std::fs::remove_file(self.path("plugins/swap.wasm")).expect("deleted"),
        }
    }

    /// Undoes what may be broken, and says what runs then.
    fn mend(&self, number: usize) {
        self.rename("plugins/swap.wasm", &telling(number % 2));
        self.rename_routes(&routes(number));
    }
}

/// A plugin whose replies have the status 200 + version.
fn telling(version: usize) -> Vec<u8> {
    let text = include_str!("guests/telling-adapter.wat");
    wat::parse_str(text.replace("VERSION", &(200 + version).to_string())).expect("a module")
}

/// Which plugin `/telling` has follows from the number in its settings; `/swap` has whatever is in
/// its file.
fn routes(number: usize) -> String {
    format!(
        "[plugins.telling]\nsource = \"../../plugins/p{}.wasm\"\n\
         [plugins.swap]\nsource = \"../../plugins/swap.wasm\"\n\
         [[routes]]\nname = \"telling\"\npath = \"/telling\"\nadapter = \"telling\"\n\
         settings = {{ n = {number} }}\n\
         [[routes]]\nname = \"swap\"\npath = \"/swap\"\nadapter = \"swap\"\n\
         settings = {{ n = {number} }}\n",
        number % 2
    )
}

/// What a reply told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Told {
    generation: u64,
    version: usize,
    number: usize,
}

/// A kept connection.
struct Caller {
    stream: BufReader<TcpStream>,
}

impl Caller {
    fn new(address: SocketAddr) -> Caller {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out");
        Caller { stream: BufReader::new(stream) }
    }

    /// Calls, and takes the reply apart. Anything but a telling one is a failed callback.
    fn call(&mut self, path: &str) -> Result<Told, String> {
        let request = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{{}}");
        let said = |error: std::io::Error| error.to_string();
        self.stream.get_mut().write_all(request.as_bytes()).map_err(said)?;
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).map_err(said)?;
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_lowercase()),
            }
        }
        let value = |name: &str| head.iter().find_map(|line| line.strip_prefix(name));
        let length = value("content-length: ").and_then(|length| length.parse().ok());
        let mut body = vec![0; length.ok_or_else(|| format!("{head:?}"))?];
        self.stream.read_exact(&mut body).map_err(said)?;
        let status: Option<usize> =
            head.first().and_then(|line| line.split(' ').nth(1)).and_then(|s| s.parse().ok());
        let settings: Option<serde_json::Value> = serde_json::from_slice(&body).ok();
        let number = settings.and_then(|settings| settings["n"].as_u64());
        match (value("x-hookswitch-generation: "), status, number) {
            (Some(generation), Some(status @ 200..=201), Some(number)) => Ok(Told {
                generation: generation.parse().map_err(|_| format!("{head:?}"))?,
                version: status - 200,
                number: usize::try_from(number).expect("a number"),
            }),
            _ => Err(format!("{head:?} {}", String::from_utf8_lossy(&body))),
        }
    }
}

/// Calls both routes by turns until told to stop: what each call told.
fn keep_calling(
    address: SocketAddr,
    stop: Arc<AtomicBool>,
) -> std::thread::JoinHandle<Vec<(&'static str, Result<Told, String>)>> {
    std::thread::spawn(move || {
        let mut caller = Caller::new(address);
        let mut told = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            for path in ["/telling", "/swap"] {
                let reply = caller.call(path);
                if reply.is_err() {
                    caller = Caller::new(address);
                }
                told.push((path, reply));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        told
    })
}

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

/// Waits until callbacks have filled what the store keeps of its file in memory, which is bounded
/// (4 MiB) and none of what a reload could leave behind.
fn fill_caches(place: &Place) {
    let db = rusqlite::Connection::open(place.path("data/hookswitch.db")).expect("the store");
    let pages = || -> i64 {
        db.pragma_query_value(None, "page_count", |row| row.get(0)).expect("its pages")
    };
    let began = Instant::now();
    while pages() * 4096 < 6 << 20 {
        assert!(began.elapsed() < Duration::from_secs(120), "{} pages", pages());
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_reload_storm_fails_and_mixes_nothing_and_leaves_nothing_behind() {
    let place = Place::new();
    let router = Router::start(&place.path("config"));
    let stop = Arc::new(AtomicBool::new(false));
    let senders: Vec<_> =
        (0..SENDERS).map(|_| keep_calling(router.address, Arc::clone(&stop))).collect();
    // What every reload needs once: the compiler's memory, a second generation's.
    for number in 1..=20 {
        place.mend(number);
        runs(router.address, number);
    }
    fill_caches(&place);
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
    stop.store(true, Ordering::Relaxed);
    let told: Vec<_> =
        senders.into_iter().flat_map(|sender| sender.join().expect("no panic")).collect();

    let failed: Vec<_> = told.iter().filter_map(|(_, told)| told.as_ref().err()).collect();
    let mixed = mixed(&told);
    let grown = (memory_after / memory_before - 1.0) * 100.0;
    println!(
        "{EDITS} edits in {:.0?}: {} callbacks, {} failed, {} mixed; {} generations; memory {grown:+.1} %, \
         open files {files_before} before and {files_after} after",
        took,
        told.len(),
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
