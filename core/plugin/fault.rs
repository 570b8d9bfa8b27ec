//! How a plugin can break its contract. Every fault ends one call, and says by its word what the
//! plugin did; none ends the router.

use thiserror::Error;
use wasmtime::{PoolConcurrencyLimitError, Trap};

/// What went wrong in a call of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// It ran past its deadline.
    #[error("the plugin ran past its deadline")]
    Deadline,
    /// It wanted more memory than it may have.
    #[error("the plugin wanted more memory than its limit")]
    Memory,
    /// It wanted a larger table than it may have.
    #[error("the plugin wanted a larger table than its limit")]
    Table,
    /// It recursed too deeply.
    #[error("the plugin used up its stack")]
    Stack,
    /// It trapped, or asked for what its phase may not do.
    #[error("the plugin trapped: {0}")]
    Trap(String),
    /// It asked for what its phase or its config doesn't grant.
    #[error("the plugin asked for what it may not do: {0}")]
    Forbidden(&'static str),
    /// The secret that it should sign with isn't given, or is no key that can.
    #[error(
        "nothing signs: the secret {0:?} isn't given, or holds no key that can sign in its form"
    )]
    NoKey(String),
    /// What it returned is too large, or breaks the contract.
    #[error("the plugin returned what it may not: {0}")]
    Returned(String),
    /// No instance was free in time. The plugin is slow or the router overloaded.
    #[error("no instance of the plugin was free in time")]
    Busy,
    /// It doesn't export what was called.
    #[error("the plugin doesn't export {0}")]
    Missing(&'static str),
    /// It failed too often, and isn't called for a while.
    #[error("the plugin failed too often and is in quarantine")]
    Quarantined,
}

impl Fault {
    /// Every word that there is.
    pub(super) const WORDS: [&'static str; 11] = [
        "deadline",
        "memory",
        "table",
        "stack",
        "trap",
        "forbidden",
        "no-key",
        "returned",
        "busy",
        "missing",
        "quarantined",
    ];

    /// One word for logs and metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Fault::Deadline => "deadline",
            Fault::Memory => "memory",
            Fault::Table => "table",
            Fault::Stack => "stack",
            Fault::Trap(_) => "trap",
            Fault::Forbidden(_) => "forbidden",
            Fault::NoKey(_) => "no-key",
            Fault::Returned(_) => "returned",
            Fault::Busy => "busy",
            Fault::Missing(_) => "missing",
            Fault::Quarantined => "quarantined",
        }
    }

    /// Whether the plugin itself did something wrong, rather than how it is used.
    pub(super) fn is_of_the_plugin(&self) -> bool {
        match self {
            Fault::Deadline
            | Fault::Memory
            | Fault::Table
            | Fault::Stack
            | Fault::Trap(_)
            | Fault::Forbidden(_)
            | Fault::Returned(_) => true,
            Fault::NoKey(_) | Fault::Busy | Fault::Missing(_) | Fault::Quarantined => false,
        }
    }
}

/// A host function's refusal; it ends the call as the fault that it holds.
#[derive(Debug, Error)]
#[error("{0}")]
pub(super) struct Refusal(pub(super) Fault);

/// Names what an engine's error was, given what the limiter saw of the call.
pub(super) fn classify(error: &wasmtime::Error, breach: Option<&Fault>) -> Fault {
    if let Some(Refusal(fault)) = error.downcast_ref::<Refusal>() {
        return fault.clone();
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return Fault::Busy;
    }
    match (error.downcast_ref::<Trap>(), breach) {
        (Some(Trap::StackOverflow), _) => Fault::Stack,
        (Some(Trap::Interrupt), _) => Fault::Deadline,
        // A guest whose allocator is refused memory usually aborts: the refusal is the cause.
        (_, Some(breach)) => breach.clone(),
        (Some(trap), None) => Fault::Trap(trap.to_string()),
        (None, None) => Fault::Trap(error.root_cause().to_string()),
    }
}
