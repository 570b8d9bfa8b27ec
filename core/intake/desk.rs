//! Where requests are answered: what all tries share, and which questions are in hand. A question
//! is in hand once, however many ask it: whoever comes second waits for the same try.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::model::{Clock, Reply, Request};
use crate::observe::{Level, notice, traces};
use crate::outbound::{Client, Names, OwnedReach};
use crate::plugin::Fault;
use crate::store::Store;

/// What tries share; one for the process.
pub(super) struct Desk {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Clock,
    /// Connections to services, kept over all generations.
    pub(super) client: Client,
    /// No larger than the number of calls and tries that there are.
    open: Mutex<HashMap<Identity, Arc<watch::Sender<Said>>>>,
    tries: Mutex<JoinSet<()>>,
    /// How many tries were begun: each has a number of its own.
    begun: AtomicU64,
}

/// Route, kind and id of a request.
type Identity = (String, String, String);

/// What is known of a question that is in hand.
#[derive(Debug, Clone)]
pub(super) enum Said {
    /// Nobody has begun.
    Nothing,
    /// The try of this number goes on.
    Trying(u64),
    /// This is on the disk, and is what everybody is told.
    Stands(Arc<Told>),
    /// The try brought nothing that stands. The next one to ask tries again.
    Failed(Result<Arc<Told>, Silence>),
}

/// What is said to whoever asks.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) reply: Reply,
    /// One word for logs.
    pub(super) outcome: &'static str,
    /// What went wrong; empty where nothing did.
    pub(super) reason: String,
    /// Who says it.
    pub(super) by: String,
    /// Whether it is what config says where nobody answers.
    pub(super) fallback: bool,
}

/// Why there isn't even a worded "unavailable".
#[derive(Debug, Clone)]
pub(super) enum Silence {
    /// What was to be said couldn't be written down first.
    Unwritten(String),
    /// The adapter failed to word it.
    Adapter(Fault),
    /// The try broke off.
    Broke,
}

/// A place at one question. As long as there is one, it is in hand.
pub(super) struct Seat {
    desk: Arc<Desk>,
    identity: Identity,
    said: Arc<watch::Sender<Said>>,
}

/// Whoever works on a question, and the number of its try. It has told something once dropped.
/// That it failed it says for itself alone: another try may have begun since.
pub(super) struct Working(Seat, u64);

impl Desk {
    pub(super) fn new(store: Arc<dyn Store>, clock: Clock, names: Names) -> Desk {
        let client = Client::new(OwnedReach::Anywhere, names);
        Desk {
            store,
            clock,
            client,
            open: Mutex::default(),
            tries: Mutex::default(),
            begun: AtomicU64::new(0),
        }
    }

    /// A place at this question. Taken before the store is asked: then nobody can learn that the
    /// question is open, and miss that it was answered meanwhile.
    pub(super) fn seat(self: &Arc<Desk>, route: &str, request: &Request) -> Seat {
        let identity = (route.to_owned(), request.kind.clone(), request.id.clone());
        let mut open = lock(&self.open);
        let nothing = || Arc::new(watch::Sender::new(Said::Nothing));
        let said = Arc::clone(open.entry(identity.clone()).or_insert_with(nothing));
        drop(open);
        Seat { desk: Arc::clone(self), identity, said }
    }

    /// Lets a try go on by itself: whoever asked may leave.
    pub(super) fn spawn(&self, trying: impl Future<Output = ()> + Send + 'static) {
        let mut tries = lock(&self.tries);
        while let Some(ended) = tries.try_join_next() {
            if let Err(error) = ended {
                notice(Level::Error, &format!("the try of an answer broke: {error}"));
            }
        }
        match traces::handed_on() {
            None => tries.spawn(trying),
            Some(active) => tries.spawn(traces::within(active, trying)),
        };
    }

    /// Lets tries end that go on, for as long as `limit`. Nobody may be asking any more.
    pub(super) async fn close(&self, limit: Duration) {
        let mut tries = std::mem::take(&mut *lock(&self.tries));
        let all = async { while tries.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(limit, all).await;
    }
}

impl Seat {
    /// Begins to work on the question, unless somebody does, or has said what stands.
    pub(super) fn begin(&self) -> Option<Working> {
        let number = self.desk.begun.fetch_add(1, Ordering::Relaxed);
        let idle = |said: &mut Said| {
            let idle = matches!(said, Said::Nothing | Said::Failed(_));
            if idle {
                *said = Said::Trying(number);
            }
            idle
        };
        self.said.send_if_modified(idle).then(|| Working(self.again(), number))
    }

    /// What comes of the try that goes on, or what stands already.
    pub(super) async fn said(&self) -> Result<Arc<Told>, Silence> {
        let mut said = self.said.subscribe();
        let settled = |said: &Said| matches!(said, Said::Stands(_) | Said::Failed(_));
        let said = said.wait_for(settled).await.map(|said| said.clone());
        match said {
            Ok(Said::Stands(told)) => Ok(told),
            Ok(Said::Failed(told)) => told,
            // The sender is held here.
            Ok(Said::Nothing | Said::Trying(_)) | Err(_) => Err(Silence::Broke),
        }
    }

    /// This is on the disk from here on: everybody who waits is told. What stood before stays.
    pub(super) fn stands(&self, told: Arc<Told>) {
        self.said.send_if_modified(|said| {
            let open = !matches!(said, Said::Stands(_));
            if open {
                *said = Said::Stands(told);
            }
            open
        });
    }

    fn again(&self) -> Seat {
        let (desk, identity) = (Arc::clone(&self.desk), self.identity.clone());
        Seat { desk, identity, said: Arc::clone(&self.said) }
    }
}

impl Working {
    /// What it brought is on the disk, or what stood there before.
    pub(super) fn stands(&self, told: Arc<Told>) {
        self.0.stands(told);
    }

    /// It brought nothing that stands.
    pub(super) fn failed(&self, told: Result<Arc<Told>, Silence>) {
        self.0.said.send_if_modified(|said| {
            let ours = matches!(said, Said::Trying(number) if *number == self.1);
            if ours {
                *said = Said::Failed(told);
            }
            ours
        });
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.failed(Err(Silence::Broke));
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = lock(&self.desk.open);
        // The map's own and this one: nobody else has a place, and nobody takes one meanwhile.
        if Arc::strong_count(&self.said) == 2 {
            open.remove(&self.identity);
        }
    }
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing in here breaks off half-way.
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::store::{Embedded, Options};

    fn desk(folder: &tempfile::TempDir) -> Arc<Desk> {
        let options = Options {
            path: folder.path().join("store.db"),
            secrets: Vec::new(),
            queue: 16,
            batch: 16,
            webhooks_max: 1,
            keep: Duration::from_secs(60),
            bytes_max: 1 << 30,
            wait_most: Duration::from_secs(60),
        };
        let store = Embedded::open(options, Clock::manual(0)).expect("a store");
        Arc::new(Desk::new(Arc::new(store), Clock::manual(0), Names::default()))
    }

    fn request(id: &str) -> Request {
        Request { id: id.to_owned(), kind: "quote".to_owned(), data: "{}".to_owned() }
    }

    fn told(word: &'static str) -> Arc<Told> {
        let reply = Reply { status: 200, headers: Vec::new(), body: Bytes::new() };
        let (reason, by) = (String::new(), String::new());
        Arc::new(Told { reply, outcome: word, reason, by, fallback: false })
    }

    #[tokio::test]
    async fn a_question_is_in_hand_once_and_as_long_as_somebody_asks_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let desk = desk(&folder);
        let (first, second) = (desk.seat("r", &request("1")), desk.seat("r", &request("1")));
        let working = first.begin().expect("nobody works on it");
        assert!(second.begin().is_none(), "somebody does");
        let others = [desk.seat("r", &request("2")), desk.seat("s", &request("1"))];
        assert!(others.iter().all(|other| other.begin().is_some()), "those are others");
        drop((first, others));
        working.stands(told("answered"));
        drop(working);
        assert!(second.begin().is_none(), "it is answered");
        second.stands(told("other"));
        assert_eq!(second.said().await.expect("what stands stays").outcome, "answered");
        drop(second);
        assert!(lock(&desk.open).is_empty());
        let fresh = desk.seat("r", &request("1"));
        assert!(fresh.begin().is_some(), "nothing is known of it here any more");
    }

    #[tokio::test]
    async fn a_try_that_breaks_off_is_told_and_made_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let seat = desk(&folder).seat("r", &request("1"));
        drop(seat.begin().expect("nobody works on it"));
        assert!(matches!(seat.said().await, Err(Silence::Broke)));
        let working = seat.begin().expect("nobody works on it any more");
        working.failed(Ok(told("unavailable")));
        assert_eq!(seat.said().await.expect("it is worded").outcome, "unavailable");
        let next = seat.begin().expect("not now is no last word");
        // The first one still wrote down what it brought.
        drop(working);
        assert!(seat.begin().is_none(), "the next one goes on");
        next.failed(Ok(told("unavailable")));
        assert_eq!(seat.said().await.expect("it is worded").outcome, "unavailable");
    }
}
