//! Brings one destination what is owed to it. It claims no more than it can send at once, so what
//! it holds doesn't grow with the queue; a claim ends settled or given back.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::Engine;
use super::attempt::Post;
use super::held::{Held, Work};
use super::retry::{Schedule, rule};
use crate::model::breaker::{Breaker, Leave, Pass};
use crate::model::{Addressee, Attempt, OutOfOrder, Settled};
use crate::observe::{AttemptLine, BreakerShown, Level, attempt_line, notice};
use crate::store::{Owed, Ruling, Settlement};

/// The task of one destination.
pub(super) struct Courier {
    engine: Arc<Engine>,
    to: Addressee,
    /// Its settings; where nobody gives any more, it ends.
    orders: watch::Receiver<Arc<Post>>,
    breaker: Breaker,
    /// The breaker, for whoever watches.
    shown: BreakerShown,
    /// It wants nothing any more, until its settings change.
    gone: bool,
    attempts: JoinSet<Ended>,
    /// Something changed since the store was asked.
    roused: bool,
    /// How often in a row the store was asked because of a change, and had nothing.
    futile: u32,
}

/// What the courier learns from an attempt that ended; `pass` is `None` where nothing was sent.
struct Ended {
    pass: Option<Pass>,
    down: bool,
    /// By these settings it wants nothing any more.
    gone: Option<Arc<Post>>,
}

impl Courier {
    pub(super) fn new(
        engine: Arc<Engine>,
        to: Addressee,
        orders: watch::Receiver<Arc<Post>>,
    ) -> Courier {
        let breaker = Breaker::new(engine.limits.breaker);
        let shown = BreakerShown::of(&to.to_string());
        Courier {
            engine,
            to,
            orders,
            breaker,
            shown,
            gone: false,
            attempts: JoinSet::new(),
            roused: false,
            futile: 0,
        }
    }

    /// Delivers until nobody gives orders any more; then attempts in flight may end.
    pub(super) async fn run(mut self) {
        let mut changes = self.engine.store.changes();
        let mut look = Instant::now();
        loop {
            if Instant::now() >= look {
                // Seen before the store is asked: what comes later wakes this again.
                changes.borrow_and_update();
                let wait = self.begin().await;
                look = Instant::now() + wait;
            }
            tokio::select! {
                told = self.orders.changed() => match told {
                    Ok(()) => {
                        self.start_anew();
                        look = Instant::now();
                    }
                    Err(_) => break,
                },
                Ok(()) = changes.changed() => {
                    self.roused = true;
                    look = look.min(Instant::now() + self.pause());
                }
                Some(ended) = self.attempts.join_next() => {
                    self.learn_all(ended);
                    look = Instant::now();
                }
                () = tokio::time::sleep_until(look) => {}
            }
        }
        self.drain().await;
    }

    /// Begins as many attempts as may, and says for how long there is nothing more to begin.
    async fn begin(&mut self) -> Duration {
        loop {
            let now_ms = self.engine.clock.now_ms();
            let most = match self.places(now_ms) {
                Ok(most) => most,
                Err(wait) => return wait,
            };
            let Ok(claim) = self.engine.store.claim(&self.to, now_ms, most).await else {
                return self.engine.limits.store_again;
            };
            let nothing = claim.due.is_empty();
            self.futile = match (nothing, std::mem::take(&mut self.roused)) {
                (true, roused) => self.futile.saturating_add(u32::from(roused)),
                (false, _) => 0,
            };
            for owed in claim.due {
                self.start(owed);
            }
            let wait = self.engine.wait_until(claim.next_ms, now_ms);
            if nothing || !wait.is_zero() {
                return wait.max(super::LEAST_WAIT);
            }
        }
    }

    /// How long to wait after a change before the store is asked. Most changes are about somebody
    /// else: whoever asked in vain a few times lets some of them gather.
    fn pause(&self) -> Duration {
        let doubled = self.futile.checked_sub(1).map(|times| 1_u64.checked_shl(times));
        let doubled = doubled.map_or(0, |times| times.unwrap_or(u64::MAX));
        Duration::from_millis(doubled).min(self.engine.limits.gather_most)
    }

    /// How many attempts may begin, or how long to wait before that is asked again. An attempt that
    /// ends asks again too.
    fn places(&self, now_ms: u64) -> Result<usize, Duration> {
        let concurrency = self.orders.borrow().recipient.concurrency;
        let free = concurrency.saturating_sub(self.attempts.len());
        if self.gone || free == 0 {
            return Err(self.engine.limits.look_again);
        }
        match self.breaker.leave(now_ms) {
            Leave::All => Ok(free),
            Leave::One => Ok(1),
            Leave::Not(until_ms) => Err(self.engine.wait_until(until_ms, now_ms)),
        }
    }

    /// Begins one attempt.
    fn start(&mut self, owed: Owed) {
        let held = Held::new(&self.engine, Work::Delivery(owed.id));
        let generation = self.engine.cell.current();
        let rule = generation.route(&owed.route).map(|route| route.out_of_order);
        let engine = Arc::clone(&self.engine);
        let marked = match (owed.superseded, rule.unwrap_or_default()) {
            (true, OutOfOrder::Drop) => {
                self.attempts.spawn(pass_over(held, owed));
                return;
            }
            (true, OutOfOrder::Mark) => true,
            (true, OutOfOrder::Deliver) | (false, _) => false,
        };
        let sending = Sending {
            engine,
            held,
            post: Arc::clone(&self.orders.borrow()),
            owed,
            marked,
            pass: self.breaker.begin(),
        };
        self.attempts.spawn(sending.run());
    }

    /// Those that ended meanwhile too: the store is asked once for all of their places.
    fn learn_all(&mut self, first: Result<Ended, JoinError>) {
        let mut next = Some(first);
        while let Some(ended) = next {
            self.learn(ended);
            next = self.attempts.try_join_next();
        }
    }

    /// Says when the destination begins, or ends, to be left alone.
    fn tell(&mut self, before: Option<u64>, now_ms: u64) {
        let until_ms = self.breaker.until_ms();
        if before == until_ms {
            return;
        }
        self.shown.set(until_ms.is_some());
        match until_ms {
            None => notice(Level::Info, &format!("{} takes deliveries again", self.to)),
            Some(until_ms) => {
                let wait_s = until_ms.saturating_sub(now_ms).div_ceil(1000);
                let line = format!("{} fails: nothing is sent to it for {wait_s} s", self.to);
                notice(Level::Warn, &line);
            }
        }
    }

    fn learn(&mut self, ended: Result<Ended, JoinError>) {
        let now_ms = self.engine.clock.now_ms();
        // One that panicked may have been the trial that others wait for.
        let lost = |_| Ended { pass: Some(Pass::Trial), down: true, gone: None };
        let ended = ended.unwrap_or_else(lost);
        if let Some(pass) = ended.pass {
            let before = self.breaker.until_ms();
            self.breaker.end(pass, ended.down, now_ms);
            self.tell(before, now_ms);
        }
        let gone = ended.gone.is_some_and(|post| Arc::ptr_eq(&post, &self.orders.borrow()));
        if gone && !self.gone {
            self.gone = true;
            let text = match &self.to {
                Addressee::Named(name) => format!(
                    "destination \"{name}\" answered 410: nothing is sent to it until its settings \
                     change or the router is started again"
                ),
                Addressee::Webhook(id) => format!("webhook {id} answered 410: it is inactive now"),
            };
            notice(Level::Warn, &text);
        }
    }

    /// Its settings changed: whatever was wrong may be mended.
    fn start_anew(&mut self) {
        self.gone = false;
        self.breaker = Breaker::new(self.engine.limits.breaker);
        self.shown.set(false);
    }

    /// Attempts in flight may end within the limit; the claims of the others are given back.
    async fn drain(mut self) {
        let limit = self.engine.limits.drain;
        let all = async { while self.attempts.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(limit, all).await;
        self.attempts.shutdown().await;
    }
}

/// An attempt in flight.
struct Sending {
    engine: Arc<Engine>,
    held: Held,
    post: Arc<Post>,
    owed: Owed,
    marked: bool,
    pass: Pass,
}

impl Sending {
    async fn run(self) -> Ended {
        let Sending { engine, held, post, owed, marked, pass } = self;
        let tried = post.send(&owed, marked, &engine).await;
        let schedule = Schedule {
            waits: &post.recipient.retry,
            tries: owed.tries,
            jitter: jitter(&owed),
            now_ms: engine.clock.now_ms(),
        };
        let ruling = rule(tried.outcome, &schedule);
        settle(held, &owed, ruling, Some(tried.attempt)).await;
        let gone = matches!(ruling, Ruling::Gone).then_some(post);
        Ended { pass: Some(pass), down: tried.outcome.is_down(), gone }
    }
}

/// It is behind, and its route drops what is.
async fn pass_over(held: Held, owed: Owed) -> Ended {
    settle(held, &owed, Ruling::Dropped, None).await;
    Ended { pass: None, down: false, gone: None }
}

async fn settle(held: Held, owed: &Owed, ruling: Ruling, attempt: Option<Attempt>) {
    let settlement = Settlement { id: owed.id, attempt, ruling };
    held.settle(|store| store.settle(settlement.clone())).await;
    let made = settlement.attempt.as_ref();
    attempt_line(&AttemptLine {
        delivery: &owed.id.to_string(),
        event: &owed.event.to_string(),
        to: &owed.to.to_string(),
        attempt: owed.tries.saturating_add(1),
        outcome: word(ruling),
        status: made.and_then(|attempt| attempt.status).unwrap_or(0),
        took_ms: made.map_or(0, |attempt| attempt.took_ms),
        reason: made.and_then(|attempt| attempt.error.as_deref()).unwrap_or_default(),
    });
}

fn word(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Settled(Settled::Delivered) => "delivered",
        Ruling::Settled(Settled::Again(_)) => "again",
        Ruling::Settled(Settled::Exhausted) => "exhausted",
        Ruling::Dropped => "dropped",
        Ruling::Gone => "gone",
    }
}

/// A number that differs from delivery to delivery and from try to try: ids hold random bits.
fn jitter(owed: &Owed) -> u64 {
    let [.., a, b, c, d, e, f] = *owed.id.as_bytes();
    let random = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
    // An odd number, so that each try is spread over the whole again.
    random ^ u64::from(owed.tries).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}
