//! Deliveries as they are shown.

use rusqlite::{Connection, OptionalExtension as _, params_from_iter};

use super::find::{Conditions, bound_of_time, end_of_time};
use super::row::{self, delivery_number, kept, rows};
use crate::model::{Addressee, DeliveryId, DeliveryStatus, EventId};
use crate::store::{DeliveryFilter, DeliveryShown, Page};

pub(super) fn deliveries(
    db: &Connection,
    filter: &DeliveryFilter,
) -> rusqlite::Result<Page<DeliveryShown>> {
    let conditions = conditions(db, filter)?;
    let most = filter.offset.saturating_add(filter.limit).saturating_add(1);
    let mut seqs = Vec::new();
    let mut total = 0;
    // One query for each status, since each then has an index in the right order.
    for status in each(&filter.statuses) {
        let mut one = conditions.clone();
        if let Some(status) = status {
            let number = delivery_number(status);
            one.add("status = ?", number);
            if status != DeliveryStatus::Delivered {
                one.say("status <> 2");
            }
        }
        let sql = one.sql();
        let find =
            format!("SELECT seq FROM deliveries {sql} ORDER BY seq DESC LIMIT {}", rows(most));
        let mut find = db.prepare_cached(&find)?;
        let found = find.query_map(params_from_iter(&one.values), |row| row.get::<_, i64>(0))?;
        seqs.extend(found.collect::<rusqlite::Result<Vec<_>>>()?);
        if filter.count {
            let count = format!("SELECT count(*) FROM deliveries {sql}");
            let mut count = db.prepare_cached(&count)?;
            total += count.query_row(params_from_iter(&one.values), |row| row::number(row, 0))?;
        }
    }
    seqs.sort_unstable_by(|a, b| b.cmp(a));
    let more = seqs.len() > filter.offset.saturating_add(filter.limit);
    let page = seqs.iter().skip(filter.offset).take(filter.limit).map(|seq| at(db, *seq));
    let rows = page.collect::<rusqlite::Result<_>>()?;
    Ok(Page { rows, total: filter.count.then_some(total), more })
}

/// Each status that is wanted, or once none: whichever it is.
fn each(statuses: &[DeliveryStatus]) -> Vec<Option<DeliveryStatus>> {
    match statuses {
        [] => vec![None],
        some => some.iter().copied().map(Some).collect(),
    }
}

fn conditions(db: &Connection, filter: &DeliveryFilter) -> rusqlite::Result<Conditions> {
    let mut conditions = Conditions::default();
    if let Some(to) = &filter.to {
        conditions.add("addressee = ?", to.to_string());
    }
    if let Some(subject) = &filter.subject {
        let text = "event IN (SELECT seq FROM events WHERE subject = ?)";
        conditions.add(text, subject.clone());
    }
    if let Some(kind) = &filter.kind {
        let text = "(kind = ? OR substr(kind, instr(kind, '.') + 1) = ?)";
        conditions.add(text, kind.clone());
    }
    if let Some(ms) = filter.from_ms {
        bound_of_time(db, ("deliveries", ms), &mut conditions)?;
        conditions.add("created_ms >= ?", kept(ms));
    }
    if let Some(ms) = filter.to_ms {
        end_of_time(db, ("deliveries", ms), &mut conditions)?;
        conditions.add("created_ms <= ?", kept(ms));
    }
    if let Some(before) = &filter.before {
        let id = before.as_bytes().to_vec();
        conditions.add("seq < coalesce((SELECT seq FROM deliveries WHERE id = ?), 0)", id);
    }
    Ok(conditions)
}

pub(super) fn one(db: &Connection, id: DeliveryId) -> rusqlite::Result<Option<DeliveryShown>> {
    let sql = "SELECT seq FROM deliveries WHERE id = ?1";
    let seq = db.prepare_cached(sql)?.query_row([id.as_bytes()], |row| row.get(0)).optional()?;
    seq.map(|seq| at(db, seq)).transpose()
}

pub(super) fn at(db: &Connection, seq: i64) -> rusqlite::Result<DeliveryShown> {
    let sql = "SELECT d.id, d.addressee, e.id, e.kind, e.subject, d.status, e.data, c.body, \
               d.attempts, d.due_ms, d.delivered_ms, d.created_ms, a.status, a.body, a.error \
               FROM deliveries d JOIN events e ON e.seq = d.event \
               JOIN callbacks c ON c.seq = e.callback \
               LEFT JOIN attempts a ON a.delivery = d.seq AND a.number = d.attempts \
               WHERE d.seq = ?1";
    db.prepare_cached(sql)?.query_row([seq], |row| {
        let status = row::delivery_status(row, 5)?;
        let data: Option<String> = row.get(6)?;
        let payload = match data {
            Some(data) => data.into_bytes(),
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
