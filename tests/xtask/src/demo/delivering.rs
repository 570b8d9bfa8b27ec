//! What becomes of the events that callbacks told of: each arrives at the destination once and
//! signed, whatever goes wrong in between.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::calls::{Call, Provider};
use super::rows::Rows;
use super::sending::Sender;
use super::webhooks;

/// More than the demo sends.
const ALL: &str = "1000";

/// What the callbacks of the steps below tell of.
pub(crate) const KIND: &str = "pix.cash_in.confirmed";

const ONCE: &str = "delivered once, signed";

/// Shows it row by row; how many rows aren't as they must be.
pub(crate) fn all(sender: &Sender<'_>, sent: &[Call]) -> Result<usize> {
    let mut rows = Rows::begin();
    each_arrives(sender, sent, &mut rows)?;
    fails_and_recovers(sender, &mut rows)?;
    twice_is_once(sender, &mut rows)?;
    webhooks::all(sender, &mut rows)?;
    Ok(rows.wrong)
}

/// The deliveries that fit.
pub(crate) fn deliveries(sender: &Sender<'_>, filter: &[&str]) -> Result<Vec<Value>> {
    sender.rows(&[&["deliveries", "list", "--limit", ALL], filter].concat())
}

pub(crate) fn id(row: &Value) -> Result<&str> {
    row["id"].as_str().context("a row has no id")
}

fn is_delivered(row: &Value) -> bool {
    row["state"] == "delivered"
}

/// One row for each genuine notification. What isn't signed is delivered once it is confirmed.
fn each_arrives(sender: &Sender<'_>, sent: &[Call], rows: &mut Rows) -> Result<()> {
    let kinds: Vec<(String, &str)> = sent.iter().filter_map(Call::tells).collect();
    sender.stop.until(|| {
        let found = deliveries(sender, &["--destination", "ledger", "--status", "delivered"])?;
        Ok(kinds.iter().all(|(kind, _)| found.iter().any(|row| row["event_type"] == kind.as_str())))
    })?;
    let found = deliveries(sender, &["--destination", "ledger"])?;
    let events = sender.rows(&["events", "list", "--limit", ALL])?;
    for (kind, status) in &kinds {
        let of_kind: Vec<&Value> =
            found.iter().filter(|row| row["event_type"] == kind.as_str()).collect();
        let is = match of_kind[..] {
            [delivery] => {
                let event = events.iter().find(|event| event["id"] == delivery["event_id"]);
                let status = event.and_then(|event| event["status"].as_str()).unwrap_or("no event");
                format!("{status}, {}", arrived(sender, delivery)?)
            }
            _ => format!("{} deliveries", of_kind.len()),
        };
        rows.row(kind, &format!("{status}, {ONCE}"), &is);
    }
    Ok(())
}

/// What became of a delivery, as the router has it and as the destination has it.
pub(crate) fn arrived(sender: &Sender<'_>, delivery: &Value) -> Result<String> {
    let entries = sender.material.ledger.entries(id(delivery)?);
    let statuses: Vec<String> = entries.iter().map(|entry| entry.status.to_string()).collect();
    let signed = if entries.iter().all(|entry| entry.signed) { "signed" } else { "not signed" };
    let times = match &statuses[..] {
        [_] => "once".to_owned(),
        _ => format!("at attempt {}: {}", statuses.len(), statuses.join(", ")),
    };
    let state = delivery["state"].as_str().unwrap_or_default();
    match delivery["attempts"].as_u64() == Some(entries.len() as u64) {
        true => Ok(format!("{state} {times}, {signed}")),
        false => Ok(format!("{state} {times}; the router counts {}", delivery["attempts"])),
    }
}

/// Has BRZ call with these flags; the deliveries that were recorded for it, the newest first.
pub(crate) fn call(sender: &Sender<'_>, flags: &[String]) -> Result<Vec<Value>> {
    let before = deliveries(sender, &[])?;
    let (brz, path) = (Provider::Brz, Provider::Brz.path());
    for answer in sender.post(brz, KIND, path, flags)? {
        if answer.status != 200 {
            bail!("a genuine callback got {}", answer.status);
        }
    }
    // They were recorded before the callback was acknowledged.
    let mut after = deliveries(sender, &[])?;
    after.retain(|row| before.iter().all(|old| old["id"] != row["id"]));
    Ok(after)
}

/// Waits until a delivery has arrived, and says how it stands.
pub(crate) fn settled(sender: &Sender<'_>, delivery: &Value) -> Result<Value> {
    let id = id(delivery)?;
    let show = || sender.rows(&["deliveries", "show", id]);
    sender.stop.until(|| Ok(show()?.iter().all(is_delivered)))?;
    show()?.pop().context("a delivery is gone")
}

/// The one delivery that must be.
pub(crate) fn only(deliveries: &[Value]) -> Result<&Value> {
    let [delivery] = deliveries else { bail!("{} deliveries, not one", deliveries.len()) };
    Ok(delivery)
}

fn fails_and_recovers(sender: &Sender<'_>, rows: &mut Rows) -> Result<()> {
    sender.material.ledger.fail(2);
    let owed = call(sender, &[])?;
    let delivery = settled(sender, only(&owed)?)?;
    let is = arrived(sender, &delivery)?;
    let must = "delivered at attempt 3: 503, 503, 200, signed";
    rows.row("the ledger fails twice, then recovers", must, &is);
    let event = delivery["event_id"].as_str().context("a delivery has no event")?;
    print!("{}", sender.ask(&["events", "show", event])?);
    Ok(())
}

fn twice_is_once(sender: &Sender<'_>, rows: &mut Rows) -> Result<()> {
    let owed = call(sender, &["--repeat".to_owned(), "3".to_owned()])?;
    let delivery = settled(sender, only(&owed)?)?;
    rows.row("the same callback three times", ONCE, &arrived(sender, &delivery)?);
    let event = delivery["event_id"].as_str().context("a delivery has no event")?;
    let event = sender.rows(&["events", "show", event])?;
    let repeats = event.first().map_or(&Value::Null, |whole| &whole["event"]["repeats"]);
    let is = format!("one event, repeats: {repeats}");
    rows.row("… is recorded once", "one event, repeats: 2", &is);
    Ok(())
}
