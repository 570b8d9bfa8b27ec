//! Vectors: recorded callbacks, with what an adapter must make of them. They are files, so that
//! the same ones run against an adapter natively and against its component, and are kept by
//! people who don't write Rust.
//!
//! A vector `NAME` is two files of one folder. `NAME.http` is the raw request: request line,
//! headers, a blank line, and the body exactly to the end of the file. `NAME.toml` holds what
//! surrounds it and what is expected. A `defaults.toml` in the folder is merged under each of them.
//! A responder is asked nothing over HTTP: its vector is the `NAME.toml` alone, with a `[request]`.
//!
//! The one invariant: everything that a vector states is compared. A key that nothing would look at
//! is an error, so no vector passes by a slip of the pen.

mod plain;
mod http;
mod exchange;
mod expected;
mod written;
mod confirming;
mod answering;
mod load;
mod mismatch;
mod difference;
mod compare;
mod run;

pub use answering::{Computed, Question, compare_answer};
pub use exchange::{Answered, Exchange, Script, Sent};
pub use expected::Expected;
pub use http::{HttpFault, RawRequest, parse_http};
pub use load::{LoadError, Recorded, load, load_all};
pub use mismatch::{Differing, Mismatch};
pub use plain::{
    Asked, Callback, Came, Confirmation, Decline, DeclineStatus, Event, Outcome, Parsed, Reason,
    Reply, Request, Secret, Vector, Verdict,
};
pub use run::{Subject, run};
