//! What is shown of the router in its states: what runs, what doesn't, and whether it is ready.

use serde_json::json;

use super::*;
use crate::generation::{Answerer, Gate, Rejected, Responder};
use crate::model::{BreakerLimits, Callback, Head, Outcome, Verdict};
use crate::plugin::{Duty, Fault};
use crate::store::Health;

/// Has a call on a genuine callback fail.
async fn fail(binding: &Arc<Binding>) {
    let mut instance = binding.take(Duty::Verify).await.expect("an instance");
    let callback = Callback { head: head(), body: Default::default() };
    let verdict = instance.verify(&callback).await;
    assert!(matches!(verdict, Ok(Verdict::Genuine(_))), "{verdict:?}");
    let failed = instance.respond(&callback.head, &Outcome::Accepted).await;
    assert!(matches!(failed, Err(Fault::Trap(_))), "{failed:?}");
}

/// Has the wording of what was waited for fail.
async fn fail_later(binding: &Arc<Binding>) {
    let mut instance = binding.take(Duty::Respond).await.expect("an instance");
    let failed = instance.respond(&head(), &Outcome::Accepted).await;
    assert!(matches!(failed, Err(Fault::Trap(_))), "{failed:?}");
}

fn head() -> Head {
    Head {
        id: String::new(),
        method: "POST".to_owned(),
        url: "https://hooks.example.com/".to_owned(),
        params: Vec::new(),
        headers: Vec::new(),
        peer: "192.0.2.1".to_owned(),
        received_at_ms: 0,
    }
}

fn offline(name: &str, adapter: &Arc<Binding>) -> Route {
    Route {
        offline: Some("the environment variable X isn't set".to_owned()),
        ..route(name, adapter)
    }
}

#[tokio::test]
async fn ready_as_long_as_anything_can_be_served() {
    let workshop = Workshop::open();
    let good = workshop.good().await;
    let bad = workshop.bind("bad", &ADAPTER.replace("(;RESPOND;)", "unreachable")).await;
    let mute = workshop.bind("mute", &ADAPTER.replace("(;RESPOND;)", "unreachable")).await;
    fail(&bad).await;
    fail_later(&mute).await;
    let gone = json!({ "code": "route_offline", "route": "gone" });
    let quarantined = |plugin: &str, duty: &str| json!({ "code": "plugin_quarantined", "plugin": plugin, "duties": [duty] });
    let shut = quarantined("bad", "verify");
    let no_routes = json!({ "code": "no_routes" });
    for (routes, status, causes) in [
        (vec![route("r", &good)], 200, vec![]),
        (vec![route("r", &good), offline("gone", &good)], 200, vec![gone.clone()]),
        (vec![route("r", &good), route("b", &bad)], 200, vec![shut.clone()]),
        // It takes callbacks.
        (vec![route("m", &mute)], 200, vec![quarantined("mute", "respond")]),
        (vec![offline("gone", &good)], 503, vec![gone.clone()]),
        (vec![route("b", &bad), route("c", &bad)], 503, vec![shut.clone()]),
        (vec![route("b", &bad), offline("gone", &good)], 503, vec![gone, shut]),
        (vec![], 503, vec![no_routes]),
    ] {
        let names: Vec<_> = routes.iter().map(|route| route.name.clone()).collect();
        let (admin, _asked) = admin(routes);
        let said = call(&admin, "GET /readyz", &[]).await;
        let word = if status == 200 { "ready" } else { "unready" };
        assert_eq!(said.status, status, "{names:?}");
        assert_eq!(said.body, json!({ "status": word, "causes": causes }), "{names:?}");
        assert_eq!(call(&admin, "GET /healthz", &[]).await.body, json!({ "status": "ok" }));
    }
}

#[tokio::test]
async fn a_silent_route_is_told_and_takes_nothing_out() {
    let workshop = Workshop::open();
    let good = workshop.good().await;
    let quiet = Route { expect_every: Some(PATIENCE), ..route("quiet", &good) };
    quiet.pulse.genuine(SINCE_MS - 20_000);
    let running = generation(1, vec![quiet, route("r", &good)]);
    running.look_for_silence(SINCE_MS);
    let (admin, _asked) = furnished(running, Arc::<Shelf>::default());
    let said = call(&admin, "GET /readyz", &[]).await;
    let causes = json!([{ "code": "route_silent", "route": "quiet" }]);
    assert_eq!((said.status, &said.body["causes"]), (200, &causes));
    let said = call(&admin, "GET /api/v1/routes", &[READER]).await;
    let quiet = &said.body["routes"][0];
    assert_eq!(
        json!([quiet["silent"], quiet["last_genuine"], quiet["expect_every_ms"]]),
        json!([true, "2026-01-02T03:03:45.678Z", 20_000])
    );
}

#[tokio::test]
async fn not_ready_once_it_stops() {
    let workshop = Workshop::open();
    let (admin, _asked) = admin(vec![route("r", &workshop.good().await)]);
    assert_eq!(call(&admin, "GET /readyz", &[]).await.status, 200);
    admin.stop();
    let said = call(&admin, "GET /readyz", &[]).await;
    let causes = json!([{ "code": "draining" }]);
    assert_eq!((said.status, &said.body["causes"]), (503, &causes));
    assert_eq!(call(&admin, "GET /healthz", &[]).await.status, 200);
    assert_eq!(call(&admin, "GET /api/v1/routes", &[READER]).await.status, 200);
}

#[tokio::test]
async fn not_ready_while_nothing_can_be_recorded() {
    let workshop = Workshop::open();
    let shelf = Arc::new(Shelf::default());
    let routes = vec![route("r", &workshop.good().await)];
    let (admin, _asked) = furnished(generation(1, routes), Arc::clone(&shelf));
    let failing = Some("the disk is gone".to_owned());
    for (health, causes) in [
        (Health { failing: failing.clone(), ..Health::default() }, &["store_failing"][..]),
        (Health { full: true, ..Health::default() }, &["store_full"]),
        (Health { failing, full: true, bytes: 1 }, &["store_failing", "store_full"]),
        (Health::default(), &[]),
    ] {
        shelf.rows().health = health;
        let said = call(&admin, "GET /readyz", &[]).await;
        let codes: Vec<_> = causes.iter().map(|code| json!({ "code": code })).collect();
        assert_eq!(said.body["causes"], json!(codes));
        assert_eq!(said.status, if causes.is_empty() { 200 } else { 503 }, "{causes:?}");
    }
}

#[tokio::test]
async fn which_generation_runs_and_how_it_came() {
    let workshop = Workshop::open();
    let good = workshop.good().await;
    let (admin, _asked) = admin(vec![route("r", &good)]);
    let said = call(&admin, "GET /api/v1/generation", &[READER]).await;
    assert_eq!(said.header("etag"), Some("\"1\""));
    let first = json!({
        "id": 1, "since": "2026-01-02T03:04:05.678Z",
        "reloads": { "applied": 0, "rejected": 0 },
        "last_rejected": null, "needs_restart": [], "in_flight": 0, "old": [],
    });
    assert_eq!(said.body, first);
    admin.cell.swap(generation(2, vec![route("r", &good)]), SINCE_MS + 1000);
    let problems = "error: no such key".to_owned();
    admin.cell.reject(Rejected { at_ms: SINCE_MS + 2000, problems });
    admin.cell.needs_restart(vec!["[listen] public".to_owned()]);
    let said = call(&admin, "GET /api/v1/generation", &[READER]).await;
    assert_eq!(said.header("etag"), Some("\"2\""));
    let second = json!({
        "id": 2, "since": "2026-01-02T03:04:06.678Z",
        "reloads": { "applied": 1, "rejected": 1 },
        "last_rejected": { "at": "2026-01-02T03:04:07.678Z", "problems": "error: no such key" },
        "needs_restart": ["[listen] public"], "in_flight": 0, "old": [],
    });
    assert_eq!(said.body, second);
}

#[tokio::test]
async fn routes_and_plugins_each_once() {
    let workshop = Workshop::open();
    let good = workshop.good().await;
    let bad = workshop.bind("bad", &ADAPTER.replace("(;RESPOND;)", "unreachable")).await;
    let responder = workshop.bind("quotes", RESPONDER).await;
    fail(&bad).await;
    let answerer = || Answerer {
        responder: Responder::Plugin(Arc::clone(&responder)),
        by: "quotes@hash".to_owned(),
        deadline: Duration::from_secs(2),
        longest: Duration::from_secs(2),
        fallback: None,
        gate: Gate::new(("quotes", String::new()), 1, BreakerLimits::default(), None),
    };
    let kinds = ["quote", "order"].map(|kind| (kind.to_owned(), answerer()));
    let asking = Route { answers: HashMap::from(kinds), ..route("asking", &good) };
    // The same code, bound once more.
    let again = workshop.good().await;
    let (admin, _asked) = admin(vec![asking, offline("gone", &again), route("b", &bad)]);

    let said = call(&admin, "GET /api/v1/routes", &[READER]).await;
    let answer = json!({ "responder": "quotes", "deadline_ms": 2000 });
    let row = |name: &str, adapter: &str| {
        json!({
            "name": name, "path": format!("/{name}"), "methods": ["POST"],
            "adapter": adapter, "offline": null, "answers": {},
            "expect_every_ms": null, "last_genuine": null, "silent": false,
        })
    };
    let mut rows = [row("asking", "good"), row("gone", "good"), row("b", "bad")];
    rows[0]["answers"] = json!({ "quote": answer, "order": answer });
    rows[1]["offline"] = json!("the environment variable X isn't set");
    assert_eq!(said.body, json!({ "routes": rows }));

    let said = call(&admin, "GET /api/v1/plugins", &[READER]).await;
    let plugins = said.body["plugins"].as_array().expect("a list");
    let shown: Vec<_> = plugins
        .iter()
        .map(|plugin| json!([plugin["name"], plugin["exports"], plugin["routes"]]))
        .collect();
    let wanted = [
        json!(["good", ["adapter"], ["asking", "gone"]]),
        json!(["quotes", ["responder"], ["asking"]]),
        json!(["bad", ["adapter"], ["b"]]),
    ];
    assert_eq!(shown, wanted);
    assert_eq!(plugins[0]["hash"], good.plugin().hash());
    let well = json!({
        "faults": 0, "in_a_row": 0, "last": null, "quarantined": [], "quarantine_ms": null,
    });
    assert_eq!(plugins[0]["health"], well);
    assert_eq!(
        json!([plugins[0]["contract"], plugins[0]["imports"], plugins[0]["kept"]]),
        json!(["0.1.0", ["hookswitch:plugin/types@0.1.0"], 0])
    );
    let left = plugins[2]["health"]["quarantine_ms"].as_u64().expect("it is in quarantine");
    assert!((1..=3_600_000).contains(&left), "{left}");
    let ill = json!({
        "faults": 1, "in_a_row": 1, "last": "trap",
        "quarantined": ["verify"], "quarantine_ms": left,
    });
    assert_eq!(plugins[2]["health"], ill);
    let none = json!({ "count": 0, "mean_ms": null });
    assert_eq!(plugins[1]["counts"]["calls"]["compute"], none);
    let counts = &plugins[2]["counts"];
    assert_eq!(
        json!([counts["faults"]["trap"], counts["faults"]["memory"], counts["reused"]]),
        json!([1, 0, 0])
    );
    assert_eq!(counts["instantiated"]["count"], 1, "{counts}");
    assert!(counts["memory_most_bytes"].as_u64() > Some(0), "{counts}");
}
