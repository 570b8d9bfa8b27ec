//! The one thread that writes. Whatever waits is done in one transaction and one sync of the disk,
//! and nobody is answered before that: while one sync runs, the next batch gathers.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::mpsc::error::{TryRecvError, TrySendError};
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::sync::{oneshot, watch};

use super::made::Counts;
use super::open;
use super::seal::Seal;
use super::shared::Shared;
use crate::store::{StoreFault, Webhook};

/// What a job works with.
pub(super) struct Desk<'c> {
    pub(super) db: &'c Connection,
    pub(super) seal: &'c Seal,
    /// The webhooks as they are once the batch is committed.
    pub(super) webhooks: &'c mut Vec<Webhook>,
    /// Whether the webhooks were changed.
    pub(super) amended: bool,
    /// Whether anything new may be due.
    pub(super) wakes: bool,
    /// Deliveries that were inserted, to be counted before the batch is committed.
    pub(super) made: Counts,
}

impl<'c> Desk<'c> {
    pub(super) fn new(
        db: &'c Connection,
        seal: &'c Seal,
        webhooks: &'c mut Vec<Webhook>,
    ) -> Desk<'c> {
        Desk { db, seal, webhooks, amended: false, wakes: false, made: Counts::default() }
    }
}

/// Why a job can't be done.
#[derive(Debug)]
pub(super) enum JobFault {
    /// The caller's mistake: the others of its batch are done.
    Refused(StoreFault),
    /// SQLite's.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for JobFault {
    fn from(error: rusqlite::Error) -> JobFault {
        JobFault::Sqlite(error)
    }
}

impl JobFault {
    /// What SQLite says; of a job outside any batch, whose caller can do nothing else.
    pub(super) fn into_sqlite(self) -> rusqlite::Error {
        match self {
            JobFault::Sqlite(error) => error,
            JobFault::Refused(fault) => rusqlite::Error::ToSqlConversionFailure(Box::new(fault)),
        }
    }
}

pub(super) type Done<T> = Result<T, JobFault>;

/// One call that writes, whatever it brings. It may be run again, where its batch failed.
pub(super) trait Job: Send {
    fn run(&mut self, desk: &mut Desk<'_>) -> rusqlite::Result<()>;
    fn end(self: Box<Self>, committed: Result<(), StoreFault>);
}

struct Call<T, F> {
    work: F,
    made: Option<Result<T, StoreFault>>,
    tell: oneshot::Sender<Result<T, StoreFault>>,
}

impl<T: Send, F: FnMut(&mut Desk<'_>) -> Done<T> + Send> Job for Call<T, F> {
    fn run(&mut self, desk: &mut Desk<'_>) -> rusqlite::Result<()> {
        self.made = Some(match (self.work)(desk) {
            Ok(made) => Ok(made),
            Err(JobFault::Refused(fault)) => Err(fault),
            Err(JobFault::Sqlite(error)) => return Err(error),
        });
        Ok(())
    }

    fn end(self: Box<Self>, committed: Result<(), StoreFault>) {
        let Call { made, tell, .. } = *self;
        let never_run = Err(StoreFault::Closed);
        // Whoever hung up wants no answer.
        let _ = tell.send(committed.and_then(|()| made.unwrap_or(never_run)));
    }
}

/// Where jobs are handed in.
#[derive(Clone)]
pub(super) struct Queue(pub(super) Sender<Box<dyn Job>>);

impl Queue {
    /// Has a job done, after those that were handed in before this was called; refused at once
    /// where too many wait.
    pub(super) fn run<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Desk<'_>) -> Done<T> + Send + 'static,
    ) -> impl Future<Output = Result<T, StoreFault>> + Send + 'static {
        let (tell, told) = oneshot::channel();
        let handed_in = self.0.try_send(Box::new(Call { work, made: None, tell }));
        let handed_in = handed_in.map_err(|error| full(&error));
        async move {
            handed_in?;
            told.await.unwrap_or(Err(StoreFault::Closed))
        }
    }

    /// Has a job done that nobody waits for.
    pub(super) fn send(&self, work: impl FnMut(&mut Desk<'_>) -> Done<()> + Send + 'static) {
        let (tell, _) = oneshot::channel();
        // What can't be done now is found again later.
        let _ = self.0.try_send(Box::new(Call { work, made: None, tell }));
    }
}

fn full<T>(error: &TrySendError<T>) -> StoreFault {
    match error {
        TrySendError::Full(_) => StoreFault::Full("too many calls wait for the disk"),
        TrySendError::Closed(_) => StoreFault::Closed,
    }
}

/// What the thread has.
pub(super) struct Writer {
    pub(super) path: PathBuf,
    /// The files that were opened.
    pub(super) identity: [(u64, u64); 2],
    pub(super) db: Connection,
    pub(super) seal: Arc<Seal>,
    pub(super) jobs: Receiver<Box<dyn Job>>,
    pub(super) batch: usize,
    pub(super) shared: Arc<Shared>,
    pub(super) changes: watch::Sender<u64>,
    pub(super) stop: Arc<AtomicBool>,
}

const MOVED: &str = "its file, or the log beside it, was moved, replaced or removed";

/// How often a store that fails is tried.
const PROBE: Duration = Duration::from_millis(500);

impl Writer {
    /// Works until nobody can hand in a job any more.
    pub(super) fn run(mut self) {
        let mut jobs = Vec::new();
        while let Some(first) = self.next() {
            jobs.extend(first);
            while jobs.len() < self.batch
                && let Ok(job) = self.jobs.try_recv()
            {
                jobs.push(job);
            }
            if jobs.is_empty() {
                self.probe();
            } else {
                self.batch(&mut jobs);
            }
        }
        // Leaves one file behind; what fails here is found in the log at the next start.
        let _ = self.db.pragma_update(None, "wal_checkpoint", "truncate");
    }

    /// The next job; `Some(None)`: none came in time, and the store is to be tried.
    fn next(&mut self) -> Option<Option<Box<dyn Job>>> {
        if self.shared.health().failing.is_none() {
            return self.jobs.blocking_recv().map(Some);
        }
        match self.jobs.try_recv() {
            Ok(job) => Some(Some(job)),
            Err(TryRecvError::Disconnected) => None,
            Err(TryRecvError::Empty) => {
                std::thread::park_timeout(PROBE);
                (!self.stop.load(Ordering::Acquire)).then_some(None)
            }
        }
    }

    fn batch(&mut self, jobs: &mut Vec<Box<dyn Job>>) {
        match self.commit(jobs) {
            // What was written to files that the next start won't find is lost.
            Ok(()) if !self.in_place() => {
                self.shared.failed(MOVED.to_owned());
                let fault = StoreFault::Failing(MOVED.to_owned());
                jobs.drain(..).for_each(|job| job.end(Err(fault.clone())));
            }
            Ok(()) => {
                self.shared.recovered();
                jobs.drain(..).for_each(|job| job.end(Ok(())));
            }
            // One job may be at fault alone: each gets a transaction of its own.
            Err(error) if jobs.len() > 1 && !is_of_the_disk(&error) => {
                for job in std::mem::take(jobs) {
                    self.batch(&mut vec![job]);
                }
            }
            Err(error) => {
                let fault = StoreFault::Failing(error.to_string());
                if is_of_the_disk(&error) {
                    self.shared.failed(error.to_string());
                }
                jobs.drain(..).for_each(|job| job.end(Err(fault.clone())));
            }
        }
    }

    /// All jobs in one transaction, durable once this brings `Ok`.
    fn commit(&mut self, jobs: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
        let standing = self.shared.webhooks();
        let mut webhooks = Vec::clone(&standing);
        let mut desk = Desk::new(&self.db, &self.seal, &mut webhooks);
        let done = work(&mut desk, jobs);
        let (amended, wakes) = (desk.amended, desk.wakes);
        if let Err(error) = done {
            if !self.db.is_autocommit() {
                // Where even this fails, the next transaction can't begin, and says so.
                let _ = self.db.execute_batch("ROLLBACK");
            }
            return Err(error);
        }
        if amended {
            self.shared.publish(webhooks);
        }
        if amended || wakes {
            self.changes.send_modify(|count| *count += 1);
        }
        Ok(())
    }

    fn in_place(&self) -> bool {
        open::identity(&self.path).is_ok_and(|found| found == self.identity)
    }

    /// Tries whether the store can be written again, over a new connection: after a failed sync
    /// nothing that the old one has in memory is to be believed.
    fn probe(&mut self) {
        if !self.in_place() {
            return self.shared.failed(MOVED.to_owned());
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let opened = open::connect(&self.path, flags).and_then(|db| {
            open::set_up(&db)?;
            db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('probe', x'00')", [])?;
            Ok(db)
        });
        match opened {
            Ok(db) => {
                self.db = db;
                self.shared.recovered();
            }
            Err(error) => self.shared.failed(error.to_string()),
        }
    }
}

fn work(desk: &mut Desk<'_>, jobs: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    desk.db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    for job in jobs {
        job.run(desk)?;
    }
    std::mem::take(&mut desk.made).keep(desk.db)?;
    desk.db.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

/// Whether the file is at fault, rather than what was to be written.
fn is_of_the_disk(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode as Code;
    matches!(
        error.sqlite_error_code(),
        Some(
            Code::DiskFull
                | Code::SystemIoFailure
                | Code::ReadOnly
                | Code::DatabaseCorrupt
                | Code::NotADatabase
                | Code::CannotOpen
                | Code::PermissionDenied
                | Code::DatabaseBusy
                | Code::DatabaseLocked
                | Code::OutOfMemory
        )
    )
}
