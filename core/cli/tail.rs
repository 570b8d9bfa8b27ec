//! `hookswitch tail`: what happens in a running router, as it happens.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::api::{Api, Place};
use super::table::{self, cell};

const TAIL: &str = "/api/v1/tail";

#[derive(Debug, Args)]
pub(super) struct Tail {
    /// Only lines of this route.
    #[arg(long)]
    route: Option<String>,
    /// Only lines about this: repeat it for several.
    #[arg(long, value_enum)]
    what: Vec<What>,
    /// Only lines with this outcome: accepted, duplicate, forged, delivered …
    #[arg(long)]
    outcome: Option<String>,
    /// Only warnings and errors.
    #[arg(long)]
    problems: bool,
    #[command(flatten)]
    place: Place,
}

/// What a line may be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    Callback,
    Attempt,
    Confirmation,
    Plugin,
    Notice,
}

impl What {
    fn word(self) -> &'static str {
        match self {
            What::Callback => "callback",
            What::Attempt => "attempt",
            What::Confirmation => "confirmation",
            What::Plugin => "plugin",
            What::Notice => "notice",
        }
    }
}

impl Tail {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let api = self.place.open()?;
        let first = api.get(TAIL, &[]).await?;
        eprintln!("watching; Ctrl-C ends it");
        tokio::select! {
            ended = self.follow(&api, first["next"].as_u64().unwrap_or(0)) => ended?,
            stop = tokio::signal::ctrl_c() => stop?,
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn follow(&self, api: &Api, mut after: u64) -> anyhow::Result<()> {
        loop {
            let told = api.get(TAIL, &[("after", after.to_string())]).await?;
            after = told["next"].as_u64().unwrap_or(after);
            if let Some(missed) = told["missed"].as_u64().filter(|missed| *missed > 0) {
                eprintln!("{missed} lines came faster than they could be shown");
            }
            let lines = told["lines"].as_array().map_or(&[][..], Vec::as_slice);
            let shown = |line: &Value| match self.place.json {
                true => format!("{line}\n"),
                false => text(line),
            };
            let text: String = lines.iter().filter(|line| self.wants(line)).map(shown).collect();
            table::print(&text)?;
        }
    }

    fn wants(&self, line: &Value) -> bool {
        let same = |wanted: &Option<String>, name: &str| {
            wanted.as_ref().is_none_or(|wanted| line[name] == wanted.as_str())
        };
        let about = self.what.iter().any(|what| line["what"] == what.word());
        let route = self.route.as_ref().is_none_or(|route| {
            line["route"] == route.as_str() || line["scope"] == format!("route {route}").as_str()
        });
        let bad = matches!(line["level"].as_str(), Some("warn" | "error"));
        route
            && same(&self.outcome, "outcome")
            && (self.what.is_empty() || about)
            && (bad || !self.problems)
    }
}

/// Members that stand at the front, in this order; the others follow by name.
const FRONT: [&str; 4] = ["route", "to", "outcome", "status"];
const LEFT_OUT: [&str; 3] = ["at", "what", "level"];

fn text(line: &Value) -> String {
    // The day is known to whoever watches.
    let at = cell(&line["at"]);
    let time = at.split_once('T').map_or(at.as_str(), |(_, time)| time.trim_end_matches('Z'));
    let what = cell(&line["what"]);
    let front = FRONT.iter().map(|name| &line[*name]).filter(|value| !value.is_null()).map(cell);
    let members = line.as_object().into_iter().flatten();
    let rest = members
        .filter(|(name, _)| !FRONT.contains(&name.as_str()) && !LEFT_OUT.contains(&name.as_str()))
        .map(|(name, value)| match name.as_str() {
            "text" | "line" => cell(value),
            name => format!("{name}={}", cell(value)),
        });
    let parts: Vec<String> = front.chain(rest).collect();
    format!("{time} {what:<12} {}\n", parts.join("  "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lines_as_a_person_reads_them() {
        let at = "2026-01-02T03:04:05.678Z";
        for (line, wanted) in [
            (
                json!({ "at": at, "what": "callback", "level": "info", "route": "pix", "outcome": "accepted", "status": 200, "id": "x" }),
                "03:04:05.678 callback     pix  accepted  200  id=x\n",
            ),
            (
                json!({ "at": at, "what": "notice", "level": "warn", "text": "a\u{1b}[2J" }),
                "03:04:05.678 notice       a\\u{1b}[2J\n",
            ),
        ] {
            assert_eq!(text(&line), wanted);
        }
    }
}
