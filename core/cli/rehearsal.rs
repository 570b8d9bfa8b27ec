//! `hookswitch events replay --as-received`: stored callbacks through today's adapter, at the time
//! when each came. `--dry-run`: stored requests to today's responder. Both tell what differs, and
//! nothing is owed or recorded.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::api::{Api, Place, encoded};
use super::each::each;
use super::events::is_request;
use super::listing::query;
use super::{Misuse, plan, table};

/// Stored callbacks through today's adapter.
pub(super) const AS_RECEIVED: Way = Way { path: "rehearsal", same: "the same", asks: false };
/// Stored requests to today's responder.
pub(super) const DRY_RUN: Way = Way { path: "dry-run", same: "as before", asks: true };

const EVENTS: &str = "/api/v1/events";
/// Rows of a page of the API.
const PAGE: usize = 100;

/// One way to replay without effect.
pub(super) struct Way {
    /// Where it is done, behind an event's own path.
    path: &'static str,
    /// What is said where nothing differs.
    same: &'static str,
    /// Whether it is for requests only, and each is told.
    asks: bool,
}

/// Which events, where they aren't named.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// With --as-received or --dry-run: all of this route.
    #[arg(long)]
    route: Option<String>,
    /// With --as-received or --dry-run: all of this kind.
    #[arg(long)]
    kind: Option<String>,
    /// With one of them: all that stand so, as unanswered.
    #[arg(long)]
    status: Option<String>,
    /// With one of them: all requests that this answered, a plugin's name or a service's URL.
    #[arg(long, value_name = "NAME")]
    answered_by: Option<String>,
    /// With one of them: all requests that the config's fallback answered.
    #[arg(long)]
    fallback: bool,
    /// With one of them: since this day, as 2026-01-31, or RFC 3339 time.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// With one of them: up to this day or time.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// With one of them: the newest so many of those that fit [default: 100].
    #[arg(long)]
    limit: Option<usize>,
}

impl Which {
    fn query(&self) -> Vec<(&'static str, String)> {
        query(&[
            ("route", &self.route),
            ("kind", &self.kind),
            ("status", &self.status),
            ("answered_by", &self.answered_by),
            ("fallback", &self.fallback.then(|| "true".to_owned())),
            ("from", &self.from),
            ("to", &self.to),
        ])
    }

    /// Whether anything is said at all.
    pub(super) fn is_empty(&self) -> bool {
        self.query().is_empty() && self.limit.is_none()
    }

    /// The ids of those that fit, the newest first, and whether each is a request.
    async fn ids(&self, api: &Api) -> anyhow::Result<Vec<(String, bool)>> {
        let (mut ids, most) = (Vec::new(), self.limit.unwrap_or(PAGE));
        let mut filter = self.query();
        filter.push(("limit", PAGE.min(most.max(1)).to_string()));
        let mut before = None;
        while ids.len() < most {
            let cursor = before.take().map(|id: String| ("before", id));
            let asked: Vec<_> = filter.iter().cloned().chain(cursor).collect();
            let page = api.get(EVENTS, &asked).await?;
            let rows = page["events"].as_array().map(Vec::as_slice).unwrap_or_default();
            let found = |row: &Value| Some((row["id"].as_str()?.to_owned(), is_request(row)));
            ids.extend(rows.iter().filter_map(found));
            match page["next"].as_str() {
                Some(next) => before = Some(next.to_owned()),
                None => break,
            }
        }
        ids.truncate(most);
        Ok(ids)
    }
}

impl Way {
    /// Success where nothing differs.
    pub(super) async fn run(
        &self,
        place: &Place,
        ids: &[String],
        which: &Which,
    ) -> anyhow::Result<ExitCode> {
        let wrong = match (ids.is_empty(), which.is_empty()) {
            (true, true) => "name events by their ids, or say which ones, as --route NAME",
            (false, false) => "name events by their ids or by a filter, not by both",
            _ => "",
        };
        anyhow::ensure!(wrong.is_empty(), Misuse(wrong.to_owned()));
        let api = place.open()?;
        let found = if ids.is_empty() { self.found(&api, which).await? } else { ids.to_vec() };
        let (mut same, mut differing) = (0, 0);
        let replayed = each(&found, "replaying", async |id, bar| {
            let path = format!("{EVENTS}/{}/{}", encoded(id), self.path);
            let said = api.post(&path, None).await?;
            match differences(&said).is_empty() {
                true => same += 1,
                false => differing += 1,
            }
            Ok(bar.suspend(|| self.print(place, id, &said))?)
        });
        replayed.await?;
        eprintln!("of {} {}: {same}; differing: {differing}", found.len(), self.same);
        Ok(if same == found.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// The ids of those that fit and that it is for.
    async fn found(&self, api: &Api, which: &Which) -> anyhow::Result<Vec<String>> {
        let all = which.ids(api).await?;
        let count = all.len();
        let wanted = all.into_iter().filter(|(_, is_request)| *is_request || !self.asks);
        let ids: Vec<String> = wanted.map(|(id, _)| id).collect();
        let left = count - ids.len();
        let why = "which nobody answers: --as-received is for them";
        anyhow::ensure!(
            left == 0 || !ids.is_empty(),
            "all {left} that fit are notifications, {why}"
        );
        if left > 0 {
            eprintln!("left out: {left} notifications, {why}");
        }
        Ok(ids)
    }

    fn print(&self, place: &Place, id: &str, said: &Value) -> std::io::Result<()> {
        if place.json {
            return table::print(&format!("{said}\n"));
        }
        let differences = differences(said);
        if self.asks {
            let how = if differences.is_empty() { self.same } else { "differs" };
            let by = |answer: &Value| table::cell(&answer["by"]);
            let (stored, today) = (by(&said["stored"]), by(&said["today"]));
            table::print(&format!("{id}  {how}  (answered by {stored}, today by {today})\n"))?;
        }
        let line = |one: &Value| {
            let told = table::clean(&plan::difference(one));
            format!("{id}  of callback {told}\n")
        };
        table::print(&differences.iter().map(line).collect::<String>())
    }
}

fn differences(said: &Value) -> &[Value] {
    said["differences"].as_array().map(Vec::as_slice).unwrap_or_default()
}
