//! Events found by who answered them: each of those, whatever it was built of, by an index in the
//! order of events, and so no further than a page needs.

use rusqlite::Connection;
use rusqlite::types::Value;

use super::find::Conditions;
use crate::store::EventFilter;

/// Where rows are looked for, each with the conditions that hold there. Every one of them has the
/// columns that filters name.
pub(super) fn sources(
    db: &Connection,
    filter: &EventFilter,
    conditions: Conditions,
) -> rusqlite::Result<Vec<(String, Conditions)>> {
    let Some(name) = &filter.answered_by else {
        return Ok(match (filter.fallback, &filter.subject) {
            (true, _) => vec![(answers("a.fallback <> 0"), conditions)],
            // A subject has few events, whose order is soon found; a kind or a route may have
            // nearly all.
            (false, Some(_)) => vec![("events INDEXED BY events_subject".to_owned(), conditions)],
            (false, None) => vec![("events".to_owned(), conditions)],
        });
    };
    let fallback = if filter.fallback { " AND a.fallback <> 0" } else { "" };
    let source = |by: Value| {
        let mut conditions = conditions.clone();
        let place = conditions.value(by);
        (answers(&format!("a.computed_by = {place}{fallback}")), conditions)
    };
    Ok(known_by(db, name)?.into_iter().map(|by| source(by.into())).collect())
}

/// Events whose standing answer is such a one.
fn answers(condition: &str) -> String {
    format!(
        "(SELECT a.event AS seq FROM answers a CROSS JOIN requests q ON q.event = a.event \
         AND q.stands = a.seq WHERE {condition}) CROSS JOIN (SELECT seq AS event, route, kind, \
         subject, status, recorded_ms FROM events) ON event = seq"
    )
}

/// What answers say they are by, of a plugin of this name, `quotes@<hash>`: there are as many as it
/// had builds, and each is found at one step through the index. Or the name itself: a URL, which is
/// kept without its query, or one build.
fn known_by(db: &Connection, name: &str) -> rusqlite::Result<Vec<String>> {
    let sql = "WITH RECURSIVE known (name) AS (SELECT min(computed_by) FROM answers \
               WHERE computed_by >= ?1 AND computed_by < ?2 UNION ALL \
               SELECT (SELECT min(computed_by) FROM answers \
               WHERE computed_by > known.name AND computed_by < ?2) FROM known \
               WHERE known.name IS NOT NULL) SELECT name FROM known WHERE name IS NOT NULL";
    // `A` is what follows `@`.
    let bounds = [format!("{name}@"), format!("{name}A")];
    let mut found: Vec<String> =
        db.prepare_cached(sql)?.query_map(bounds, |row| row.get(0))?.collect::<Result<_, _>>()?;
    found.push(name.split('?').next().unwrap_or_default().to_owned());
    Ok(found)
}
