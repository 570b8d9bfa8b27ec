//! Who is sent to: destinations that come, go, change and want nothing more; and the end.

use super::*;

#[tokio::test]
async fn a_destination_that_is_gone_is_left_alone_until_its_settings_change() {
    let server = Server::start(&[Say::Status(410, ""), Say::Status(200, "")]).await;
    let single = Destination { concurrency: 1, ..destination("ledger", server.url()) };
    let other = Server::start(&[Say::Status(200, "")]).await;
    let probe = destination("probe", other.url());
    let bench = Bench::start(generation(vec![single.clone(), probe.clone()], Vec::new()));
    for _ in 0..3 {
        bench.ledger.owe(owed(to("ledger")));
    }
    bench.ledger.until(|kept| kept.rows[0].ruling == Some(Ruling::Gone)).await;
    // The same settings in another generation change nothing.
    bench.cell.swap(generation(vec![single.clone(), probe], Vec::new()), NOW_MS);
    bench.pass(Duration::from_secs(3600));
    bench.look_around().await;
    assert_eq!(server.heard().len(), 1);
    let changed = Destination { timeout: Duration::from_secs(5), ..single };
    bench.cell.swap(generation(vec![changed], Vec::new()), NOW_MS);
    assert_eq!(bench.ledger.rulings().await, [Ruling::Gone, DELIVERED, DELIVERED]);
}

#[tokio::test]
async fn destinations_come_and_go_with_the_generation() {
    let server = Server::start(&[Say::Status(200, "")]).await;
    let offline = Destination {
        offline: Some("its secret isn't there".into()),
        ..destination("ledger", server.url())
    };
    let other = Server::start(&[Say::Status(200, "")]).await;
    let probe = destination("probe", other.url());
    let bench = Bench::start(generation(vec![offline.clone(), probe], Vec::new()));
    bench.ledger.owe(owed(to("ledger")));
    bench.look_around().await;
    assert_eq!(server.heard().len(), 0, "it is offline");
    let online = Destination { offline: None, ..offline };
    bench.cell.swap(generation(vec![online], Vec::new()), NOW_MS);
    assert_eq!(bench.ledger.rulings().await, [DELIVERED]);
    bench.cell.swap(generation(Vec::new(), Vec::new()), NOW_MS);
    let other = destination("other", server.url());
    bench.ledger.owe(owed(to("other")));
    bench.cell.swap(generation(vec![other], Vec::new()), NOW_MS);
    assert_eq!(bench.ledger.rulings().await, [DELIVERED; 2]);
    assert_eq!(server.heard().len(), 2);
}

#[tokio::test]
async fn webhooks_come_change_and_go() {
    let (first, second) = (
        Server::start(&[Say::Status(200, "")]).await,
        Server::start(&[Say::Status(200, "")]).await,
    );
    let allowed = vec!["127.0.0.0/8".parse().expect("a network")];
    let probe = destination("probe", second.url());
    let none = Generation { allow_networks: allowed, ..generation(vec![probe], Vec::new()) };
    let bench = Bench::start(none);
    let hook = webhook(first.url());
    bench.ledger.set_webhooks(vec![Webhook { active: false, ..hook.clone() }]);
    bench.ledger.owe(owed(Addressee::Webhook(hook.id)));
    bench.look_around().await;
    assert_eq!(first.heard().len(), 0, "it is inactive");
    bench.ledger.set_webhooks(vec![hook.clone()]);
    assert_eq!(bench.ledger.rulings().await, [DELIVERED]);
    bench.ledger.set_webhooks(vec![Webhook { url: second.url(), ..hook.clone() }]);
    // When the courier hears of that is its own affair, but it does.
    let changed = async {
        while second.heard().len() < 2 {
            bench.ledger.owe(owed(Addressee::Webhook(hook.id)));
            bench.ledger.rulings().await;
        }
    };
    tokio::time::timeout(PATIENCE, changed).await.expect("it is sent to its new URL");
    assert!(first.heard()[0].header("webhook-signature").is_some());
}

#[tokio::test]
async fn what_is_in_flight_may_end_and_the_rest_is_given_back() {
    let hangs = Server::start(&[Say::Nothing]).await;
    let hung = Destination { concurrency: 2, ..destination("hung", hangs.url()) };
    let limits = Limits { drain: Duration::from_millis(50), ..Limits::default() };
    let bench = Bench::with(generation(vec![hung], Vec::new()), limits);
    for _ in 0..5 {
        bench.ledger.owe(owed(to("hung")));
    }
    bench.ledger.until(|kept| kept.claimed_most == 2).await;
    let ledger = bench.stop().await;
    let kept = ledger.lock();
    assert!(kept.rows.iter().all(|row| !row.claimed && row.ruling.is_none()), "as they were");
    assert_eq!(kept.claimed_most, 2, "nothing new was begun");
}
