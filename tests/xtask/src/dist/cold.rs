//! From the start of the process to the first answered callback: the router is started again and
//! again in a folder that holds the binary and one TOML file, where possible as its whole world.
//!
//! Each run sends a genuine callback of its own, and only a recorded one counts.

use std::fmt;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use ring::hmac;

use super::outside::Outside;

const RUNS: usize = 20;
const AIM: Duration = Duration::from_millis(50);
/// The first run compiles the plugin.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_micros(200);
const SECRET: &str = "whsec_0123456789abcdef0123456789abcdef";
const VARIABLE: &str = "BRZ_SIGNING_SECRET";
/// Ways to make a folder the whole world: for root, and for who may have namespaces of their own.
const WAYS: [&[&str]; 2] = [&["chroot"], &["unshare", "--map-root-user", "chroot"]];

/// What was measured.
pub(super) struct Started {
    /// Whether the folder was all that there was.
    alone: bool,
    compiling: Duration,
    /// From the shortest.
    runs: Vec<Duration>,
}

impl fmt::Display for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let place = match self.alone {
            true => "in a chroot with nothing but one TOML file",
            false => "in an empty folder, not in a chroot: that takes a static binary",
        };
        let (least, most) = (self.runs[0], self.runs[self.runs.len() - 1]);
        let median = self.runs[self.runs.len() / 2];
        let met = if median < AIM { "under" } else { "NOT under" };
        writeln!(
            f,
            "{:7.1} ms  to the first answered callback, median of {RUNS} cold starts",
            ms(median)
        )?;
        writeln!(f, "            with a warm plugin cache ({met} {} ms;", ms(AIM))?;
        writeln!(f, "            {:.1} to {:.1} ms), {place}", ms(least), ms(most))?;
        writeln!(f, "{:7.1} ms  the same where the plugin is compiled first", ms(self.compiling))?;
        writeln!(f, "    passed  a name resolved by [outbound] nameservers, and a delivery to it")
    }
}

/// Starts it once so that the cache is warm, and then counts.
pub(super) fn measure(binary: &Path, target: &Path) -> Result<Started> {
    let outside = Outside::start()?;
    let place = Place::make(binary, &target.join("dist/cold"), &outside)?;
    let compiling = place.run()?;
    ensure!(outside.was_told(PATIENCE), "no delivery came to the name that was to be resolved");
    let mut runs = (0..RUNS).map(|_| place.run()).collect::<Result<Vec<_>>>()?;
    runs.sort();
    Ok(Started { alone: place.way.is_some(), compiling, runs })
}

/// The folder that it runs in.
struct Place {
    folder: PathBuf,
    /// How it is made the whole world; `None`: it isn't.
    way: Option<&'static [&'static str]>,
    address: SocketAddr,
}

impl Place {
    fn make(binary: &Path, folder: &Path, outside: &Outside) -> Result<Place> {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        fs::copy(binary, folder.join("hookswitch"))
            .with_context(|| binary.display().to_string())?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        fs::write(folder.join("hooks.toml"), config(address, outside))?;
        let works = |way: &&&[&str]| {
            let mut command = command(Some(way), folder);
            let done =
                command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
            done.is_ok_and(|status| status.success())
        };
        let way = WAYS.iter().find(works).copied();
        Ok(Place { folder: folder.to_owned(), way, address })
    }

    /// One start, one callback, one orderly end; from the start to the answer.
    fn run(&self) -> Result<Duration> {
        let callback = callback()?;
        let log = fs::File::create(self.folder.with_extension("log"))?;
        let mut command = command(self.way, &self.folder);
        command.args(["serve", "--config", "hooks.toml", "--log", "json"]);
        command.env_clear().env(VARIABLE, SECRET).stdin(Stdio::null());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        let start = Instant::now();
        let mut router = Router(command.stdout(Stdio::null()).stderr(log).spawn()?);
        let reply = self.answer(&mut router, &callback, start);
        let took = start.elapsed();
        let reply = reply.with_context(|| self.log())?;
        ensure!(reply.starts_with("HTTP/1.1 200"), "it said {reply:?}\n{}", self.log());
        router.end()?;
        Ok(took)
    }

    /// Calls until it listens, and gives the start of what it says.
    fn answer(&self, router: &mut Router, callback: &[u8], start: Instant) -> Result<String> {
        let mut stream = loop {
            if let Ok(stream) = TcpStream::connect(self.address) {
                break stream;
            }
            if let Some(status) = router.0.try_wait()? {
                bail!("the router ended: {status}");
            }
            ensure!(start.elapsed() < PATIENCE, "the router doesn't listen");
            std::thread::sleep(LOOK_EVERY);
        };
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(callback)?;
        let mut said = [0; 1024];
        let length = stream.read(&mut said)?;
        Ok(String::from_utf8_lossy(&said[..length]).into_owned())
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.with_extension("log")).unwrap_or_default()
    }
}

/// The binary in its folder.
fn command(way: Option<&[&str]>, folder: &Path) -> Command {
    let Some([program, rest @ ..]) = way else {
        let mut command = Command::new(folder.join("hookswitch"));
        command.current_dir(folder);
        return command;
    };
    let mut command = Command::new(program);
    // Both end in the new root.
    command.args(rest).arg(folder).arg("/hookswitch");
    command
}

fn config(address: SocketAddr, outside: &Outside) -> String {
    let (asked, told) = (outside.names, outside.destination.port());
    format!(
        r#"[listen]
public = "{address}"
[outbound]
nameservers = ["{asked}"]
[[routes]]
name = "brz"
path = "/brz"
adapter = "builtin:brz"
secrets = {{ signing-secret = {{ env = "{VARIABLE}" }} }}
deliver = ["ledger"]
[destinations.ledger]
url = "http://ledger.test:{told}/events"
secret = {{ env = "{VARIABLE}" }}
"#
    )
}

/// One callback of BRZ's, with an event of its own.
fn callback() -> Result<Vec<u8>> {
    #[allow(clippy::disallowed_methods, reason = "the callback is signed as of now")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
    let (time, id) = (now.as_secs(), now.as_nanos());
    let body = format!(
        r#"{{"event":"pix.cash_in.confirmed","timestamp":"2026-08-01T10:00:00Z","data":{{"id":"{id}","status":"completed"}}}}"#
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = hmac::sign(&key, format!("{time}.{body}").as_bytes());
    let signature: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let length = body.len();
    let head = format!(
        "POST /brz HTTP/1.1\r\nhost: hooks.example.com\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nx-webhook-timestamp: {time}\r\n\
         x-webhook-signature: sha256={signature}\r\n\r\n"
    );
    Ok(format!("{head}{body}").into_bytes())
}

/// Killed when this value goes, unless it ended before.
struct Router(Child);

impl Router {
    fn end(&mut self) -> Result<()> {
        let told = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status()?;
        ensure!(told.success(), "the router can't be told to stop");
        let status = self.0.wait()?;
        ensure!(status.success(), "the router ended with {status}");
        Ok(())
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        // It may have ended already; there is nobody left to tell.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
