//! `hookswitch explain`: why a callback isn't genuine. Of a running router it asks about one that
//! was turned away lately or recorded; of a config it asks about one that lies in a file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::Args;
use serde_json::Value;

use super::api::{self, encoded};
use super::table::{self, Table, cell};
use super::{Misuse, show};
use crate::admin::explanation_json;
use crate::app::{self, StartFault, Wanted};
use crate::config::suggestion;
use crate::generation::Generation;
use crate::model::{Callback, CallbackId, Clock, Head, Header};
use crate::route::Found;

const FORGED: &str = "/api/v1/forged";
const EXPLANATIONS: &str = "/api/v1/explanations";
/// A head in a file has no more headers.
const HEADERS_MAX: usize = 200;

#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The callback's id, as log lines and replies show it, or a recorded event's; left out, those
    /// that were found forged lately are listed.
    #[arg(conflicts_with = "request")]
    id: Option<String>,
    /// A raw HTTP request in a file (head, blank line, body byte for byte), explained under
    /// `--config` without a running router.
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// The config: a folder, or one TOML file.
    #[arg(long, default_value = "config", requires = "request")]
    config: PathBuf,
    /// The route whose adapter is asked; default: the one that the request's path finds.
    #[arg(long, requires = "request")]
    route: Option<String>,
    /// When it came, Unix milliseconds; default: now.
    #[arg(long, value_name = "MS", requires = "request")]
    at: Option<u64>,
    /// Who sent it.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", requires = "request")]
    peer: std::net::IpAddr,
    #[command(flatten)]
    place: api::Place,
}

impl Explain {
    /// Exits with 0 where the callback is genuine, with 1 where it isn't.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let told = match (&self.request, &self.id) {
            (Some(file), _) => self.offline(file).await?,
            (None, Some(id)) => {
                self.place.open()?.get(&format!("{EXPLANATIONS}/{}", encoded(id)), &[]).await?
            }
            (None, None) => return self.list().await,
        };
        match self.place.json {
            true => println!("{told}"),
            false => table::print(&as_text(&told))?,
        }
        let genuine = matches!(told["verdict"].as_str(), Some("genuine" | "challenge"));
        Ok(if genuine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn list(&self) -> anyhow::Result<ExitCode> {
        let told = self.place.open()?.get(FORGED, &[]).await?;
        let rows = told["forged"].as_array().cloned().unwrap_or_default();
        if self.place.json {
            rows.iter().for_each(|row| println!("{row}"));
        } else if rows.is_empty() {
            eprintln!("no callback was found forged since the router started");
        } else {
            let names = ["id", "received_at", "route", "peer", "code"];
            let cells = |row: &Value| names.map(|name| cell(&row[name])).to_vec();
            let mut table = Table::new(&["ID", "CAME", "ROUTE", "FROM", "REASON"]);
            table::print(&table.lines(rows.iter().map(cells).collect()))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn offline(&self, file: &Path) -> anyhow::Result<Value> {
        let generation = match app::load(&self.config, Clock::system(), Wanted::Look).await {
            Ok(loaded) => loaded.generation,
            Err(StartFault::Config(problems)) => {
                show(&problems);
                bail!("the config has errors");
            }
            Err(fault) => return Err(fault.into()),
        };
        let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
        let mut callback = self.read(&bytes).with_context(|| file.display().to_string())?;
        let route = self.find(&generation, &mut callback)?;
        let route = generation.route(&route).context("the route wasn't built")?;
        let told = crate::explain::explain(&generation, route, &callback).await;
        Ok(explanation_json(&callback, &told))
    }

    /// The request as it would have come over the wire.
    fn read(&self, bytes: &[u8]) -> anyhow::Result<Callback> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut request = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(length) = request.parse(bytes)? else {
            bail!("no blank line ends the headers");
        };
        let (method, target) = (request.method.unwrap_or("POST"), request.path.unwrap_or("/"));
        let mut plain = Vec::new();
        for header in request.headers.iter() {
            let value = std::str::from_utf8(header.value);
            let value = value.with_context(|| format!("{} isn't UTF-8", header.name))?.to_owned();
            plain.push(Header { name: header.name.to_ascii_lowercase(), value });
        }
        let host = plain.iter().find(|header| header.name == "host");
        let host = host.map_or("localhost", |header| header.value.as_str());
        let url = match target.starts_with('/') {
            true => format!("https://{host}{target}"),
            false => target.to_owned(),
        };
        let received_at_ms = self.at.unwrap_or_else(|| Clock::system().now_ms());
        let head = Head {
            id: CallbackId::new(received_at_ms).to_string(),
            method: method.to_owned(),
            url,
            params: Vec::new(),
            headers: plain,
            peer: self.peer.to_canonical().to_string(),
            received_at_ms,
        };
        Ok(Callback { head, body: Bytes::copy_from_slice(&bytes[length..]) })
    }

    /// The name of its route, with the path's parameters put into the head.
    fn find(&self, generation: &Generation, callback: &mut Callback) -> anyhow::Result<String> {
        let uri: hyper::Uri = callback.head.url.parse().context("its URL can't be read")?;
        let found = generation.routes.find(&callback.head.method, uri.path());
        if let Found::Match { target, params } = found
            && self.route.as_ref().is_none_or(|name| *name == target.name)
        {
            callback.head.params = params;
            return Ok(target.name.clone());
        }
        let names: Vec<&str> =
            generation.routes.targets().map(|route| route.name.as_str()).collect();
        match &self.route {
            Some(name) if names.contains(&name.as_str()) => Ok(name.clone()),
            Some(name) => {
                let help = suggestion(name, &names, "routes");
                Err(Misuse(format!("no route \"{name}\": {help}")).into())
            }
            None => Err(Misuse("no route has its path: name one with --route".to_owned()).into()),
        }
    }
}

fn as_text(told: &Value) -> String {
    let text = |name: &str| cell(&told[name]);
    let rows = |name: &str| told[name].as_array().cloned().unwrap_or_default();
    let (verdict, route, came) = (text("verdict"), text("route"), text("received_at"));
    let mut lines = vec![format!("{verdict} on route {route}, came {came}")];
    if told["reason"].is_string() {
        lines.push(format!("  {} ({})", text("reason"), text("code")));
    }
    if told["matched"].is_string() {
        lines.push(format!("  by secret {}", text("matched")));
    }
    let near = rows("near_misses");
    lines.extend(near.iter().map(|miss| format!("  ! {}", cell(&miss["text"]))));
    if near.is_empty() && told["verdict"] == "forged" {
        lines.push("  no change that senders or proxies are known for makes it genuine".to_owned());
    }
    if told["cut_short"] == true {
        lines.push("  (the search took too long and was ended)".to_owned());
    }
    let fact = |fact: &Value| format!("{}: {}", cell(&fact["name"]), cell(&fact["value"]));
    lines.extend(section("checked", &rows("checks"), check));
    lines.extend(section("times", &rows("times"), fact));
    lines.extend(section("the adapter says", &rows("facts"), fact));
    lines.join("\n") + "\n"
}

fn check(check: &Value) -> String {
    let versions = check["versions"].as_array().cloned().unwrap_or_default();
    let versions: Vec<String> = versions.iter().map(cell).collect();
    let versions = if versions.is_empty() { "none".to_owned() } else { versions.join(", ") };
    let matched = check["matched"].as_str().map_or("none".to_owned(), table::clean);
    let (secret, scheme) = (cell(&check["secret"]), cell(&check["scheme"]));
    let bytes = cell(&check["signed_bytes"]);
    format!("{secret}: {scheme} over {bytes} bytes; versions tried: {versions}; matched: {matched}")
}

fn section(title: &str, rows: &[Value], line: impl Fn(&Value) -> String) -> Vec<String> {
    if rows.is_empty() {
        return Vec::new();
    }
    let head = format!("\n{title}:");
    std::iter::once(head).chain(rows.iter().map(|row| format!("  {}", line(row)))).collect()
}
