//! Vectors of a config's plugins, through the real binary: another code runs only where they hold,
//! or where somebody allows it, and running them leaves nothing behind.

use std::path::Path;

use serde_json::Value;

use crate::support::guest::Guest;
use crate::support::router::{Router, SECRET_OF_OPS, hookswitch};

const GENERATION: &str = "/api/v1/generation";
/// How a vector begins that wants a notification.
pub(crate) const ABOUT: &str = "about = \"a call\"\nreceived_at_ms = 1790000000000\n\
    [expect]\nverdict = \"genuine\"\ncontent = \"notification\"\n";

/// A plugin whose replies have the status 200 + version, and its settings as their body.
fn telling(version: usize) -> Vec<u8> {
    let text = include_str!("guests/telling-adapter.wat");
    wat::parse_str(text.replace("VERSION", &(200 + version).to_string())).expect("a module")
}

/// Renamed into place: half a file is never seen.
fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let (part, path) = (folder.join("part"), folder.join(name));
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(&part, bytes).expect("a file");
    std::fs::rename(part, path).expect("in place");
}

/// A vector that wants this of the reply.
fn vector(folder: &Path, name: &str, wanted: &str) {
    write(folder, &format!("vectors/{name}.http"), "POST /telling HTTP/1.1\nhost: x\n\n4111");
    let text = format!("{ABOUT}[[outcomes]]\noutcome = \"accepted\"\n{wanted}\n");
    write(folder, &format!("vectors/{name}.toml"), text);
}

fn configure(folder: &Path, number: usize, more: &str) {
    let text = format!(
        r#"
[listen]
public = "127.0.0.1:0"
admin = "127.0.0.1:0"
[store]
path = "data/hookswitch.db"
[limits]
plugin_deadline = "20s"
reload_rehearsal = "60s"
[admin.keys.ops]
secret = {{ file = "ops.secret" }}
scopes = ["events:read", "admin:read", "admin:write"]
[plugins.telling]
source = "telling.wasm"
vectors = "vectors"
[[routes]]
name = "telling"
path = "/telling"
adapter = "telling"
settings = {{ n = {number} }}
{more}"#
    );
    write(folder, "router.toml", text);
}

/// A folder with a plugin whose one vector holds.
fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "ops.secret", SECRET_OF_OPS);
    write(folder.path(), "telling.wasm", telling(0));
    vector(folder.path(), "paid", "status = 200\nbody = \"{}\"");
    configure(folder.path(), 0, "");
    folder
}

fn serves(router: &Router) -> (u16, String) {
    let reply = router.post("/telling", &[], b"{}");
    (reply.status, reply.body)
}

#[test]
fn another_code_runs_only_where_its_vectors_hold_or_somebody_allows_it() {
    let folder = place();
    let folder = folder.path();
    let router = Router::start_administered(&folder.join("router.toml"));
    assert_eq!(serves(&router), (200, "{\"n\":0}".to_owned()));
    write(folder, "telling.wasm", telling(1));
    let said = router.until(GENERATION, |said| !said["last_rejected"].is_null());
    let problems = said["last_rejected"]["problems"].as_str().expect("problems");
    let fails = "vectors/paid.toml fails: outcomes[0] (accepted).status: expected 200, got 201";
    for wanted in ["plugin \"telling\": the vector", fails, "router.toml:15:11"] {
        assert!(problems.contains(wanted), "{wanted}: {problems}");
    }
    assert_eq!((&said["id"], serves(&router).0), (&1.into(), 200), "what ran runs on");
    let (code, text) = router.told(&["plan"]);
    assert!(code == Some(1) && text.contains(fails) && text.contains("~ plugin telling"), "{text}");
    let last = router.json("/api/v1/plan");
    assert_eq!((&last["plan"]["applies"], &last["plan"]["fate"]), (&false.into(), &"asked".into()));
    assert!(last["plan"]["problems"].as_str().is_some_and(|said| said.contains(fails)), "{last}");
    let (code, text) = router.told(&["reload"]);
    assert!(code == Some(1) && text.contains("--allow-differences"), "{text}");
    let (code, text) = router.told(&["reload", "--allow-differences"]);
    assert_eq!((code, serves(&router).0), (Some(0), 201), "{text}");
    // What runs holds up no other change, whatever its vectors say.
    configure(folder, 1, "");
    router.until(GENERATION, |said| said["id"] == 3);
    assert_eq!(serves(&router), (201, "{\"n\":1}".to_owned()));
    // The vectors are read anew each time: with one that holds, nothing has to be allowed.
    write(folder, "telling.wasm", telling(2));
    router.until(GENERATION, |said| !said["last_rejected"].is_null());
    vector(folder, "paid", "status = 202");
    let (code, text) = router.told(&["reload"]);
    assert_eq!((code, serves(&router).0), (Some(0), 202), "{text}");
    // None of that was recorded, or counted as the plugin's fault.
    let plugins = router.json("/api/v1/plugins");
    assert_eq!(plugins["plugins"][0]["health"]["faults"], 0, "{plugins}");
    assert_eq!(router.json("/api/v1/events")["events"], Value::Array(Vec::new()));
    router.terminate();
    let (_, log) = router.ended();
    assert!(!log.contains("4111") && log.contains("the next start would refuse it"), "{log}");
}

/// Open files of the process, once connections that were closed here are closed there too.
fn files(router: &Router) -> usize {
    let path = format!("/proc/{}/fd", router.id());
    let count = || std::fs::read_dir(&path).expect("its files").count();
    let (mut last, mut same) = (count(), 0);
    while same < 10 {
        std::thread::sleep(std::time::Duration::from_millis(20));
        let now = count();
        same = if now == last { same + 1 } else { 0 };
        last = now;
    }
    last
}

#[test]
fn what_stands_in_for_an_api_goes_with_its_vector() {
    let folder = place();
    let folder = folder.path();
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/brite/vectors");
    let brite = |deadline: usize| {
        let vectors = vectors.display();
        format!(
            "[plugins.brite]\nsource = \"builtin:brite\"\nvectors = \"{vectors}\"\n\
             deadline = \"{deadline}s\"\n"
        )
    };
    configure(folder, 0, &brite(10));
    let router = Router::start_administered(&folder.join("router.toml"));
    let before = files(&router);
    // Other limits are another plugin, so its vectors run again.
    configure(folder, 0, &brite(11));
    router.until(GENERATION, |said| said["id"] == 2);
    assert_eq!(files(&router), before);
}

/// What `check` says of the folder's config: whether it is good, and its problems.
fn checked(folder: &Path) -> (bool, String) {
    let config = folder.join("router.toml");
    let said = hookswitch(&["check", "--json", "--config", config.to_str().expect("a path")]);
    let said: Value = serde_json::from_slice(&said.stdout).expect("JSON");
    (said["ok"] == true, said["problems"].to_string())
}

#[test]
fn check_says_what_a_start_would_and_nothing_of_bodies() {
    let half = |folder: &Path| write(folder, "vectors/late.http", "POST / HTTP/1.1\n\n");
    let torn = |folder: &Path| write(folder, "vectors/paid.toml", "secret = \"4111\" \"");
    let asks = |folder: &Path| {
        let text = "about = \"x\"\nrequest = { id = \"1\", kind = \"q\", data = {} }\n\
                    [expect]\nanswer = {}\n";
        write(folder, "vectors/asked.toml", text);
    };
    let spins = |folder: &Path| {
        let spin = Guest { verify: "(loop $l (br $l))", ..Guest::default() };
        write(folder, "telling.wasm", spin.module());
        let config = std::fs::read_to_string(folder.join("router.toml")).expect("the config");
        // The prelude's adapter has no settings.
        let config = config.replace("settings = { n = 0 }", "").replace("= \"60s\"", "= \"100ms\"");
        write(folder, "router.toml", config);
    };
    let gone = |folder: &Path| std::fs::remove_dir_all(folder.join("vectors")).expect("removed");
    let many = |folder: &Path| {
        (0..30).for_each(|number| vector(folder, &format!("v{number}"), "status = 299"));
    };
    type Case<'c> = (&'c dyn Fn(&Path), &'c str);
    let cases: [Case<'_>; 9] = [
        (&|folder| vector(folder, "paid", "status = 200"), ""),
        (
            &|folder| vector(folder, "paid", "status = 200\nbody = \"4111\""),
            "(accepted).body differs",
        ),
        (&|folder| vector(folder, "paid", "status = 299"), "expected 299, got 200"),
        (&many, "of 31 vectors 30 fail"),
        (&half, "late.toml is missing"),
        (&torn, "paid.toml: it isn't as vectors are"),
        (&asks, "is an adapter; the vector asked is a question"),
        (&spins, "didn't run to their end, but 0 of 1"),
        (&gone, "vectors: "),
    ];
    for (change, wanted) in cases {
        let folder = place();
        change(folder.path());
        let (good, problems) = checked(folder.path());
        assert_eq!(good, wanted.is_empty(), "{wanted}: {problems}");
        assert!(problems.contains(wanted) && !problems.contains("4111"), "{wanted}: {problems}");
    }
}
