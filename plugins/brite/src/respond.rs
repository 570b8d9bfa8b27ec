//! What Brite is told: exactly 200 for what was taken, else a status that makes it try again (after
//! 10, 30 and 60 minutes, then never).
//!
//! The sender reads the code of a reason, never its detail.

use hookswitch_sdk::{Outcome, Reason, Reply};
use serde_json::json;

pub(crate) fn respond(outcome: Outcome) -> Result<Reply, Reason> {
    let refused =
        |status, reason: Reason| Ok(Reply::json(status, &json!({ "error": reason.code })));
    match outcome {
        Outcome::Accepted | Outcome::Duplicate => {
            Ok(Reply::json(200, &json!({ "received": true })))
        }
        Outcome::Challenged(token) => Ok(Reply::text(200, &token)),
        Outcome::Forged(reason) => refused(403, reason),
        Outcome::Malformed(reason) => refused(400, reason),
        Outcome::NotFound(reason) => refused(404, reason),
        Outcome::Unavailable(reason) => refused(503, reason),
        Outcome::Answered(_) | Outcome::Declined(_) => {
            Err(Reason::new("no_requests", "Brite only notifies: there is nothing to answer"))
        }
    }
}
