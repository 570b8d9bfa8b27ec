//! Destinations that fail, and a store that does.

use super::*;
use crate::model::Attempt;

/// The attempts of the first delivery.
fn attempts(bench: &Bench) -> Vec<Attempt> {
    bench.ledger.lock().rows[0].attempts.clone()
}

#[tokio::test]
async fn one_that_fails_twice_is_tried_until_it_works() {
    let says = [Say::Status(500, ""), Say::Status(404, ""), Say::Status(200, "")];
    let server = Server::start(&says).await;
    let waits = [60, 300].map(Duration::from_secs).to_vec();
    let ledger = Destination { retry: waits, ..destination("ledger", server.url()) };
    let bench = Bench::start(generation(vec![ledger], Vec::new()));
    bench.ledger.owe(owed(to("ledger")));
    for (tries, wait_s) in [(1, 60), (2, 300)] {
        bench.ledger.until(|kept| kept.rows[0].attempts.len() == tries).await;
        let wait_ms = bench.ledger.lock().rows[0].due_ms - bench.clock.now_ms();
        assert!((wait_s * 900..=wait_s * 1100).contains(&wait_ms), "{wait_ms}");
        bench.pass(Duration::from_millis(wait_ms));
    }
    assert_eq!(bench.ledger.rulings().await, [DELIVERED]);
    let statuses: Vec<_> = attempts(&bench).iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [Some(500), Some(404), Some(200)]);
    let heard = server.heard();
    assert!(heard.iter().all(|one| one.header("webhook-id") == heard[0].header("webhook-id")));
    assert!(heard[0].header("webhook-timestamp") != heard[2].header("webhook-timestamp"));
}

#[tokio::test]
async fn it_is_left_alone_for_as_long_as_it_asks() {
    let server = Server::start(&[Say::Status(503, "retry-after: 7200\r\n")]).await;
    let bench = Bench::start(generation(vec![destination("ledger", server.url())], Vec::new()));
    bench.ledger.owe(owed(to("ledger")));
    bench.ledger.until(|kept| kept.rows[0].attempts.len() == 1).await;
    assert_eq!(bench.ledger.lock().rows[0].due_ms, NOW_MS + 7_200_000);
    bench.pass(Duration::from_secs(7200));
    assert_eq!(bench.ledger.rulings().await, [EXHAUSTED]);
}

#[tokio::test]
async fn whatever_goes_wrong_is_said_and_tried_again() {
    let refused = {
        let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        format!("http://{}/", gone.local_addr().expect("its address"))
    };
    for (says, url, wanted) in [
        (Say::Nothing, None, "no whole response within 50ms"),
        (Say::Half, None, "the response's body is too large, or broke off"),
        (Say::Nothing, Some(refused), "no connection: "),
        // No label of a name may be so long: no name server is asked.
        (Say::Nothing, Some(format!("http://{:a<64}.test/", "")), "the name can't be resolved: "),
        (Say::Nothing, Some("https".into()), "no TLS: "),
        (Say::Nothing, Some("ftp://127.0.0.1/".into()), "the URL is no absolute http"),
        (Say::Nothing, Some("no url at all".into()), "the URL is no absolute http"),
    ] {
        let server = Server::start(&[says]).await;
        let timeout = match &url {
            None => Duration::from_millis(50),
            Some(_) => PATIENCE,
        };
        let url = match url {
            Some(scheme) if scheme == "https" => server.url().replacen("http", "https", 1),
            url => url.unwrap_or_else(|| server.url()),
        };
        let ledger = Destination { timeout, ..destination("ledger", url.clone()) };
        let bench = Bench::start(generation(vec![ledger], Vec::new()));
        bench.ledger.owe(owed(to("ledger")));
        bench.ledger.until(|kept| kept.rows[0].attempts.len() == 1).await;
        let ruling = bench.ledger.lock().rows[0].ruling;
        assert!(matches!(ruling, Some(Ruling::Settled(Settled::Again(_)))), "{url} {ruling:?}");
        let attempt = attempts(&bench).remove(0);
        let error = attempt.error.unwrap_or_default();
        assert!(error.starts_with(wanted), "{url} {error}");
        assert_eq!(attempt.status, None, "{url}");
    }
}

#[tokio::test]
async fn a_webhook_on_a_private_address_is_not_dialled() {
    let server = Server::start(&[Say::Status(200, "")]).await;
    let bench = Bench::start(generation(Vec::new(), Vec::new()));
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let hook = webhook(format!("http://{host}:{}/", server.port));
        bench.ledger.lock().rows.clear();
        bench.ledger.owe(owed(Addressee::Webhook(hook.id)));
        bench.ledger.set_webhooks(vec![hook]);
        bench.ledger.until(|kept| kept.rows[0].attempts.len() == 1).await;
        let error = attempts(&bench).remove(0).error.unwrap_or_default();
        assert!(error.starts_with("the address is private"), "{host} {error}");
    }
    assert_eq!(server.connections(), 0);

    let allowed = vec!["127.0.0.0/8".parse().expect("a network")];
    let next = Generation { allow_networks: allowed, ..generation(Vec::new(), Vec::new()) };
    bench.cell.swap(next, NOW_MS);
    let hook = webhook(format!("http://127.0.0.1:{}/", server.port));
    bench.ledger.lock().rows.clear();
    bench.ledger.owe(owed(Addressee::Webhook(hook.id)));
    bench.ledger.set_webhooks(vec![hook]);
    assert_eq!(bench.ledger.rulings().await, [DELIVERED], "once its network is allowed");
}

#[tokio::test]
async fn one_that_is_down_is_left_alone_and_no_attempts_are_used_up() {
    let mut says = vec![Say::Status(500, ""); 6];
    says.push(Say::Status(200, ""));
    let server = Server::start(&says).await;
    let single = Destination { concurrency: 1, ..destination("ledger", server.url()) };
    let other = Server::start(&[Say::Status(200, "")]).await;
    let probe = destination("probe", other.url());
    let bench = Bench::start(generation(vec![single, probe], Vec::new()));
    for _ in 0..20 {
        bench.ledger.owe(owed(to("ledger")));
    }
    let tried =
        |kept: &super::ledger::Kept| kept.rows.iter().map(|row| row.attempts.len()).sum::<usize>();
    bench.ledger.until(|kept| tried(kept) == 5).await;
    // Whoever looks again before the time is over changes nothing.
    bench.pass(Duration::from_millis(29_999));
    bench.look_around().await;
    assert_eq!(server.heard().len(), 5);
    bench.pass(Duration::from_millis(1));
    bench.ledger.until(|kept| tried(kept) == 6).await;
    bench.pass(Duration::from_secs(30));
    bench.look_around().await;
    assert_eq!(server.heard().len(), 6, "the trial failed: it is left alone for a minute");
    bench.pass(Duration::from_secs(60));
    assert_eq!(bench.ledger.rulings().await, [DELIVERED; 20]);
    assert_eq!(server.heard().len(), 6 + 20);
}

#[tokio::test]
async fn what_an_attempt_brought_outlives_a_store_that_fails() {
    let server = Server::start(&[Say::Status(200, "")]).await;
    let bench = Bench::start(generation(vec![destination("ledger", server.url())], Vec::new()));
    bench.ledger.lock().failures = 3;
    bench.ledger.owe(owed(to("ledger")));
    assert_eq!(bench.ledger.rulings().await, [DELIVERED]);
    assert_eq!((server.heard().len(), bench.ledger.lock().failures), (1, 0));
}

#[tokio::test]
async fn a_task_that_breaks_is_begun_anew_and_gives_its_work_back() {
    let server = Server::start(&[Say::Status(200, "")]).await;
    let bench = Bench::start(generation(vec![destination("ledger", server.url())], Vec::new()));
    // The claim breaks the courier.
    bench.ledger.lock().panics = 1;
    bench.ledger.owe(owed(to("ledger")));
    assert_eq!(bench.ledger.rulings().await, [DELIVERED]);
    bench.ledger.lock().rows[0].ruling = None;
    bench.ledger.poke();
    bench.ledger.until(|kept| kept.rows[0].claimed).await;
    // The settlement breaks the attempt.
    bench.ledger.lock().panics = 1;
    assert_eq!(bench.ledger.rulings().await, [DELIVERED]);
    assert_eq!(server.heard().len(), 3, "an attempt that breaks is made again");
}
