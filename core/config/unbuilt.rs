//! Which keys are read and checked but do nothing yet. A part that gets built loses its rows here,
//! and nothing else has to change for the warning to end.

use super::Problem;
use super::tree::Entry;

/// One key without effect.
struct Unbuilt {
    /// The table, by its title.
    table: &'static str,
    key: &'static str,
    /// What follows.
    so: Option<&'static str>,
}

const fn row(table: &'static str, key: &'static str) -> Unbuilt {
    Unbuilt { table, key, so: None }
}

const UNBUILT: &[Unbuilt] = &[row("[[routes]]", "expect_every")];

/// The warning that a key earns, if any.
pub(crate) fn warning(table: &str, entry: &Entry) -> Option<Problem> {
    let key = entry.key.value.as_str();
    let row = UNBUILT.iter().find(|row| row.table == table && row.key == key)?;
    let message = format!("{key} in {table} has no effect yet");
    let problem = Problem::warning(message).at(&entry.key.place);
    Some(match row.so {
        Some(so) => problem.help(so),
        None => problem,
    })
}
