//! Adapters that take a callback in one call: the steps are given what was said in it, and ask by
//! themselves where nothing was.

use std::time::Duration;

use hookswitch::model::{Callback, Clock, Content, Outcome, Verdict};
use hookswitch::plugin::{Duty, Fault, Host, Limits, PoolLimits, Quarantine, Source, builtins};

use crate::proving::ABOUT;
use crate::support::callback;
use crate::support::guest::{Bench, Guest, tight};
use crate::support::router::hookswitch;

/// A guest whose one call says: genuine, no events, acknowledged by 202. Asked step by step it
/// finds everything genuine too, and words a plain 200.
const WHOLE: &str = r#"
  (data (i32.const 3072) "\00")
  (data (i32.const 3100) "\01")
  (data (i32.const 3136) "\01")
  (data (i32.const 3144) "\ca\00")
  (func (export "hookswitch:taking/whole@0.1.0#take")
    (param i32 i32 i32 i32 i32 i64 i32 i32) (result i32)
    (i32.const 3072))"#;

/// One that fails to.
const TRAPS: &str = r#"
  (func (export "hookswitch:taking/whole@0.1.0#take")
    (param i32 i32 i32 i32 i32 i64 i32 i32) (result i32)
    unreachable)"#;

fn other() -> Callback {
    let mut other = callback();
    other.head.id = "0198c0de-0000-7000-8000-0000000000ff".to_owned();
    other
}

#[tokio::test]
async fn the_steps_are_given_what_was_said_at_once() {
    let bench = Bench::new();
    // Its own verify is never asked.
    let guest = Guest { verify: "unreachable", functions: WHOLE, ..Guest::default() };
    let binding = bench.bind(guest, &tight()).await;
    let mut instance = binding.take(Duty::Verify).await.expect("an instance");
    assert!(matches!(instance.verify(&callback()).await, Ok(Verdict::Genuine(_))));
    let parsed = instance.parse(&callback()).await;
    assert_eq!(parsed, Ok(Ok(Content::Notification(Vec::new()))));
    let status = |worded: Result<Result<hookswitch::model::Reply, _>, Fault>| {
        worded.expect("no fault").map(|reply| reply.status)
    };
    let accepted = Outcome::Accepted;
    assert_eq!(status(instance.respond(&other().head, &accepted).await), Ok(200), "of another");
    assert_eq!(status(instance.respond(&callback().head, &accepted).await), Ok(202));
    assert_eq!(status(instance.respond(&callback().head, &accepted).await), Ok(200), "said once");
    let duplicate = instance.respond(&callback().head, &Outcome::Duplicate).await;
    assert_eq!(status(duplicate), Ok(200), "nothing was said of that");
}

#[tokio::test]
async fn what_has_no_id_is_asked_of_step_by_step() {
    let bench = Bench::new();
    let guest = Guest { verify: "unreachable", functions: WHOLE, ..Guest::default() };
    let binding = bench.bind(guest, &tight()).await;
    let mut unnamed = callback();
    unnamed.head.id = String::new();
    let mut instance = binding.take(Duty::Verify).await.expect("an instance");
    assert!(matches!(instance.verify(&unnamed).await, Err(Fault::Trap(_))));
}

#[tokio::test]
async fn a_reused_instance_says_nothing_of_the_callback_before() {
    let bench = Bench::new();
    let guest = Guest { functions: WHOLE, ..Guest::default() };
    let binding = bench.bind(guest, &Limits { reuse: 10, ..tight() }).await;
    let mut instance = binding.take(Duty::Verify).await.expect("an instance");
    instance.verify(&callback()).await.expect("a verdict");
    instance.give_back();
    let mut instance = binding.take(Duty::Verify).await.expect("an instance");
    let worded = instance.respond(&callback().head, &Outcome::Accepted).await;
    assert_eq!(worded.expect("no fault").map(|reply| reply.status), Ok(200));
    assert_eq!(binding.plugin().counted().reused, 1);
}

/// Whether the fault was one of work on a genuine callback isn't known, so it doesn't count; what
/// goes on failing is found by the steps, and shut out.
#[tokio::test]
async fn after_a_fault_the_next_callbacks_are_asked_of_step_by_step() {
    let bench = Bench::new();
    let quarantine =
        Quarantine { faults: 2, least: Duration::from_secs(600), ..Default::default() };
    let limits = Limits { quarantine, ..tight() };
    let guest = Guest { functions: TRAPS, respond: "unreachable", ..Guest::default() };
    let binding = bench.bind(guest, &limits).await;
    let mut instance = binding.take(Duty::Verify).await.expect("an instance");
    assert!(matches!(instance.verify(&callback()).await, Err(Fault::Trap(_))));
    assert_eq!(binding.plugin().health().faults, 0);
    for faults in 1..=2 {
        let mut instance = binding.take(Duty::Verify).await.expect("an instance");
        assert!(matches!(instance.verify(&callback()).await, Ok(Verdict::Genuine(_))));
        assert!(matches!(instance.parse(&callback()).await, Ok(Ok(_))), "a step that goes well");
        let worded = instance.respond(&callback().head, &Outcome::Accepted).await;
        assert!(matches!(worded, Err(Fault::Trap(_))));
        assert_eq!(binding.plugin().health().faults, faults);
    }
    assert_eq!(binding.take(Duty::Verify).await.err(), Some(Fault::Quarantined));
}

/// One whose call says no more than that all is genuine does nothing well by that.
#[tokio::test]
async fn a_verdict_alone_is_no_work_done_well() {
    let bench = Bench::new();
    let quarantine =
        Quarantine { faults: 2, least: Duration::from_secs(600), ..Default::default() };
    let limits = Limits { quarantine, ..tight() };
    let verdict_only = WHOLE.replace(r#"3100) "\01")"#, r#"3100) "\00")"#);
    let verdict_only = verdict_only.replace(r#"3136) "\01")"#, r#"3136) "\00")"#);
    let guest = Guest { functions: &verdict_only, respond: "unreachable", ..Guest::default() };
    let binding = bench.bind(guest, &limits).await;
    for _ in 0..2 {
        let mut instance = binding.take(Duty::Verify).await.expect("an instance");
        assert!(matches!(instance.verify(&callback()).await, Ok(Verdict::Genuine(_))));
        assert!(matches!(instance.parse(&callback()).await, Ok(Ok(_))));
        let worded = instance.respond(&callback().head, &Outcome::Accepted).await;
        assert!(matches!(worded, Err(Fault::Trap(_))));
    }
    assert_eq!(binding.take(Duty::Verify).await.err(), Some(Fault::Quarantined));
}

/// After a fault the steps are asked, so what they say has to be the same.
#[test]
fn a_vector_fails_where_one_call_says_otherwise_than_the_steps() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path.to_str().expect("a path").to_owned()
    };
    file("plain.http", b"POST /whole HTTP/1.1\nhost: x\n\n");
    file("plain.toml", ABOUT.as_bytes());
    let vectors = folder.path().to_str().expect("a path");
    let same = WHOLE.replace(r#"3144) "\ca\00")"#, r#"3144) "\c8\00")"#);
    let forged = WHOLE.replace(r#"3072) "\00")"#, r#"3072) "\02")"#);
    for (functions, wanted) in [
        (&*same, "of them held: 1, failed: 0"),
        (WHOLE, "otherwise than step by step: reply/status: 202"),
        (&*forged, "otherwise than step by step: verdict: forged"),
    ] {
        let plugin = file("guest.wasm", &Guest { functions, ..Guest::default() }.module());
        let ran = hookswitch(&["plugin", "test", &plugin, "--vectors", vectors]);
        let told = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
        assert!(told.contains(wanted), "{wanted}: {told}");
    }
}

/// What the SDK is for: nobody has to write it.
#[tokio::test]
async fn first_party_adapters_take_callbacks_whole() {
    let pool = PoolLimits { instances: 1, ..PoolLimits::default() };
    let host = Host::start(pool, None, Clock::system()).expect("the engine starts");
    for name in builtins() {
        let source = Source::Builtin(name.to_owned());
        let plugin = host.load(name, &source, &Limits::default()).await.expect("it loads");
        let exports = plugin.anatomy().exports;
        assert!(exports.iter().any(|name| name == "hookswitch:taking/whole@0.1.0"), "{exports:?}");
    }
}
