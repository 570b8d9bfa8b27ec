//! Whatever is asked, the blocks bring what looking at each row brings, also after rows were
//! changed and forgotten.

use rusqlite::params;

use super::*;

const ROWS: i64 = 6000;
/// So that they lie in two blocks.
const FIRST: i64 = (1 << BLOCK_BITS) - 2500;
const KINDS: [&str; 4] = ["acme.paid", "other.paid", "acme.late", "bare"];
const NAMES: [&str; 3] = ["books", "mail", "watch"];

/// Deliveries over two blocks, some of which changed and some of which went.
fn filled() -> rusqlite::Result<Connection> {
    let db = Connection::open_in_memory()?;
    db.execute_batch(include_str!("../schema.sql"))?;
    db.execute_batch("BEGIN")?;
    for number in FIRST..FIRST + ROWS {
        let row = (id(number), number % 50, number);
        let sql = "INSERT INTO callbacks VALUES (?3, ?1, 'r', 0, 1, 'a', NULL, 'p', 'm', 'u', \
                   '{}', x'')";
        db.prepare_cached(sql)?.execute(params![row.0, row.1, row.2])?;
        let sql = "INSERT INTO events (seq, id, callback, route, provider_id, kind, subject, \
                   status, since_ms, recorded_ms) \
                   VALUES (?3, ?1, ?3, 'r', 'p', 'k', 'subject ' || ?2, 0, 0, 0)";
        db.prepare_cached(sql)?.execute(params![row.0, row.1, row.2])?;
        let sql = "INSERT INTO deliveries (seq, id, event, addressee, kind, status, due_ms, \
                   created_ms) VALUES (?1, ?2, ?1, ?3, ?4, ?5, 0, ?6)";
        // Not quite in order, as they are made at once.
        let created_ms = number * 10 + number * 7 % 100;
        let kind = match number % 1000 {
            3 => KINDS[2],
            4 => KINDS[3],
            _ => KINDS[(number % 7 % 2) as usize],
        };
        let name = NAMES[(number % 5 % 3) as usize];
        let row = params![number, id(number), name, kind, number % 11 % 6, created_ms];
        db.prepare_cached(sql)?.execute(row)?;
    }
    db.execute_batch(
        "INSERT INTO delivery_blocks SELECT seq >> 13, addressee, kind, status, count(*), \
         min(created_ms), max(created_ms) FROM deliveries GROUP BY 1, 2, 3, 4; \
         UPDATE deliveries SET status = 2 WHERE seq % 3 = 0; \
         UPDATE deliveries SET status = 0 WHERE seq % 100 = 50; \
         DELETE FROM deliveries WHERE seq % 17 = 0 OR seq < 5800; COMMIT",
    )?;
    Ok(db)
}

fn id(number: i64) -> [u8; 16] {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    id
}

#[test]
fn groups_are_what_there_is() -> rusqlite::Result<()> {
    let db = filled()?;
    let sql = "SELECT count(*) FROM (SELECT seq >> 13, addressee, kind, status, count(*) \
               FROM deliveries GROUP BY 1, 2, 3, 4 \
               EXCEPT SELECT block, addressee, kind, status, many FROM delivery_blocks)";
    assert_eq!(db.query_row(sql, [], |row| row.get::<_, i64>(0))?, 0);
    let sql = "SELECT (SELECT sum(many) FROM delivery_blocks), (SELECT count(*) FROM deliveries)";
    let (sum, count): (i64, i64) = db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    assert_eq!(sum, count);
    db.execute("DELETE FROM deliveries", [])?;
    let sql = "SELECT count(*) FROM delivery_blocks";
    assert_eq!(db.query_row(sql, [], |row| row.get::<_, i64>(0))?, 0);
    Ok(())
}

#[test]
fn pages_are_those_of_all_rows() -> rusqlite::Result<()> {
    use DeliveryStatus::{Cancelled, Contradicted, Delivered, Exhausted, Waiting};
    let db = filled()?;
    let everything = everything(&db)?;
    let all = DeliveryFilter { limit: 20, count: true, ..DeliveryFilter::default() };
    let text = |text: &str| Some(text.to_owned());
    let to = Some(Addressee::Named("mail".to_owned()));
    let failed = vec![Exhausted, Cancelled, Contradicted];
    let before = Some(DeliveryId::from_bytes(id(7502)));
    let gone = Some(DeliveryId::from_bytes(id(17 * 400)));
    for filter in [
        all.clone(),
        DeliveryFilter { to: to.clone(), ..all.clone() },
        DeliveryFilter { statuses: failed.clone(), ..all.clone() },
        DeliveryFilter { statuses: vec![Delivered, Waiting], ..all.clone() },
        DeliveryFilter { kind: text("paid"), ..all.clone() },
        DeliveryFilter { kind: text("late"), ..all.clone() },
        DeliveryFilter { kind: text("acme.late"), statuses: failed.clone(), ..all.clone() },
        DeliveryFilter { kind: text("bare"), ..all.clone() },
        DeliveryFilter { kind: text("nothing"), ..all.clone() },
        DeliveryFilter { from_ms: Some(70_003), to_ms: Some(90_111), ..all.clone() },
        DeliveryFilter { from_ms: Some(110_000), ..all.clone() },
        DeliveryFilter { before, ..all.clone() },
        DeliveryFilter { before, to: to.clone(), to_ms: Some(74_500), ..all.clone() },
        DeliveryFilter { before: gone, ..all.clone() },
        DeliveryFilter { subject: text("subject 7"), ..all.clone() },
        DeliveryFilter { subject: text("subject 7"), to, statuses: failed, ..all.clone() },
        DeliveryFilter { subject: text("subject 7"), from_ms: Some(62_000), before, ..all.clone() },
    ] {
        let fits = naive(&everything, &filter);
        for offset in [0, 1, 19, 1000, 2500, 5500, 100_000] {
            let filter = DeliveryFilter { offset, ..filter.clone() };
            let page = deliveries(&db, &filter)?;
            let found: Vec<DeliveryId> = page.rows.iter().map(|row| row.id).collect();
            let wanted: Vec<DeliveryId> = fits.iter().skip(offset).take(20).copied().collect();
            assert_eq!(found, wanted, "{filter:?}");
            assert_eq!(page.total, Some(fits.len() as u64), "{filter:?}");
            assert_eq!(page.more, fits.len() > offset + 20, "{filter:?}");
            let uncounted = deliveries(&db, &DeliveryFilter { count: false, ..filter.clone() })?;
            assert_eq!((uncounted.more, uncounted.total), (page.more, None), "{filter:?}");
        }
    }
    Ok(())
}

/// A row, and the kind that it was made for: its event may be of another one since.
type Known = (DeliveryShown, String);

/// All there is, the newest first.
fn everything(db: &Connection) -> rusqlite::Result<Vec<Known>> {
    let mut all = db.prepare("SELECT seq, kind FROM deliveries ORDER BY seq DESC")?;
    all.query_map([], |row| Ok((at(db, row.get(0)?)?, row.get(1)?)))?.collect()
}

/// All that fit, each of them looked at.
fn naive(everything: &[Known], filter: &DeliveryFilter) -> Vec<DeliveryId> {
    let bare = |kind: &str| kind.split_once('.').map(|(_, bare)| bare.to_owned());
    let before = filter.before.map(|id| (id, everything.iter().any(|(row, _)| row.id == id)));
    let fits = |(row, kind): &&Known| {
        filter.to.as_ref().is_none_or(|to| row.to == *to)
            && filter.subject.as_ref().is_none_or(|subject| row.subject.as_ref() == Some(subject))
            && filter
                .kind
                .as_ref()
                .is_none_or(|one| kind == one || bare(kind).as_ref() == Some(one))
            && (filter.statuses.is_empty() || filter.statuses.contains(&row.status))
            && filter.from_ms.is_none_or(|ms| row.created_ms >= ms)
            && filter.to_ms.is_none_or(|ms| row.created_ms <= ms)
            && before.is_none_or(|(id, known)| known && row.id < id)
    };
    everything.iter().filter(fits).map(|(row, _)| row.id).collect()
}
