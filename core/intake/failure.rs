//! Why a responder brought no answer, and whether that is its own fault. A decline is none of
//! these: it is an answer.

use crate::generation::Closed;
use crate::model::Reason;
use crate::plugin::Fault;

/// No answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// A stable word.
    pub(super) code: String,
    /// A sentence for the operator.
    pub(super) detail: String,
    /// What that says of who was asked.
    pub(super) blame: Blame,
}

/// Whose fault it is that there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blame {
    /// The responder's: it counts against it.
    Responder,
    /// Somebody else's: nothing is learned of the responder.
    Other,
}

impl Failure {
    /// The responder's own.
    pub(super) fn of_responder(code: &str, detail: impl Into<String>) -> Failure {
        Failure { code: code.to_owned(), detail: detail.into(), blame: Blame::Responder }
    }

    fn of_others(code: &str, detail: impl Into<String>) -> Failure {
        Failure { code: code.to_owned(), detail: detail.into(), blame: Blame::Other }
    }

    /// It has been waited for long enough.
    pub(super) fn late() -> Failure {
        Failure::of_responder("responder_deadline", "no answer came in time")
    }

    /// It was answered, and the adapter may not say that.
    pub(super) fn invalid(why: &Reason) -> Failure {
        let detail = format!("the answer is invalid: {}", why.detail);
        Failure::of_responder(&why.code, detail)
    }

    /// Nobody is named who would answer it.
    pub(super) fn nobody() -> Failure {
        Failure::of_others("no_responder", "nobody is configured to answer this kind")
    }

    /// Whatever was answered, it can't be worded.
    pub(super) fn of_adapter(fault: &Fault) -> Failure {
        Failure::of_others(&format!("adapter_{}", fault.word()), fault.to_string())
    }

    /// Nobody is there to be asked.
    pub(super) fn offline(why: &str) -> Failure {
        Failure::of_others("responder_offline", why)
    }

    /// As providers and operators read it.
    pub(super) fn reason(&self) -> Reason {
        Reason::new(&self.code, &self.detail)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Failure {
        let code = format!("responder_{}", fault.word());
        match fault {
            // Instances that others hold, and what the contract has nothing to do with.
            Fault::Busy => Failure::of_others(&code, fault.to_string()),
            _ => Failure::of_responder(&code, fault.to_string()),
        }
    }
}

impl From<Closed> for Failure {
    fn from(closed: Closed) -> Failure {
        match closed {
            Closed::Overloaded => {
                Failure::of_others("responder_overloaded", "too many are asked at once")
            }
            Closed::Failing => {
                let detail = "the responder fails again and again, and isn't asked for a while";
                Failure::of_others("responder_failing", detail)
            }
        }
    }
}
