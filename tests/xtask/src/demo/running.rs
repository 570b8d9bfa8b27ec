//! The router, and the service that answers for it, as child processes with their output in a log
//! file each.
//!
//! One is killed when its value goes, whichever way the demo ends.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::material::Material;
use super::{LOOK_EVERY, Stop};

/// Compiling all plugins on a slow machine takes seconds.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Lines of the log that are shown when one has ended by itself.
const LOG_LINES: usize = 40;

/// A running program.
pub(crate) struct Running {
    what: &'static str,
    child: Child,
    log: PathBuf,
}

impl Running {
    /// The router.
    pub(crate) fn router(program: &Path, material: &Material, stop: &Stop) -> Result<Self> {
        let mut command = Command::new(program);
        command.arg("serve").arg("--config").arg(&material.config);
        Self::start(command, "the router", &material.log, material.address, stop)
    }

    /// The service of `examples/orders`.
    pub(crate) fn orders(program: &Path, material: &Material, stop: &Stop) -> Result<Self> {
        let secret = fs::read_to_string(&material.orders_secret).context("the orders' secret")?;
        let mut command = Command::new(program);
        command.arg(&material.orders_db).arg("--listen").arg(material.orders.to_string());
        command.env("ORDERS_SECRET", secret.trim());
        Self::start(command, "the orders service", &material.orders_log, material.orders, stop)
    }

    /// Starts it and waits until it listens.
    fn start(
        mut command: Command,
        what: &'static str,
        log: &Path,
        address: SocketAddr,
        stop: &Stop,
    ) -> Result<Self> {
        let out = File::create(log).with_context(|| format!("{what}'s log can't be written"))?;
        let child = command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out).spawn();
        let child = child.with_context(|| format!("{what} can't be started"))?;
        let mut running = Self { what, child, log: log.to_owned() };
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            running.is_up()?;
            if stop.is_asked() {
                bail!("it was ended from outside");
            }
            if start.elapsed() > START_TIMEOUT {
                bail!("{what} does not listen. Its log ends with\n{}", running.log_end());
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(running)
    }

    /// An error with the end of its log, if it has ended.
    pub(crate) fn is_up(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => {
                let (what, end) = (self.what, self.log_end());
                bail!("{what} ended ({status}). Its log ends with\n{end}")
            }
        }
    }

    fn log_end(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already; there is nobody left to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
