//! What BRIJ is told: the answer to a request, or why there is none.
//!
//! Invariant: a 200 to a request holds every documented field in its documented form; an answer
//! that doesn't is refused and never sent. BRIJ documents the form of errors for cancel-order only;
//! it is used for all.

use hookswitch_sdk::{Answer, Decline, DeclineStatus, Head, Outcome, Reason, Reply};
use serde::Serialize;
use serde_json::{Value, json};

use crate::fields::{self, Members};

/// `{"error": {…}}`.
#[derive(Serialize)]
struct Refusal {
    error: Wording,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wording {
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_facing_reason: Option<String>,
}

/// Words an outcome. An error = the answer breaks BRIJ's contract, or there is nothing to word.
pub(crate) fn respond(head: &Head, outcome: Outcome) -> Result<Reply, Reason> {
    match outcome {
        Outcome::Accepted | Outcome::Duplicate => Ok(Reply::json(200, &json!({}))),
        Outcome::Answered(answer) => answered(head.param("call").unwrap_or_default(), &answer),
        Outcome::Declined(decline) => Ok(declined(decline)),
        // A forger learns which check failed, as in BRIJ's sample, and nothing more.
        Outcome::Forged(reason) => Ok(Reply::json(401, &json!({ "error": reason.code }))),
        Outcome::Malformed(reason) => Ok(refusal(400, reason.detail, None)),
        Outcome::NotFound(reason) => Ok(refusal(404, reason.detail, None)),
        // What is wrong on our side is for our logs: BRIJ gets its code alone.
        Outcome::Unavailable(reason) => Ok(refusal(503, reason.code, None)),
        Outcome::Challenged(_) => Err(Reason::new("challenge_unknown", "BRIJ sends no challenges")),
    }
}

fn refusal(status: u16, reason: String, customer_facing_reason: Option<String>) -> Reply {
    Reply::json(status, &Refusal { error: Wording { reason, customer_facing_reason } })
}

fn declined(decline: Decline) -> Reply {
    let status = match decline.status {
        DeclineStatus::Invalid => 400,
        DeclineStatus::NotFound => 404,
        DeclineStatus::Unprocessable => 422,
        DeclineStatus::Unavailable => 503,
    };
    refusal(status, decline.reason, decline.customer_reason)
}

/// Sends what was checked, members beyond the documented ones too.
fn answered(kind: &str, answer: &Answer) -> Result<Reply, Reason> {
    let invalid = |detail: String| Reason::new("answer_invalid", detail);
    let members = fields::object(answer.data.as_bytes())
        .ok_or_else(|| invalid("the answer must be a JSON object".to_owned()))?;
    check(kind, &members).map_err(invalid)?;
    let sent = if kind == "cancel-order" { Members::new() } else { members };
    Ok(Reply::json(200, &sent))
}

fn check(kind: &str, answer: &Members) -> Result<(), String> {
    match kind {
        "quote" => priced(answer),
        "redirect-order" => fields::link(answer, "redirectUrl").and_then(|_| priced(answer)),
        "create-order" => created(answer),
        "cancel-order" => Ok(()),
        _ => Err("this call takes no answer".to_owned()),
    }
}

fn priced(answer: &Members) -> Result<(), String> {
    fields::amount(answer, "toAmount")?;
    fields::optional_object(answer, "rawResponse")
}

/// BRIJ lists the members of `depositInstructions` and more may come: any are let through.
fn created(answer: &Members) -> Result<(), String> {
    fields::text(answer, "externalOrderId")?;
    let status = fields::one_of(answer, "status", ["AWAITING_FUNDS", "IN_REVIEW"])?;
    fields::amount(answer, "toAmount")?;
    let texts = |all: &Members| all.values().all(Value::is_string);
    match (status, answer.get("depositInstructions")) {
        ("AWAITING_FUNDS", Some(Value::Object(all))) if texts(all) => Ok(()),
        ("AWAITING_FUNDS", _) => Err("depositInstructions must be an object of strings".to_owned()),
        (_, None) => Ok(()),
        (_, Some(_)) => Err("depositInstructions is for AWAITING_FUNDS alone".to_owned()),
    }
}
