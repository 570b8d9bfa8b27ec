//! Counts of the deliveries that a batch inserts: each sort is added to `delivery_blocks` once a
//! batch, in its transaction. What becomes of a delivery before that the triggers have counted off
//! already, so the order in which both come doesn't matter.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::deliveries::BLOCK_BITS;

/// One delivery that was inserted.
pub(super) struct Made<'m> {
    pub(super) seq: i64,
    pub(super) addressee: &'m str,
    pub(super) kind: &'m str,
    pub(super) status: i64,
    pub(super) at_ms: i64,
}

/// How many there are of one sort, and when the first and the last of them were made.
struct Count {
    many: i64,
    from_ms: i64,
    to_ms: i64,
}

/// By addressee, kind, block and status.
#[derive(Default)]
pub(super) struct Counts(BTreeMap<(String, String, i64, i64), Count>);

impl Counts {
    pub(super) fn add(&mut self, made: &Made<'_>) {
        let &Made { seq, addressee, kind, status, at_ms } = made;
        let sort = (addressee.to_owned(), kind.to_owned(), seq >> BLOCK_BITS, status);
        let new = Count { many: 0, from_ms: at_ms, to_ms: at_ms };
        let count = self.0.entry(sort).or_insert(new);
        count.many += 1;
        count.from_ms = count.from_ms.min(at_ms);
        count.to_ms = count.to_ms.max(at_ms);
    }

    /// Adds all of them to what is kept.
    pub(super) fn keep(self, db: &Connection) -> rusqlite::Result<()> {
        let sql = "INSERT INTO delivery_blocks (addressee, kind, block, status, many, from_ms, \
                   to_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
                   ON CONFLICT DO UPDATE SET many = many + excluded.many, \
                   from_ms = min(from_ms, excluded.from_ms), to_ms = max(to_ms, excluded.to_ms) \
                   RETURNING many";
        let mut add = db.prepare_cached(sql)?;
        let sql = "DELETE FROM delivery_blocks WHERE addressee = ?1 AND kind = ?2 AND block = ?3 \
                   AND status = ?4";
        let mut clean = db.prepare_cached(sql)?;
        for ((to, kind, block, status), Count { many, from_ms, to_ms }) in &self.0 {
            let row = params![to, kind, block, status, many, from_ms, to_ms];
            let many: i64 = add.query_one(row, |row| row.get(0))?;
            if many == 0 {
                clean.execute(params![to, kind, block, status])?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_before_it_is_counted_is_counted_as_it_is_then() -> rusqlite::Result<()> {
        let db = Connection::open_in_memory()?;
        db.execute_batch(include_str!("schema.sql"))?;
        let mut counts = Counts::default();
        for seq in 8000..8400_i64 {
            let to = if seq % 2 == 0 { "books" } else { "mail" };
            let kind = if seq % 3 == 0 { "b" } else { "a.paid" };
            let sql = "INSERT INTO deliveries (seq, id, event, addressee, kind, status, due_ms, \
                       created_ms) VALUES (?1, ?2, 1, ?3, ?4, 0, 0, ?1)";
            db.execute(sql, params![seq, seq.to_be_bytes(), to, kind])?;
            counts.add(&Made { seq, addressee: to, kind, status: 0, at_ms: seq });
        }
        db.execute_batch(
            "UPDATE deliveries SET status = 5 WHERE addressee = 'mail'; \
             UPDATE deliveries SET status = 2 WHERE seq % 7 = 0; \
             UPDATE deliveries SET status = 0 WHERE seq % 14 = 0; \
             DELETE FROM deliveries WHERE seq % 5 = 0 OR kind = 'b' AND addressee = 'books'",
        )?;
        counts.keep(&db)?;
        let there = "SELECT seq >> 13, addressee, kind, status, count(*) FROM deliveries \
                     GROUP BY 1, 2, 3, 4";
        let counted = "SELECT block, addressee, kind, status, many FROM delivery_blocks";
        for (one, other) in [(there, counted), (counted, there)] {
            let sql = format!("SELECT count(*) FROM ({one} EXCEPT {other})");
            assert_eq!(db.query_row(&sql, [], |row| row.get::<_, i64>(0))?, 0);
        }
        let sql = "SELECT count(*) FROM deliveries d JOIN delivery_blocks b ON b.block = seq >> 13 \
                   AND b.addressee = d.addressee AND b.kind = d.kind AND b.status = d.status \
                   WHERE created_ms < from_ms OR created_ms > to_ms";
        assert_eq!(db.query_row(sql, [], |row| row.get::<_, i64>(0))?, 0);
        Ok(())
    }
}
