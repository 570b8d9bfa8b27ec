//! `hookswitch events`: what was recorded, over the admin API, and owing it once more.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::Misuse;
use super::api::{Place, encoded};
use super::each::each;
use super::listing::{Extent, Listing, Turn, query};
use super::rehearsal::{self, Which};
use super::table::{self, Table, block, cell, facts};

const EVENTS: &str = "/api/v1/events";

#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Events {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List events, the newest first.
    List(List),
    /// Show one with its callback, its deliveries and their attempts, or a request's answers.
    Show(Show),
    /// Owe events once more to everybody who wants them now; requests can't be.
    Replay(Replay),
}

#[derive(Debug, Args)]
struct List {
    /// Only those of this route.
    #[arg(long)]
    route: Option<String>,
    /// Only those of this kind.
    #[arg(long)]
    kind: Option<String>,
    /// Only those about this subject.
    #[arg(long)]
    subject: Option<String>,
    /// Only those with this id of the provider's.
    #[arg(long, value_name = "ID")]
    provider_id: Option<String>,
    /// Only those that stand so: accepted, confirmed, unanswered, answered …
    #[arg(long)]
    status: Option<String>,
    /// Only requests that this answered: a plugin's name, or a service's URL.
    #[arg(long, value_name = "NAME")]
    answered_by: Option<String>,
    /// Only requests that the config's fallback answered.
    #[arg(long)]
    fallback: bool,
    /// Only those since this day, as 2026-01-31, or RFC 3339 time.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only those up to this day or time.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    #[command(flatten)]
    extent: Extent,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
struct Show {
    /// The event's id.
    id: String,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
struct Replay {
    /// The events' ids.
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Owe nothing: send the stored callbacks through today's adapter, at the time when each came,
    /// and tell what differs.
    #[arg(long)]
    as_received: bool,
    /// Owe nothing: ask today's responder the stored requests again, record nothing of it, and tell
    /// how its answers differ. A service is told so by the header `hookswitch-dry-run: true`.
    #[arg(long, conflicts_with = "as_received")]
    dry_run: bool,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    place: Place,
}

const LISTING: Listing = Listing {
    path: EVENTS,
    rows: "events",
    turn: Turn::Before,
    head: &["ID", "RECORDED", "ROUTE", "KIND", "SUBJECT", "STATUS"],
    cells: |row| {
        ["id", "recorded_at", "route", "kind", "subject", "status"]
            .map(|name| cell(&row[name]))
            .to_vec()
    },
    state: |row| cell(&row["status"]),
};

impl Events {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.verb {
            Verb::List(list) => list.run().await,
            Verb::Show(show) => show.run().await,
            Verb::Replay(replay) => replay.run().await,
        }
    }
}

impl List {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let fallback = self.fallback.then(|| "true".to_owned());
        let query = query(&[
            ("route", &self.route),
            ("kind", &self.kind),
            ("subject", &self.subject),
            ("provider_id", &self.provider_id),
            ("status", &self.status),
            ("answered_by", &self.answered_by),
            ("fallback", &fallback),
            ("from", &self.from),
            ("to", &self.to),
        ]);
        LISTING.run(&self.place, query, &self.extent).await
    }
}

impl Show {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let path = format!("{EVENTS}/{}", encoded(&self.id));
        let whole = self.place.open()?.get(&path, &[]).await?;
        let text = if self.place.json { format!("{whole}\n") } else { shown(&whole) };
        table::print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// All but the callback's headers and body, which `--json` has.
fn shown(whole: &Value) -> String {
    let (event, callback) = (&whole["event"], &whole["callback"]);
    let mut text = facts(&[
        ("event", &event["id"]),
        ("route", &event["route"]),
        ("kind", &event["kind"]),
        ("subject", &event["subject"]),
        ("status", &event["status"]),
        ("reason", &event["reason"]),
        ("confirmed next", &event["next_confirm_at"]),
        ("merged into", &event["merged_into"]),
        ("superseded", &event["superseded"]),
        ("repeats", &event["repeats"]),
        ("provider's id", &event["provider_id"]),
        ("occurred", &event["occurred_at"]),
        ("recorded", &event["recorded_at"]),
        ("callback", &callback["id"]),
        ("called", &callback["url"]),
        ("by", &callback["peer"]),
        ("adapter", &callback["adapter"]),
        ("verified with", &callback["matched"]),
    ]);
    if !event["data"].is_null() {
        text.push_str(&format!("data\n{}", block(&event["data"])));
    }
    let deliveries = whole["deliveries"].as_array().map(Vec::as_slice).unwrap_or_default();
    if is_request(event) {
        return text + &super::answers::shown(&whole["answers"]);
    }
    if deliveries.is_empty() {
        text.push_str("no deliveries: nobody is owed it\n");
    }
    for delivery in deliveries {
        let words = ["id", "state"].map(|name| cell(&delivery[name])).join("  ");
        let to = super::deliveries::addressee(delivery);
        text.push_str(&format!("\ndelivery  {words}  to {to}\n{}", attempts(delivery)));
    }
    text
}

pub(super) fn is_request(event: &Value) -> bool {
    matches!(event["status"].as_str(), Some("unanswered" | "answered" | "declined"))
}

fn attempts(delivery: &Value) -> String {
    let attempts = delivery["attempt_log"].as_array().map(Vec::as_slice).unwrap_or_default();
    if attempts.is_empty() {
        return "  no attempts so far\n".to_owned();
    }
    let row = |attempt: &Value| {
        let said = ["error", "response_body"].into_iter().map(|name| &attempt[name]);
        let said = said.filter(|said| said.as_str().is_some_and(|text| !text.is_empty()));
        let cells = ["at", "took_ms", "response_status"].map(|name| cell(&attempt[name]));
        let mut row = vec![String::new()];
        row.extend(cells);
        row.push(said.map(cell).collect::<Vec<_>>().join(" "));
        row
    };
    let mut table = Table::new(&["", "AT", "MS", "STATUS", "SAID"]);
    table.lines(attempts.iter().map(row).collect())
}

impl Replay {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let way = match (self.as_received, self.dry_run) {
            (true, _) => Some(&rehearsal::AS_RECEIVED),
            (false, true) => Some(&rehearsal::DRY_RUN),
            (false, false) => None,
        };
        if let Some(way) = way {
            return way.run(&self.place, &self.ids, &self.which).await;
        }
        let wrong = match (self.ids.is_empty(), self.which.is_empty()) {
            (true, _) => "name events by their ids",
            (false, false) => "a filter goes with --as-received or --dry-run only",
            _ => "",
        };
        anyhow::ensure!(wrong.is_empty(), Misuse(wrong.to_owned()));
        let api = self.place.open()?;
        let mut wanted = 0;
        let replayed = each(&self.ids, "replaying", async |id, bar| {
            let mut said = api.post(&format!("{EVENTS}/{}/replay", encoded(id)), None).await?;
            wanted += usize::from(said["deliveries"].as_u64().is_some_and(|owed| owed > 0));
            bar.suspend(|| self.print(id, &mut said))
        });
        replayed.await?;
        Ok(if wanted == self.ids.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn print(&self, id: &str, replayed: &mut Value) -> anyhow::Result<()> {
        if self.place.json {
            replayed["event_id"] = Value::from(id);
            return Ok(table::print(&format!("{replayed}\n"))?);
        }
        match replayed["deliveries"].as_u64() {
            Some(0) | None => eprintln!("{id}: nobody wants it now"),
            Some(owed) => table::print(&format!("{id}: deliveries owed once more: {owed}\n"))?,
        }
        Ok(())
    }
}
