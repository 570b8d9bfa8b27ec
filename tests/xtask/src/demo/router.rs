//! The router as a child process, with its output in a log file.
//!
//! It is killed when this value goes, whichever way the demo ends.

use std::fs::{self, File};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::material::Material;
use super::{LOOK_EVERY, Stop};

/// Compiling all plugins on a slow machine takes seconds.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Lines of the log that are shown when the router has ended by itself.
const LOG_LINES: usize = 40;

/// A running router.
pub(crate) struct Router {
    child: Child,
    log: PathBuf,
}

impl Router {
    /// Starts it and waits until it listens.
    pub(crate) fn start(program: &Path, material: &Material, stop: &Stop) -> Result<Self> {
        let log = File::create(&material.log).context("the router's log can't be written")?;
        let child = Command::new(program)
            .arg("serve")
            .arg("--config")
            .arg(&material.config)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| program.display().to_string())?;
        let mut router = Self { child, log: material.log.clone() };
        let start = Instant::now();
        while TcpStream::connect(material.address).is_err() {
            router.is_up()?;
            if stop.is_asked() {
                bail!("it was ended from outside");
            }
            if start.elapsed() > START_TIMEOUT {
                bail!("the router does not listen. Its log ends with\n{}", router.log_end());
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(router)
    }

    /// An error with the end of its log, if it has ended.
    pub(crate) fn is_up(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => {
                bail!("the router ended ({status}). Its log ends with\n{}", self.log_end())
            }
        }
    }

    fn log_end(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        // It may have ended already; there is nobody left to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
