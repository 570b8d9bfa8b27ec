//! `hookswitch send`: one callback as its provider would send it, made and signed by the adapter's
//! own `simulate`. For trying out a route, and for seeing what a forged or late one gets.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use http_body_util::Full;
use hyper::{Request, Response};
use serde_json::json;

use super::plugin::source;
use super::{Misuse, grants};
use crate::model::{Callback, Clock};
use crate::outbound::{Names, Reach, Target, exchange};
use crate::plugin::{Binding, Grant, Host, Limits, PoolLimits, Simulation};

#[derive(Debug, Args)]
pub(super) struct Send {
    /// The adapter: `builtin:NAME`, or a plugin's file.
    adapter: String,
    /// Which callback; left out, the kinds are listed.
    kind: Option<String>,
    /// Where to; `{name}` is filled in from the callback's path parameters.
    #[arg(long)]
    to: Option<String>,
    /// What signs it: ROLE=@FILE or ROLE=env:NAME.
    #[arg(long, value_name = "ROLE=…")]
    secret: Vec<String>,
    /// A setting of the adapter.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// A member of what is simulated; which there are is the adapter's to say.
    #[arg(long, value_name = "KEY=VALUE")]
    option: Vec<String>,
    /// Change a bit of the body after signing.
    #[arg(long)]
    forged: bool,
    /// Sign it as of yesterday.
    #[arg(long)]
    late: bool,
    /// Send the same callback several times.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// The same seed makes the same callback at the same time; default: another one each time.
    #[arg(long)]
    seed: Option<u64>,
    /// Whom to ask for the host's address, IP:PORT, instead of the system.
    #[arg(long, value_name = "IP:PORT")]
    nameserver: Vec<SocketAddr>,
    /// One JSON object for each reply on standard output.
    #[arg(long)]
    json: bool,
}

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const REPLY_BYTES_MAX: usize = 4 << 20;
const REPLY_TIMEOUT: Duration = Duration::from_secs(60);

impl Send {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let adapter = self.bind().await?;
        let (Some(kind), Some(to)) = (&self.kind, &self.to) else {
            let kinds = adapter.open().await?.kinds().await?;
            eprintln!("name a kind and `--to URL`; the kinds of {}:", self.adapter);
            kinds.iter().for_each(|kind| println!("{kind}"));
            return Ok(ExitCode::from(2));
        };
        let callback = self.simulate(&adapter, kind).await?;
        let url = fill(to, &callback.head.params)?;
        let absolute = url.parse().ok().and_then(|uri| Target::of(&uri));
        anyhow::ensure!(absolute.is_some(), Misuse(format!("--to {url:?} is no http(s):// URL")));
        let mut taken = true;
        for _ in 0..self.repeat {
            taken &= self.post(kind, &url, &callback).await?;
        }
        Ok(if taken { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn bind(&self) -> anyhow::Result<Arc<Binding>> {
        let host = Host::start(PoolLimits::default(), None, Clock::system())?;
        let plugin = host.load(&self.adapter, &source(&self.adapter), &Limits::default()).await?;
        let grant = Grant {
            scope: "send".into(),
            settings: grants::object(&self.set)?.to_string(),
            keyring: grants::keyring(&self.secret)?,
            signing: true,
            ..Grant::default()
        };
        Ok(host.bind(plugin, grant))
    }

    async fn simulate(&self, adapter: &Arc<Binding>, kind: &str) -> anyhow::Result<Callback> {
        let now_ms = Clock::system().now_ms();
        let wanted = Simulation {
            kind: kind.to_owned(),
            options: grants::object(&self.option)?.to_string(),
            now_ms: if self.late { now_ms - DAY_MS } else { now_ms },
            seed: self.seed.unwrap_or(now_ms),
        };
        let made = adapter.open().await?.simulate(&wanted).await?;
        let mut callback = made.map_err(|why| anyhow::anyhow!("not simulated: {why}"))?;
        if self.forged {
            callback.body = altered(&callback.body);
        }
        Ok(callback)
    }

    /// Sends it once and says what came back; was it taken?
    async fn post(&self, kind: &str, url: &str, callback: &Callback) -> anyhow::Result<bool> {
        let mut request = Request::builder().method(callback.head.method.as_str()).uri(url);
        for header in &callback.head.headers {
            request = request.header(&header.name, &header.value);
        }
        let authority = url.parse::<hyper::Uri>()?.authority().map(ToString::to_string);
        if let Some(authority) = authority {
            request = request.header("host", authority);
        }
        let request = request.body(Full::new(callback.body.clone()))?;
        let names = Names::of(&self.nameserver);
        let start = Instant::now();
        let exchange = exchange(request, &names, Reach::Anywhere, REPLY_BYTES_MAX);
        let reply = tokio::time::timeout(REPLY_TIMEOUT, exchange).await;
        let reply = reply.context("no reply in a minute")?.context(url.to_owned())?;
        self.print(kind, &reply, start.elapsed());
        Ok(reply.status().is_success())
    }

    fn print(&self, kind: &str, reply: &Response<Bytes>, latency: Duration) {
        let status = reply.status().as_u16();
        let body = String::from_utf8_lossy(reply.body());
        if self.json {
            let latency_us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
            let line = json!({
                "kind": kind, "status": status, "latency_us": latency_us, "body": body,
            });
            println!("{line}");
        } else {
            println!("{kind}: {status} in {} µs\n{}", latency.as_micros(), body.trim_end());
        }
    }
}

/// One bit changed, where a body has one; else a byte more.
fn altered(body: &Bytes) -> Bytes {
    let mut bytes = body.to_vec();
    match bytes.len() / 2 {
        0 => bytes.push(b' '),
        middle => bytes[middle] ^= 1,
    }
    bytes.into()
}

/// Fills `{name}` in from the parameters.
fn fill(url: &str, params: &[(String, String)]) -> anyhow::Result<String> {
    let mut filled = url.to_owned();
    for (name, value) in params {
        let value =
            percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
        // Letters, digits and dashes are all that the contract's own values hold.
        let value = value.to_string().replace("%2D", "-").replace("%5F", "_");
        filled = filled.replace(&format!("{{{name}}}"), &value);
    }
    let left = format!("--to {filled:?}: the callback has no such path parameter");
    anyhow::ensure!(!filled.contains('{'), Misuse(left));
    Ok(filled)
}
