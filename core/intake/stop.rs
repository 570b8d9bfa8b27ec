//! Every way in which a call ends before its line does, and whose doing it is.

use std::sync::Arc;

use super::route::Place;
use crate::generation::Route;
use crate::model::{Callback, Head, Outcome};
use crate::plugin::{Fault, Instance};

/// A call that goes no further.
pub(super) enum Stop {
    /// No adapter is asked: the call isn't one that any could take. `id` is the call's, `route` is
    /// empty where none was found.
    Refused { id: String, route: String, refusal: Refusal },
    /// The route is switched off by what is missing in its config.
    Offline { head: Head, route: Arc<Route> },
    /// The adapter said what it is; it words the reply too, in the same instance.
    Early { place: Place, callback: Arc<Callback>, outcome: Outcome, instance: Instance },
    /// The adapter failed.
    Faulted { place: Place, callback: Arc<Callback>, fault: Fault },
}

impl Stop {
    pub(super) fn faulted(place: Place, callback: Arc<Callback>, fault: Fault) -> Stop {
        Stop::Faulted { place, callback, fault }
    }
}

/// Why a call is refused without asking an adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The sender's: path and query are too long.
    UrlTooLong,
    /// The sender's: it names no host, or several.
    BadHost,
    /// A trusted proxy's: whom it forwards for can't be read.
    BadForwarded,
    /// The sender's: a header's value isn't UTF-8.
    BadHeader,
    /// The sender's: a parameter of the path isn't UTF-8.
    BadPath,
    /// The sender's: there is no such path.
    NoRoute,
    /// The sender's: the path takes other methods.
    Method { allow: Vec<String> },
    /// The sender's: the body is too large.
    BodyTooLarge,
    /// The sender's: the body didn't come in time.
    BodyTimedOut,
    /// The sender's: the body broke off.
    BodyBroken,
    /// Ours: there are too many callbacks at once. Try again.
    Overloaded,
    /// Ours: the store can't record it now. Try again.
    StoreDown { why: String },
    /// Ours: a request found no answer in time, nor the time to say so better. Try again.
    Unanswered,
    /// Ours: it took too long as a whole. Try again.
    TooSlow,
}
