//! A binding for looking into a callback rather than taking it: the same code and settings over a
//! copy of what it remembers, no network and nothing revealed, so that nothing it does is kept or
//! counted. Its keys may be taken for others, and everything they are asked is written down.

use std::sync::{Arc, Mutex, PoisonError};

use super::binding::Binding;
use super::grant::Grant;
use super::keyring::KeyForm;

/// Which keys an adapter is given while it looks.
#[derive(Clone)]
pub enum Keys {
    /// Its own.
    Own,
    /// Its own, read in this form whatever it asks for.
    Read(KeyForm),
    /// Its own without the white space around them.
    Trimmed,
    /// Those of another use of a plugin, of all its roles, in place of each of its own.
    Of(Arc<Binding>),
}

/// One check that an adapter asked of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The secret's role.
    pub role: String,
    /// What was checked: `HMAC-SHA256, key as utf8`.
    pub scheme: String,
    /// The length of what was signed, in bytes.
    pub message_bytes: usize,
    /// SHA-256 of what was signed, in hexadecimal.
    pub message_sha256: String,
    /// The versions that were there to try, the newest first.
    pub versions: Vec<String>,
    /// The one that matched.
    pub matched: Option<String>,
}

/// Everything that the keys of one look were asked.
#[derive(Debug, Default)]
pub struct Witness(Mutex<Vec<Check>>);

/// An adapter asks for a few; one that asks without end is interrupted, and fills no memory before.
const CHECKS_MAX: usize = 32;

impl Witness {
    pub(super) fn enter(&self, check: Check) {
        let mut checks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if checks.len() < CHECKS_MAX {
            checks.push(check);
        }
    }

    /// Takes what was asked so far; at most 32 checks.
    pub fn take(&self) -> Vec<Check> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Binding {
    /// This binding for looking into a callback, with what its keys will be asked.
    pub fn looking(&self, keys: &Keys) -> (Arc<Binding>, Arc<Witness>) {
        let (own, witness) = (&self.use_of.grant, Arc::new(Witness::default()));
        let keyring = match keys {
            Keys::Own => own.keyring.clone(),
            Keys::Read(form) => own.keyring.read_as(*form),
            Keys::Trimmed => own.keyring.trimmed(),
            Keys::Of(other) => own.keyring.taken_from(&other.use_of.grant.keyring),
        };
        let grant = Grant {
            scope: own.scope.clone(),
            settings: own.settings.clone(),
            keyring: keyring.witnessed(Arc::clone(&witness)),
            ..Grant::default()
        };
        (Binding::aside(self.plugin(), grant, self.use_of.state.copy()), witness)
    }

    /// This binding for asking once more what was answered before: with all that it is granted,
    /// its hosts and what it may be told in plain too, over a copy of what it remembers.
    pub fn asking_again(&self) -> Arc<Binding> {
        let grant = Grant { signing: false, ..self.use_of.grant.clone() };
        Binding::aside(self.plugin(), grant, self.use_of.state.copy())
    }

    /// Whether it is the same code under the same grant: whatever it is asked, it says the same.
    pub fn same_use(&self, other: &Binding) -> bool {
        let (own, theirs) = (&self.use_of.grant, &other.use_of.grant);
        self.plugin().hash() == other.plugin().hash()
            && self.plugin().limits == other.plugin().limits
            && own.settings == theirs.settings
            && own.keyring.equals(&theirs.keyring)
    }

    /// Whether it has any secret at all.
    pub fn has_keys(&self) -> bool {
        !self.use_of.grant.keyring.is_empty()
    }

    /// Whether the other one has the same secrets: then looking with those brings nothing new.
    pub fn same_keys(&self, other: &Binding) -> bool {
        self.use_of.grant.keyring.same(&other.use_of.grant.keyring)
    }
}
