//! The responder, natively: prices worked out by hand, and every way to say no.

use hookswitch_sdk::native::Host;
use hookswitch_sdk::{Answering, Context, Decline, DeclineStatus, Request};
use serde_json::{Value, json};

use crate::Quotes;
use crate::decimal::Decimal;

fn ask_with(settings: Value, kind: &str, data: &Value) -> Result<Value, Decline> {
    let request =
        Request { id: "id/../1 ?".to_owned(), kind: kind.to_owned(), data: data.to_string() };
    let context = Context {
        now_ms: 1_790_000_000_000,
        route: "brij".to_owned(),
        attempt: 1,
        deadline_ms: 1_790_000_002_000,
        idempotency_key: "key".to_owned(),
    };
    let answer = Host::new().settings(settings).run(|| Quotes::compute(request, context))?;
    Ok(serde_json::from_str(&answer.data).expect("an answer is JSON"))
}

fn trade(ramp: &str, from: &str, to: &str, amount: &str) -> Value {
    json!({ "rampType": ramp, "fromCurrency": from, "toCurrency": to, "fromAmount": amount,
            "network": "SOLANA" })
}

fn quote(ramp: &str, from: &str, to: &str, amount: &str) -> Result<Value, Decline> {
    ask_with(json!({}), "quote", &trade(ramp, from, to, amount))
}

#[test]
fn prices_are_exact_and_rounded_down() {
    let cases = [
        // 250 / 5.55 = 45.045045 045…
        ("ONRAMP", "BRL", "SOLANA_USDC", "250.00", "45.045045"),
        // 100 / 150 = 0.666666666 6…
        ("ONRAMP", "USD", "SOLANA_SOL", "100", "0.666666666"),
        ("ONRAMP", "USD", "SOLANA_USDC", "0.10", "0.100000"),
        ("ONRAMP", "EUR", "ETHEREUM_ETH", "2750", "1.000000000000000000"),
        ("OFFRAMP", "ETHEREUM_ETH", "USD", "0.060000000000000001", "180.00"),
        // 1.999999 × 0.93 = 1.859999 07
        ("OFFRAMP", "SOLANA_USDC", "EUR", "1.999999", "1.85"),
        ("OFFRAMP", "SOLANA_SOL", "BRL", "1000000", "825000000.00"),
    ];
    for (ramp, from, to, amount, paid) in cases {
        let answer = quote(ramp, from, to, amount).expect("a known pair");
        assert_eq!(answer["toAmount"], paid, "{amount} {from} to {to}");
    }
}

#[test]
fn other_code_gets_what_the_quote_said() {
    for (to, amount) in [("SOLANA_USDC", "250.00"), ("SOLANA_SOL", "1"), ("SOLANA_BONK", "1")] {
        let quoted = quote("ONRAMP", "BRL", to, amount);
        let trade = crate::Trade {
            ramp_type: crate::Ramp::OnRamp,
            from_currency: "BRL".to_owned(),
            to_currency: to.to_owned(),
            from_amount: amount.to_owned(),
        };
        match (crate::pays_out(&trade), quoted) {
            (Ok(paid), Ok(quoted)) => assert_eq!(quoted["toAmount"], paid),
            (Err(no), Err(quoted)) => assert_eq!(no.reason, quoted.reason),
            (paid, quoted) => panic!("{to}: {paid:?}, but quoted {quoted:?}"),
        }
    }
}

#[test]
fn says_no_with_the_right_status() {
    use DeclineStatus::{Invalid, Unprocessable};
    let huge = "9".repeat(39);
    let cases = [
        ("ONRAMP", "BRL", "SOLANA_BONK", "250.00", Unprocessable),
        ("OFFRAMP", "BRL", "SOLANA_USDC", "250.00", Unprocessable),
        ("ONRAMP", "BRL", "BRL", "250.00", Unprocessable),
        ("OFFRAMP", "SOLANA_USDC", "USD", "0.001", Unprocessable),
        ("SWAP", "BRL", "SOLANA_USDC", "250.00", Invalid),
        ("ONRAMP", "BRL", "SOLANA_USDC", "0.00", Invalid),
        ("ONRAMP", "BRL", "SOLANA_USDC", "-1", Invalid),
        ("ONRAMP", "BRL", "SOLANA_USDC", "1e3", Invalid),
        ("ONRAMP", "BRL", "SOLANA_USDC", ".5", Invalid),
        ("ONRAMP", "BRL", "SOLANA_USDC", "", Invalid),
        ("ONRAMP", "BRL", "SOLANA_USDC", &huge, Invalid),
    ];
    for (ramp, from, to, amount, status) in cases {
        let no = quote(ramp, from, to, amount).expect_err("nothing to say yes to");
        assert_eq!(no.status, status, "{ramp} {amount} {from} to {to}: {}", no.reason);
        let unknown_pair = no.reason == "unknown pair";
        assert!(!unknown_pair || no.customer_reason.is_some(), "the customer is told why");
    }
    let known = trade("ONRAMP", "BRL", "SOLANA_USDC", "1");
    let other = ask_with(json!({}), "create-order", &known).expect_err("another kind");
    assert_eq!(other.status, Unprocessable);
}

#[test]
fn says_when_a_price_ends_and_where_to_go() {
    let sold = trade("OFFRAMP", "SOLANA_USDC", "USD", "20");
    let answer = ask_with(json!({}), "redirect-order", &sold).expect("a known pair");
    let quote_id = "q_aWQvLi4vMSA_";
    assert_eq!(answer["rawResponse"]["quoteId"], quote_id);
    assert_eq!(answer["rawResponse"]["exchangeRate"], "1.00");
    assert_eq!(answer["redirectUrl"], format!("https://ramp.example.com/checkout/{quote_id}"));
    let expires = answer["rawResponse"]["expiresAt"].as_str().expect("a text");
    assert!(expires.starts_with("2026-09-21T14:14:20"), "{expires}");
    let quoted = ask_with(json!({}), "quote", &sold).expect("a known pair");
    assert!(quoted.get("redirectUrl").is_none());
}

#[test]
fn settings_override_prices() {
    let asked = trade("OFFRAMP", "SOLANA_USDC", "BRL", "10");
    let priced =
        |price: &str| ask_with(json!({ "prices": { "SOLANA_USDC/BRL": price } }), "quote", &asked);
    assert_eq!(priced("6.125").expect("a price")["toAmount"], "61.25");
    for broken in ["0", "free", "-1", ""] {
        assert_eq!(priced(broken).expect_err(broken).status, DeclineStatus::Unavailable);
    }
}

#[test]
fn decimals_overflow_to_nothing() {
    let number = |text: &str| Decimal::parse(text).expect("a decimal");
    let (max, tiny) = (number(&u128::MAX.to_string()[..38]), number("0.00000000000000000001"));
    assert!(max.times(max, 2).is_none());
    assert!(max.over(tiny, 18).is_none());
    assert!(max.over(number("0"), 2).is_none());
    assert_eq!(number("007.50").to_string(), "7.50");
    assert_eq!(number("0.05").times(number("1"), 0).expect("fits").to_string(), "0");
}
