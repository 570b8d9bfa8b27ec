//! Runs the service until it is told to end; see README.md. Loopback unless told otherwise.

use std::env;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::Parser;
use hookswitch_orders::{Book, Key, Service, serve};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Where the secret is: arguments are there for everybody on the machine to read.
const SECRET: &str = "ORDERS_SECRET";

/// Answers create-order and cancel-order for Hookswitch, and keeps orders in SQLite. The secret
/// that the router signs with is read from `ORDERS_SECRET`.
#[derive(Parser)]
struct Args {
    /// The SQLite file; `:memory:` keeps nothing.
    #[arg(default_value = "orders.db")]
    db: PathBuf,
    /// Where it listens; port 0 is any that is free.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9000")]
    listen: SocketAddr,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let key = match env::var(SECRET) {
        Ok(secret) => Some(Key::parse(&secret).map_err(|form| anyhow!("{SECRET}: {form}"))?),
        Err(env::VarError::NotPresent) => None,
        Err(error) => return Err(error).context(SECRET),
    };
    if key.is_none() {
        eprintln!("warning: {SECRET} isn't set, so whoever reaches this service is believed");
    }
    let service = Service::new(Book::open(&args.db)?, key);
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let listener = TcpListener::bind(args.listen).await;
    let listener = listener.with_context(|| args.listen.to_string())?;
    println!("listening on http://{}", listener.local_addr()?);
    let stop = async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    };
    serve(listener, service, stop).await;
    Ok(())
}
