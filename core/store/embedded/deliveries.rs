//! Deliveries as they are shown.

#[cfg(test)]
mod tests;

use rusqlite::{Connection, OptionalExtension as _, params_from_iter};

use super::find::Conditions;
use super::row::{self, delivery_number, kept, rows};
use crate::model::{Addressee, DeliveryId, DeliveryStatus, EventId};
use crate::store::{DeliveryFilter, DeliveryShown, Page};

/// A block is this many bits of `seq`, as the schema says.
pub(super) const BLOCK_BITS: u32 = 13;

pub(super) fn deliveries(
    db: &Connection,
    filter: &DeliveryFilter,
) -> rusqlite::Result<Page<DeliveryShown>> {
    let mut wanted = Wanted::of(db, filter)?;
    let seqs = match &filter.subject {
        Some(subject) => wanted.about(db, subject)?,
        None => wanted.in_blocks(db)?,
    };
    let rows = seqs.iter().take(filter.limit).map(|seq| at(db, *seq));
    Ok(Page {
        rows: rows.collect::<rusqlite::Result<_>>()?,
        total: filter.count.then_some(wanted.total),
        more: seqs.len() > filter.limit,
    })
}

/// What is looked for, and how much of it was found.
struct Wanted<'f> {
    filter: &'f DeliveryFilter,
    /// What a row has to fit.
    rows: Conditions,
    /// What a group of rows in a block has to fit, so that any of its rows may fit.
    groups: Conditions,
    /// All of them are before this one.
    end: Option<i64>,
    total: u64,
}

impl<'f> Wanted<'f> {
    fn of(db: &Connection, filter: &'f DeliveryFilter) -> rusqlite::Result<Wanted<'f>> {
        let (mut rows, mut end) = (Conditions::default(), None);
        if let Some(to) = &filter.to {
            rows.add("addressee = ?", to.to_string());
        }
        if let Some(kind) = &filter.kind {
            rows.any("kind", kinds(db, kind)?);
        }
        if !filter.statuses.is_empty() {
            rows.any("status", filter.statuses.iter().copied().map(delivery_number));
            // Said as the index says it, which is found by that.
            if !filter.statuses.contains(&DeliveryStatus::Delivered) {
                rows.say("status <> 2");
            }
        }
        let mut groups = rows.clone();
        if let Some(ms) = filter.from_ms {
            rows.add("created_ms >= ?", kept(ms));
            groups.add("to_ms >= ?", kept(ms));
        }
        if let Some(ms) = filter.to_ms {
            rows.add("created_ms <= ?", kept(ms));
            groups.add("from_ms <= ?", kept(ms));
        }
        if let Some(before) = &filter.before {
            let sql = "SELECT seq FROM deliveries WHERE id = ?1";
            let mut find = db.prepare_cached(sql)?;
            let seq: i64 =
                find.query_row([before.as_bytes()], |row| row.get(0)).optional()?.unwrap_or(0);
            rows.add("seq < ?", seq);
            groups.add("block <= ?", seq >> BLOCK_BITS);
            end = Some(seq);
        }
        Ok(Wanted { filter, rows, groups, end, total: 0 })
    }

    /// Those of a subject: never so many that they couldn't be looked at one by one.
    fn about(&mut self, db: &Connection, subject: &str) -> rusqlite::Result<Vec<i64>> {
        let mut conditions = self.rows.clone();
        conditions.add("event IN (SELECT seq FROM events WHERE subject = ?)", subject.to_owned());
        let sql = format!(
            "SELECT seq FROM deliveries INDEXED BY deliveries_event {} ORDER BY seq DESC",
            conditions.sql()
        );
        let mut find = db.prepare_cached(&sql)?;
        let found = find.query_map(params_from_iter(&conditions.values), |row| row.get(0))?;
        let mut seqs = found.collect::<rusqlite::Result<Vec<i64>>>()?;
        self.total = seqs.len() as u64;
        seqs.drain(..self.filter.offset.min(seqs.len()));
        Ok(seqs)
    }

    /// The page's rows and one more, block by block from the newest; whole blocks are passed over
    /// by their count alone.
    fn in_blocks(&mut self, db: &Connection) -> rusqlite::Result<Vec<i64>> {
        let mut groups = self.groups.clone();
        let partly = self.partly(&mut groups);
        let sql = format!(
            "SELECT block, sum(many), {partly} FROM delivery_blocks {} GROUP BY block \
             ORDER BY block DESC",
            groups.sql()
        );
        let mut blocks = db.prepare_cached(&sql)?;
        let mut blocks = blocks.query(params_from_iter(&groups.values))?;
        let (mut seqs, mut skip) = (Vec::new(), self.filter.offset as u64);
        while let Some(row) = blocks.next()? {
            let (block, many): (i64, u64) = (row.get(0)?, row::number(row, 1)?);
            let cut = self.end.is_some_and(|end| end >> BLOCK_BITS == block);
            let many = match cut || row.get(2)? {
                true => self.count(db, block)?,
                false => many,
            };
            self.total += many;
            if many <= skip {
                skip -= many;
            } else if seqs.len() <= self.filter.limit {
                self.find(db, (block, skip), &mut seqs)?;
                skip = 0;
            } else if !self.filter.count {
                break;
            }
        }
        Ok(seqs)
    }

    /// SQL that says whether a block may have rows of the wrong time in groups that fit.
    fn partly(&self, groups: &mut Conditions) -> String {
        let from = self.filter.from_ms.map(|ms| format!("from_ms < {}", groups.value(kept(ms))));
        let to = self.filter.to_ms.map(|ms| format!("to_ms > {}", groups.value(kept(ms))));
        let either: Vec<String> = from.into_iter().chain(to).collect();
        match either.is_empty() {
            true => "0".to_owned(),
            false => format!("max({})", either.join(" OR ")),
        }
    }

    /// How many of a block fit, looked at one by one.
    fn count(&self, db: &Connection, block: i64) -> rusqlite::Result<u64> {
        let rows = self.of_block(block);
        let sql = format!("SELECT count(*) FROM deliveries {}", rows.sql());
        let mut count = db.prepare_cached(&sql)?;
        count.query_row(params_from_iter(&rows.values), |row| row::number(row, 0))
    }

    /// What is missing of the page, of those in a block that fit, without the newest `skip`.
    fn find(
        &self,
        db: &Connection,
        (block, skip): (i64, u64),
        seqs: &mut Vec<i64>,
    ) -> rusqlite::Result<()> {
        let mut conditions = self.of_block(block);
        let missing = self.filter.limit.saturating_add(1).saturating_sub(seqs.len());
        let (limit, offset) = (conditions.value(rows(missing)), conditions.value(kept(skip)));
        let sql = format!(
            "SELECT seq FROM deliveries {} ORDER BY seq DESC LIMIT {limit} OFFSET {offset}",
            conditions.sql()
        );
        let mut find = db.prepare_cached(&sql)?;
        for seq in find.query_map(params_from_iter(&conditions.values), |row| row.get(0))? {
            seqs.push(seq?);
        }
        Ok(())
    }

    fn of_block(&self, block: i64) -> Conditions {
        let mut rows = self.rows.clone();
        rows.add("seq >= ?", block << BLOCK_BITS);
        rows.add("seq < ?", (block + 1) << BLOCK_BITS);
        rows
    }
}

/// The kinds that are meant by this one, which may lack its provider's prefix. There are few kinds,
/// and each is found at one step through the index.
fn kinds(db: &Connection, kind: &str) -> rusqlite::Result<Vec<String>> {
    let sql = "WITH RECURSIVE known (kind) AS (SELECT min(kind) FROM deliveries UNION ALL \
               SELECT (SELECT min(kind) FROM deliveries WHERE kind > known.kind) FROM known \
               WHERE known.kind IS NOT NULL) \
               SELECT kind FROM known WHERE kind = ?1 OR substr(kind, instr(kind, '.') + 1) = ?1";
    db.prepare_cached(sql)?.query_map([kind], |row| row.get(0))?.collect()
}

pub(super) fn one(db: &Connection, id: DeliveryId) -> rusqlite::Result<Option<DeliveryShown>> {
    let sql = "SELECT seq FROM deliveries WHERE id = ?1";
    let seq = db.prepare_cached(sql)?.query_row([id.as_bytes()], |row| row.get(0)).optional()?;
    seq.map(|seq| at(db, seq)).transpose()
}

/// Bytes of a payload that are shown: a page has many.
const PAYLOAD_MOST: usize = 64 << 10;

pub(super) fn at(db: &Connection, seq: i64) -> rusqlite::Result<DeliveryShown> {
    let sql = "SELECT d.id, d.addressee, e.id, e.kind, e.subject, d.status, \
               CASE WHEN octet_length(e.data) <= ?2 THEN e.data END, \
               CASE WHEN e.data IS NULL AND octet_length(c.body) <= ?2 THEN c.body END, \
               d.attempts, d.due_ms, d.delivered_ms, d.created_ms, a.status, a.body, a.error \
               FROM deliveries d JOIN events e ON e.seq = d.event \
               JOIN callbacks c ON c.seq = e.callback \
               LEFT JOIN attempts a ON a.delivery = d.seq AND a.number = d.attempts \
               WHERE d.seq = ?1";
    db.prepare_cached(sql)?.query_row([seq, rows(PAYLOAD_MOST)], |row| {
        let status = row::delivery_status(row, 5)?;
        let data: Option<String> = row.get(6)?;
        let payload = match data {
            Some(data) => Some(data.into_bytes()),
            None => row.get(7)?,
        };
        let waits = status == DeliveryStatus::Waiting;
        Ok(DeliveryShown {
            id: DeliveryId::from_bytes(row::id(row, 0)?),
            to: Addressee::parse(&row.get::<_, String>(1)?),
            event: EventId::from_bytes(row::id(row, 2)?),
            kind: row.get(3)?,
            subject: row.get(4)?,
            status,
            payload,
            response_status: row.get(12)?,
            response_body: row.get(13)?,
            error: row.get(14)?,
            attempts: row.get(8)?,
            due_ms: row::maybe_number(row, 9)?.filter(|_| waits),
            delivered_ms: row::maybe_number(row, 10)?,
            created_ms: row::number(row, 11)?,
        })
    })
}
