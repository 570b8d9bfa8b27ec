//! Reloads that are rehearsed, through the real binary: a setting that would turn stored callbacks
//! forged stops the reload until it is allowed, and rehearsing leaves nothing behind.

use std::path::Path;

use serde_json::Value;

use crate::support::brz;
use crate::support::router::{Router, SECRET_OF_OPS};

fn write(folder: &Path, name: &str, text: &str) {
    // Renamed into place: half a file is never seen.
    let part = folder.join(format!("{name}.part"));
    std::fs::write(&part, text).expect("a file");
    std::fs::rename(part, folder.join(name)).expect("in place");
}

fn configure(folder: &Path, key_form: &str) {
    let text = format!(
        r#"
[listen]
public = "127.0.0.1:0"
admin = "127.0.0.1:0"
[store]
path = "data/hookswitch.db"
[admin.keys.ops]
secret = {{ file = "ops.secret" }}
scopes = ["events:read", "events:write", "webhooks:read", "admin:read", "admin:write"]
[[routes]]
name = "brz"
path = "/brz"
adapter = "builtin:brz"
rehearse = 10
settings = {{ key_form = "{key_form}" }}
secrets = {{ signing-secret = [{{ file = "brz.secret" }}] }}
[[routes]]
name = "other"
path = "/other"
adapter = "builtin:brz"
settings = {{ key_form = "full" }}
secrets = {{ signing-secret = [{{ file = "other.secret" }}] }}
"#
    );
    write(folder, "router.toml", &text);
}

struct Bench {
    router: Router,
    folder: tempfile::TempDir,
}

impl Bench {
    fn open() -> Bench {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["brz.secret", "other.secret"] {
            write(folder.path(), name, brz::SECRET);
        }
        write(folder.path(), "ops.secret", SECRET_OF_OPS);
        configure(folder.path(), "full");
        let router = Router::start_administered(&folder.path().join("router.toml"));
        Bench { router, folder }
    }

    fn call(&self, path: &str, id: &str) -> u16 {
        let body = brz::body(id);
        let headers = brz::headers(&body);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.router.post(path, &headers, body.as_bytes()).status
    }
}

const GENERATION: &str = "/api/v1/generation";

#[test]
fn what_would_turn_stored_callbacks_forged_stops_a_reload_until_it_is_allowed() {
    let bench = Bench::open();
    for id in ["t1", "t2", "t3"] {
        assert_eq!(bench.call("/brz", id), 200);
    }
    let events = bench.router.json("/api/v1/events");
    assert_eq!(events["events"].as_array().map(Vec::len), Some(3));
    let (code, text) = bench.router.told(&["events", "replay", "--as-received", "--route", "brz"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("of 3 the same: 3"), "{text}");
    configure(bench.folder.path(), "stripped");
    // The files' own reload is refused, and shown.
    let said = bench.router.until(GENERATION, |said| !said["last_rejected"].is_null());
    let problems = said["last_rejected"]["problems"].as_str().expect("problems");
    assert!(problems.contains("3 of 3 stored callbacks"), "{problems}");
    assert_eq!((&said["id"], bench.call("/brz", "t4")), (&Value::from(1), 200), "what ran runs on");
    let (code, text) = bench.router.told(&["plan"]);
    assert_eq!(code, Some(1), "{text}");
    for wanted in ["~ route brz: settings.key_form", "4 differ", "genuine → forged (signature_"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let last = bench.router.json("/api/v1/plan");
    let rehearsal = &last["plan"]["rehearsals"][0];
    assert_eq!((&rehearsal["callbacks"], &last["plan"]["fate"]), (&4.into(), &"asked".into()));
    let (code, text) = bench.router.told(&["reload"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("--allow-differences"), "{text}");
    // Nothing was recorded, forged or counted by all that.
    assert_eq!(bench.router.json("/api/v1/events")["events"].as_array().map(Vec::len), Some(4));
    assert_eq!(bench.router.json("/api/v1/forged")["forged"], Value::Array(Vec::new()));
    let plugins = bench.router.json("/api/v1/plugins");
    assert_eq!(plugins["plugins"][0]["health"]["faults"], 0, "{plugins}");
    let (code, text) = bench.router.told(&["reload", "--allow-differences"]);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(bench.router.json("/api/v1/plan")["plan"]["fate"], "applied");
    let (code, text) = bench.router.told(&["events", "replay", "--as-received", "--limit", "2"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("verdict: genuine → forged") && text.contains("differing: 2"), "{text}");
    // Whatever the first one served is done, so it is freed.
    let said = bench.router.until(GENERATION, |said| said["old"] == Value::Array(Vec::new()));
    assert_eq!((&said["id"], &said["in_flight"]), (&2.into(), &0.into()));
}

#[test]
fn replay_says_what_it_was_not_told() {
    let bench = Bench::open();
    for args in [
        &["events", "replay"][..],
        &["events", "replay", "--as-received"],
        &["events", "replay", "--dry-run"],
        &["events", "replay", "x", "--dry-run", "--as-received"],
        &["events", "replay", "x", "--route", "brz"],
        &["events", "replay", "x", "--as-received", "--route", "brz"],
    ] {
        assert_eq!(bench.router.told(args).0, Some(2), "{args:?}");
    }
}
