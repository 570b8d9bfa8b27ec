//! A reload over the API: whether it is wanted of the generation that runs, the ask, and what comes
//! back. Whoever hangs up meanwhile stops nothing: the reload is done elsewhere.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::IF_MATCH;
use hyper::{HeaderMap, Response};
use serde_json::json;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::reply::{self, Refusal};
use crate::generation::{Ask, Plan, Purpose, Told};
use crate::model::GenerationId;

/// How long an answer is waited for: compiling a few large plugins takes minutes.
const PATIENCE: Duration = Duration::from_secs(300);

/// Where reloads are asked for.
pub(super) struct Reloads {
    asks: mpsc::Sender<Ask>,
    pub(super) patience: Duration,
}

/// Which generation a reload is wanted of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Whichever runs.
    Any,
    /// This one.
    Only(GenerationId),
    /// One that never was here.
    Unknown,
}

impl Reloads {
    pub(super) fn new(asks: mpsc::Sender<Ask>) -> Reloads {
        Reloads { asks, patience: PATIENCE }
    }

    /// Has the config reloaded, whatever rehearsing brings where `anyway`, where the generation
    /// that is wanted is `running`.
    pub(super) async fn ask(
        &self,
        headers: &HeaderMap,
        running: GenerationId,
        anyway: bool,
    ) -> Result<Response<Full<Bytes>>, Refusal> {
        // Whether a wanted one still runs is for the reloader to say: only it knows in time.
        let only_if = match wanted(headers)? {
            Wanted::Any => None,
            Wanted::Only(id) => Some(id),
            Wanted::Unknown => return Err(Refusal::Stale(running)),
        };
        let done = |id: GenerationId, changed: bool| {
            Ok(reply::ok(&json!({ "generation": id.0, "changed": changed })))
        };
        let purpose = if anyway { Purpose::ReloadAnyway } else { Purpose::Reload };
        match self.told(purpose, only_if).await? {
            Told::Applied(id) => done(id, true),
            Told::Unchanged(id) => done(id, false),
            Told::Rejected(problems) => Err(Refusal::Rejected(problems)),
            Told::Stale(id) => Err(Refusal::Stale(id)),
            // Nobody asked for one.
            Told::Planned(_) => Err(Refusal::NoReloader),
        }
    }

    /// What a reload would change now.
    pub(super) async fn plan(&self) -> Result<Arc<Plan>, Refusal> {
        match self.told(Purpose::Plan, None).await? {
            Told::Planned(plan) => Ok(plan),
            _ => Err(Refusal::NoReloader),
        }
    }

    async fn told(&self, purpose: Purpose, only_if: Option<GenerationId>) -> Result<Told, Refusal> {
        let (tell, told) = oneshot::channel();
        self.asks.try_send(Ask { purpose, only_if, tell }).map_err(|error| match error {
            TrySendError::Full(_) => Refusal::Busy,
            TrySendError::Closed(_) => Refusal::NoReloader,
        })?;
        match timeout(self.patience, told).await {
            Ok(Ok(told)) => Ok(told),
            Ok(Err(_)) => Err(Refusal::NoReloader),
            Err(_) => Err(Refusal::Late),
        }
    }
}

/// What `If-Match` says: nothing, `*`, or one strong entity tag. A weak one never matches, and of
/// several no more than one could: both are taken for mistakes.
pub(super) fn wanted(headers: &HeaderMap) -> Result<Wanted, Refusal> {
    let mut values = headers.get_all(IF_MATCH).iter();
    let Some(value) = values.next() else { return Ok(Wanted::Any) };
    if values.next().is_some() {
        return Err(Refusal::IfMatch);
    }
    match value.as_bytes() {
        b"*" => Ok(Wanted::Any),
        [b'"', tag @ .., b'"'] if tag.iter().all(|byte| in_tag(*byte)) => Ok(of(tag)),
        _ => Err(Refusal::IfMatch),
    }
}

/// Whether an entity tag may hold it, by RFC 9110.
fn in_tag(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x7e | 0x80..)
}

/// The generation whose tag this is, written exactly as it is shown.
fn of(tag: &[u8]) -> Wanted {
    let text = std::str::from_utf8(tag).unwrap_or_default();
    match text.parse().map(GenerationId) {
        Ok(id) if id.to_string() == text => Wanted::Only(id),
        _ => Wanted::Unknown,
    }
}
