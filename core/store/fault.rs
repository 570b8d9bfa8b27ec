//! Why the store didn't do what it was asked.

use thiserror::Error;

/// Why a call of the store failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreFault {
    /// Ours: too many calls wait, or the store holds all that it may. Try again later.
    #[error("the store is full: {0}")]
    Full(&'static str),
    /// Ours: the file can't be read or written. Try again later.
    #[error("the store fails: {0}")]
    Failing(String),
    /// Ours: the process is ending.
    #[error("the store is closed")]
    Closed,
    /// The caller's: there is nothing of this id.
    #[error("there is nothing of this id")]
    NotFound,
    /// The caller's: there are as many as there may be.
    #[error("there are {0} already, and no more may be")]
    TooMany(usize),
    /// The caller's: the delivery's event isn't true, or isn't known to be.
    #[error("its event isn't confirmed")]
    Untrue,
    /// The caller's: it is a request, which is answered, and owed to nobody.
    #[error("it is a request: it was answered, and is delivered to nobody")]
    Request,
}
