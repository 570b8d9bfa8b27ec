//! `events replay --dry-run` through the real binary: what today's service would answer to what was
//! asked before, of which nothing is kept or counted, here and as far as the service is told.

use std::process::Command;

use hookswitch::intake::dry_run;
use hookswitch::outbound::{Client, Names, OwnedReach};
use serde_json::Value;

use super::bench::{self, Asks};
use super::whole::Place;
use super::{CREATED, ORDER};
use crate::support::brz;
use crate::support::router::{Router, SECRET_OF_OPS};
use crate::support::service::{Say, Service};

const DEARER: &str = r#"{"externalOrderId":"p1","status":"IN_REVIEW","toAmount":"250.00"}"#;

/// Beside BRIJ's route one that takes notifications, and whoever may administer it.
const MORE: &str = r#"
[[routes]]
name = "brz"
path = "/brz"
adapter = "builtin:brz"
secrets = { signing-secret = [{ file = "brz.secret" }] }
[admin.keys.ops]
secret = { file = "ops.secret" }
scopes = ["events:read", "events:write", "admin:read"]
[admin.keys.half]
secret = { file = "half.secret" }
scopes = ["events:write"]
"#;
const SECRET_OF_HALF: &str = "half-0123456789abcdef0123456789abcdef";

struct Bench {
    place: Place,
    router: Router,
    service: Service,
}

impl Bench {
    async fn new(script: &[Say]) -> Bench {
        let service = Service::start(script).await;
        let place = Place::new(&service.url(), MORE);
        for (name, secret) in [
            ("brz.secret", brz::SECRET),
            ("ops.secret", SECRET_OF_OPS),
            ("half.secret", SECRET_OF_HALF),
        ] {
            std::fs::write(place.path(name), secret).expect("a file");
        }
        let config = place.path("router.toml");
        let text = std::fs::read_to_string(&config).expect("the config");
        let text = text.replace("[listen]", "[listen]\nadmin = \"127.0.0.1:0\"");
        std::fs::write(&config, text).expect("a file");
        let router = Router::start_administered(&config);
        Bench { place, router, service }
    }

    /// Runs `events replay` with these; its exit code and all that it printed.
    fn replay(&self, args: &[&str]) -> (Option<i32>, String) {
        self.replay_as(("ops", SECRET_OF_OPS), args)
    }

    fn replay_as(&self, (key, secret): (&str, &str), args: &[&str]) -> (Option<i32>, String) {
        let admin = self.router.admin.expect("it is administered");
        let output = Command::new(env!("CARGO_BIN_EXE_hookswitch"))
            .args(["events", "replay", "--dry-run"])
            .args(args)
            .env("HOOKSWITCH_API", format!("http://{admin}"))
            .env("HOOKSWITCH_KEY_ID", key)
            .env("HOOKSWITCH_KEY_SECRET", secret)
            .output()
            .expect("the binary runs");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&text).into_owned())
    }

    fn events(&self, query: &str) -> Vec<Value> {
        let body = self.router.ask(&format!("/api/v1/events?{query}")).body;
        let page: Value = serde_json::from_str(&body).expect("JSON");
        page["events"].as_array().expect("rows").clone()
    }

    /// The tries of the request of this id that are kept.
    fn tries(&self, id: &str) -> usize {
        let body = self.router.ask(&format!("/api/v1/events/{id}")).body;
        let whole: Value = serde_json::from_str(&body).expect("JSON");
        whole["answers"].as_array().expect("tries").len()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_would_be_answered_today_is_told_and_nothing_is_kept() {
    let script = [
        Say::Now(200, CREATED),
        Say::Now(200, CREATED),
        Say::Now(200, DEARER),
        Say::Now(422, r#"{"reason":"closed"}"#),
        Say::Now(500, ""),
        Say::Now(500, ""),
        Say::Now(500, ""),
        Say::Now(200, DEARER),
    ];
    let bench = Bench::new(&script).await;
    let created = Some((200, CREATED.to_owned()));
    assert_eq!(bench.place.send(&bench.router, 1), created);
    let id = bench.events("kind=create-order")[0]["id"].as_str().expect("an id").to_owned();

    let url = format!("http://{}/answers", bench.service.address);
    let as_before = format!("{id}  as before  (answered by {url}, today by {url})");
    let dearer = r#"answer/toAmount: "249.10" → "250.00""#;
    // What is told of each dry run, with its exit code: as the service's script goes.
    for (code, wanted) in [
        (0, &["of 1 as before: 1; differing: 0", &as_before][..]),
        (1, &["of 1 as before: 0; differing: 1", "  differs  ", dearer]),
        (1, &["outcome: answered → declined", "reason:  → closed", "reply/status: 200 → 422"]),
        (1, &["outcome: answered → unavailable", "responder_status", "200 → 503"]),
        (1, &["outcome: answered → unavailable"]),
        (1, &["outcome: answered → unavailable"]),
    ] {
        let (got, text) = bench.replay(&["--route", "brij"]);
        assert_eq!(got, Some(code), "{text}");
        for wanted in wanted {
            assert!(text.contains(wanted), "{wanted} isn't in\n{text}");
        }
    }
    let came = bench.service.came();
    assert_eq!(came.len(), 7);
    assert_eq!(came[0].header("hookswitch-dry-run"), "", "that was no dry run");
    for one in &came[1..] {
        assert_eq!(one.header("hookswitch-dry-run"), "true");
        assert_eq!(one.body, came[0].body);
        for name in ["idempotency-key", "ce-id", "ce-type"] {
            assert_eq!(one.header(name), came[0].header(name), "{name}");
        }
    }
    // The answer that stands stands, and three faults of dry runs are none: two would do.
    assert_eq!((bench.tries(&id), bench.place.send(&bench.router, 1)), (1, created));
    assert_eq!(bench.place.send(&bench.router, 2), Some((200, DEARER.to_owned())));
    let found = |query: &str| bench.events(query).len();
    assert_eq!((found(&format!("answered_by={url}")), found("fallback=true")), (2, 0));
    assert_eq!((found("answered_by=brij"), found("fallback=false")), (0, 2));
    assert_eq!(bench.service.came().len(), 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_has_no_answer_and_who_may_not_ask() {
    let script = [Say::Now(500, ""), Say::Now(200, CREATED)];
    let bench = Bench::new(&script).await;
    assert_eq!(bench.place.send(&bench.router, 1).expect("a reply").0, 503);
    let body = brz::body("t1");
    let headers = brz::headers(&body);
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(bench.router.post("/brz", &headers, body.as_bytes()).status, 200);

    let (code, text) = bench.replay(&["--from", "2026-01-31"]);
    assert_eq!(code, Some(1), "{text}");
    for wanted in ["left out: 1 notifications", "of 1 as before: 0", "unavailable → answered"] {
        assert!(text.contains(wanted), "{wanted} isn't in\n{text}");
    }
    let id = bench.events("route=brz")[0]["id"].as_str().expect("an id").to_owned();
    for args in [&[&*id][..], &["--route", "brz"]] {
        let (code, text) = bench.replay(args);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("--as-received"), "{text}");
    }
    let request = bench.events("kind=create-order")[0]["id"].as_str().expect("an id").to_owned();
    // Nothing of all that was kept: nobody answered it still.
    assert_eq!((bench.tries(&request), bench.service.came().len()), (1, 2), "{ORDER}");
    let (code, text) = bench.replay_as(("half", SECRET_OF_HALF), &[&request]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("events:read"), "{text}");
    assert_eq!(bench.replay(&["x", "--as-received"]).0, Some(2), "one way at a time");
    assert_eq!(bench.service.came().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_of_a_dry_run_counts() {
    let service = Service::start(&[Say::Now(200, CREATED)]).await;
    let bench = bench::Bench::new(vec![(ORDER, Asks::service(&service.url()))]).await;
    let callback = bench.callback(ORDER, 1).await;
    assert_eq!(bench.send(&callback).await.status, 200);
    let whole = bench.whole(ORDER).await;
    bench.swap(vec![(ORDER, Asks::of(bench.guest("traps", "unreachable").await).or(DEARER))]);
    let route = bench.route();
    let client = Client::new(OwnedReach::Anywhere, Names::default());
    let plugin = route.answers[ORDER].plugin().expect("it is one").plugin();
    for _ in 0..20 {
        let today = dry_run(&route, &whole, &client, &bench.clock).await;
        // As today's callers would be told: by the fallback.
        assert_eq!((today.by.as_str(), today.answer.as_deref()), ("fallback", Some(DEARER)));
        assert!(today.why.as_ref().is_some_and(|why| why.contains("trap")), "{today:?}");
        assert_eq!(plugin.health().faults, 0);
    }
    bench.swap(Vec::new());
    let today = dry_run(&bench.route(), &whole, &client, &bench.clock).await;
    assert!(today.why.as_ref().is_some_and(|why| why.contains("no_responder")), "{today:?}");
    assert_eq!((today.reply.status, bench.whole(ORDER).await.answers.len()), (503, 1));
}
