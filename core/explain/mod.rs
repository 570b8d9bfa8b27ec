//! Why a callback isn't genuine: what its adapter says, what the keys were asked, and what is wrong
//! by how little. The search is the same for every provider: the callback is changed in one way
//! that senders and proxies are known for, and verified again; where that makes it genuine, the
//! change is the cause.
//!
//! Nothing here is kept, sent or counted, and nothing of a body or a secret is in what is said.

mod spelling;
mod bodies;
mod heads;
mod times;
mod search;

use std::sync::Arc;
use std::time::Duration;

use self::search::Search;
use crate::generation::{Generation, Route};
use crate::model::{Callback, Fact, Proof, Reason, Verdict};
use crate::plugin::{Check, Fault, Keys};

/// The longest that one search goes on; what it found until then is told.
const LONGEST: Duration = Duration::from_secs(5);

/// Everything that can be said of one callback.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The route whose adapter was asked.
    pub route: String,
    /// The adapter: its name and the hash of its code.
    pub adapter: String,
    /// What it says now of the callback as it came, at the time when it came.
    pub verdict: &'static str,
    /// The version of the secret that matched.
    pub matched: Option<String>,
    /// Why it isn't genuine.
    pub reason: Option<Reason>,
    /// What the keys were asked, in order.
    pub checks: Vec<Check>,
    /// Times that the callback names, against when it came.
    pub times: Vec<Fact>,
    /// What would have made it genuine, the likeliest first.
    pub near: Vec<NearMiss>,
    /// What the adapter itself has to say.
    pub facts: Vec<Fact>,
    /// Whether the search had to stop before its end.
    pub cut_short: bool,
}

/// One change that makes a callback genuine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearMiss {
    /// A stable word: `key_form`, `body_newline`, `late`.
    pub code: String,
    /// The change, as a sentence that begins with "matches".
    pub text: String,
}

/// Looks into one callback of a route, as it came.
pub async fn explain(generation: &Generation, route: &Route, callback: &Callback) -> Explanation {
    let mut told = Explanation {
        route: route.name.clone(),
        adapter: route.adapter.plugin().identity().to_owned(),
        verdict: "fault",
        matched: None,
        reason: None,
        checks: Vec::new(),
        times: times::named(callback),
        near: Vec::new(),
        facts: facts(route, callback).await,
        cut_short: false,
    };
    let (own, witness) = route.adapter.looking(&Keys::Own);
    let verdict = search::verify(&own, callback).await;
    told.checks = witness.take();
    let wrong = told.enter(verdict);
    if wrong {
        let mut search = Search::new(own, callback);
        let searching = search.run(generation, route);
        told.cut_short = tokio::time::timeout(LONGEST, searching).await.is_err();
        told.near = search.found();
    }
    told
}

impl Explanation {
    /// Takes the verdict in; says whether a cause is to be searched for.
    fn enter(&mut self, verdict: Result<Verdict, Fault>) -> bool {
        let (word, matched, reason, wrong) = match verdict {
            Ok(Verdict::Genuine(Proof { matched, .. })) => ("genuine", matched, None, false),
            Ok(Verdict::Challenge(_)) => ("challenge", None, None, false),
            Ok(Verdict::Forged(reason)) => ("forged", None, Some(reason), true),
            Ok(Verdict::Unavailable(reason)) => ("unavailable", None, Some(reason), false),
            Err(fault) => {
                let reason = Reason::new(fault.word(), fault.to_string());
                ("fault", None, Some(reason), false)
            }
        };
        (self.verdict, self.matched, self.reason) = (word, matched, reason);
        wrong
    }
}

/// What the adapter has to say; one that explains nothing, or fails at it, says nothing.
async fn facts(route: &Route, callback: &Callback) -> Vec<Fact> {
    let (binding, _) = route.adapter.looking(&Keys::Own);
    let Ok(mut instance) = Arc::clone(&binding).open().await else { return Vec::new() };
    instance.explain(callback).await.unwrap_or_default()
}
