//! The one thread that writes. Whatever waits is done in one transaction and one sync of the disk,
//! and nobody is answered before that: while one sync runs, the next batch gathers and is done.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::sync::oneshot;

use super::made::Counts;
use super::open;
use super::seal::Seal;
use super::shared::Shared;
use super::sync::{Committed, Syncer};
use crate::observe;
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
    pub(super) db: Connection,
    pub(super) seal: Arc<Seal>,
    pub(super) jobs: Receiver<Box<dyn Job>>,
    pub(super) batch: usize,
    pub(super) shared: Arc<Shared>,
    pub(super) syncer: Syncer,
    /// Waits for jobs and for syncs; it drives nothing.
    pub(super) waits: Runtime,
    pub(super) stop: Arc<AtomicBool>,
}

/// How often a store that fails is tried.
const PROBE: Duration = Duration::from_millis(500);

impl Writer {
    /// Works until nobody can hand in a job any more.
    pub(super) fn run(mut self) {
        let mut jobs = Vec::new();
        while self.next(&mut jobs) {
            if jobs.is_empty() {
                self.probe();
            } else {
                self.batch(&mut jobs);
            }
        }
        drop(self.syncer);
        // Leaves one file behind; what fails here is found in the log at the next start.
        let _ = self.db.pragma_update(None, "wal_checkpoint", "truncate");
    }

    /// Gathers the next batch; `false`: there won't be any. An empty one: the store is to be tried.
    fn next(&mut self, batch: &mut Vec<Box<dyn Job>>) -> bool {
        loop {
            while batch.len() < self.batch
                && let Ok(job) = self.jobs.try_recv()
            {
                batch.push(job);
            }
            // While a sync runs, one much smaller than what is synced isn't worth its own.
            if !batch.is_empty() && batch.len().saturating_mul(2) >= self.syncer.running() {
                return true;
            }
            if batch.is_empty() && self.shared.health().failing.is_some() {
                std::thread::park_timeout(PROBE);
                return !self.stop.load(Ordering::Acquire);
            }
            let (jobs, syncer) = (&mut self.jobs, &self.syncer);
            let over = self.waits.block_on(async {
                tokio::select! {
                    job = jobs.recv() => {
                        let over = job.is_none();
                        batch.extend(job);
                        over
                    }
                    () = syncer.ended() => false,
                }
            });
            if over {
                return !batch.is_empty();
            }
        }
    }

    fn batch(&mut self, jobs: &mut Vec<Box<dyn Job>>) {
        self.syncer.disk().begin();
        let committed = self.commit(jobs);
        if committed.is_err() {
            self.syncer.finish(Committed { jobs: Vec::new(), wakes: false }, true);
        }
        match committed {
            Ok(wakes) => {
                let committed = Committed { jobs: std::mem::take(jobs), wakes };
                self.syncer.finish(committed, self.jobs.is_empty());
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

    /// All jobs in one transaction, which is yet to be synced; brings whether anybody is to know.
    fn commit(&mut self, jobs: &mut [Box<dyn Job>]) -> rusqlite::Result<bool> {
        let standing = self.shared.webhooks();
        let mut webhooks = Vec::clone(&standing);
        let mut desk = Desk::new(&self.db, &self.seal, &mut webhooks);
        let began = Instant::now();
        let done = work(&mut desk, jobs);
        if done.is_ok() {
            observe::store_committed(jobs.len(), began.elapsed());
        }
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
        Ok(amended || wakes)
    }

    /// Tries whether the store can be written again, over a new connection: after a failed sync
    /// nothing that the old one has in memory is to be believed.
    fn probe(&mut self) {
        if self.syncer.running() > 0 || !self.syncer.disk().in_place() {
            return;
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let lost = self.syncer.disk().is_lost();
        let opened = open::connect(&self.path, flags).and_then(|db| {
            open::set_up(&db)?;
            if lost {
                open::empty_log(&db)?;
            }
            db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('probe', x'00')", [])?;
            open::leave_syncs(&db)?;
            Ok(db)
        });
        match opened {
            Ok(db) => {
                self.db = db;
                self.syncer.disk().mended();
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
