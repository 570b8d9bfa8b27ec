//! What may be done with an order: created once, cancelled until money came, moved on by a person.
//!
//! Each runs in one transaction, and a no undoes all of it, so that only what was done is
//! remembered: a request that was refused may come again and be taken.

use rusqlite::Transaction;

use crate::book::{self, Order};
use crate::refusal::{No, Refusal};
use crate::status::Status;
use crate::terms::{self, Cancel, Create, Move};

/// What is asked.
pub(crate) struct Asked<'a> {
    /// The `idempotency-key`, where there is one: the router's is the same for every try of one
    /// question.
    pub(crate) key: Option<&'a str>,
    pub(crate) body: &'a [u8],
    /// Unix milliseconds.
    pub(crate) now_ms: u64,
}

/// create-order: `orderId` is BRIJ's and names one order for ever, so the same request gets the
/// answer that it got first, whatever has become of the order; other terms are refused.
pub(crate) fn create(db: &Transaction<'_>, asked: &Asked<'_>) -> Result<String, No> {
    let Create { order_id, terms } = terms::read(asked.body)?;
    keyed(db, asked, "create-order", &order_id)?;
    let told = serde_json::to_string(&terms).map_err(|_| Refusal::new(400, "body_invalid"))?;
    if let Some(order) = book::find(db, &order_id)? {
        let same = order.terms == told;
        return same.then_some(order.answer).ok_or_else(|| {
            let differs = Refusal::new(409, "order_exists_with_other_terms");
            differs.telling("This order was already placed, on other terms.").into()
        });
    }
    let to_amount = quotes::pays_out(&terms.trade()?)?;
    let number = book::next_number(db)?;
    let (external_id, status) = (format!("po-{number}"), terms.first_status(&to_amount));
    let answer = terms.answer(&external_id, status, &to_amount).to_string();
    let changed_ms = asked.now_ms;
    let order = Order { order_id, external_id, status, terms: told, answer, changed_ms };
    book::insert(db, number, &order)?;
    Ok(order.answer)
}

/// cancel-order: `{}` once it is cancelled, however often it is asked. BRIJ's page gives 404 for
/// an order that isn't there and 422 for one that can't be cancelled; `already_settled` and its
/// words are BRIJ's own sample.
pub(crate) fn cancel(db: &Transaction<'_>, asked: &Asked<'_>) -> Result<String, No> {
    let Cancel { order_id, external_order_id } = terms::read(asked.body)?;
    keyed(db, asked, "cancel-order", &order_id)?;
    // Both ids have to be of the same order.
    let found = book::find(db, &order_id)?.filter(|order| order.external_id == external_order_id);
    let order = found.ok_or_else(unknown)?;
    if order.status != Status::Canceled {
        if !order.status.may_become(Status::Canceled) {
            let settled = Refusal::new(422, "already_settled");
            return Err(settled.telling("This order can no longer be cancelled.").into());
        }
        book::set_status(db, &order_id, Status::Canceled, asked.now_ms)?;
    }
    Ok("{}".to_owned())
}

/// What a person says has become of an order; 409 for a step that can't be, as at BRIJ's own
/// `UpdateOrder`.
pub(crate) fn advance(db: &Transaction<'_>, asked: &Asked<'_>) -> Result<String, No> {
    let Move { order_id, status } = terms::read(asked.body)?;
    let next = Status::parse(&status).ok_or_else(|| Refusal::new(400, "status_unknown"))?;
    let order = book::find(db, &order_id)?.ok_or_else(unknown)?;
    if !order.status.may_become(next) {
        let now = order.status.word();
        return Err(Refusal::new(409, &format!("{now} doesn't become {}", next.word())).into());
    }
    book::set_status(db, &order_id, next, asked.now_ms)?;
    Ok("{}".to_owned())
}

/// One key is for one request. It comes unsigned, so it may refuse, and never decides.
fn keyed(db: &Transaction<'_>, asked: &Asked<'_>, kind: &str, order_id: &str) -> Result<(), No> {
    let Some(key) = asked.key else { return Ok(()) };
    match book::remember_key(db, key, kind, order_id)? {
        true => Ok(()),
        false => Err(Refusal::new(409, "idempotency_key_of_another_request").into()),
    }
}

fn unknown() -> No {
    let unknown = Refusal::new(404, "order_unknown");
    unknown.telling("We don't know this order.").into()
}
