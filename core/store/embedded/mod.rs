//! The embedded store: one SQLite file, one process, one thread that writes, a few connections that
//! read. A write is answered once it is on the disk; all that wait for one sync share it.

mod seal;
mod row;
mod open;
mod shared;
mod sync;
mod writer;
mod readers;
mod state;
mod made;
mod record;
mod asking;
mod settle;
mod confirm;
mod webhooks;
mod claims;
mod find;
mod answered;
mod deliveries;
mod prune;

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::OpenFlags;
use tokio::sync::{mpsc, watch};

use self::asking::Question;
use self::claims::Claims;
pub use self::open::OpenFault;
use self::prune::{Bounds, Found};
use self::readers::{Readers, blocking};
use self::record::Prepared;
use self::seal::Seal;
use self::shared::Shared;
use self::sync::{Disk, Syncer};
use self::writer::{Desk, Queue, Writer};
use super::{
    Answering, Asked, Asking, Claim, DeliveryFilter, DeliveryShown, EventFilter, EventShown,
    EventWhole, Health, NewWebhook, Owed, Page, Pending, Recorded, Recording, Settlement, Store,
    StoreFault, Unconfirmed, UnconfirmedSettlement, Webhook, WebhookChange,
};
use crate::model::units::millis;
use crate::model::{Addressee, Clock, DeliveryId, EventId, Reply, StateChange, WebhookId};

/// What an embedded store needs.
#[derive(Debug, Clone)]
pub struct Options {
    /// The file; its folder is made where it isn't there.
    pub path: PathBuf,
    /// What seals secrets and plugins' state, the newest first; none: a key file beside the store.
    pub secrets: Vec<String>,
    /// Writes that may wait; one more is refused.
    pub queue: usize,
    /// Writes that may share one sync.
    pub batch: usize,
    /// Registered webhooks.
    pub webhooks_max: usize,
    /// How long history is kept.
    pub keep: Duration,
    /// Bytes of history: past this the oldest goes first.
    pub bytes_max: u64,
    /// The longest that anything may have to wait for its time.
    pub wait_most: Duration,
}

const ALL_OWED: StoreFault = StoreFault::Full("all that it holds is still owed");

/// Connections that read at once.
const READERS: usize = 4;

/// A store that is open. Dropped, it ends what it began and closes the file.
pub struct Embedded {
    queue: Option<Queue>,
    readers: Arc<Readers>,
    claims: Arc<Claims>,
    shared: Arc<Shared>,
    seal: Arc<Seal>,
    changes: watch::Receiver<u64>,
    disk: Arc<Disk>,
    options: Options,
    clock: Clock,
    stop: Arc<AtomicBool>,
    /// How far pruning has looked.
    pruned: AtomicI64,
    writer: Option<JoinHandle<()>>,
    _lock: File,
}

impl Embedded {
    /// Opens the file, or makes it. Blocking.
    pub fn open(mut options: Options, clock: Clock) -> Result<Embedded, OpenFault> {
        let opened = open::open(&options.path, &options.secrets)?;
        let open::Open { path, lock, db, seal } = opened;
        options.path.clone_from(&path);
        let damaged = |error: rusqlite::Error| OpenFault::Damaged {
            path: path.clone(),
            error: error.to_string(),
        };
        let mut known = webhooks::load(&db, &seal).map_err(damaged)?;
        let mut desk = Desk::new(&db, &seal, &mut known);
        // All of them: whichever key sealed them, from here on it is the newest.
        let batch = db.unchecked_transaction().map_err(damaged)?;
        let sealed = webhooks::reseal(&mut desk);
        sealed.map_err(|error| damaged(error.into_sqlite()))?;
        batch.commit().map_err(damaged)?;
        let (seal, shared) = (Arc::new(seal), Arc::new(Shared::new(known)));
        let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let claiming = open::connect(&options.path, read_only).map_err(damaged)?;
        let wait_most_ms = millis(options.wait_most);
        let (hand_in, jobs) = mpsc::channel(options.queue.max(1));
        let (changes, changed) = watch::channel(0);
        let stop = Arc::new(AtomicBool::new(false));
        let of_file = |error| OpenFault::File { path: path.clone(), error };
        open::leave_syncs(&db).map_err(damaged)?;
        let disk = Disk::new(&path, Arc::clone(&shared), changes).map_err(of_file)?;
        let syncer = Syncer::start(disk).map_err(of_file)?;
        let disk = Arc::clone(syncer.disk());
        let writer = Writer {
            path: options.path.clone(),
            db,
            seal: Arc::clone(&seal),
            jobs,
            batch: options.batch.max(1),
            shared: Arc::clone(&shared),
            syncer,
            waits: tokio::runtime::Builder::new_current_thread().build().map_err(of_file)?,
            stop: Arc::clone(&stop),
        };
        let readers = Readers::open(options.path.clone(), READERS).map_err(damaged)?;
        let thread = std::thread::Builder::new().name("store".to_owned());
        let writer = thread.spawn(move || writer.run());
        let writer = writer.map_err(of_file)?;
        Ok(Embedded {
            queue: Some(Queue(hand_in)),
            readers,
            claims: Arc::new(Claims::new(claiming, wait_most_ms)),
            shared,
            seal,
            changes: changed,
            disk,
            options,
            clock,
            stop,
            pruned: AtomicI64::new(0),
            writer: Some(writer),
            _lock: lock,
        })
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Desk<'_>) -> writer::Done<T> + Send + 'static,
    ) -> Pending<'static, T> {
        match &self.queue {
            Some(queue) => Box::pin(queue.run(work)),
            None => Box::pin(async { Err(StoreFault::Closed) }),
        }
    }

    /// Where the clock was set back, what waits is brought forward as far.
    fn mind_the_clock(&self, now_ms: u64) {
        if let (Some(back_ms), Some(queue)) = (self.claims.set_back(now_ms), &self.queue) {
            queue.send(move |desk| settle::shift(desk, back_ms, now_ms));
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            writer.thread().unpark();
            // A panic there was told where it happened.
            let _ = writer.join();
        }
    }
}

impl Store for Embedded {
    fn record(&self, recording: Recording) -> Pending<'_, Recorded> {
        if self.shared.health().full {
            return Box::pin(async { Err(ALL_OWED) });
        }
        let prepared = Prepared::new(recording);
        self.write(move |desk| record::record(desk, &prepared))
    }

    fn ask(&self, asking: Asking) -> Pending<'_, Asked> {
        if self.shared.health().full {
            return Box::pin(async { Err(ALL_OWED) });
        }
        let question = Question::new(asking);
        self.write(move |desk| asking::ask(desk, &question))
    }

    fn answer(&self, answering: Answering) -> Pending<'_, Option<Reply>> {
        self.write(move |desk| asking::answer(desk, &answering))
    }

    fn claim<'s>(
        &'s self,
        to: &'s Addressee,
        now_ms: u64,
        most: usize,
    ) -> Pending<'s, Claim<Owed>> {
        Box::pin(async move {
            self.mind_the_clock(now_ms);
            let (claims, to) = (Arc::clone(&self.claims), to.clone());
            let claimed = blocking(move || claims.deliveries(&to, now_ms, most)).await;
            // Nothing is sent that could be forgotten.
            self.disk.holds_what_is_read().await;
            claimed
        })
    }

    fn settle(&self, settlement: Settlement) -> Pending<'_, ()> {
        let id = settlement.id;
        Box::pin(async move {
            let resent = self.claims.was_resent(*id.as_bytes());
            self.write(move |desk| settle::settle(desk, &settlement, resent)).await?;
            self.claims.end(*id.as_bytes());
            Ok(())
        })
    }

    fn claim_unconfirmed<'s>(
        &'s self,
        route: &'s str,
        now_ms: u64,
        most: usize,
    ) -> Pending<'s, Claim<Unconfirmed>> {
        Box::pin(async move {
            self.mind_the_clock(now_ms);
            let (claims, route) = (Arc::clone(&self.claims), route.to_owned());
            let claimed = blocking(move || claims.events(&route, now_ms, most)).await;
            self.disk.holds_what_is_read().await;
            claimed
        })
    }

    fn settle_unconfirmed(&self, settlement: UnconfirmedSettlement) -> Pending<'_, ()> {
        let id = settlement.id;
        Box::pin(async move {
            self.write(move |desk| confirm::settle(desk, &settlement)).await?;
            self.claims.end(*id.as_bytes());
            Ok(())
        })
    }

    fn release(&self, deliveries: &[DeliveryId], events: &[EventId]) {
        let deliveries = deliveries.iter().map(|id| *id.as_bytes());
        let events = events.iter().map(|id| *id.as_bytes());
        deliveries.chain(events).for_each(|id| self.claims.end(id));
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }

    fn keep(&self, changes: Vec<StateChange>) -> Pending<'_, ()> {
        self.write(move |desk| state::keep(desk, &changes))
    }

    fn remembered(&self, now_ms: u64) -> Pending<'_, Vec<StateChange>> {
        let seal = Arc::clone(&self.seal);
        Box::pin(self.readers.read(move |db| state::remembered(db, &seal, now_ms)))
    }

    fn webhooks(&self) -> Arc<Vec<Webhook>> {
        self.shared.webhooks()
    }

    fn register(&self, webhook: NewWebhook) -> Pending<'_, Webhook> {
        let most = self.options.webhooks_max;
        self.write(move |desk| webhooks::register(desk, &webhook, most))
    }

    fn amend(&self, id: WebhookId, change: WebhookChange) -> Pending<'_, Webhook> {
        self.write(move |desk| webhooks::amend(desk, id, &change))
    }

    fn remove(&self, id: WebhookId) -> Pending<'_, bool> {
        self.write(move |desk| webhooks::remove(desk, id))
    }

    fn events(&self, filter: EventFilter) -> Pending<'_, Page<EventShown>> {
        Box::pin(self.readers.read(move |db| find::events(db, &filter)))
    }

    fn event(&self, id: EventId) -> Pending<'_, Option<EventWhole>> {
        Box::pin(self.readers.read(move |db| find::event(db, id)))
    }

    fn deliveries(&self, filter: DeliveryFilter) -> Pending<'_, Page<DeliveryShown>> {
        Box::pin(self.readers.read(move |db| deliveries::deliveries(db, &filter)))
    }

    fn delivery(&self, id: DeliveryId) -> Pending<'_, Option<DeliveryShown>> {
        Box::pin(self.readers.read(move |db| deliveries::one(db, id)))
    }

    fn resend(&self, id: DeliveryId) -> Pending<'_, bool> {
        let now_ms = self.clock.now_ms();
        Box::pin(async move {
            let resent = self.write(move |desk| settle::resend(desk, id, now_ms)).await?;
            if resent {
                self.claims.resent(*id.as_bytes());
            }
            Ok(resent)
        })
    }

    fn replay(&self, id: EventId, named: Vec<String>, now_ms: u64) -> Pending<'_, Option<usize>> {
        self.write(move |desk| settle::replay(desk, id, (&named, now_ms)))
    }

    fn prune(&self, now_ms: u64) -> Pending<'_, usize> {
        let keep_ms = millis(self.options.keep);
        let bounds = Bounds { now_ms, keep_ms, bytes_max: self.options.bytes_max };
        Box::pin(async move {
            let at = self.pruned.load(Ordering::Relaxed);
            let found = self.readers.read(move |db| prune::find(db, &bounds, at)).await?;
            let (count, over) = (found.callbacks.len(), found.bytes > self.options.bytes_max);
            let Found { callbacks, at, bytes } = found;
            self.write(move |desk| prune::forget(desk, &callbacks, now_ms)).await?;
            self.pruned.store(at, Ordering::Relaxed);
            self.shared.measured(bytes, over && count == 0);
            Ok(count)
        })
    }

    fn health(&self) -> Health {
        self.shared.health()
    }
}
