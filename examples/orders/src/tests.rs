//! The service without HTTP: what each call gets, in tables, on a file that is only in memory.

use std::path::Path;

use bytes::Bytes;
use hyper::{HeaderMap, Method};
use serde_json::{Value, json};

use crate::book::Book;
use crate::calls::{Call, Reply, Service};
use crate::signature::Key;
use crate::status::Status;

const NOW_MS: u64 = 1_790_000_000_000;
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn service() -> Service {
    Service::new(Book::open(Path::new(":memory:")).expect("it opens"), None)
}

fn call(method: Method, path: &str, headers: &[(&'static str, &str)], body: &Value) -> Call {
    let mut all = HeaderMap::new();
    for (name, value) in headers {
        all.insert(*name, value.parse().expect("a header's value"));
    }
    let (peer, body) = ("127.0.0.1:1".parse().expect("an address"), Bytes::from(body.to_string()));
    Call { method, path: path.to_owned(), headers: all, peer, body, now_ms: NOW_MS }
}

/// Status and body of a reply in JSON.
fn said(reply: &Reply) -> (u16, Value) {
    (reply.status, serde_json::from_str(&reply.body).expect("JSON"))
}

fn create(service: &Service, key: &str, body: &Value) -> (u16, Value) {
    let headers = [("ce-type", "create-order"), ("idempotency-key", key)];
    said(&service.answer(&call(Method::POST, "/orders", &headers, body)))
}

fn cancel(service: &Service, order: &str, external: &str) -> (u16, Value) {
    let headers = [("ce-type", "cancel-order"), ("idempotency-key", order)];
    let body = json!({ "orderId": order, "externalOrderId": external });
    said(&service.answer(&call(Method::POST, "/orders/cancel", &headers, &body)))
}

fn advance(service: &Service, order: &str, status: &str) -> (u16, Value) {
    let body = json!({ "orderId": order, "status": status });
    said(&service.answer(&call(Method::POST, "/orders/status", &[], &body)))
}

/// A request as the adapter for BRIJ hands it on, with these members instead; null removes one.
fn order(with: &Value) -> Value {
    let mut body = json!({
        "orderId": "ord_1", "customerId": "cust_7", "type": "ONRAMP",
        "fromCurrency": "BRL", "toCurrency": "SOLANA_USDC", "fromAmount": "250.00",
        "network": "SOLANA", "paymentMethod": "BRA_PIX",
        "customerPaymentDetailsDataId": "cd_1", "customerWalletDataId": "cd_2",
    });
    let members = body.as_object_mut().expect("an object");
    for (name, value) in with.as_object().expect("an object") {
        members.insert(name.clone(), value.clone());
        members.retain(|_, value| !value.is_null());
    }
    body
}

/// In the table, how an order stands.
fn listed(service: &Service, order: &str) -> Option<String> {
    let table = service.answer(&call(Method::GET, "/orders", &[], &json!(null)));
    assert_eq!(table.status, 200);
    let mut rows = table.body.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.find(|row| row[0] == order).map(|row| row[2].to_owned())
}

#[test]
fn an_order_is_answered_as_brij_wants_it() {
    let deposit = |more: Value| {
        let mut all = json!({ "depositMessage": "po-1" });
        all.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("one"));
        all
    };
    let paid_in = |amount: &str| {
        deposit(json!({
            "amount": amount, "currency": "BRL", "paymentMethod": "BRA_PIX",
            "bankName": "Example Bank", "bankBeneficiaryName": "Example Ramp Ltd",
        }))
    };
    let sold = json!({
        "type": "OFFRAMP", "fromCurrency": "SOLANA_USDC", "toCurrency": "USD", "fromAmount": "20",
    });
    let much_sold = json!({
        "type": "OFFRAMP", "fromCurrency": "SOLANA_USDC", "toCurrency": "USD",
        "fromAmount": "10000.00",
    });
    let sent = deposit(json!({
        "amount": "20", "currency": "SOLANA_USDC", "network": "SOLANA",
        "toAddress": "example-deposit-address",
    }));
    let funds = "AWAITING_FUNDS";
    for (with, status, to_amount, deposit) in [
        // 250 / 5.55 = 45.045045 045…, as the quote says.
        (json!({}), funds, "45.045045", Some(paid_in("250.00"))),
        (json!({ "fromAmount": "9999.99" }), funds, "1801.800000", Some(paid_in("9999.99"))),
        (json!({ "fromAmount": "10000" }), "IN_REVIEW", "1801.801801", None),
        (sold, funds, "20.00", Some(sent)),
        (much_sold, "IN_REVIEW", "10000.00", None),
    ] {
        let mut wanted =
            json!({ "externalOrderId": "po-1", "status": status, "toAmount": to_amount });
        if let Some(deposit) = deposit {
            wanted["depositInstructions"] = deposit;
        }
        assert_eq!(create(&service(), "k", &order(&with)), (200, wanted), "{with}");
    }
}

#[test]
fn an_order_id_is_one_order_for_ever() {
    let service = service();
    let first = create(&service, "k1", &order(&json!({})));
    assert_eq!(first.0, 200);
    let again = [
        ("k1", json!({})),
        // Another key, and what is no term.
        ("k2", json!({})),
        ("k1", json!({ "endUserIp": "198.51.100.7", "trace": 7 })),
    ];
    for (key, with) in &again {
        assert_eq!(create(&service, key, &order(with)), first, "{with}");
    }
    for with in [
        json!({ "fromAmount": "250.01" }),
        json!({ "customerId": "cust_8" }),
        json!({ "type": "OFFRAMP" }),
        json!({ "network": "ETHEREUM" }),
        json!({ "customerWalletDataId": "cd_3" }),
    ] {
        let (status, no) = create(&service, "k1", &order(&with));
        assert_eq!((status, &no["reason"]), (409, &json!("order_exists_with_other_terms")));
        assert!(no["customer_reason"].is_string(), "{with}");
    }
    // Whatever has become of it.
    assert_eq!(cancel(&service, "ord_1", "po-1").0, 200);
    assert_eq!(create(&service, "k1", &order(&json!({}))), first);
    assert_eq!(listed(&service, "ord_1").as_deref(), Some("CANCELED"));
    let next = create(&service, "k3", &order(&json!({ "orderId": "ord_2" })));
    assert_eq!(next.1["externalOrderId"], "po-2");
}

#[test]
fn a_dry_run_is_answered_and_leaves_nothing() {
    let service = service();
    let dry = |body: &Value| {
        let headers = [
            ("ce-type", "create-order"),
            ("idempotency-key", "k1"),
            ("hookswitch-dry-run", "true"),
        ];
        said(&service.answer(&call(Method::POST, "/orders", &headers, body)))
    };
    let one = order(&json!({}));
    let would = dry(&one);
    assert_eq!((would.0, listed(&service, "ord_1")), (200, None));
    // Nor was the key taken.
    let other = order(&json!({ "orderId": "ord_2" }));
    assert_eq!(create(&service, "k1", &other).0, 200);
    assert_eq!(create(&service, "k2", &one).0, 200);
    let (status, no) = dry(&one);
    assert_eq!((status, &no["reason"]), (409, &json!("idempotency_key_of_another_request")));
}

#[test]
fn a_key_is_for_one_request_that_was_taken() {
    let service = service();
    let other = order(&json!({ "orderId": "ord_2" }));
    assert_eq!(create(&service, "k1", &order(&json!({ "toCurrency": "SOLANA_BONK" }))).0, 422);
    assert_eq!(create(&service, "k1", &other).0, 200, "what was refused left nothing");
    let (status, no) = create(&service, "k1", &order(&json!({})));
    assert_eq!((status, &no["reason"]), (409, &json!("idempotency_key_of_another_request")));
    assert_eq!(listed(&service, "ord_1"), None);
    // And of one kind: this order was created under the key that it is cancelled with.
    assert_eq!(create(&service, "ord_3", &order(&json!({ "orderId": "ord_3" }))).0, 200);
    assert_eq!(cancel(&service, "ord_3", "po-2").0, 409);
    let headers = [("ce-type", "create-order")];
    let keyless = call(Method::POST, "/orders", &headers, &order(&json!({})));
    assert_eq!(said(&service.answer(&keyless)).0, 200, "the order's id is enough");
}

#[test]
fn an_order_can_be_cancelled_until_money_came() {
    for status in Status::ALL {
        let service = service();
        let much = json!({ "fromAmount": if status == Status::InReview { "10000" } else { "1" } });
        assert_eq!(create(&service, "k", &order(&much)).0, 200);
        let way: &[&str] = match status {
            Status::AwaitingFunds | Status::InReview => &[],
            Status::FundsReceived => &["FUNDS_RECEIVED"],
            Status::PaymentSubmitted => &["FUNDS_RECEIVED", "PAYMENT_SUBMITTED"],
            Status::PaymentProcessed => {
                &["FUNDS_RECEIVED", "PAYMENT_SUBMITTED", "PAYMENT_PROCESSED"]
            }
            Status::Refunding => &["FUNDS_RECEIVED", "REFUNDING"],
            Status::Refunded => &["FUNDS_RECEIVED", "REFUNDING", "REFUNDED"],
            Status::Canceled => &["CANCELED"],
            Status::Error => &["ERROR"],
        };
        for step in way {
            assert_eq!(advance(&service, "ord_1", step), (200, json!({})), "{step}");
        }
        let may = matches!(status, Status::AwaitingFunds | Status::InReview | Status::Canceled);
        for time in ["first", "again"] {
            let (code, said) = cancel(&service, "ord_1", "po-1");
            let wanted = json!({
                "reason": "already_settled",
                "customer_reason": "This order can no longer be cancelled.",
            });
            let wanted = if may { (200, json!({})) } else { (422, wanted) };
            assert_eq!((code, said), wanted, "{status:?}, {time}");
        }
        let stands = if may { Status::Canceled } else { status };
        assert_eq!(listed(&service, "ord_1").as_deref(), Some(stands.word()));
    }
}

#[test]
fn what_can_not_be_is_refused_by_its_sort() {
    let service = service();
    assert_eq!(create(&service, "k", &order(&json!({}))).0, 200);
    for (with, status) in [
        (json!({ "toCurrency": "SOLANA_BONK" }), 422),
        (json!({ "fromAmount": "0.00000001" }), 422),
        (json!({ "fromAmount": "-1" }), 400),
        (json!({ "fromAmount": 250 }), 400),
        (json!({ "type": "SWAP" }), 400),
        (json!({ "customerId": null }), 400),
    ] {
        let mut body = order(&with);
        body["orderId"] = "ord_9".into();
        let (got, no) = create(&service, "k9", &body);
        assert_eq!(got, status, "{with}");
        assert!(no["reason"].is_string() && no["error"].is_null(), "{no}");
    }
    for (id, external) in [("ord_9", "po-1"), ("ord_1", "po-9"), ("ord_1", "")] {
        let (status, no) = cancel(&service, id, external);
        assert_eq!((status, &no["reason"]), (404, &json!("order_unknown")), "{id} {external}");
    }
    for (id, to, status) in [
        ("ord_9", "FUNDS_RECEIVED", 404),
        ("ord_1", "CANCELLED", 400),
        ("ord_1", "PAYMENT_PROCESSED", 409),
        ("ord_1", "AWAITING_FUNDS", 409),
    ] {
        assert_eq!(advance(&service, id, to).0, status, "{id} {to}");
    }
    assert_eq!(listed(&service, "ord_1").as_deref(), Some("AWAITING_FUNDS"));
    assert_eq!(listed(&service, "ord_9"), None);
}

#[test]
fn only_who_may_call_is_answered() {
    let key = Key::parse(SECRET).expect("a secret");
    let signing = Service::new(Book::open(Path::new(":memory:")).expect("it opens"), Some(key));
    let body = order(&json!({}));
    let asked = |headers: &[_], body: &Value| call(Method::POST, "/orders", headers, body);
    let of_kind = asked(&[("ce-type", "create-order")], &body);
    assert_eq!(signing.answer(&of_kind).status, 401, "unsigned");
    let webhook = standardwebhooks::Webhook::new(SECRET).expect("a secret");
    let at_s = NOW_MS / 1000;
    let signature = webhook.sign("m", at_s.cast_signed(), of_kind.body.as_ref()).expect("signed");
    let time = at_s.to_string();
    let signed = [
        ("ce-type", "create-order"),
        ("webhook-id", "m"),
        ("webhook-timestamp", time.as_str()),
        ("webhook-signature", signature.as_str()),
    ];
    assert_eq!(signing.answer(&asked(&signed, &order(&json!({ "network": "X" })))).status, 401);
    assert_eq!(signing.answer(&asked(&signed, &body)).status, 200);

    let open = service();
    let long = "k".repeat(257);
    for (headers, status) in [
        (vec![], 400),
        (vec![("ce-type", "cancel-order")], 400),
        (vec![("ce-type", "create-order"), ("idempotency-key", "")], 400),
        (vec![("ce-type", "create-order"), ("idempotency-key", long.as_str())], 400),
        (vec![("ce-type", "create-order")], 200),
    ] {
        assert_eq!(open.answer(&asked(&headers, &body)).status, status, "{headers:?}");
    }
    for (method, path, status) in [
        (Method::GET, "/", 404),
        (Method::POST, "/orders/", 404),
        (Method::PUT, "/orders", 405),
        (Method::GET, "/orders/cancel", 405),
    ] {
        assert_eq!(open.answer(&call(method, path, &[], &body)).status, status, "{path}");
    }
    for (method, path) in [(Method::GET, "/orders"), (Method::POST, "/orders/status")] {
        let far = Call {
            peer: "192.0.2.1:1".parse().expect("an address"),
            ..call(method, path, &[], &body)
        };
        assert_eq!(open.answer(&far).status, 403, "{path}");
    }
}

#[test]
fn the_table_is_harmless_on_a_terminal() {
    let service = service();
    let odd = order(&json!({ "orderId": "ord_\u{1b}[2J\n" }));
    assert_eq!(create(&service, "k", &odd).0, 200);
    assert_eq!(listed(&service, "ord_?[2J?").as_deref(), Some("AWAITING_FUNDS"));
}
