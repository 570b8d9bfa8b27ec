//! What BRZ is told: 200 for what was taken, else a status that makes it try again.
//!
//! The sender reads the code of a reason, never its detail.

use hookswitch_sdk::{Header, Outcome, Reason, Reply};
use serde_json::json;

pub(crate) fn respond(outcome: Outcome) -> Result<Reply, Reason> {
    let refused =
        |status, reason: Reason| Ok(Reply::json(status, &json!({ "error": reason.code })));
    match outcome {
        Outcome::Accepted | Outcome::Duplicate => Ok(taken()),
        Outcome::Challenged(token) => Ok(Reply::text(200, &token)),
        Outcome::Forged(reason) => refused(401, reason),
        Outcome::Malformed(reason) => refused(400, reason),
        Outcome::NotFound(reason) => refused(404, reason),
        Outcome::Unavailable(reason) => refused(503, reason),
        Outcome::Answered(_) | Outcome::Declined(_) => {
            Err(Reason::new("no_requests", "BRZ only notifies: there is nothing to answer"))
        }
    }
}

/// Nearly every callback is answered so: it is written out rather than put together each time.
fn taken() -> Reply {
    let content_type = Header::new("content-type", "application/json");
    Reply { status: 200, headers: vec![content_type], body: br#"{"received":true}"#.to_vec() }
}
