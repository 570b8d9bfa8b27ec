//! What plugins remember, sealed.

use rusqlite::params;

use super::row::{self, kept};
use super::seal::Seal;
use super::writer::{Desk, JobFault};
use crate::model::StateChange;
use crate::store::StoreFault;

fn place(scope: &str, key: &str) -> String {
    format!("state\0{scope}\0{key}")
}

pub(super) fn keep(desk: &Desk<'_>, changes: &[StateChange]) -> Result<(), JobFault> {
    for StateChange { scope, key, value } in changes {
        match value {
            Some((value, ends_ms)) => {
                let sealed = desk
                    .seal
                    .seal(&place(scope, key), value)
                    .map_err(|error| JobFault::Refused(StoreFault::Failing(error.to_string())))?;
                let sql = "INSERT OR REPLACE INTO state (scope, key, value, ends_ms) \
                           VALUES (?1, ?2, ?3, ?4)";
                let mut put = desk.db.prepare_cached(sql)?;
                put.execute(params![scope, key, sealed, kept(*ends_ms)])?;
            }
            None => {
                let sql = "DELETE FROM state WHERE scope = ?1 AND key = ?2";
                desk.db.prepare_cached(sql)?.execute([scope, key])?;
            }
        }
    }
    Ok(())
}

/// All that hasn't ended. What no key opens is left out: a plugin has to do without what it
/// remembered, as it does after an end.
pub(super) fn remembered(
    db: &rusqlite::Connection,
    seal: &Seal,
    now_ms: u64,
) -> rusqlite::Result<Vec<StateChange>> {
    let mut all = db.prepare("SELECT scope, key, value, ends_ms FROM state WHERE ends_ms > ?1")?;
    let rows = all.query_map([kept(now_ms)], |row| {
        let (scope, key): (String, String) = (row.get(0)?, row.get(1)?);
        let sealed: Vec<u8> = row.get(2)?;
        let value = seal.open(&place(&scope, &key), &sealed);
        let ends_ms = row::number(row, 3)?;
        Ok(value.map(|opened| StateChange { scope, key, value: Some((opened.plain, ends_ms)) }))
    })?;
    rows.filter_map(Result::transpose).collect()
}
