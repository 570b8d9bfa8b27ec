//! The adapter's tests, natively: recorded vectors, an independent signer, its own simulations, and
//! whatever bytes chance makes.

#![allow(clippy::unwrap_used, reason = "a test may panic: that is how it fails")]

mod hostile;
mod keys;
mod oracle;
mod simulated;
mod vectors;
