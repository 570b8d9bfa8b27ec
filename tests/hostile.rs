//! Guests that mean harm: each ends as the fault that names it, the table in `ARCHITECTURE.md` says
//! so, and one that keeps failing is put into quarantine.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use hookswitch::model::Verdict;
use hookswitch::plugin::{Duty, Fault, Grant, HostRule, Limits, LoadFault, Quarantine};
use tokio::runtime::Handle;

use crate::support::callback;
use crate::support::guest::{Bench, Guest, tight};
use crate::support::hostile::{Hostile, all, endless, harm};

const ARCHITECTURE: &str = include_str!("../core/ARCHITECTURE.md");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_ends_as_what_the_table_says() {
    let bench = Bench::new();
    let mut rows = Vec::new();
    for Hostile { does, phase, module, ends } in all(endless().await) {
        let plugin = bench.load(&module, &tight()).await.expect(does);
        let loopback = "127.0.0.0/8".parse().expect("a network");
        let binding = bench.host.bind(
            plugin,
            Grant {
                scope: "hostile".into(),
                allow_http: vec![HostRule { host: "127.0.0.1".into(), port: None }],
                allow_networks: vec![loopback],
                ..Grant::default()
            },
        );
        let fault = harm(&binding, phase, &callback()).await.expect_err(does);
        assert_eq!(fault.word(), ends, "{does}: {fault}");
        rows.push(format!("| {does} | {} |", fault.word()));
        let good = bench.bind(Guest::default(), &tight()).await;
        let verdict = good.take(Duty::Verify).await.expect("an instance").verify(&callback()).await;
        assert!(matches!(verdict, Ok(Verdict::Genuine(_))), "after one that {does}: {verdict:?}");
    }
    for (does, bytes, wanted) in unloadable() {
        let fault = bench.load(&bytes, &tight()).await.expect_err(does);
        assert!(fault.to_string().contains(wanted), "{does}: {fault}");
        rows.push(format!("| {does} | not loaded |"));
    }
    let table = rows.join("\n");
    println!("| a guest that … | ends as |\n| --- | --- |\n{table}");
    assert!(ARCHITECTURE.contains(&table), "ARCHITECTURE.md has another table than:\n{table}");
}

/// What isn't even loaded, and what is said of it.
fn unloadable() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let good = Guest::default().module();
    let cut = good[..good.len() / 2].to_vec();
    let version = include_str!("guests/prelude.wat").replace("@0.1.0", "@9.9.9");
    let module = |text: &str| wat::parse_str(text).expect("a module");
    vec![
        ("is of another world", module("(component)"), "exports neither"),
        ("is of an unknown version", module(&version), "built for version 9.9.9"),
        ("is cut off in the middle", cut, "can't be"),
        ("is no wasm", b"not wasm at all".to_vec(), "isn't wasm"),
        ("is empty", Vec::new(), "isn't wasm"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_such_builtin() {
    let missing = hookswitch::plugin::Source::Builtin("nobody".into());
    let fault = Bench::new().host.load("x", &missing, &tight()).await.expect_err("no builtin");
    assert!(matches!(fault, LoadFault::NoBuiltin { .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_keeps_failing_on_genuine_callbacks_is_shut_out_and_tried_again() {
    let bench = Bench::new();
    let most = Duration::from_millis(300);
    let quarantine = Quarantine { faults: 3, least: most, most };
    let limits = Limits { quarantine, ..tight() };
    let failing = Guest { respond: "unreachable", ..Guest::default() };
    let binding = bench.bind(failing, &limits).await;
    let genuine = async || {
        let mut instance = binding.take(Duty::Verify).await?;
        instance.verify(&callback()).await?;
        instance.parse(&callback()).await?.expect("a step that goes well");
        instance.respond(&callback().head, &hookswitch::model::Outcome::Accepted).await.map(drop)
    };
    for _ in 0..3 {
        assert!(matches!(genuine().await, Err(Fault::Trap(_))));
    }
    assert_eq!(genuine().await, Err(Fault::Quarantined), "not called any more");
    let report = binding.plugin().health();
    assert_eq!((report.faults, report.in_a_row), (3, 3));
    tokio::time::sleep(report.quarantine.expect("it is in quarantine")).await;
    assert!(matches!(genuine().await, Err(Fault::Trap(_))), "it is tried again");
    assert_eq!(genuine().await, Err(Fault::Quarantined), "and shut out again at once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_on_callbacks_not_yet_found_genuine_never_count() {
    let bench = Bench::new();
    let quarantine = Quarantine { faults: 1, ..Quarantine::default() };
    let limits = Limits { quarantine, ..tight() };
    let binding = bench.bind(Guest { verify: "unreachable", ..Guest::default() }, &limits).await;
    for _ in 0..20 {
        let mut instance = binding.take(Duty::Verify).await.expect("never shut");
        assert!(matches!(instance.verify(&callback()).await, Err(Fault::Trap(_))));
    }
    assert_eq!(binding.plugin().health().faults, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_instance_serves_its_duty_and_binding_until_its_calls_are_used_up() {
    let bench = Bench::new();
    let limits = Limits { reuse: 3, instances: 2, ..tight() };
    let once = bench.bind(Guest::default(), &limits).await;
    let plugin = once.plugin();
    for kept in [1, 1, 0, 1] {
        let mut instance = once.take(Duty::Verify).await.expect("an instance");
        assert!(instance.verify(&callback()).await.is_ok());
        instance.give_back();
        assert_eq!(plugin.kept(), kept, "three calls, then a fresh one");
    }
    // The one that is kept doesn't serve another duty, and gives way to those that need its slot.
    let first = once.take(Duty::Respond).await.expect("the other slot");
    let second = once.take(Duty::Respond).await.expect("the slot of the one that was kept");
    assert_eq!(plugin.kept(), 0);
    drop((first, second));
    once.take(Duty::Respond).await.expect("an instance").give_back();
    assert_eq!(plugin.kept(), 1);
    let plugin = Arc::clone(plugin);
    drop(once);
    assert_eq!(plugin.kept(), 0, "they go with their binding");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_thread_kept_is_taken_makes_room_and_is_let_go_of() {
    let bench = Bench::new();
    for (instances, duty, reused) in
        [(1, Duty::Verify, 1), (1, Duty::Respond, 0), (2, Duty::Respond, 0)]
    {
        let limits = Limits { reuse: 100, instances, reuse_idle: Duration::ZERO, ..tight() };
        let binding = bench.bind(Guest::default(), &limits).await;
        let (other, runtime) = (Arc::clone(&binding), Handle::current());
        let keeps = move || {
            runtime.block_on(other.take(Duty::Verify)).expect("an instance").give_back();
        };
        thread::spawn(keeps).join().expect("one was kept");
        let plugin = binding.plugin();
        assert_eq!(plugin.kept(), 1);
        binding.take(duty).await.expect("an instance").give_back();
        let ended = (plugin.counted().reused, plugin.kept());
        assert_eq!(ended, (reused, 1), "{duty:?} with {instances} slots");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_failed_is_not_kept() {
    let bench = Bench::new();
    let limits = Limits { reuse: 100, ..tight() };
    let binding = bench.bind(Guest { verify: "unreachable", ..Guest::default() }, &limits).await;
    let mut instance = binding.take(Duty::Verify).await.expect("an instance");
    assert!(instance.verify(&callback()).await.is_err());
    instance.give_back();
    assert_eq!(binding.plugin().kept(), 0);
}
