//! What an adapter makes of a callback that came before: its verdict, what it holds and how that is
//! acknowledged, at the time when it came; and how two such results differ. Its vectors are such
//! callbacks too, with what has to come of them.
//!
//! Nothing here is kept, sent or counted, and a difference says nothing of a body or a secret: of
//! data only where it differs.

mod answered;
mod differ;
mod stored;
pub mod vectors;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

pub use self::answered::{answered, stored};
pub use self::stored::replayed;
use crate::generation::{Difference, Rehearsal};
use crate::model::{Callback, Content, Outcome, ParseFault, Reply, Verdict};
use crate::plugin::{Binding, Fault, Keys};
use crate::store::{EventFilter, Store, StoreFault};

/// Differences that are told of one route: whoever reads more of them is no wiser.
const TOLD_MAX: usize = 20;

/// Rows that are asked of the store at once.
const PAGE: usize = 100;

/// How often an adapter is tried again whose instances are all in use.
const TRIES_MAX: u32 = 5;
const BUSY_PAUSE: Duration = Duration::from_millis(100);

/// What one adapter makes of one callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) verdict: Result<Verdict, String>,
    /// Only of a genuine one.
    pub(crate) content: Option<Result<Content, ParseFault>>,
    /// How it is worded; of a request nothing, for that hangs on the answer.
    pub(crate) reply: Option<Result<Reply, String>>,
}

/// Which callbacks are rehearsed, by whom.
pub struct Rehearsing<'r> {
    /// The route's name.
    pub route: &'r str,
    /// How many of its newest stored callbacks.
    pub last: usize,
    /// The adapter that runs.
    pub old: &'r Binding,
    /// The one that would.
    pub new: &'r Binding,
}

impl Rehearsing<'_> {
    /// Sends stored callbacks through both adapters, until `longest` is over. Where not all of
    /// them could be tried, the rehearsal says why.
    pub async fn run(&self, store: &dyn Store, longest: Duration) -> Rehearsal {
        let mut rehearsal = Rehearsal { route: self.route.to_owned(), ..Rehearsal::default() };
        let whole = tokio::time::timeout(longest, self.all(store, &mut rehearsal)).await;
        rehearsal.cut_short = match whole {
            Ok(Ok(())) => None,
            Ok(Err(fault)) => Some(fault.to_string()),
            Err(_) => Some("it took longer than reload_rehearsal".to_owned()),
        };
        rehearsal
    }

    async fn all(&self, store: &dyn Store, into: &mut Rehearsal) -> Result<(), StoreFault> {
        let route = Some(self.route.to_owned());
        let mut filter = EventFilter { route, limit: PAGE, ..EventFilter::default() };
        let mut last = None;
        loop {
            let page = store.events(filter.clone()).await?;
            for row in &page.rows {
                // The events of one callback stand beside each other.
                if into.callbacks >= self.last || last.replace(row.callback) == Some(row.callback) {
                    continue;
                }
                if let Some(whole) = store.event(row.id).await? {
                    self.one(&whole.callback.callback, into).await;
                }
            }
            filter.before = page.rows.last().map(|row| row.id);
            if !page.more || into.callbacks >= self.last {
                return Ok(());
            }
        }
    }

    async fn one(&self, callback: &Callback, into: &mut Rehearsal) {
        let (old, new) = (
            taken(self.old, callback, Way::Usual).await,
            taken(self.new, callback, Way::Usual).await,
        );
        let found = differ::between(&callback.head.id, &old, &new);
        into.callbacks += 1;
        into.differing += usize::from(!found.is_empty());
        let room = TOLD_MAX.saturating_sub(into.differences.len());
        into.differences.extend(found.into_iter().take(room));
    }
}

/// How an adapter is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// As the router asks it: in one call, where it takes callbacks whole.
    Usual,
    /// As the router asks it after a fault.
    InSteps,
}

/// What the adapter makes of a callback, without any effect.
async fn taken(adapter: &Binding, callback: &Callback, way: Way) -> Taken {
    let (binding, _) = adapter.looking(&Keys::Own);
    for _ in 0..TRIES_MAX {
        match once(&binding, callback, way).await {
            Err(Fault::Busy) => tokio::time::sleep(BUSY_PAUSE).await,
            Err(fault) => return Taken::failed(&fault),
            Ok(taken) => return taken,
        }
    }
    Taken::failed(&Fault::Busy)
}

async fn once(binding: &Arc<Binding>, callback: &Callback, way: Way) -> Result<Taken, Fault> {
    let mut instance = binding.open().await?;
    let verdict = match way {
        Way::Usual => instance.verify(callback).await?,
        Way::InSteps => instance.verify_alone(callback).await?,
    };
    let (content, outcome) = match &verdict {
        Verdict::Challenge(token) => (None, Some(Outcome::Challenged(token.clone()))),
        Verdict::Forged(why) => (None, Some(Outcome::Forged(why.clone()))),
        Verdict::Unavailable(why) => (None, Some(Outcome::Unavailable(why.clone()))),
        Verdict::Genuine(_) => {
            let content = instance.parse(callback).await?;
            let outcome = match &content {
                Ok(Content::Notification(_)) => Some(Outcome::Accepted),
                Ok(Content::Request(_)) => None,
                Err(ParseFault::Malformed(why)) => Some(Outcome::Malformed(why.clone())),
                Err(ParseFault::NotFound(why)) => Some(Outcome::NotFound(why.clone())),
            };
            (Some(content), outcome)
        }
    };
    let reply = match outcome {
        None => None,
        Some(outcome) => {
            let said = instance.respond(&callback.head, &outcome).await?;
            Some(said.map_err(|why| why.code))
        }
    };
    Ok(Taken { verdict: Ok(verdict), content, reply })
}

impl Taken {
    fn failed(fault: &Fault) -> Taken {
        Taken { verdict: Err(fault.word().to_owned()), content: None, reply: None }
    }
}
