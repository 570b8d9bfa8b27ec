//! What the host knows of one instance while it runs: who it works for, which phase it is in, what
//! it has used. The store of every instance holds one.

use std::sync::Arc;
use std::time::Instant;

use wasmtime::ResourceLimiter;

use super::binding::UseOf;
use super::fault::{Fault, Refusal};
use super::fetch::Fetch;
use super::grant::Grant;
use super::keyring::Keyring;
use super::state::State;
use super::wasi::Wasi;
use crate::model::Reason;
use crate::observe::{self, Level};

/// Which export is running: what a plugin may do depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Instantiation.
    Start,
    Describe,
    Configure,
    /// Verify, parse and respond in one.
    Take,
    Verify,
    Parse,
    Respond,
    Confirm,
    Compute,
    Simulate,
    Explain,
    Register,
}

impl Phase {
    /// How many there are.
    pub(super) const COUNT: usize = Phase::Register as usize + 1;

    /// One word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Phase::Start => "start",
            Phase::Describe => "describe",
            Phase::Configure => "configure",
            Phase::Take => "take",
            Phase::Verify => "verify",
            Phase::Parse => "parse",
            Phase::Respond => "respond",
            Phase::Confirm => "confirm",
            Phase::Compute => "compute",
            Phase::Simulate => "simulate",
            Phase::Explain => "explain",
            Phase::Register => "register",
        }
    }

    /// Only these two may see the network and secrets in plain.
    pub(super) fn reaches_out(self) -> bool {
        matches!(self, Phase::Confirm | Phase::Compute)
    }
}

/// The data of one instance's store.
pub(super) struct Call {
    binding: Arc<UseOf>,
    pub(super) phase: Phase,
    pub(super) deadline: Instant,
    used: Used,
    wasi: Option<Box<Wasi>>,
}

/// What an instance has taken, against its limits.
#[derive(Default)]
struct Used {
    memory_bytes: usize,
    log_lines: u32,
    hashed_bytes: usize,
    breach: Option<Fault>,
}

impl Call {
    pub(super) fn new(binding: &Arc<UseOf>, deadline: Instant) -> Call {
        let binding = Arc::clone(binding);
        Call { binding, phase: Phase::Start, deadline, used: Used::default(), wasi: None }
    }

    /// Ready for another callback: what is counted per call starts anew, memory doesn't.
    pub(super) fn begin_again(&mut self) {
        self.used = Used { memory_bytes: self.used.memory_bytes, ..Used::default() };
        if let Some(wasi) = &mut self.wasi {
            wasi.fetch.begin_again();
        }
    }

    /// What its use of the plugin was granted.
    pub(super) fn grant(&self) -> &Grant {
        &self.binding.grant
    }

    pub(super) fn state(&self) -> &State {
        &self.binding.state
    }

    /// All of its memory together.
    pub(super) fn memory_bytes(&self) -> usize {
        self.used.memory_bytes
    }

    /// The limit that it ran into, if it did.
    pub(super) fn breach(&self) -> Option<&Fault> {
        self.used.breach.as_ref()
    }

    /// WASI with nothing granted; made when it is first asked for, since most plugins never do.
    pub(super) fn wasi(&mut self) -> &mut Wasi {
        let binding = &self.binding;
        let phase = self.phase;
        let wasi = self.wasi.get_or_insert_with(|| Box::new(Wasi::new(Fetch::new(binding))));
        wasi.fetch.open = phase.reaches_out();
        wasi
    }

    /// The keys to sign with, where signing is what the router was started for.
    pub(super) fn signing_keyring(&self) -> wasmtime::Result<&Keyring> {
        if self.phase == Phase::Simulate && self.grant().signing {
            return Ok(&self.grant().keyring);
        }
        Err(Refusal(Fault::Forbidden("signing is only for simulated callbacks")).into())
    }

    /// The refusal where a secret can't sign.
    pub(super) fn no_signing_key(role: &str) -> wasmtime::Error {
        Refusal(Fault::NoKey(role.chars().take(64).collect())).into()
    }

    /// A secret in plain, where the phase and the config allow it.
    pub(super) fn reveal(&self, role: &str) -> wasmtime::Result<Result<String, Reason>> {
        if !self.phase.reaches_out() {
            return Err(Refusal(Fault::Forbidden("reveal is only for confirm and compute")).into());
        }
        let granted = self.grant().reveal.iter().any(|name| name == role);
        if !granted {
            let detail = "the config doesn't list this secret under `reveal`";
            return Ok(Err(Reason::new("not_granted", detail)));
        }
        let text = self.grant().keyring.reveal(role).map(|text| text.expose().to_owned());
        Ok(text.ok_or_else(|| Reason::new("no_such_secret", "the config has no such secret")))
    }

    /// Counts what the host hashes or compares for the guest, which nothing can interrupt: all keys
    /// that are tried together, at most as much as the guest's memory could hold.
    pub(super) fn charge(&mut self, bytes: usize, keys: usize) -> wasmtime::Result<()> {
        let bytes = bytes.saturating_mul(keys.max(1));
        self.used.hashed_bytes = self.used.hashed_bytes.saturating_add(bytes);
        if self.used.hashed_bytes <= self.binding.plugin.limits.memory_bytes {
            return Ok(());
        }
        Err(Refusal(Fault::Forbidden(
            "more is hashed or compared in one instance than its memory holds",
        ))
        .into())
    }

    /// Refuses an entry of `state` that is too large.
    pub(super) fn check_state_entry(&self, key: &str, value: &[u8]) -> wasmtime::Result<()> {
        let bytes_max = self.binding.plugin.limits.state_entry_bytes;
        if key.len() + value.len() <= bytes_max {
            return Ok(());
        }
        Err(Refusal(Fault::Forbidden("an entry of state is larger than state_entry_bytes")).into())
    }

    /// Takes a line for the log, cut to its limit; past the limit of lines it says so once.
    pub(super) fn log_line(&mut self, level: Level, message: &str) {
        let limits = &self.binding.plugin.limits;
        self.used.log_lines = self.used.log_lines.saturating_add(1);
        let scope = &self.binding.grant.scope;
        let plugin = &self.binding.plugin.name;
        if self.used.log_lines <= limits.log_lines {
            observe::plugin_line(level, plugin, scope, cut(message, limits.log_line_bytes));
        } else if self.used.log_lines == limits.log_lines + 1 {
            observe::plugin_line(
                Level::Warn,
                plugin,
                scope,
                "further lines of this call are dropped",
            );
        }
    }
}

fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

impl ResourceLimiter for Call {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self.used.memory_bytes - current.min(self.used.memory_bytes);
        let total = total.saturating_add(desired);
        if total > self.binding.plugin.limits.memory_bytes {
            self.used.breach = Some(Fault::Memory);
            return Ok(false);
        }
        self.used.memory_bytes = total;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > self.binding.plugin.table_elements {
            self.used.breach = Some(Fault::Table);
            return Ok(false);
        }
        Ok(true)
    }
}
