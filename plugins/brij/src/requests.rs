//! The four requests: what each must hold, and what its responder is given.
//!
//! Invariant: a responder sees only requests whose documented fields have their documented form;
//! members that BRIJ adds later pass through untouched.

use std::net::IpAddr;

use hookswitch_sdk::{Callback, Head, Reason, Request};
use serde_json::Value;

use crate::fields::{self, Members};
use crate::token;

/// The member with the end user's address: ours, and only ours.
const END_USER_IP: &str = "endUserIp";

/// Reads a request of this kind.
///
/// Its id is BRIJ's order id where there is one, and the token's id else: a quote has no other.
pub(crate) fn parse(call: &Callback, kind: &str) -> Result<Request, Reason> {
    let mut members = fields::object(&call.body)
        .ok_or_else(|| Reason::new("body_malformed", "the body must be a JSON object"))?;
    check(kind, &members).map_err(|detail| Reason::new("field_invalid", detail))?;
    let order = matches!(kind, "create-order" | "cancel-order");
    let order_id = members.get("orderId").and_then(Value::as_str).filter(|_| order);
    let id = order_id.map_or_else(|| token::id(call), |id| Ok(id.to_owned()))?;
    // Removed first, so that a body can't pretend to have been asked from an address.
    members.remove(END_USER_IP);
    if let Some(address) = end_user_ip(&call.head) {
        members.insert(END_USER_IP.to_owned(), address.into());
    }
    Ok(Request { id, kind: kind.to_owned(), data: Value::Object(members).to_string() })
}

fn check(kind: &str, members: &Members) -> Result<(), String> {
    for name in texts(kind) {
        fields::text(members, name)?;
    }
    if kind == "cancel-order" {
        return Ok(());
    }
    // The same field has two names at BRIJ.
    let ramp_type = if kind == "create-order" { "type" } else { "rampType" };
    fields::one_of(members, ramp_type, ["ONRAMP", "OFFRAMP"])?;
    fields::amount(members, "fromAmount")?;
    if kind != "create-order" {
        fields::country(members, "countryCode")?;
    }
    if kind == "redirect-order" {
        fields::optional_text(members, "walletAddress")?;
    }
    Ok(())
}

/// The required fields that may hold any text.
fn texts(kind: &str) -> &'static [&'static str] {
    match kind {
        "cancel-order" => &["orderId", "externalOrderId"],
        "create-order" => &[
            "orderId",
            "customerId",
            "fromCurrency",
            "toCurrency",
            "network",
            "paymentMethod",
            "customerPaymentDetailsDataId",
            "customerWalletDataId",
        ],
        _ => &["fromCurrency", "toCurrency", "network", "paymentMethod"],
    }
}

/// The left-most address of X-Forwarded-For, if it is one. Nobody signed it: it is a hint.
fn end_user_ip(head: &Head) -> Option<String> {
    let first = head.header("x-forwarded-for")?.split(',').next()?;
    let address: IpAddr = first.trim().parse().ok()?;
    Some(address.to_canonical().to_string())
}
