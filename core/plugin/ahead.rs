//! What an adapter said of a callback before it was asked: one that exports `whole` verifies,
//! parses and words the acknowledgement in one call. The steps still ask one by one, and are given
//! what is here.

use super::bounds;
use super::fault::Fault;
use super::limits::Limits;
use crate::model::{Content, Head, ParseFault, Reason, Reply, Verdict};

/// All that one such call brings. What wasn't asked is `None`.
pub(super) struct Taken {
    pub(super) verdict: Verdict,
    pub(super) content: Option<Result<Content, ParseFault>>,
    pub(super) accepted: Option<Result<Reply, Reason>>,
}

impl Taken {
    /// Within its bounds, and nothing said of a callback that isn't genuine.
    pub(super) fn bounded(self, limits: &Limits) -> Result<Taken, Fault> {
        let verdict = bounds::verdict(limits, self.verdict)?;
        if !matches!(verdict, Verdict::Genuine(_)) {
            return Ok(Taken { verdict, content: None, accepted: None });
        }
        let content = self.content.map(|content| bounds::parsed(limits, content)).transpose()?;
        let accepted = self.accepted.map(|reply| bounds::worded(limits, reply)).transpose()?;
        Ok(Taken { verdict, content, accepted })
    }
}

/// What is left of it once the verdict is given.
pub(super) struct Ahead {
    /// Of which callback, by the router's own id.
    callback: String,
    content: Option<Result<Content, ParseFault>>,
    accepted: Option<Result<Reply, Reason>>,
}

impl Ahead {
    /// The verdict, and the rest for later.
    pub(super) fn of(head: &Head, taken: Taken) -> (Verdict, Ahead) {
        let Taken { verdict, content, accepted } = taken;
        (verdict, Ahead { callback: head.id.clone(), content, accepted })
    }

    /// What this callback holds, once.
    pub(super) fn content(&mut self, head: &Head) -> Option<Result<Content, ParseFault>> {
        self.content.take_if(|_| self.callback == head.id)
    }

    /// How this callback is acknowledged, once.
    pub(super) fn accepted(&mut self, head: &Head) -> Option<Result<Reply, Reason>> {
        self.accepted.take_if(|_| self.callback == head.id)
    }
}
