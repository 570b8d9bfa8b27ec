//! What happens now, over the API: the newest log lines as data, asked for again and again.

use std::time::Duration;

use serde_json::json;

use super::Call;
use super::reply::{self, Reply};
use crate::observe;

/// The longest that one call waits for a line.
const WAIT: Duration = Duration::from_secs(10);
/// Numbers of lines stay far below this.
const AFTER_MAX: usize = usize::MAX >> 1;

/// The lines from `after` on, once there is one; without it, where to begin.
pub(super) async fn tail(call: &Call<'_>) -> Reply {
    let after = call.query().number("after", 0..=AFTER_MAX)?.map(|after| after as u64);
    let told = observe::lines_after(after, WAIT).await;
    let (lines, next, missed) = (told.lines, told.next, told.missed);
    Ok(reply::ok(&json!({ "lines": lines, "next": next, "missed": missed })))
}
