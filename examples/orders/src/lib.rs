//! An example of a service that answers requests for the router: orders at a crypto ramp, as BRIJ
//! asks for them, created and cancelled in SQLite. README.md says how it is run and asked.
//!
//! Invariant: an `orderId` is one order for ever. Whatever is asked again is answered as before.

mod status;
mod refusal;
mod signature;
mod terms;
mod book;
mod rules;
mod calls;
mod serving;
#[cfg(test)]
mod tests;

pub use book::Book;
pub use calls::Service;
pub use serving::serve;
pub use signature::Key;
