//! What becomes of orders, from BRIJ's side: created once, cancelled until money came. The answers
//! are those of `examples/orders`, as the router passes them on.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::calls::Provider;
use super::rows::Rows;
use super::sending::Sender;
use super::wire;

/// What all else in a request is made of, its token's id too: one seed for each body of a kind.
const FIRST: &str = "1";
const SECOND: &str = "2";
const LARGE: &str = "3";
const OTHER: &str = "4";

/// Shows it row by row; how many rows aren't as they must be.
pub(crate) fn all(sender: &Sender<'_>) -> Result<usize> {
    let mut rows = Rows::begin();
    let external = created(sender, &mut rows)?;
    cancelled(sender, &external, &mut rows)?;
    paid(sender, &mut rows)?;
    listed(sender, &mut rows)?;
    Ok(rows.wrong)
}

/// The first order's id at the service.
fn created(sender: &Sender<'_>, rows: &mut Rows) -> Result<String> {
    let create = |seed, with: &Value| ask(sender, "create-order", seed, with);
    let stands = |said: &(u64, Value)| format!("{}, {}", said.0, word(&said.1["status"]));
    let first = create(FIRST, &json!({ "orderId": "demo-1" }))?;
    rows.row("create-order", "200, AWAITING_FUNDS", &stands(&first));
    println!("  {}", first.1);
    let again = create(FIRST, &json!({ "orderId": "demo-1" }))?;
    let is = if again == first { "the same answer".to_owned() } else { again.1.to_string() };
    rows.row("… the same again", "the same answer", &is);
    let other = create(OTHER, &json!({ "orderId": "demo-1", "fromAmount": "99.00" }))?;
    rows.row("… the same orderId on other terms", "400", &other.0.to_string());
    let large = create(LARGE, &json!({ "orderId": "demo-3", "fromAmount": "25000.00" }))?;
    rows.row("… for much money", "200, IN_REVIEW", &stands(&large));
    Ok(word(&first.1["externalOrderId"]).to_owned())
}

fn cancelled(sender: &Sender<'_>, external: &str, rows: &mut Rows) -> Result<()> {
    for what in ["cancel-order", "… again"] {
        let (status, said) = cancel(sender, FIRST, "demo-1", external)?;
        rows.row(what, "200, {}", &format!("{status}, {said}"));
    }
    let unknown = cancel(sender, SECOND, "demo-none", "po-0")?;
    rows.row("… of an unknown order", "404, We don't know this order.", &refused(&unknown));
    Ok(())
}

/// An order that its customer has paid for.
fn paid(sender: &Sender<'_>, rows: &mut Rows) -> Result<()> {
    let (status, made) = ask(sender, "create-order", SECOND, &json!({ "orderId": "demo-2" }))?;
    rows.row("another create-order", "200", &status.to_string());
    let body = json!({ "orderId": "demo-2", "status": "FUNDS_RECEIVED" }).to_string();
    let (status, said) = wire::call(sender.material.orders, ["POST /orders/status", ""], &body)?;
    if status != 200 {
        bail!("the order can't be moved on: {status} {said}");
    }
    let late = cancel(sender, OTHER, "demo-2", word(&made["externalOrderId"]))?;
    let must = "422, This order can no longer be cancelled.";
    rows.row("… once money came", must, &refused(&late));
    Ok(())
}

/// As the service shows them to a person.
fn listed(sender: &Sender<'_>, rows: &mut Rows) -> Result<()> {
    let (_, table) = wire::call(sender.material.orders, ["GET /orders", ""], "")?;
    print!("{table}");
    let stands = |order: &str| {
        let row = table.lines().find(|line| line.starts_with(&format!("{order} ")));
        let status = row.and_then(|row| row.split_whitespace().nth(2));
        status.unwrap_or("not there").to_owned()
    };
    let is = ["demo-1", "demo-2", "demo-3"].map(stands).join(", ");
    rows.row("the three in its table", "CANCELED, FUNDS_RECEIVED, IN_REVIEW", &is);
    Ok(())
}

fn cancel(sender: &Sender<'_>, seed: &str, order: &str, external: &str) -> Result<(u64, Value)> {
    let with = json!({ "orderId": order, "externalOrderId": external });
    ask(sender, "cancel-order", seed, &with)
}

/// Has BRIJ ask with these members in the body; status and body of the reply.
fn ask(sender: &Sender<'_>, kind: &str, seed: &str, with: &Value) -> Result<(u64, Value)> {
    let flags = ["--seed", seed, "--option", &format!("body={with}")].map(str::to_owned);
    let mut answers = sender.post(Provider::Brij, kind, Provider::Brij.path(), &flags)?;
    let answer = answers.pop().context("it was not sent")?;
    let body = serde_json::from_str(&answer.body).context("the reply is no JSON")?;
    Ok((answer.status, body))
}

fn refused((status, said): &(u64, Value)) -> String {
    format!("{status}, {}", word(&said["error"]["customerFacingReason"]))
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("nothing said")
}
