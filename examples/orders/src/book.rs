//! The orders in SQLite: rows in and out, and no rule but what a row is.
//!
//! Everything happens in transactions that are begun by `Book::change`, which hold the file's write
//! lock from their first line on: what was read in one is still so when it is committed.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, params};

use crate::refusal::No;
use crate::status::Status;

/// How long another process may hold the file: less than the router waits.
const BUSY: Duration = Duration::from_secs(2);

/// `number` makes the id that we give an order; `terms` and `answer` are JSON as it was written.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS orders (
        number INTEGER PRIMARY KEY,
        order_id TEXT NOT NULL UNIQUE,
        external_id TEXT NOT NULL UNIQUE,
        status TEXT NOT NULL,
        terms TEXT NOT NULL,
        answer TEXT NOT NULL,
        changed_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS idempotency_keys (
        key TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        order_id TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
";

/// The open file.
pub struct Book(Connection);

/// One order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    /// BRIJ's id.
    pub(crate) order_id: String,
    /// Ours.
    pub(crate) external_id: String,
    pub(crate) status: Status,
    /// What was agreed.
    pub(crate) terms: String,
    /// What create-order was answered, to be answered again.
    pub(crate) answer: String,
    /// When the status last changed, Unix milliseconds.
    pub(crate) changed_ms: u64,
}

impl Book {
    /// Opens or makes the file, readable by its owner alone; `:memory:` is kept nowhere.
    pub fn open(path: &Path) -> anyhow::Result<Book> {
        let shown = || path.display().to_string();
        if path != Path::new(":memory:") {
            private(path).with_context(shown)?;
        }
        let db = Connection::open(path).with_context(shown)?;
        db.busy_timeout(BUSY).with_context(shown)?;
        db.execute_batch(SCHEMA).with_context(shown)?;
        Ok(Book(db))
    }

    /// One transaction: all of it is written when it says yes, nothing when it says no, or where it
    /// is a dry run.
    pub(crate) fn change<T>(
        &mut self,
        dry_run: bool,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, No>,
    ) -> Result<T, No> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        if dry_run {
            transaction.rollback()?;
        } else {
            transaction.commit()?;
        }
        Ok(done)
    }

    /// The newest orders, newest first.
    pub(crate) fn newest(&self, most: u32) -> Result<Vec<Order>, No> {
        let mut rows = self.0.prepare("SELECT * FROM orders ORDER BY number DESC LIMIT ?1")?;
        let orders = rows.query_map([most], order)?;
        Ok(orders.collect::<Result<_, _>>()?)
    }
}

fn private(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map(drop)
}

pub(crate) fn find(db: &Transaction<'_>, order_id: &str) -> Result<Option<Order>, No> {
    let found = db.query_row("SELECT * FROM orders WHERE order_id = ?1", [order_id], order);
    Ok(found.optional()?)
}

/// What the next order is numbered. None is ever removed, so no number comes twice.
pub(crate) fn next_number(db: &Transaction<'_>) -> Result<i64, No> {
    let next = "SELECT coalesce(max(number), 0) + 1 FROM orders";
    Ok(db.query_row(next, [], |row| row.get(0))?)
}

pub(crate) fn insert(db: &Transaction<'_>, number: i64, order: &Order) -> Result<(), No> {
    let Order { order_id, external_id, status, terms, answer, .. } = order;
    let changed_ms = order.changed_ms.cast_signed();
    let values = params![number, order_id, external_id, status.word(), terms, answer, changed_ms];
    db.execute(
        "INSERT INTO orders (number, order_id, external_id, status, terms, answer, changed_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        values,
    )?;
    Ok(())
}

pub(crate) fn set_status(
    db: &Transaction<'_>,
    order_id: &str,
    status: Status,
    now_ms: u64,
) -> Result<(), No> {
    let change = "UPDATE orders SET status = ?2, changed_ms = ?3 WHERE order_id = ?1";
    db.execute(change, params![order_id, status.word(), now_ms.cast_signed()])?;
    Ok(())
}

/// Remembers what a key was used for; whether that is what it was used for before, if it was.
pub(crate) fn remember_key(
    db: &Transaction<'_>,
    key: &str,
    kind: &str,
    order_id: &str,
) -> Result<bool, No> {
    let new = "INSERT OR IGNORE INTO idempotency_keys (key, kind, order_id) VALUES (?1, ?2, ?3)";
    db.execute(new, [key, kind, order_id])?;
    let known = "SELECT kind = ?2 AND order_id = ?3 FROM idempotency_keys WHERE key = ?1";
    Ok(db.query_row(known, [key, kind, order_id], |row| row.get(0))?)
}

fn order(row: &Row<'_>) -> rusqlite::Result<Order> {
    let word: String = row.get("status")?;
    let status = Status::parse(&word).ok_or(rusqlite::Error::InvalidQuery)?;
    Ok(Order {
        order_id: row.get("order_id")?,
        external_id: row.get("external_id")?,
        status,
        terms: row.get("terms")?,
        answer: row.get("answer")?,
        changed_ms: row.get::<_, i64>("changed_ms")?.cast_unsigned(),
    })
}
