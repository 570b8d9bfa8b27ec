//! `tail` and `/metrics`: what happens in a running router is there for whoever watches, and is
//! counted.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::explaining::config;
use crate::support::brz;
use crate::support::router::{Router, SECRET_OF_OPS};

fn post(router: &Router, body: &str, sent: &str) -> u16 {
    let headers = brz::headers(body);
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    router.post("/brz", &headers, sent.as_bytes()).status
}

#[test]
fn callbacks_are_seen_as_they_come() {
    let folder = tempfile::tempdir().expect("a folder");
    let public = "public = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"";
    let router = Router::start_administered(&config(folder.path(), public));
    let mut tail = Command::new(env!("CARGO_BIN_EXE_hookswitch"))
        .args(["tail", "--json", "--what", "callback", "--outcome", "forged", "--api"])
        .arg(format!("http://{}", router.admin.expect("it is administered")))
        .env("HOOKSWITCH_KEY_ID", "ops")
        .env("HOOKSWITCH_KEY_SECRET", SECRET_OF_OPS)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut said = BufReader::new(tail.stderr.take().expect("its standard error"));
    let mut line = String::new();
    said.read_line(&mut line).expect("it watches");
    assert!(line.starts_with("watching"), "{line}");
    let body = brz::body("txn_1");
    assert_eq!(post(&router, &body, &body), 200);
    assert_eq!(post(&router, &body, "{}"), 401);
    let mut lines = BufReader::new(tail.stdout.take().expect("its output")).lines();
    let line = lines.next().expect("a line").expect("text");
    let line: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!((&line["route"], &line["status"]), (&"brz".into(), &401.into()), "{line}");
    assert!(!line.to_string().contains("txn_1"), "{line}");
    tail.kill().expect("it ends");
    tail.wait().expect("it ended");
}

#[test]
fn what_is_counted_needs_no_key_and_names_no_callback() {
    let folder = tempfile::tempdir().expect("a folder");
    let public = "public = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"";
    let router = Router::start_administered(&config(folder.path(), public));
    let body = brz::body("txn_1");
    assert_eq!(post(&router, &body, &body), 200);
    assert_eq!(post(&router, &body, &body), 200);
    assert_eq!(post(&router, &body, "{}"), 401);
    let text = router.ask("/metrics").body;
    for line in [
        "hookswitch_callback_seconds_count{route=\"brz\",outcome=\"accepted\"} 1",
        "hookswitch_callback_seconds_count{route=\"brz\",outcome=\"duplicate\"} 1",
        "hookswitch_callback_seconds_count{route=\"brz\",outcome=\"forged\"} 1",
        "hookswitch_reloads_total{result=\"applied\"} 0",
        "hookswitch_stage_seconds_count{route=\"brz\",stage=\"read\"} 3",
        "hookswitch_stage_seconds_count{route=\"brz\",stage=\"verify\"} 3",
        "hookswitch_stage_seconds_count{route=\"brz\",stage=\"parse\"} 2",
        "hookswitch_stage_seconds_count{route=\"brz\",stage=\"record\"} 2",
        "hookswitch_stage_seconds_count{route=\"brz\",stage=\"respond\"} 4",
        "hookswitch_route_silent{route=\"brz\"} 0",
        "hookswitch_ready 1",
        "hookswitch_reload_rejected 0",
        "hookswitch_generation 1",
        "hookswitch_callbacks_in_flight 0",
        "hookswitch_store_failing 0",
        "hookswitch_route_offline{route=\"brite\"} 0",
    ] {
        assert!(text.lines().any(|one| one == line), "{line} isn't in\n{text}");
    }
    // Of the second it was asked by a fresh one how a duplicate is worded.
    for (name, labels, value) in [
        ("quarantined", ",duty=\"verify\"", 0),
        ("quarantined", ",duty=\"respond\"", 0),
        ("memory_most_bytes", "", 1),
        ("instantiate_seconds_count", "", 4),
        // Each is verified, parsed and acknowledged in one call; the forged one and the duplicate
        // are worded in another.
        ("call_seconds_count", ",phase=\"take\"", 3),
        ("call_seconds_count", ",phase=\"respond\"", 2),
        ("faults_total", ",fault=\"trap\"", 0),
        ("faults_total", ",fault=\"deadline\"", 0),
    ] {
        let start = format!("hookswitch_plugin_{name}{{plugin=\"builtin:brz\",version=\"");
        let end = format!("\"{labels}}} ");
        let found = text.lines().filter(|line| line.starts_with(&start));
        let mut found = found.filter_map(|line| line.split_once(&end)?.1.parse::<u64>().ok());
        let found = found.next().unwrap_or_else(|| panic!("no {name}{labels} in\n{text}"));
        assert!(found == value || (name.starts_with("memory") && found > 0), "{name}: {found}");
    }
    assert!(!text.contains("phase=\"compute\""), "{text}");
    assert!(text.contains("hookswitch_secret_matched_total{route=\"brz\",version="), "{text}");
    assert!(text.ends_with("# EOF\n") && !text.contains("txn_1"), "{text}");
}
