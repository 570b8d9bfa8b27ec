//! What is acknowledged, and what is still owed: the one place where intake and delivery meet.
//! [`Store`] is the contract; `embedded/` keeps it in one file on this machine.

mod fault;
mod recording;
mod asking;
mod work;
mod webhook;
mod history;
mod embedded;
#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::watch;

pub use self::asking::{Answering, Asked, Asking};
pub use self::embedded::{Embedded, OpenFault, Options};
pub use self::fault::StoreFault;
pub use self::history::{
    AnswerShown, CallbackShown, DeliveryFilter, DeliveryShown, EventFilter, EventShown, EventWhole,
    Health, Page,
};
pub use self::recording::{NewEvent, Recorded, Recording};
pub use self::webhook::{NewWebhook, Webhook, WebhookChange};
pub use self::work::{
    Claim, Confirmed, Owed, Ruling, Settlement, Unconfirmed, UnconfirmedSettlement,
};
use crate::model::{Addressee, DeliveryId, EventId, Reply, StateChange, WebhookId};

/// What a call of the store brings, later.
pub type Pending<'s, T> = Pin<Box<dyn Future<Output = Result<T, StoreFault>> + Send + 's>>;

/// Keeps callbacks, events, requests with their answers, deliveries, registered webhooks and what
/// plugins remember.
///
/// # What holds for every implementation
///
/// - **Durable**: once a call that changes something has brought `Ok`, the change survives the end
///   of the process and of the machine. Where it brings an error, the change may or may not be
///   there later, and none of it may be acknowledged.
/// - **Whole**: each call is one transaction. A callback, its events, their deliveries, its replay
///   key and what its adapter remembered are there together or not at all.
/// - **Once**: on one route an event's id and aliases are unique for `dedupe_ms`. Recording any of
///   them again changes nothing but the count of repeats and what its adapter remembered, and,
///   where the event is unconfirmed, contradicted or given up, starts its confirmation again.
/// - **Answered once**: a request is kept as an event that is owed to nobody, ever. Route, kind and
///   id are its identity, known for `keep_ms` after it was last computed, or after its reply was
///   recorded. The first finished reply stands: whoever asks again gets it byte for byte, and what
///   comes later is only kept to be shown. A repeat is counted and not kept whole; its replay key
///   and what its adapter remembered are. Of each request at least the 100 newest tries are kept,
///   of replies that don't stand only the start. Pruning never touches one that was asked in the
///   last ten minutes, or whose reply stands and is still known.
/// - **Nothing owed is lost**: a delivery is waiting until it is settled. What was claimed and not
///   settled when the process ended is claimed again. Pruning never touches a callback with a
///   delivery that waits or an event that is to be confirmed.
/// - **Claims** are of one owner: two claims in one process never bring the same delivery or event
///   until it is settled. A due time further off than `wait_most_ms` is taken for a clock that was
///   set back, and is due now.
/// - **Order**: `superseded` is said of an event whose rank is below the highest rank of an
///   accepted or confirmed event of its route and subject, at the time of the claim.
/// - **Bounded**: the calls that wait are bounded; one more brings [`StoreFault::Full`] at once. A
///   store that can't write says so in [`Store::health`] until it can, which it finds out by
///   itself.
pub trait Store: Send + Sync {
    /// Records a genuine notification with all that follows from it.
    fn record(&self, recording: Recording) -> Pending<'_, Recorded>;

    /// Records a genuine request before it is answered, or says what is known of it.
    fn ask(&self, asking: Asking) -> Pending<'_, Asked>;

    /// Keeps how a try of a request ended, and brings the reply that stands: the first finished
    /// one, and `None` where there is none. [`StoreFault::NotFound`] where it isn't there any more.
    fn answer(&self, answering: Answering) -> Pending<'_, Option<Reply>>;

    /// Takes up to `most` deliveries of one destination that are due at `now_ms`, the longest due
    /// first.
    fn claim<'s>(&'s self, to: &'s Addressee, now_ms: u64, most: usize)
    -> Pending<'s, Claim<Owed>>;

    /// Keeps how an attempt ended, and ends the claim. What became of the delivery meanwhile
    /// (cancelled, say) stays.
    fn settle(&self, settlement: Settlement) -> Pending<'_, ()>;

    /// Takes up to `most` events of a route whose confirmation is due at `now_ms`.
    fn claim_unconfirmed<'s>(
        &'s self,
        route: &'s str,
        now_ms: u64,
        most: usize,
    ) -> Pending<'s, Claim<Unconfirmed>>;

    /// Keeps what a confirmation brought, and ends the claim. A confirmed event is given its
    /// deliveries, or is merged into the event of that id which is recorded already.
    fn settle_unconfirmed(&self, settlement: UnconfirmedSettlement) -> Pending<'_, ()>;

    /// Gives claims back that nobody works on any more, as they were.
    fn release(&self, deliveries: &[DeliveryId], events: &[EventId]);

    /// Counts up whenever something new may be due; webhooks that change count too.
    fn changes(&self) -> watch::Receiver<u64>;

    /// Keeps what plugins remember outside a callback's transaction.
    fn keep(&self, changes: Vec<StateChange>) -> Pending<'_, ()>;

    /// Everything that plugins remembered and that hasn't ended at `now_ms`; for the start.
    fn remembered(&self, now_ms: u64) -> Pending<'_, Vec<StateChange>>;

    /// All registered webhooks, the oldest first, as they are kept: read without waiting.
    fn webhooks(&self) -> Arc<Vec<Webhook>>;

    /// Registers a webhook. [`StoreFault::TooMany`] past the limit.
    fn register(&self, webhook: NewWebhook) -> Pending<'_, Webhook>;

    /// Changes a webhook; [`StoreFault::NotFound`] where there is none of this id.
    fn amend(&self, id: WebhookId, change: WebhookChange) -> Pending<'_, Webhook>;

    /// Removes a webhook and cancels its waiting deliveries; says whether there was one.
    fn remove(&self, id: WebhookId) -> Pending<'_, bool>;

    /// Events, the newest first.
    fn events(&self, filter: EventFilter) -> Pending<'_, Page<EventShown>>;

    /// One event with its callback, deliveries and attempts.
    fn event(&self, id: EventId) -> Pending<'_, Option<EventWhole>>;

    /// Deliveries, the newest first.
    fn deliveries(&self, filter: DeliveryFilter) -> Pending<'_, Page<DeliveryShown>>;

    /// One delivery.
    fn delivery(&self, id: DeliveryId) -> Pending<'_, Option<DeliveryShown>>;

    /// Puts a delivery back to waiting, due at once and with all its attempts before it; `false`
    /// where there is none. One whose event isn't true, or isn't known to be, is refused with
    /// [`StoreFault::Untrue`].
    fn resend(&self, id: DeliveryId) -> Pending<'_, bool>;

    /// Owes an event to these destinations of the config, and to the registered webhooks that want
    /// its kind, once more: new deliveries, how many. `None` where there is no such event. A
    /// request is refused with [`StoreFault::Request`].
    fn replay(&self, id: EventId, named: Vec<String>, now_ms: u64) -> Pending<'_, Option<usize>>;

    /// Forgets history that nothing is owed of: what is older than the options say at `now_ms`, and
    /// the oldest until the size is right. Says how many callbacks went; call again while it isn't
    /// 0.
    fn prune(&self, now_ms: u64) -> Pending<'_, usize>;

    /// How the store does; read without waiting.
    fn health(&self) -> Health;
}
