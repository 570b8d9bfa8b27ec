//! `hookswitch events replay --as-received`: stored callbacks through today's adapter, at the time
//! when each came, and what differs. Nothing is owed, recorded or sent.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::api::{Api, Place, encoded};
use super::each::each;
use super::listing::query;
use super::{Misuse, plan, table};

const EVENTS: &str = "/api/v1/events";
/// Rows of a page of the API.
const PAGE: usize = 100;

/// Which events, where they aren't named.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// With --as-received: all of this route.
    #[arg(long)]
    route: Option<String>,
    /// With --as-received: all of this kind.
    #[arg(long)]
    kind: Option<String>,
    /// With --as-received: since this day, as 2026-01-31, or RFC 3339 time.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// With --as-received: up to this day or time.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// With --as-received: the newest so many of those that fit [default: 100].
    #[arg(long)]
    limit: Option<usize>,
}

impl Which {
    fn query(&self) -> Vec<(&'static str, String)> {
        query(&[
            ("route", &self.route),
            ("kind", &self.kind),
            ("from", &self.from),
            ("to", &self.to),
        ])
    }

    /// Whether anything is said at all.
    pub(super) fn is_empty(&self) -> bool {
        self.query().is_empty() && self.limit.is_none()
    }

    /// The ids of those that fit, the newest first.
    async fn ids(&self, api: &Api) -> anyhow::Result<Vec<String>> {
        let (mut ids, most) = (Vec::new(), self.limit.unwrap_or(PAGE));
        let mut filter = self.query();
        filter.push(("limit", PAGE.min(most.max(1)).to_string()));
        let mut before = None;
        while ids.len() < most {
            let cursor = before.take().map(|id: String| ("before", id));
            let asked: Vec<_> = filter.iter().cloned().chain(cursor).collect();
            let page = api.get(EVENTS, &asked).await?;
            let rows = page["events"].as_array().map(Vec::as_slice).unwrap_or_default();
            ids.extend(rows.iter().filter_map(|row| Some(row["id"].as_str()?.to_owned())));
            match page["next"].as_str() {
                Some(next) => before = Some(next.to_owned()),
                None => break,
            }
        }
        ids.truncate(most);
        Ok(ids)
    }
}

/// Success where nothing differs.
pub(super) async fn run(place: &Place, ids: &[String], which: &Which) -> anyhow::Result<ExitCode> {
    let wrong = match (ids.is_empty(), which.is_empty()) {
        (true, true) => "name events by their ids, or say which ones, as --route NAME",
        (false, false) => "name events by their ids or by a filter, not by both",
        _ => "",
    };
    anyhow::ensure!(wrong.is_empty(), Misuse(wrong.to_owned()));
    let api = place.open()?;
    let found = if ids.is_empty() { which.ids(&api).await? } else { ids.to_vec() };
    let (mut same, mut differing) = (0, 0);
    let rehearsed = each(&found, "replaying", async |id, bar| {
        let said = api.post(&format!("{EVENTS}/{}/rehearsal", encoded(id)), None).await?;
        let differences = said["differences"].as_array().map_or(&[][..], Vec::as_slice);
        match differences.is_empty() {
            true => same += 1,
            false => differing += 1,
        }
        Ok(bar.suspend(|| print(place, id, &said, differences))?)
    });
    rehearsed.await?;
    eprintln!("of {} the same: {same}; differing: {differing}", found.len());
    Ok(if same == found.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(place: &Place, id: &str, said: &Value, differences: &[Value]) -> std::io::Result<()> {
    if place.json {
        return table::print(&format!("{said}\n"));
    }
    let line = |one: &Value| format!("{id}  of callback {}\n", plan::difference(one));
    table::print(&differences.iter().map(line).collect::<String>())
}
