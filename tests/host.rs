//! The plugin host against guests that break their contract: each ends as the fault that names it,
//! and the next call of a good one works.

use std::time::{Duration, Instant};

use hookswitch::model::{Content, Outcome, Verdict};
use hookswitch::plugin::{Duty, Fault, Grant, Limits};

use crate::support::callback;
use crate::support::guest::{Bench, Guest, host, tight};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_guest_goes_through_all_phases() {
    let bench = Bench::new();
    let binding = bench.bind(Guest::default(), &Limits::default()).await;
    let mut instance = binding.open().await.expect("an instance");
    let verdict = instance.verify(&callback()).await.expect("a verdict");
    assert_eq!(verdict, Verdict::Genuine(hookswitch::model::Proof::default()));
    let parsed = instance.parse(&callback()).await.expect("parsed");
    assert_eq!(parsed, Ok(Content::Notification(Vec::new())));
    let reply = instance.respond(&callback().head, &Outcome::Accepted).await.expect("worded");
    assert_eq!(reply.map(|reply| reply.status), Ok(200));
    assert!(matches!(instance.explain(&callback()).await, Err(Fault::Missing("explaining"))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_returned_is_bounded() {
    let bench = Bench::new();
    // A body of 2 KiB where 1 KiB is allowed, one larger than the guest's memory, and status 42.
    let cases = [
        ("(i32.store (i32.const 2068) (i32.const 2048))", "reply_bytes"),
        ("(i32.store (i32.const 2068) (i32.const 0x40000000))", "bounds"),
        ("(i32.store (i32.const 2052) (i32.const 42))", "42"),
        ("(i32.store (i32.const 2060) (i32.const 101))", "over 100 headers"),
    ];
    for (respond, wanted) in cases {
        let binding = bench.bind(Guest { respond, ..Guest::default() }, &tight()).await;
        let mut instance = binding.open().await.expect("an instance");
        let fault = instance.respond(&callback().head, &Outcome::Accepted).await.expect_err(wanted);
        assert!(fault.to_string().contains(wanted), "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spinning_guest_does_not_hold_up_another() {
    let bench = Bench::new();
    let spin = Guest { verify: "(loop $l (br $l))", ..Guest::default() };
    let spinning = bench.bind(spin, &Limits { deadline: Duration::from_secs(60), ..tight() }).await;
    let good = bench.bind(Guest::default(), &Limits::default()).await;
    let spinners: Vec<_> = (0..4)
        .map(|_| {
            let spinning = spinning.clone();
            tokio::spawn(async move { spinning.open().await?.verify(&callback()).await })
        })
        .collect();
    for _ in 0..100 {
        let mut instance = good.open().await.expect("an instance while others spin");
        assert!(instance.verify(&callback()).await.is_ok());
    }
    for spinner in spinners {
        assert!(!spinner.is_finished(), "all 100 calls went through while all four were spinning");
        spinner.abort();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_has_only_its_share_of_instances() {
    let bench = Bench::new();
    let limits = Limits { instances: 1, ..tight() };
    let binding = bench.bind(Guest::default(), &limits).await;
    let held = binding.open().await.expect("the only instance");
    assert!(matches!(binding.open().await, Err(Fault::Busy)));
    let apart = binding.plugin().apart(Duration::from_secs(5));
    let apart = bench.host.bind(apart, Grant { scope: "apart".into(), ..Grant::default() });
    assert!(apart.open().await.is_ok(), "what is tried out waits for nobody");
    drop(held);
    assert!(binding.open().await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_works_on_a_callback_counts_for_a_plugin_s_health() {
    let bench = Bench::new();
    let traps = Guest { respond: "unreachable", ..Guest::default() };
    let binding = bench.bind(traps, &tight()).await;
    let looks = async || binding.open().await.expect("an instance");
    let works = async || binding.take(Duty::Verify).await.expect("an instance");
    for (mut instance, faults) in [(looks().await, 0), (works().await, 1)] {
        assert!(instance.verify(&callback()).await.is_ok());
        assert!(instance.respond(&callback().head, &Outcome::Accepted).await.is_err());
        assert_eq!(binding.plugin().health().faults, faults);
    }
    let apart = binding.plugin().apart(Duration::from_secs(5));
    assert_eq!((apart.health().faults, apart.hash()), (0, binding.plugin().hash()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compiled_code_is_kept_and_a_tampered_file_is_not_run() {
    let bench = Bench::new();
    let path = bench.file("kept.wasm", &Guest::default().module());
    let source = hookswitch::plugin::Source::File(path);
    let load = async || {
        let host = host(&bench.folder.path().join("cache"));
        let start = Instant::now();
        let plugin = host.load("kept", &source, &Limits::default()).await.expect("it loads");
        (plugin, start.elapsed())
    };
    load().await;
    let code = code_file(&bench);
    let written = std::fs::metadata(&code).expect("the file").modified().expect("its time");
    load().await;
    let again = std::fs::metadata(&code).expect("the file").modified().expect("its time");
    assert_eq!(written, again, "the second load takes the file as it is");

    let mut bytes = std::fs::read(&code).expect("the code");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&code, &bytes).expect("tampered");
    load().await;
    assert_ne!(std::fs::read(&code).expect("the code"), bytes, "the third compiles it anew");
}

/// The one file of compiled code in the cache.
fn code_file(bench: &Bench) -> std::path::PathBuf {
    let files = std::fs::read_dir(bench.folder.path().join("cache")).expect("the cache");
    let mut code = files
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "code"));
    let found = code.next().expect("a file of compiled code");
    assert!(code.next().is_none(), "there is just one");
    found
}
