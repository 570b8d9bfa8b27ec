//! Confirmations through the built Brite component, against a stand-in for Brite's API: how many
//! run at once, how often a token is asked for, how long they may take.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use hookswitch::model::{Clock, Confirmation, Context, Event};
use hookswitch::plugin::{
    Binding, Fault, Grant, Host, HostRule, KeyVersion, Keyring, Limits, PoolLimits, SecretText,
    Source,
};
use hookswitch_brite_api::{PUBLIC_KEY, SECRET, Stub};
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::callback;
use crate::support::router::{Router, hookswitch};

const TRANSACTION: &str = "agTxnExample01";
/// A condition that comes at all comes within this.
const PATIENCE: Duration = Duration::from_secs(30);

/// The stand-in, and the adapter that may call it.
struct Bench {
    stub: Arc<Stub>,
    binding: Arc<Binding>,
}

impl Bench {
    async fn new(limits: &Limits) -> Bench {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let stub = Arc::new(Stub::start(listener).expect("the stand-in starts"));
        let pool = PoolLimits { instances: 64, ..PoolLimits::default() };
        let host = Host::start(pool, None, Clock::system()).expect("the engine starts");
        let source = Source::Builtin("brite".into());
        let plugin = host.load("brite", &source, limits).await.expect("it loads");
        let settings = json!({
            "environment": "sandbox", "public_key": PUBLIC_KEY, "api": stub.origin(),
            "allow_from": ["203.0.113.0/24"],
        });
        let secret = KeyVersion::new("current", None, SecretText::new(SECRET));
        let grant = Grant {
            scope: "route brite".into(),
            settings: settings.to_string(),
            keyring: Keyring::new(vec![("api-secret".into(), vec![secret])]),
            reveal: vec!["api-secret".into()],
            allow_http: vec![HostRule { host: "127.0.0.1".into(), port: None }],
            allow_networks: vec!["127.0.0.0/8".parse().expect("a network")],
            ..Grant::default()
        };
        Bench { stub, binding: host.bind(plugin, grant) }
    }

    /// Tells the stand-in something.
    fn set(&self, told: &serde_json::Value) {
        self.stub.set(told).expect("it understands");
    }

    /// So many confirmations of the same event at once, `later` from now.
    fn confirm(&self, times: usize, later: Duration) -> JoinSet<Result<Confirmation, Fault>> {
        let mut all = JoinSet::new();
        for _ in 0..times {
            let binding = Arc::clone(&self.binding);
            let context = context(later);
            all.spawn(async move { binding.confirm(&credited(), &context).await });
        }
        all
    }

    /// One confirmation, in a word.
    async fn one(&self, later: Duration) -> String {
        let mut all = self.confirm(1, later);
        all.join_next().await.map(|done| word(done.expect("no panic"))).unwrap_or_default()
    }
}

/// What the adapter's `parse` makes of a callback that tells of a credit.
fn credited() -> Event {
    let data = json!({
        "merchant_id": "agMerchantExample01",
        "transaction_id": TRANSACTION,
        "transaction_state": 5,
    });
    Event {
        id: format!("transaction-{TRANSACTION}-5"),
        aliases: Vec::new(),
        kind: "brite.transaction.credit".into(),
        subject: Some(TRANSACTION.into()),
        rank: Some(3),
        occurred_at_ms: None,
        data: Some(data.to_string()),
    }
}

fn context(later: Duration) -> Context {
    let now_ms = Clock::system().now_ms() + u64::try_from(later.as_millis()).expect("it fits");
    Context {
        now_ms,
        route: "brite".into(),
        attempt: 1,
        deadline_ms: now_ms + 30_000,
        idempotency_key: "1".into(),
    }
}

fn word(came: Result<Confirmation, Fault>) -> String {
    match came {
        Ok(Confirmation::Confirmed(event)) => event.kind,
        Ok(Confirmation::Contradicted(why) | Confirmation::NotYet(why)) => why.code,
        Err(fault) => fault.word().to_owned(),
    }
}

async fn words(all: JoinSet<Result<Confirmation, Fault>>) -> Vec<String> {
    all.join_all().await.into_iter().map(word).collect()
}

/// Waits, off the runtime's threads, until the stand-in has so many calls at once.
async fn waited_for(bench: &Bench, calls: usize, at_most: Duration) -> bool {
    let stub = Arc::clone(&bench.stub);
    let wait = tokio::task::spawn_blocking(move || stub.wait_for(calls, at_most));
    wait.await.expect("no panic")
}

const CREDIT: &str = "brite.transaction.credit";
const NOW: Duration = Duration::ZERO;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_at_once_ask_for_one_token() {
    let bench = Bench::new(&Limits::default()).await;
    assert_eq!(words(bench.confirm(200, NOW)).await, [CREDIT; 200]);
    assert_eq!(bench.stub.count("merchant.authorize"), 1);
    assert_eq!(bench.stub.count("transaction.state"), 200);
    // Twenty minutes before its end the token is renewed, by one of them.
    let due = Duration::from_secs(5 * 3600 + 40 * 60);
    assert_eq!(words(bench.confirm(50, due)).await, [CREDIT; 50]);
    assert_eq!(bench.stub.count("merchant.authorize"), 2);
    // And one that is refused is replaced once.
    bench.set(&json!({ "refuse_once": true }));
    assert_eq!(bench.one(NOW).await, CREDIT);
    assert_eq!(bench.stub.count("merchant.authorize"), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_that_take_no_turns_ask_for_one_token_too() {
    let bench = Bench::new(&Limits::default()).await;
    bench.stub.hold(true);
    let mut all = JoinSet::new();
    for _ in 0..20 {
        let binding = Arc::clone(&bench.binding);
        all.spawn(async move { binding.open().await?.confirm(&credited(), &context(NOW)).await });
    }
    let mut came = Vec::new();
    // One asks, and is held; the others are told to come back.
    while came.len() < 19 {
        came.push(word(all.join_next().await.expect("19 of them").expect("no panic")));
    }
    assert_eq!(came, ["token_pending"; 19]);
    bench.stub.hold(false);
    assert_eq!(words(all).await, [CREDIT]);
    assert_eq!(bench.stub.count("merchant.authorize"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_run_one_at_a_time_until_one_has_an_answer() {
    let bench = Bench::new(&Limits::default()).await;
    bench.set(&json!({ "transaction": TRANSACTION, "state": 4 }));
    bench.stub.hold(true);
    let all = bench.confirm(5, NOW);
    assert!(waited_for(&bench, 1, PATIENCE).await);
    assert!(!waited_for(&bench, 2, Duration::from_millis(300)).await, "a second one runs");
    bench.stub.hold(false);
    assert_eq!(words(all).await, ["state_behind"; 5]);
    assert_eq!((bench.stub.most_at_once(), bench.stub.count("merchant.authorize")), (1, 1));
    bench.set(&json!({ "transaction": TRANSACTION, "state": 5 }));
    assert_eq!(bench.one(NOW).await, CREDIT);
    bench.stub.hold(true);
    let all = bench.confirm(5, NOW);
    assert!(waited_for(&bench, 5, PATIENCE).await, "now they run side by side");
    bench.stub.hold(false);
    assert_eq!(words(all).await, [CREDIT; 5]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_that_is_down_is_not_flooded_and_comes_back() {
    let bench = Bench::new(&Limits::default()).await;
    bench.set(&json!({ "down": true }));
    let mut came = words(bench.confirm(50, NOW)).await;
    came.sort();
    came.dedup();
    assert_eq!(came, ["api_unreachable", "token_pending"]);
    assert_eq!(bench.stub.count("merchant.authorize"), 1, "one asked, and nobody again at once");
    bench.set(&json!({ "down": false }));
    assert_eq!(bench.one(Duration::from_secs(60)).await, CREDIT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmation_has_its_own_deadline() {
    let limits = Limits { confirm_deadline: PATIENCE, ..Limits::default() };
    let slow = limits.deadline + Duration::from_millis(300);
    let bench = Bench::new(&limits).await;
    bench.set(&json!({ "slow_ms": u64::try_from(slow.as_millis()).expect("it fits") }));
    assert_eq!(bench.one(NOW).await, CREDIT, "slower than any other call may be");
    let limits = Limits { confirm_deadline: Duration::from_millis(300), ..Limits::default() };
    let bench = Bench::new(&limits).await;
    bench.stub.hold(true);
    assert_eq!(bench.one(NOW).await, "deadline");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callbacks_are_verified_while_confirmations_hang() {
    let bench = Bench::new(&Limits { instances: 2, deadline: PATIENCE, ..Limits::default() }).await;
    assert_eq!(bench.one(NOW).await, CREDIT);
    bench.stub.hold(true);
    let all = bench.confirm(4, NOW);
    assert!(waited_for(&bench, 1, PATIENCE).await);
    assert!(!waited_for(&bench, 2, Duration::from_millis(300)).await, "half of the instances");
    let mut instance = bench.binding.open().await.expect("an instance is left");
    instance.verify(&callback()).await.expect("a verdict");
    drop(instance);
    bench.stub.hold(false);
    assert_eq!(words(all).await, [CREDIT; 4]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_config_does_not_grant_is_said() {
    let bench = Bench::new(&Limits::default()).await;
    let plugin = bench.binding.plugin();
    let grant = || Grant {
        scope: "route other".into(),
        settings: json!({
            "environment": "sandbox", "public_key": PUBLIC_KEY, "api": bench.stub.origin(),
        })
        .to_string(),
        keyring: Keyring::new(vec![(
            "api-secret".into(),
            vec![KeyVersion::new("current", None, SecretText::new(SECRET))],
        )]),
        ..Grant::default()
    };
    let revealed = Grant { reveal: vec!["api-secret".into()], ..grant() };
    for (grant, wanted) in [(grant(), "secret_not_revealed"), (revealed, "api_unreachable")] {
        let state = Arc::new(hookswitch::plugin::State::new("route other", 10, Clock::system()));
        let binding = Binding::new(Arc::clone(plugin), grant, state);
        assert_eq!(word(binding.confirm(&credited(), &context(NOW)).await), wanted);
    }
    assert_eq!(bench.stub.count("merchant.authorize"), 0);
}

const CONFIG: &str = r#"
[listen]
public = "127.0.0.1:0"
public_url = "https://hooks.example.com"
[outbound]
allow_networks = ["127.0.0.0/8"]
[[routes]]
name = "brite"
path = "/brite"
adapter = "builtin:brite"
secrets = { api-secret = { file = "api.secret" } }
reveal = ["api-secret"]
allow_http = ["127.0.0.1"]
settings = { environment = "sandbox", public_key = "pk_example", allow_from = ["127.0.0.1"] }
[[routes]]
name = "elsewhere"
path = "/elsewhere"
adapter = "builtin:brite"
secrets = { api-secret = { file = "api.secret" } }
reveal = ["api-secret"]
allow_http = ["127.0.0.1"]
settings = { environment = "production", public_key = "pk_example" }
"#;

#[test]
fn a_route_takes_unsigned_callbacks_from_its_addresses_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("router.toml");
    std::fs::write(folder.path().join("api.secret"), SECRET).expect("a file");
    std::fs::write(&config, CONFIG).expect("a file");
    let path = config.display().to_string();
    let checked = hookswitch(&["check", "--config", &path]);
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(checked.status.success() && !said.contains("warning"), "{said}");
    let setup = hookswitch(&["setup", "brite", "--config", &path, "--json"]);
    let facts: serde_json::Value = serde_json::from_slice(&setup.stdout).expect("JSON");
    let callbacks = facts["callbacks"].as_str().expect("a text");
    let callbacks: serde_json::Value = serde_json::from_str(callbacks).expect("an array");
    let first = json!({ "url": "https://hooks.example.com/brite", "transaction_state": 2 });
    assert_eq!(callbacks[0], first);
    for (line, lacks) in [("reveal", "reveals no secret to it"), ("allow_http", "call nobody")] {
        let other = folder.path().join("other.toml");
        let less: Vec<_> = CONFIG.lines().filter(|text| !text.starts_with(line)).collect();
        std::fs::write(&other, less.join("\n")).expect("a file");
        let checked = hookswitch(&["check", "--config", &other.display().to_string()]);
        let said = String::from_utf8_lossy(&checked.stderr).into_owned();
        assert!(checked.status.success() && said.matches(lacks).count() == 2, "{said}");
    }
    let router = Router::start(&config);
    let cases = [
        ("brite?order_id=88", r#"{"session_id":"agS1","session_state":12}"#, 200),
        ("brite", r#"{"session_id":"agS1","session_state":"x"}"#, 400),
        ("elsewhere", r#"{"session_id":"agS1","session_state":12}"#, 403),
    ];
    for (path, body, status) in cases {
        let reply = router.post(&format!("/{path}"), &[], body.as_bytes());
        assert_eq!(reply.status, status, "{path}: {}", reply.body);
    }
}
