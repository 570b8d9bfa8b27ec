//! A responder: it prices a crypto ramp, from a table in the code that its settings may override.
//!
//! Invariant: the same question at the same moment has the same answer, and never promises more
//! than the price allows: amounts are exact, and rounded down once.

mod decimal;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use decimal::Decimal;
use hookswitch_sdk::{Answer, Answering, Context, Decline, DeclineStatus, Request};
use hookswitch_sdk::{settings, text, time};
use serde::Deserialize;
use serde_json::{Value, json};

/// What each asset can be divided into, in decimal places.
const PLACES: [(&str, u32); 6] = [
    ("BRL", 2),
    ("EUR", 2),
    ("USD", 2),
    ("ETHEREUM_ETH", 18),
    ("SOLANA_SOL", 9),
    ("SOLANA_USDC", 6),
];

/// What one coin costs. Made up: a real responder would ask a market, over HTTP.
const PRICES: [(&str, &str); 9] = [
    ("ETHEREUM_ETH/BRL", "16500.00"),
    ("ETHEREUM_ETH/EUR", "2750.00"),
    ("ETHEREUM_ETH/USD", "3000.00"),
    ("SOLANA_SOL/BRL", "825.00"),
    ("SOLANA_SOL/EUR", "137.50"),
    ("SOLANA_SOL/USD", "150.00"),
    ("SOLANA_USDC/BRL", "5.55"),
    ("SOLANA_USDC/EUR", "0.93"),
    ("SOLANA_USDC/USD", "1.00"),
];

/// How long a price holds.
const HOLDS_MS: u64 = 60_000;

/// The responder.
pub struct Quotes;

hookswitch_sdk::export!(Quotes: answering);

/// `prices = { "SOLANA_USDC/BRL" = "5.60" }` in the plugin's settings replaces or adds prices.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    prices: BTreeMap<String, String>,
}

/// Which way a trade goes.
#[derive(Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub enum Ramp {
    /// Buys coins.
    OnRamp,
    /// Sells coins.
    OffRamp,
}

/// What both kinds of request hold; their other members don't change the price.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trade {
    /// Which way it goes.
    pub ramp_type: Ramp,
    /// What is paid, such as `BRL`.
    pub from_currency: String,
    /// What is paid out, such as `SOLANA_USDC`.
    pub to_currency: String,
    /// How much is paid: a decimal.
    pub from_amount: String,
}

/// What a trade pays out at the table's own prices: a decimal in the smallest unit of its asset.
/// For code outside the plugin that has to keep what a quote promised, as `examples/orders` does.
pub fn pays_out(trade: &Trade) -> Result<String, Decline> {
    let price = price(trade, &BTreeMap::new())?;
    convert(trade, price).map(|paid| paid.to_string())
}

impl Answering for Quotes {
    fn compute(request: Request, context: Context) -> Result<Answer, Decline> {
        if !matches!(request.kind.as_str(), "quote" | "redirect-order") {
            return Err(decline(DeclineStatus::Unprocessable, "only quotes and redirects", None));
        }
        let trade: Trade = serde_json::from_str(&request.data).map_err(|_| {
            decline(DeclineStatus::Invalid, "a member is missing, or has the wrong form", None)
        })?;
        let broken = |_| decline(DeclineStatus::Unavailable, "the settings can't be read", None);
        let settings: Settings = settings::get().map_err(broken)?;
        let price = price(&trade, &settings.prices)?;
        let to_amount = convert(&trade, price)?;
        // The id comes from outside and goes into a link: this form is safe in both.
        let quote_id = format!("q_{}", text::encode_base64url(request.id.as_bytes()));
        let mut answer = json!({
            "toAmount": to_amount.to_string(),
            "rawResponse": {
                "exchangeRate": price.to_string(),
                "quoteId": quote_id,
                "expiresAt": time::rfc3339(context.now_ms.saturating_add(HOLDS_MS)),
            },
        });
        if request.kind == "redirect-order" {
            let link = format!("https://ramp.example.com/checkout/{quote_id}");
            answer["redirectUrl"] = Value::from(link);
        }
        Ok(Answer { data: answer.to_string() })
    }
}

/// What one coin of this trade costs; the settings' prices come before the table's.
fn price(trade: &Trade, set: &BTreeMap<String, String>) -> Result<Decimal, Decline> {
    let pair = match trade.ramp_type {
        Ramp::OnRamp => format!("{}/{}", trade.to_currency, trade.from_currency),
        Ramp::OffRamp => format!("{}/{}", trade.from_currency, trade.to_currency),
    };
    let broken = |reason: &str| decline(DeclineStatus::Unavailable, reason, None);
    let built_in = || PRICES.iter().find(|(name, _)| *name == pair).map(|(_, price)| *price);
    let found = set.get(&pair).map(String::as_str).or_else(built_in);
    let unknown = "We don't trade this pair of currencies.";
    let text = found
        .ok_or_else(|| decline(DeclineStatus::Unprocessable, "unknown pair", Some(unknown)))?;
    let price = Decimal::parse(text).filter(|price| !price.is_zero());
    price.ok_or_else(|| broken("a price in the settings is not a decimal over zero"))
}

/// What is paid out, in the smallest unit of its asset.
fn convert(trade: &Trade, price: Decimal) -> Result<Decimal, Decline> {
    let invalid = |reason| decline(DeclineStatus::Invalid, reason, None);
    let amount = Decimal::parse(&trade.from_amount).filter(|amount| !amount.is_zero());
    let amount = amount.ok_or_else(|| invalid("fromAmount is not a decimal over zero"))?;
    let asset = PLACES.iter().find(|(name, _)| *name == trade.to_currency);
    let (_, places) = asset.ok_or_else(|| {
        decline(
            DeclineStatus::Unprocessable,
            "unknown currency",
            Some("We don't pay out in this currency."),
        )
    })?;
    let paid = match trade.ramp_type {
        Ramp::OnRamp => amount.over(price, *places),
        Ramp::OffRamp => amount.times(price, *places),
    };
    let paid = paid.ok_or_else(|| invalid("fromAmount has too many digits"))?;
    if paid.is_zero() {
        let reason = Some("This amount is too small.");
        return Err(decline(DeclineStatus::Unprocessable, "fromAmount pays out nothing", reason));
    }
    Ok(paid)
}

fn decline(status: DeclineStatus, reason: &str, customer_reason: Option<&str>) -> Decline {
    Decline {
        status,
        reason: reason.to_owned(),
        customer_reason: customer_reason.map(str::to_owned),
    }
}
