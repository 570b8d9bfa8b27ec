//! What the two requests hold, as the adapter for BRIJ hands them on: BRIJ's own names
//! (docs.brij.fi, "Create Order Request" and "Cancel Order Request").
//!
//! Members that aren't named here, which BRIJ may add later, are no terms: a request that is
//! repeated with another one of those is the same request.

use quotes::{Ramp, Trade};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::status::Status;

/// From this much money on, in whichever currency, a person looks at an order first.
const REVIEW_FROM: u128 = 10_000;

/// create-order.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Create {
    pub(crate) order_id: String,
    #[serde(flatten)]
    pub(crate) terms: Terms,
}

/// What is agreed on when an order is made.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Terms {
    pub(crate) customer_id: String,
    #[serde(rename = "type")]
    pub(crate) ramp: String,
    pub(crate) from_currency: String,
    pub(crate) to_currency: String,
    pub(crate) from_amount: String,
    pub(crate) network: String,
    pub(crate) payment_method: String,
    pub(crate) customer_payment_details_data_id: String,
    pub(crate) customer_wallet_data_id: String,
}

/// cancel-order.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cancel {
    pub(crate) order_id: String,
    pub(crate) external_order_id: String,
}

/// What a person says has become of an order.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Move {
    pub(crate) order_id: String,
    pub(crate) status: String,
}

/// Reads a body.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| Refusal::new(400, "body_invalid"))
}

impl Terms {
    /// For its price.
    pub(crate) fn trade(&self) -> Result<Trade, Refusal> {
        let ramp_type = match self.ramp.as_str() {
            "ONRAMP" => Ramp::OnRamp,
            "OFFRAMP" => Ramp::OffRamp,
            _ => return Err(Refusal::new(400, "type_invalid")),
        };
        Ok(Trade {
            ramp_type,
            from_currency: self.from_currency.clone(),
            to_currency: self.to_currency.clone(),
            from_amount: self.from_amount.clone(),
        })
    }

    /// A new order waits for money, or for a person where much money is in it. BRIJ shows only
    /// `AWAITING_FUNDS` in its sample; these two are all that its adapter lets through.
    pub(crate) fn first_status(&self, to_amount: &str) -> Status {
        let money = if self.ramp == "ONRAMP" { &self.from_amount } else { to_amount };
        let whole = money.split('.').next().unwrap_or_default();
        // More than the type holds is much, too.
        match whole.parse::<u128>() {
            Ok(whole) if whole < REVIEW_FROM => Status::AwaitingFunds,
            _ => Status::InReview,
        }
    }

    /// What create-order is answered. BRIJ wants `depositInstructions`, an object of strings,
    /// where funds are awaited, and only there.
    pub(crate) fn answer(&self, external_id: &str, status: Status, to_amount: &str) -> Value {
        let mut answer = json!({
            "externalOrderId": external_id, "status": status.word(), "toAmount": to_amount,
        });
        if status == Status::AwaitingFunds {
            answer["depositInstructions"] = self.deposit(external_id);
        }
        answer
    }

    /// Where the customer pays: made up, and the same for everybody. The message tells whose it is.
    fn deposit(&self, external_id: &str) -> Value {
        let mut deposit = json!({
            "amount": self.from_amount,
            "currency": self.from_currency,
            "depositMessage": external_id,
        });
        let more: &[(&str, &str)] = if self.ramp == "ONRAMP" {
            &[
                ("paymentMethod", &self.payment_method),
                ("bankName", "Example Bank"),
                ("bankBeneficiaryName", "Example Ramp Ltd"),
            ]
        } else {
            &[("network", &self.network), ("toAddress", "example-deposit-address")]
        };
        for (name, value) in more {
            deposit[name] = Value::from(*value);
        }
        deposit
    }
}
