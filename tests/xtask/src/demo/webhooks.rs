//! A webhook that is registered over the admin API: where it may not be, where it may, what is
//! delivered to it, and that once more.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::delivering::{arrived, call, id, settled};
use super::material::KEY;
use super::rows::Rows;
use super::sending::Sender;
use super::wire;

const WEBHOOKS: &str = "/api/v1/webhooks";

/// Where the demo's server takes what is delivered to the webhook.
const PATH: &str = "/webhook";

/// Shows it row by row.
pub(crate) fn all(sender: &Sender<'_>, rows: &mut Rows) -> Result<()> {
    // The config opens 127.0.0.0/8, and this isn't in it.
    let (status, said) = register(sender, "https://[::1]/hook")?;
    rows.row("a webhook on loopback, outside allow_networks", "400", &status.to_string());
    println!("  {}", said["error"]["message"].as_str().context("it doesn't say why")?);

    let ledger = &sender.material.ledger;
    let (status, said) = register(sender, &ledger.url(PATH))?;
    rows.row("a webhook on loopback, in allow_networks", "201", &status.to_string());
    let webhook = &said["data"]["webhook"];
    ledger.expect(PATH, webhook["secret"].as_str().context("it has no secret")?)?;
    let webhook = id(webhook)?;

    let owed = call(sender, &[])?;
    rows.row("a callback that two want", "2 deliveries", &format!("{} deliveries", owed.len()));
    for delivery in &owed {
        let to = if delivery["webhook_id"].is_null() { "the ledger" } else { "the webhook" };
        let is = arrived(sender, &settled(sender, delivery)?)?;
        rows.row(&format!("… to {to}"), "delivered once, signed", &is);
    }
    listed(sender, webhook, rows)?;
    resent(sender, webhook, rows)
}

/// As a person would ask for them.
fn listed(sender: &Sender<'_>, webhook: &str, rows: &mut Rows) -> Result<()> {
    let table = sender.ask(&["deliveries", "list", "--webhook", webhook])?;
    print!("{table}");
    let is = format!("lines: {}", table.lines().count());
    rows.row("hookswitch deliveries list --webhook ID", "lines: 2", &is);
    Ok(())
}

fn resent(sender: &Sender<'_>, webhook: &str, rows: &mut Rows) -> Result<()> {
    let delivered = sender.rows(&["deliveries", "list", "--webhook", webhook])?;
    let delivery = delivered.first().context("nothing was delivered to the webhook")?;
    let id = id(delivery)?;
    sender.ask(&["deliveries", "resend", id])?;
    sender.stop.until(|| Ok(sender.material.ledger.entries(id).len() > 1))?;
    let entries = sender.material.ledger.entries(id);
    let good = entries.iter().filter(|entry| entry.signed && entry.status == 200).count();
    let is = format!("{good} good arrivals of one delivery");
    rows.row("hookswitch deliveries resend ID", "2 good arrivals of one delivery", &is);
    Ok(())
}

/// Status and body of the reply.
fn register(sender: &Sender<'_>, url: &str) -> Result<(u16, Value)> {
    let material = sender.material;
    let secret = std::fs::read_to_string(&material.key).context("the key for the admin API")?;
    let body = json!({ "url": url, "events": ["brz.*"] }).to_string();
    let headers = format!("x-key-id: {KEY}\r\nx-secret-key: {}\r\n", secret.trim());
    let head = [&format!("POST {WEBHOOKS}"), headers.as_str()];
    let (status, said) = wire::call(material.admin, head, &body)?;
    Ok((status, serde_json::from_str(&said)?))
}
