//! Lists of the API: page by page, or followed. A row that was printed is printed again only when
//! it stands otherwise.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::api::{Api, Place};
use super::table::{self, Table};

/// Rows of one page: the most that the API gives.
const PAGE: usize = 100;
/// How often a list that is followed is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Rows of a list that is followed whose state is known.
const KNOWN_MOST: usize = 10_000;

/// How much of a list is wanted.
#[derive(Debug, Args)]
pub(super) struct Extent {
    /// How many, the newest first.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Print what is new among the newest 100, once a second, until Ctrl-C.
    #[arg(long)]
    follow: bool,
}

/// How a page that isn't the first is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Turn {
    /// By the last row's id.
    Before,
    /// By how many rows were shown.
    Offset,
}

/// One list.
pub(super) struct Listing {
    /// Where it is.
    pub(super) path: &'static str,
    /// What its rows are, and the member of the answer that holds them.
    pub(super) rows: &'static str,
    pub(super) turn: Turn,
    /// The table's head, and a row's cells under it.
    pub(super) head: &'static [&'static str],
    pub(super) cells: fn(&Value) -> Vec<String>,
    /// How a row stands; otherwise is news.
    pub(super) state: fn(&Value) -> String,
}

/// A filter as the command line has it.
pub(super) type Query = Vec<(&'static str, String)>;

/// The pairs that hold something.
pub(super) fn query(pairs: &[(&'static str, &Option<String>)]) -> Query {
    let pair = |(name, value): &(&'static str, &Option<String>)| Some((*name, (*value).clone()?));
    pairs.iter().filter_map(pair).collect()
}

impl Listing {
    /// Prints what fits.
    pub(super) async fn run(
        &self,
        place: &Place,
        query: Query,
        extent: &Extent,
    ) -> anyhow::Result<ExitCode> {
        let api = place.open()?;
        let mut printer = Printer { listing: self, table: Table::new(self.head), json: place.json };
        let limit = extent.limit as usize;
        if extent.follow {
            tokio::select! {
                followed = self.follow(&api, query, &mut printer, limit) => return followed,
                stop = tokio::signal::ctrl_c() => stop?,
            }
            return Ok(ExitCode::SUCCESS);
        }
        let (mut shown, mut last) = (0, None);
        while shown < limit {
            let asked = PAGE.min(limit - shown);
            let rows = self.page(&api, &query, asked, (shown, last)).await?;
            printer.print(&rows)?;
            shown += rows.len();
            last = rows.last().map(id);
            if rows.len() < asked {
                break;
            }
        }
        if shown == 0 {
            eprintln!("no {} fit", self.rows);
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Prints the newest ones, the oldest of them first, and then whatever is news.
    async fn follow(
        &self,
        api: &Api,
        query: Query,
        printer: &mut Printer<'_>,
        limit: usize,
    ) -> anyhow::Result<ExitCode> {
        let mut rows = self.page(api, &query, PAGE, (0, None)).await?;
        let mut known = Known::default();
        known.begin(&rows, self.state);
        rows.truncate(limit);
        rows.reverse();
        if rows.is_empty() {
            eprintln!("no {} fit so far", self.rows);
        }
        printer.print(&rows)?;
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let mut rows = self.page(api, &query, PAGE, (0, None)).await?;
            rows.reverse();
            rows.retain(|row| known.is_news(row, self.state));
            printer.print(&rows)?;
        }
    }

    /// A page that begins after so many rows, the last of which has this id.
    async fn page(
        &self,
        api: &Api,
        query: &Query,
        limit: usize,
        (shown, last): (usize, Option<String>),
    ) -> anyhow::Result<Vec<Value>> {
        let mut query = query.clone();
        query.push(("limit", limit.to_string()));
        match (self.turn, last) {
            (_, None) => {}
            (Turn::Before, Some(id)) => query.push(("before", id)),
            (Turn::Offset, Some(_)) => query.push(("offset", shown.to_string())),
        }
        match api.get(self.path, &query).await?[self.rows].take() {
            Value::Array(rows) => Ok(rows),
            _ => anyhow::bail!("the answer holds no {}", self.rows),
        }
    }
}

/// What is printed of a list, and how.
struct Printer<'l> {
    listing: &'l Listing,
    table: Table,
    json: bool,
}

impl Printer<'_> {
    fn print(&mut self, rows: &[Value]) -> anyhow::Result<()> {
        let text = match (rows.is_empty(), self.json) {
            (true, _) => return Ok(()),
            (false, true) => rows.iter().map(|row| format!("{row}\n")).collect(),
            (false, false) => self.table.lines(rows.iter().map(self.listing.cells).collect()),
        };
        Ok(table::print(&text)?)
    }
}

fn id(row: &Value) -> String {
    row["id"].as_str().unwrap_or_default().to_owned()
}

/// Rows that are followed, with how they stand. Ids are in the order of time.
#[derive(Debug, Default)]
struct Known {
    rows: BTreeMap<String, String>,
    /// What is before this one was there already, or is forgotten: it is no news.
    floor: String,
}

impl Known {
    /// Takes the newest rows as they are.
    fn begin(&mut self, rows: &[Value], state: fn(&Value) -> String) {
        self.rows = rows.iter().map(|row| (id(row), state(row))).collect();
        if rows.len() == PAGE {
            self.floor = rows.last().map(id).unwrap_or_default();
        }
    }

    /// Whether it is new, or stands otherwise than it did.
    fn is_news(&mut self, row: &Value, state: fn(&Value) -> String) -> bool {
        let (id, state) = (id(row), state(row));
        if id < self.floor || self.rows.get(&id) == Some(&state) {
            return false;
        }
        self.rows.insert(id, state);
        if self.rows.len() > KNOWN_MOST {
            self.rows.pop_first();
            self.floor = self.rows.keys().next().cloned().unwrap_or_default();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn state(row: &Value) -> String {
        row["state"].to_string()
    }

    fn row(id: &str, state: &str) -> Value {
        json!({ "id": id, "state": state })
    }

    #[test]
    fn a_row_is_news_once_and_when_it_changes() {
        let mut known = Known::default();
        known.begin(&[row("0002", "waiting")], state);
        for (row, news) in [
            (row("0002", "waiting"), false),
            (row("0002", "delivered"), true),
            (row("0002", "delivered"), false),
            (row("0003", "waiting"), true),
            // Recorded together with the ones before it, and written down after them.
            (row("0001", "waiting"), true),
        ] {
            assert_eq!(known.is_news(&row, state), news, "{row}");
        }
    }

    #[test]
    fn what_comes_up_from_behind_a_full_page_is_no_news() {
        let mut known = Known::default();
        let rows: Vec<Value> =
            (0..PAGE).rev().map(|n| row(&format!("{:04}", n + 50), "waiting")).collect();
        known.begin(&rows, state);
        assert!(!known.is_news(&row("0049", "waiting"), state));
        assert!(known.is_news(&row("0050", "delivered"), state));
        assert!(known.is_news(&row("0150", "waiting"), state));
    }

    #[test]
    fn what_is_known_has_a_limit() {
        let mut known = Known::default();
        for n in 0..=KNOWN_MOST {
            assert!(known.is_news(&row(&format!("{n:08}"), "waiting"), state));
        }
        assert_eq!(known.rows.len(), KNOWN_MOST);
        assert!(!known.is_news(&row("00000000", "delivered"), state));
    }
}
