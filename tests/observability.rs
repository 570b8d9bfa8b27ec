//! A route that falls silent, and the examples for those who watch: what they name is there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::router::{Router, SECRET_OF_OPS, hookswitch};
use crate::support::{brz, waited};

/// Nobody listens at this port, so that deliveries and requests fail.
const NOBODY: &str = "http://127.0.0.1:9";

fn write_config(folder: &Path, expect_every: &str) -> PathBuf {
    let write = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).expect("a file");
    };
    write("brz.secret", brz::SECRET);
    write("brij.pem", &crate::support::keys().1);
    write("brij.key", &crate::support::keys().0);
    write("ops.secret", SECRET_OF_OPS);
    let text = format!(
        r#"
[listen]
public = "127.0.0.1:0"
admin = "127.0.0.1:0"
[store]
path = "data/hookswitch.db"
[limits]
breaker_faults = 1
[admin.keys.ops]
secret = {{ file = "ops.secret" }}
scopes = ["admin:read"]
[[routes]]
name = "brz"
path = "/brz"
adapter = "builtin:brz"
settings = {{ key_form = "full" }}
secrets = {{ signing-secret = [{{ file = "brz.secret" }}] }}
deliver = ["ledger"]
expect_every = "{expect_every}"
[[routes]]
name = "brij"
path = "/brij/{{call}}"
adapter = "builtin:brij"
secrets = {{ signing-key = [{{ file = "brij.pem" }}] }}
settings = {{ partner_id = "partner-42" }}
[routes.answers.quote]
url = "{NOBODY}/quotes"
deadline = "1s"
[destinations.ledger]
url = "{NOBODY}/events"
"#
    );
    write("router.toml", &text);
    folder.join("router.toml")
}

fn post(router: &Router, transaction: &str) -> u16 {
    let body = brz::body(transaction);
    let headers = brz::headers(&body);
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    router.post("/brz", &headers, body.as_bytes()).status
}

/// The value of one series.
fn value(router: &Router, series: &str) -> Option<String> {
    let text = router.ask("/metrics").body;
    let mut lines = text.lines().filter_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    lines.next().map(str::to_owned)
}

#[test]
fn a_silent_route_is_told_once_and_takes_nothing_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let router = Router::start_administered(&write_config(folder.path(), "1s"));
    let silent = "hookswitch_route_silent{route=\"brz\"}";
    waited("a silent route", || value(&router, silent).filter(|value| value == "1"));
    let ready = router.ask("/readyz");
    assert_eq!(ready.status, 200);
    assert!(ready.body.contains(r#"{"code":"route_silent","route":"brz"}"#), "{}", ready.body);
    let last = "hookswitch_route_last_genuine_timestamp_seconds{route=\"brz\"}";
    assert_eq!(value(&router, last), None, "none came yet");
    // From here on it has all the time that the test takes.
    write_config(folder.path(), "1h");
    waited("a route that isn't silent", || value(&router, silent).filter(|value| value == "0"));
    assert_eq!(post(&router, "txn_1"), 200);
    let came: u64 = value(&router, last).expect("one came").parse().expect("seconds");
    let log = router.kill();
    for line in ["route \"brz\" is silent: ", "route \"brz\" is silent no more"] {
        assert_eq!(log.matches(line).count(), 1, "{line} in\n{log}");
    }
    assert!(!log.contains("route \"brij\" is silent"), "it expects nothing:\n{log}");
    // What the store holds is known after a start.
    let router = Router::start_administered(&folder.path().join("router.toml"));
    let known: u64 = value(&router, last).expect("it is known").parse().expect("seconds");
    assert!((came..came + 60).contains(&known), "{came}, {known}");
}

/// Every name of a metric in a text.
fn names(text: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_lowercase() || c == '_';
    let name = |(at, _)| {
        let name: &str = &text[at..];
        &name[..name.find(|c| !is_part(c)).unwrap_or(name.len())]
    };
    text.match_indices("hookswitch_").map(name).collect()
}

/// Whether braces and quotes of an expression end as they begin.
fn is_balanced(expression: &str) -> bool {
    let mut open = Vec::new();
    for c in expression.chars() {
        match c {
            '(' | '{' | '[' => open.push(c),
            ')' if open.pop() != Some('(') => return false,
            '}' if open.pop() != Some('{') => return false,
            ']' if open.pop() != Some('[') => return false,
            _ => {}
        }
    }
    open.is_empty() && expression.matches('"').count().is_multiple_of(2)
}

#[test]
fn the_examples_name_what_is_there() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/observability");
    let read = |name: &str| std::fs::read_to_string(examples.join(name)).expect("an example");
    let (dashboard, alerts) = (read("dashboard.json"), read("alerts.yml"));

    let parsed: Value = serde_json::from_str(&dashboard).expect("the dashboard is JSON");
    let panels = parsed["panels"].as_array().expect("panels");
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().expect("targets"));
    let mut expressions: Vec<&str> =
        targets.map(|target| target["expr"].as_str().expect("an expression")).collect();
    expressions.extend(alerts.lines().filter_map(|line| line.trim().strip_prefix("expr: ")));
    assert!(expressions.len() > 20, "{expressions:?}");
    for expression in &expressions {
        assert!(is_balanced(expression) && !names(expression).is_empty(), "{expression}");
    }
    let rules = alerts.matches("- alert: ").count();
    for part in ["expr: ", "severity: ", "summary: "] {
        assert_eq!(alerts.matches(part).count(), rules, "every rule has its {part}");
    }

    let folder = tempfile::tempdir().expect("a folder");
    let config = write_config(folder.path(), "1h");
    let router = Router::start_administered(&config);
    assert_eq!(post(&router, "txn_1"), 200);
    let to = format!("http://{}/brij/{{call}}", router.address);
    let key = format!("signing-key=@{}", folder.path().join("brij.key").display());
    // Nobody answers it, so it is told that it isn't answered.
    hookswitch(
        &["send", "builtin:brij", "quote", "--to", &to, "--secret", &key, "--set"]
            .into_iter()
            .chain(["partner_id=partner-42"])
            .collect::<Vec<_>>(),
    );
    let named: BTreeSet<&str> = names(&dashboard).union(&names(&alerts)).copied().collect();
    let missing = || {
        let text = router.ask("/metrics").body;
        let there: BTreeSet<&str> =
            text.lines().filter_map(|line| line.split(['{', ' ']).next()).collect();
        named.difference(&there).map(|name| (*name).to_owned()).collect::<Vec<_>>()
    };
    // The first attempt of the delivery comes soon.
    waited("the attempt", || missing().is_empty().then_some(()));
    for series in [
        "hookswitch_destination_breaker_open{destination=\"ledger\"}",
        "hookswitch_answerer_breaker_open{route=\"brij\",kind=\"quote\"}",
    ] {
        waited(series, || value(&router, series).filter(|value| value == "1"));
    }
}
