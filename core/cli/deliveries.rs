//! `hookswitch deliveries`: what is owed to whom and what came of it, over the admin API, and
//! sending it again. Nothing is sent again that nobody named.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use serde_json::{Map, Value};

use super::Misuse;
use super::api::{Api, Place, encoded};
use super::each::{each, progress};
use super::listing::{Extent, Listing, Query, Turn, query};
use super::table::{self, block, cell, facts};

const DELIVERIES: &str = "/api/v1/webhooks/deliveries";

#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Deliveries {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List deliveries, the newest first.
    List(List),
    /// Show one.
    Show(Show),
    /// Send deliveries again: these, or all that fit.
    Resend(Resend),
}

/// Which deliveries are meant.
#[derive(Debug, Args)]
struct Filter {
    /// Only those to this destination of the config.
    #[arg(long)]
    destination: Option<String>,
    /// Only those to this webhook, by its id.
    #[arg(long, conflicts_with = "destination")]
    webhook: Option<String>,
    /// Only those of events of this kind.
    #[arg(long, value_name = "KIND")]
    event_type: Option<String>,
    /// Only those that stand so: delivered, pending or failed.
    #[arg(long)]
    status: Option<String>,
    /// Only those since this day, as 2026-01-31, or RFC 3339 time.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only those up to this day or time.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    filter: Filter,
    /// Only those about this subject.
    #[arg(long)]
    subject: Option<String>,
    #[command(flatten)]
    extent: Extent,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
struct Show {
    /// The delivery's id.
    id: String,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
struct Resend {
    /// The deliveries' ids; or say by at least one filter which ones are meant. Without --status
    /// those that failed are.
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    place: Place,
}

const LISTING: Listing = Listing {
    path: DELIVERIES,
    rows: "deliveries",
    turn: Turn::Offset,
    head: &["ID", "CREATED", "TO", "KIND", "SUBJECT", "STATE", "TRIES", "LAST"],
    cells: |row| {
        let mut cells = vec![cell(&row["id"]), cell(&row["created_at"]), addressee(row)];
        let rest = ["event_type", "transaction_id", "state", "attempts"];
        cells.extend(rest.map(|name| cell(&row[name])));
        let said = if row["error"].is_null() { &row["response_status"] } else { &row["error"] };
        cells.push(cell(said));
        cells
    },
    state: |row| ["state", "attempts"].map(|name| cell(&row[name])).join(" "),
};

/// Whom a delivery is owed to.
pub(super) fn addressee(delivery: &Value) -> String {
    match delivery["destination"].is_null() {
        true => cell(&delivery["webhook_id"]),
        false => cell(&delivery["destination"]),
    }
}

impl Deliveries {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.verb {
            Verb::List(list) => list.run().await,
            Verb::Show(show) => show.run().await,
            Verb::Resend(resend) => resend.run().await,
        }
    }
}

impl Filter {
    /// As the API has it, in a query and in a body.
    fn query(&self) -> Query {
        query(&[
            ("destination", &self.destination),
            ("webhook_id", &self.webhook),
            ("event_type", &self.event_type),
            ("status", &self.status),
            ("start_date", &self.from),
            ("end_date", &self.to),
        ])
    }
}

impl List {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let mut wanted = self.filter.query();
        wanted.extend(query(&[("transaction_id", &self.subject)]));
        LISTING.run(&self.place, wanted, &self.extent).await
    }
}

impl Show {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let path = format!("{DELIVERIES}/{}", encoded(&self.id));
        let found = self.place.open()?.get(&path, &[]).await?;
        let delivery = &found["delivery"];
        let text = if self.place.json { format!("{delivery}\n") } else { shown(delivery) };
        table::print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn shown(delivery: &Value) -> String {
    let said = &delivery["response_body"];
    let to = Value::from(addressee(delivery));
    let text = facts(&[
        ("delivery", &delivery["id"]),
        ("to", &to),
        ("event", &delivery["event_id"]),
        ("kind", &delivery["event_type"]),
        ("subject", &delivery["transaction_id"]),
        ("state", &delivery["state"]),
        ("attempts", &delivery["attempts"]),
        ("next attempt", &delivery["next_attempt_at"]),
        ("last status", &delivery["response_status"]),
        ("last said", if said == "" { &Value::Null } else { said }),
        ("last error", &delivery["error"]),
        ("delivered", &delivery["delivered_at"]),
        ("created", &delivery["created_at"]),
    ]);
    format!("{text}payload\n{}", block(&delivery["payload"]))
}

impl Resend {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let filter = self.filter.query();
        let wrong = match (self.ids.is_empty(), filter.is_empty()) {
            (true, true) => "name deliveries by their ids, or say which ones, as --status failed",
            (false, false) => "name deliveries by their ids or by a filter, not by both",
            _ => "",
        };
        anyhow::ensure!(wrong.is_empty(), Misuse(wrong.to_owned()));
        let api = self.place.open()?;
        match self.ids.is_empty() {
            true => self.all(&api, filter).await,
            false => self.each(&api).await,
        }
    }

    async fn each(&self, api: &Api) -> anyhow::Result<ExitCode> {
        let resent = each(&self.ids, "resending", async |id, bar| {
            let mut said = api.post(&format!("{DELIVERIES}/{}/resend", encoded(id)), None).await?;
            said["id"] = Value::from(id);
            self.print(bar, &said)
        });
        let resent = resent.await?;
        eprintln!("resent {resent} of {}", self.ids.len());
        Ok(if resent == self.ids.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// As many calls as it takes: each goes on behind the last delivery that the one before it
    /// looked at.
    async fn all(&self, api: &Api, mut filter: Query) -> anyhow::Result<ExitCode> {
        if self.filter.status.is_none() {
            filter.push(("status", "failed".to_owned()));
        }
        let count: Query = filter.iter().cloned().chain([("limit", "1".to_owned())]).collect();
        let fit = api.get(DELIVERIES, &count).await?["total"].as_u64().unwrap_or(0);
        let bar = progress(fit, "resending");
        let pairs = filter.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value)));
        let mut body = Value::Object(Map::from_iter(pairs));
        let mut resent = 0;
        loop {
            let mut said = api.post(&format!("{DELIVERIES}/resend"), Some(&body)).await?;
            resent += said["resent"].as_u64().unwrap_or(0);
            bar.set_position(resent);
            self.print(&bar, &said)?;
            if said["more"] != true || said["next"].is_null() {
                break;
            }
            body["before"] = said["next"].take();
            if bar.is_hidden() {
                eprintln!("resent {resent} so far");
            }
        }
        bar.finish_and_clear();
        match (resent, fit) {
            (0, 0) => eprintln!("no deliveries fit"),
            (0, fit) => eprintln!("nothing resent: {fit} fit, and none of them can be sent again"),
            (resent, _) => eprintln!("resent {resent}"),
        }
        Ok(if resent > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn print(&self, bar: &ProgressBar, said: &Value) -> anyhow::Result<()> {
        match self.place.json {
            true => Ok(bar.suspend(|| table::print(&format!("{said}\n")))?),
            false => Ok(()),
        }
    }
}
