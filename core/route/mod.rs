//! Which route a call is for: patterns, and the table that looks them up. Method and path decide,
//! nothing else, and the path is matched as it was sent.

mod pattern;
mod table;
#[cfg(test)]
mod tests;

pub use pattern::{PATTERN_BYTES_MAX, Pattern, PatternFault};
pub use table::{Conflict, Endpoint, Found, Table};
