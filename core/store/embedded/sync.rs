//! What the writer has committed is brought to the disk here, while the writer is at its next
//! batch. Nobody is answered, and nobody is told that anything is due, before it is there.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::JoinHandle;
use std::time::Instant;

use tokio::sync::{Notify, watch};

use super::open;
use super::shared::Shared;
use super::writer::Job;
use crate::observe;
use crate::store::StoreFault;

const MOVED: &str = "its file, or the log beside it, was moved, replaced or removed";

/// A batch that is committed, and not known to be on the disk.
pub(super) struct Committed {
    pub(super) jobs: Vec<Box<dyn Job>>,
    /// Whether anything new may be due, or the webhooks were changed.
    pub(super) wakes: bool,
}

/// The files that were opened, and who is told of them.
pub(super) struct Disk {
    path: PathBuf,
    identity: [(u64, u64); 2],
    log: File,
    shared: Arc<Shared>,
    changes: watch::Sender<u64>,
    /// Batches that were begun, and of those how many have ended, in their order.
    begun: AtomicU64,
    ended: watch::Sender<u64>,
    /// A sync failed: what of the log is on the disk isn't known, so that nothing behind it counts.
    lost: AtomicBool,
}

impl Disk {
    pub(super) fn new(
        path: &Path,
        shared: Arc<Shared>,
        changes: watch::Sender<u64>,
    ) -> io::Result<Disk> {
        let log = File::open(open::log_of(path))?;
        let (path, identity) = (path.to_owned(), open::identity(path)?);
        let (begun, ended) = (AtomicU64::new(0), watch::channel(0).0);
        let lost = AtomicBool::new(false);
        Ok(Disk { path, identity, log, shared, changes, begun, ended, lost })
    }

    /// Whether the files are where they were opened; where not, what is written to them is lost, as
    /// the next start won't find it.
    pub(super) fn in_place(&self) -> bool {
        let found = open::identity(&self.path).is_ok_and(|found| found == self.identity);
        if !found {
            self.shared.failed(MOVED.to_owned());
        }
        found
    }

    /// Whether the log is to be done away with before anything more is written to it.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    pub(super) fn mended(&self) {
        self.lost.store(false, Ordering::Release);
    }

    /// A batch is begun: it may be read before it is on the disk.
    pub(super) fn begin(&self) {
        self.begun.fetch_add(1, Ordering::AcqRel);
    }

    /// Waits until all that could be read by now is on the disk, or was given up.
    pub(super) async fn holds_what_is_read(&self) {
        let begun = self.begun.load(Ordering::Acquire);
        // It is never closed while this is there.
        let _ = self.ended.subscribe().wait_for(|ended| *ended >= begun).await;
    }

    /// Syncs, and answers; of a batch that failed there is nothing to sync.
    fn finish(&self, committed: Committed) {
        if !committed.jobs.is_empty() {
            self.answer(committed);
        }
        self.ended.send_modify(|count| *count += 1);
    }

    fn answer(&self, committed: Committed) {
        let Committed { jobs, wakes } = committed;
        let synced = self.sync();
        if synced.is_ok() && wakes {
            self.changes.send_modify(|count| *count += 1);
        }
        for job in jobs {
            job.end(synced.clone());
        }
    }

    fn sync(&self) -> Result<(), StoreFault> {
        if self.is_lost() {
            return Err(StoreFault::Failing("the log couldn't be synced".to_owned()));
        }
        let began = Instant::now();
        if let Err(error) = self.log.sync_data() {
            self.lost.store(true, Ordering::Release);
            self.shared.failed(error.to_string());
            return Err(StoreFault::Failing(error.to_string()));
        }
        observe::store_synced(began.elapsed());
        if !self.in_place() {
            return Err(StoreFault::Failing(MOVED.to_owned()));
        }
        self.shared.recovered();
        Ok(())
    }
}

/// What the thread and the writer both know.
struct Running {
    /// Jobs of the batch that is being synced.
    jobs: AtomicUsize,
    ended: Notify,
}

/// The thread that syncs: one batch at a time, while at most one more waits for it.
pub(super) struct Syncer {
    disk: Arc<Disk>,
    running: Arc<Running>,
    hand_in: Option<SyncSender<Committed>>,
    thread: Option<JoinHandle<()>>,
}

impl Syncer {
    pub(super) fn start(disk: Disk) -> io::Result<Syncer> {
        let disk = Arc::new(disk);
        let running = Arc::new(Running { jobs: AtomicUsize::new(0), ended: Notify::new() });
        // Handed over, never kept waiting: the writer goes on once the last sync has ended.
        let (hand_in, committed) = mpsc::sync_channel(0);
        let (of_thread, counted) = (Arc::clone(&disk), Arc::clone(&running));
        let thread = std::thread::Builder::new().name("store sync".to_owned());
        let thread = thread.spawn(move || run(&of_thread, &counted, &committed))?;
        Ok(Syncer { disk, running, hand_in: Some(hand_in), thread: Some(thread) })
    }

    pub(super) fn disk(&self) -> &Arc<Disk> {
        &self.disk
    }

    /// How many jobs are being synced; 0: no sync runs.
    pub(super) fn running(&self) -> usize {
        self.running.jobs.load(Ordering::Acquire)
    }

    /// Waits until a sync has ended.
    pub(super) async fn ended(&self) {
        self.running.ended.notified().await;
    }

    /// Syncs a batch and answers its jobs: at once, where nothing else is to be done meanwhile.
    pub(super) fn finish(&self, committed: Committed, at_once: bool) {
        if at_once && self.running() == 0 {
            return self.disk.finish(committed);
        }
        let many = committed.jobs.len();
        self.running.jobs.fetch_add(many, Ordering::AcqRel);
        let handed_in = self.hand_in.as_ref().map(|hand_in| hand_in.send(committed));
        if let Some(Err(mpsc::SendError(committed))) = handed_in {
            // The thread has ended, by a panic that was told.
            self.running.jobs.fetch_sub(many, Ordering::AcqRel);
            self.disk.finish(committed);
        }
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.hand_in = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was told where it happened.
            let _ = thread.join();
        }
    }
}

fn run(disk: &Disk, running: &Running, committed: &Receiver<Committed>) {
    while let Ok(batch) = committed.recv() {
        let many = batch.jobs.len();
        disk.finish(batch);
        running.jobs.fetch_sub(many, Ordering::AcqRel);
        running.ended.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::super::writer::Desk;
    use super::*;

    struct Told(mpsc::Sender<Result<(), StoreFault>>);

    impl Job for Told {
        fn run(&mut self, _: &mut Desk<'_>) -> rusqlite::Result<()> {
            Ok(())
        }

        fn end(self: Box<Self>, committed: Result<(), StoreFault>) {
            let _ = self.0.send(committed);
        }
    }

    #[test]
    fn what_is_read_is_waited_for_until_its_batch_has_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store.db");
        for file in [&path, &open::log_of(&path)] {
            File::create(file).expect("a file");
        }
        let shared = Arc::new(Shared::new(Vec::new()));
        let disk = Disk::new(&path, shared, watch::channel(0).0).expect("the files");
        let mut context = Context::from_waker(Waker::noop());
        let mut held = || pin!(disk.holds_what_is_read()).poll(&mut context).is_ready();
        assert!(held(), "nothing was written");
        let (tell, told) = mpsc::channel();
        for jobs in [vec![Box::new(Told(tell)) as Box<dyn Job>], Vec::new()] {
            disk.begin();
            assert!(!held(), "it may be read, and isn't on the disk");
            disk.finish(Committed { jobs, wakes: false });
            assert!(held());
        }
        assert_eq!(told.recv(), Ok(Ok(())));
    }

    #[test]
    fn nobody_is_answered_well_behind_a_sync_that_failed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store.db");
        for file in [&path, &open::log_of(&path)] {
            File::create(file).expect("a file");
        }
        for at_once in [true, false] {
            let shared = Arc::new(Shared::new(Vec::new()));
            let (changes, changed) = watch::channel(0);
            let disk = Disk::new(&path, Arc::clone(&shared), changes).expect("the files");
            // What can't be synced, for a while.
            let disk = Disk { log: File::open("/dev/null").expect("a device"), ..disk };
            let mut syncer = Syncer::start(disk).expect("a thread");
            let (tell, told) = mpsc::channel();
            let ask = |syncer: &Syncer| {
                let jobs: Vec<Box<dyn Job>> = vec![Box::new(Told(tell.clone()))];
                syncer.finish(Committed { jobs, wakes: true }, at_once);
                told.recv().expect("an answer").is_ok()
            };
            assert!(!ask(&syncer) && syncer.disk().is_lost() && shared.health().failing.is_some());
            // The log is as good as new, yet nobody knows what of it was lost.
            syncer = {
                let log = File::open(open::log_of(&path)).expect("the log");
                let lost = AtomicBool::new(syncer.disk().is_lost());
                let (changes, _) = watch::channel(0);
                let disk = Disk::new(&path, Arc::clone(&shared), changes).expect("the files");
                Syncer::start(Disk { log, lost, ..disk }).expect("a thread")
            };
            assert!(!ask(&syncer));
            assert!(!changed.has_changed().unwrap_or(false), "nothing is due by that");
            syncer.disk().mended();
            assert!(ask(&syncer) && shared.health().failing.is_none());
        }
    }
}
