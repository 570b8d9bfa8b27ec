//! Secrets of a router that runs: a list while they are rotated, files that change under it, and
//! what isn't there taking its own routes offline, and nothing else.

use std::path::Path;

use crate::support::brz;
use crate::support::router::{Reply, Router, SECRET_OF_OPS};
use hookswitch::model::Clock;

const GENERATION: &str = "/api/v1/generation";
/// Nobody sets it.
const UNSET: &str = "HOOKSWITCH_TEST_OF_A_VARIABLE_THAT_IS_NOT_SET";

/// Renamed into place: half a file is never seen.
fn write(folder: &Path, name: &str, text: &str) {
    let (part, path) = (folder.join("part"), folder.join(name));
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(&part, text).expect("a file");
    std::fs::rename(part, path).expect("in place");
}

/// A secret that is told apart by its name.
fn secret(name: &str) -> String {
    format!("whsec_{name:_>32}")
}

/// Routes by name, each with its list of secrets, and what defines those.
fn configure(folder: &Path, secrets: &str, routes: &[(&str, &str)]) {
    let mut text = format!(
        "[listen]\npublic = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n\
         [store]\npath = \"data/hookswitch.db\"\n\
         [admin.keys.ops]\nsecret = {{ file = \"ops\" }}\nscopes = [\"admin:read\"]\n\
         [secrets]\n{secrets}\n"
    );
    for (name, list) in routes {
        text.push_str(&format!(
            "[[routes]]\nname = \"{name}\"\npath = \"/{name}\"\nadapter = \"builtin:brz\"\n\
             secrets = {{ signing-secret = [{list}] }}\n"
        ));
    }
    write(folder, "router.toml", &text);
}

fn start(folder: &Path) -> Router {
    write(folder, "ops", SECRET_OF_OPS);
    Router::start_administered(&folder.join("router.toml"))
}

/// A callback that is signed now with this secret.
fn call(router: &Router, route: &str, secret: &str) -> Reply {
    static NUMBERS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let number = NUMBERS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let body = brz::body(&format!("t{number}"));
    let time = (Clock::system().now_ms() / 1000).to_string();
    let signature = brz::signature(secret, &time, body.as_bytes());
    let headers = [("x-webhook-timestamp", &*time), ("x-webhook-signature", &*signature)];
    router.post(&format!("/{route}"), &headers, body.as_bytes())
}

/// Waits until the generation of this number runs.
fn runs(router: &Router, id: u64) {
    router.until(GENERATION, |said| said["id"] == id);
}

/// How many callbacks of a route one version of its secrets matched.
fn matched(router: &Router, version: &str) -> u64 {
    let line = format!("hookswitch_secret_matched_total{{route=\"pay\",version=\"{version}\"}} ");
    let text = router.ask("/metrics").body;
    let found = text.lines().find_map(|one| one.strip_prefix(&line).map(str::to_owned));
    found.map_or(0, |count| count.parse().expect("a count"))
}

#[test]
fn a_list_takes_the_old_and_the_new_one_and_counts_which_matched() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let [old, new, newer] = ["old", "new", "newer"].map(secret);
    write(folder, "keys/old", &old);
    write(folder, "keys/new", &new);
    let secrets = "old = { file = \"keys/old\" }\nnew = { file = \"keys/new\" }";
    configure(folder, secrets, &[("pay", "\"old\"")]);
    let router = start(folder);
    let statuses = |secrets: [&String; 3]| secrets.map(|one| call(&router, "pay", one).status);
    assert_eq!(statuses([&old, &new, &newer]), [200, 401, 401]);
    configure(folder, secrets, &[("pay", "\"new\", \"old\"")]);
    runs(&router, 2);
    assert_eq!(statuses([&old, &new, &newer]), [200, 200, 401]);
    assert_eq!((matched(&router, "old"), matched(&router, "new")), (2, 1));
    // Another text under the same name is another secret.
    write(folder, "keys/old", &newer);
    runs(&router, 3);
    assert_eq!(statuses([&old, &new, &newer]), [401, 200, 200]);
    assert_eq!((matched(&router, "old"), matched(&router, "new")), (3, 2));
    configure(folder, secrets, &[("pay", "\"new\"")]);
    runs(&router, 4);
    assert_eq!(statuses([&old, &new, &newer]), [401, 200, 401]);
    assert_eq!((matched(&router, "old"), matched(&router, "new")), (3, 3));
    router.terminate();
    let (_, log) = router.ended();
    assert!(log.contains("matched=\"new\"") || log.contains("matched=new"), "{log}");
    assert!(![old, new, newer].iter().any(|secret| log.contains(secret)), "{log}");
}

/// As mounted secrets are: a link to a folder, which is swapped for another.
fn mount(folder: &Path, version: &str, text: &str) {
    write(folder, &format!("mounted/{version}/key"), text);
    let (fresh, data) = (folder.join("mounted/fresh"), folder.join("mounted/..data"));
    std::os::unix::fs::symlink(version, &fresh).expect("a link");
    std::fs::rename(fresh, data).expect("in place");
}

#[test]
fn a_file_behind_a_link_that_is_swapped_is_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let [one, two] = ["one", "two"].map(secret);
    mount(folder, "v1", &one);
    std::os::unix::fs::symlink("..data/key", folder.join("mounted/key")).expect("a link");
    configure(folder, "", &[("pay", "{ file = \"mounted/key\" }")]);
    let router = start(folder);
    assert_eq!(call(&router, "pay", &one).status, 200);
    mount(folder, "v2", &two);
    runs(&router, 2);
    assert_eq!([&one, &two].map(|secret| call(&router, "pay", secret).status), [401, 200]);
}

/// Why a route is offline, as the API says it.
fn why(router: &Router, name: &str) -> String {
    let said = router.json("/api/v1/routes");
    let routes = said["routes"].as_array().expect("routes");
    let route = routes.iter().find(|route| route["name"] == name).expect("the route");
    route["offline"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn what_is_not_there_takes_its_own_routes_offline() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let [good, late] = ["good", "late"].map(secret);
    write(folder, "keys/good", &good);
    write(folder, "keys/empty", "");
    let secrets = format!(
        "good = {{ file = \"keys/good\" }}\nempty = {{ file = \"keys/empty\" }}\n\
         missing = {{ file = \"keys/missing\" }}\nunset = {{ env = \"{UNSET}\" }}"
    );
    let routes = [
        ("pay", "\"good\""),
        ("empty", "\"empty\""),
        ("missing", "\"missing\""),
        ("unset", "\"unset\""),
        ("both", "\"good\", \"missing\""),
    ];
    configure(folder, &secrets, &routes);
    let router = start(folder);
    let offline = [("empty", "is empty"), ("missing", "no such file"), ("unset", "isn't set")];
    for (route, said) in [&offline[..], &[("both", "no such file")]].concat() {
        let reply = call(&router, route, &good);
        assert!(reply.status == 503 && reply.head.contains("retry-after:"), "{route}: {reply:?}");
        assert!(why(&router, route).contains(said), "{route}: {}", why(&router, route));
    }
    assert_eq!((call(&router, "pay", &good).status, router.ask("/readyz").status), (200, 200));
    // There at last, each serves; emptied and gone again, it doesn't. The others never notice.
    let steps = [(Some(&*late), 200), (Some("\n"), 503), (Some(&*late), 200), (None, 503)];
    for (id, (text, status)) in (2..).zip(steps) {
        match text {
            Some(text) => write(folder, "keys/missing", text),
            None => std::fs::remove_file(folder.join("keys/missing")).expect("removed"),
        }
        runs(&router, id);
        let replies = ["missing", "both"].map(|route| call(&router, route, &late).status);
        assert_eq!((replies, call(&router, "pay", &good).status), ([status; 2], 200), "{id}");
        assert_eq!(why(&router, "missing").is_empty(), status == 200);
    }
    // With the last of its routes the router isn't ready, and goes on.
    write(folder, "keys/good", "");
    router.until("/readyz", |said| said["status"] == "unready");
    assert_eq!(call(&router, "pay", &good).status, 503);
    write(folder, "keys/good", &good);
    runs(&router, 7);
    assert_eq!((call(&router, "pay", &good).status, router.ask("/readyz").status), (200, 200));
}
