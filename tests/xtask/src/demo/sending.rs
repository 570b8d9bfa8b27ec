//! Sends one callback with `hookswitch send`, which signs it as the provider would, and asks the
//! router over its admin API.
//!
//! A wait for an answer is bounded, and a request to stop ends it.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::calls::{Call, Provider};
use super::material::{KEY, Material, PARTNER};
use super::{LOOK_EVERY, Stop};

/// The router's own limit for a call is well below.
const SEND_TIMEOUT: Duration = Duration::from_secs(60);

/// Characters of an answer that the table has room for.
const SHOWN: usize = 60;

/// What sending needs.
pub(crate) struct Sender<'a> {
    pub(crate) program: &'a Path,
    pub(crate) material: &'a Material,
    pub(crate) stop: &'a Stop,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u64,
    latency_us: u64,
    pub(crate) body: String,
}

impl Sender<'_> {
    /// The kinds that an adapter can make; asked for none, the sending command lists them.
    pub(crate) fn kinds(&self, provider: Provider) -> Result<Vec<String>> {
        let output = self.run(self.command(provider))?;
        let kinds: Vec<String> =
            String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
        if kinds.is_empty() {
            bail!("the adapter {} lists no kinds: {}", provider.name(), complaint(&output));
        }
        Ok(kinds)
    }

    /// Sends a call and reads the answer.
    pub(crate) fn send(&self, call: &Call) -> Result<Answer> {
        let mut flags: Vec<String> = call.sent.flags().iter().map(ToString::to_string).collect();
        flags.extend(call.id().into_iter().flat_map(|id| ["--option".into(), format!("id={id}")]));
        let mut answers = self.post(call.provider, &call.kind, &call.path(), &flags)?;
        answers.pop().context("it was not sent")
    }

    /// Sends one kind with these flags; the answer to each time that it was sent.
    pub(crate) fn post(
        &self,
        provider: Provider,
        kind: &str,
        path: &str,
        flags: &[String],
    ) -> Result<Vec<Answer>> {
        let mut command = self.command(provider);
        command.arg(kind).arg("--json").args(flags);
        command.arg("--to").arg(format!("{}{path}", self.material.url()));
        command.args(self.credentials(provider));
        let output = self.run(command)?;
        // A refusal ends with 1 as well: what counts is that there is an answer.
        let said = String::from_utf8_lossy(&output.stdout);
        let answers: Vec<Answer> = said.lines().filter_map(read).collect();
        if answers.is_empty() {
            bail!("{} {kind} was not sent: {}", provider.name(), complaint(&output));
        }
        Ok(answers)
    }

    /// Runs a command over the admin API; what it printed, unless it failed.
    pub(crate) fn ask(&self, args: &[&str]) -> Result<String> {
        let mut command = Command::new(self.program);
        let key = fs::read_to_string(&self.material.key).context("the key for the admin API")?;
        command.args(args).env("HOOKSWITCH_API", self.material.api());
        command.env("HOOKSWITCH_KEY_ID", KEY).env("HOOKSWITCH_KEY_SECRET", key.trim());
        let output = self.run(command)?;
        if !output.status.success() {
            bail!("`hookswitch {}`: {}", args.join(" "), complaint(&output));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// The objects that it prints.
    pub(crate) fn rows(&self, args: &[&str]) -> Result<Vec<Value>> {
        let said = self.ask(&[args, &["--json"]].concat())?;
        said.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }

    fn command(&self, provider: Provider) -> Command {
        let mut command = Command::new(self.program);
        command.arg("send").arg(format!("builtin:{}", provider.name()));
        command
    }

    fn credentials(&self, provider: Provider) -> Vec<String> {
        let secret = |role: &str, file: &Path| {
            vec!["--secret".to_owned(), format!("{role}=@{}", file.display())]
        };
        match provider {
            Provider::Brij => {
                let mut all = secret("signing-key", &self.material.brij_private);
                all.extend(["--set".to_owned(), format!("partner_id={PARTNER}")]);
                all
            }
            Provider::Brz => secret("signing-secret", &self.material.brz_secret),
            // It signs nothing.
            Provider::Brite => Vec::new(),
        }
    }

    fn run(&self, mut command: Command) -> Result<Output> {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| self.program.display().to_string())?;
        let ended = self.wait(&mut child);
        if ended.is_err() {
            // Its pipes are read to the end below, so it must not live on.
            let _ = child.kill();
        }
        let output = child.wait_with_output()?;
        ended.map(|()| output)
    }

    fn wait(&self, child: &mut Child) -> Result<()> {
        let start = Instant::now();
        while child.try_wait()?.is_none() {
            if self.stop.is_asked() {
                bail!("it was ended from outside");
            }
            if start.elapsed() > SEND_TIMEOUT {
                bail!("no answer in {} s", SEND_TIMEOUT.as_secs());
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }
}

impl Answer {
    /// In milliseconds, with the unit.
    pub(crate) fn latency(&self) -> String {
        format!("{}.{:02} ms", self.latency_us / 1000, self.latency_us % 1000 / 10)
    }

    /// On one line, cut to the table's room.
    pub(crate) fn shortened(&self) -> String {
        let line: String =
            self.body.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        match line.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }
}

fn complaint(output: &Output) -> String {
    format!("{} ({})", String::from_utf8_lossy(&output.stderr).trim(), output.status)
}

fn read(line: &str) -> Option<Answer> {
    let line: Value = serde_json::from_str(line).ok()?;
    Some(Answer {
        status: line["status"].as_u64()?,
        latency_us: line["latency_us"].as_u64()?,
        body: line["body"].as_str().unwrap_or_default().to_owned(),
    })
}
