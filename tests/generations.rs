//! What a callback began with is there until it ends, and not a moment longer: shown by the API of
//! the real binary.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::router::{Router, SECRET_OF_OPS};

const GENERATION: &str = "/api/v1/generation";

/// A config whose plugin's replies have the status 200 + version.
fn configure(folder: &Path, version: usize) {
    let text = include_str!("guests/telling-adapter.wat");
    let module = wat::parse_str(text.replace("VERSION", &(200 + version).to_string()));
    std::fs::write(folder.join(format!("{version}.wasm")), module.expect("a module"))
        .expect("a plugin");
    let text = format!(
        "[listen]\npublic = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\ndebug_headers = true\n\
         [store]\npath = \"data/hookswitch.db\"\n[limits]\nplugin_deadline = \"20s\"\n\
         [admin.keys.ops]\nsecret = {{ file = \"ops\" }}\nscopes = [\"admin:read\", \"admin:write\"]\n\
         [plugins.telling]\nsource = \"{version}.wasm\"\n\
         [[routes]]\nname = \"telling\"\npath = \"/telling\"\nadapter = \"telling\"\n\
         settings = {{ n = {version} }}\n"
    );
    std::fs::write(folder.join("part"), text).expect("a file");
    std::fs::rename(folder.join("part"), folder.join("router.toml")).expect("in place");
}

/// A callback whose sender has sent all but the last byte.
fn begun(router: &Router) -> TcpStream {
    let mut stream = router.connect();
    let head =
        "POST /telling HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{";
    stream.write_all(head.as_bytes()).expect("sent");
    stream
}

/// Sends the last byte; the status and the generation that the reply tells.
fn ended(mut stream: TcpStream) -> (u64, u64) {
    stream.write_all(b"}").expect("sent");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("a reply");
    let number = |text: &str| text.split_whitespace().next().and_then(|word| word.parse().ok());
    let after = |word: &str| reply.split_once(word).and_then(|(_, rest)| number(rest));
    let told = (after("HTTP/1.1 "), after("x-hookswitch-generation: "));
    (told.0.expect("a status"), told.1.expect("a generation"))
}

fn old(router: &Router, wanted: &Value) {
    router.until(GENERATION, |said| said["old"] == *wanted);
}

#[test]
fn an_old_generation_is_freed_with_the_last_callback_that_began_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    std::fs::write(folder.join("ops"), SECRET_OF_OPS).expect("a secret");
    configure(folder, 0);
    let router = Router::start_administered(&folder.join("router.toml"));
    let [first, second] = [begun(&router), begun(&router)];
    router.until(GENERATION, |said| said["in_flight"] == 2);
    configure(folder, 1);
    old(&router, &json!([{ "id": 1, "in_flight": 2 }]));
    let third = begun(&router);
    router.until(GENERATION, |said| said["in_flight"] == 1);
    configure(folder, 2);
    old(&router, &json!([{ "id": 1, "in_flight": 2 }, { "id": 2, "in_flight": 1 }]));
    assert_eq!(ended(begun(&router)), (202, 3), "new callbacks begin with what runs");
    // Each ends on what it began with, plugin and all, whichever ends first.
    assert_eq!(ended(third), (201, 2));
    old(&router, &json!([{ "id": 1, "in_flight": 2 }]));
    assert_eq!(ended(first), (200, 1));
    old(&router, &json!([{ "id": 1, "in_flight": 1 }]));
    // A sender that goes away frees it, too.
    drop(second);
    old(&router, &json!([]));
    assert_eq!(router.json(GENERATION)["id"], 3);
}

/// Whoever plans right after an edit, plans it; it is applied all the same.
#[test]
fn an_edit_is_applied_though_somebody_plans_it_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    std::fs::write(folder.join("ops"), SECRET_OF_OPS).expect("a secret");
    configure(folder, 0);
    let router = Router::start_administered(&folder.join("router.toml"));
    for version in 1..4 {
        configure(folder, version);
        let (code, text) = router.told(&["plan"]);
        assert_eq!(code, Some(0), "{text}");
        router.until(GENERATION, |said| said["id"] == version + 1);
    }
}

#[test]
fn a_file_that_was_emptied_is_left_a_while_to_be_written() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("ops"), SECRET_OF_OPS).expect("a secret");
    configure(folder.path(), 0);
    std::fs::create_dir_all(folder.path().join("routes")).expect("a folder");
    let more = folder.path().join("routes/more.toml");
    let route = "[[routes]]\nname = \"more\"\npath = \"/more\"\nadapter = \"telling\"\n\
                 settings = { n = 1 }\n";
    std::fs::write(&more, route).expect("a file");
    let router = Router::start_administered(folder.path());
    assert_eq!(router.post("/more", &[], b"{}").status, 200);
    let began = Instant::now();
    std::fs::File::create(&more).expect("it is emptied");
    router.until(GENERATION, |said| said["id"] == 2);
    assert!(began.elapsed() >= Duration::from_millis(500), "it might have been written");
    assert_eq!(router.post("/more", &[], b"{}").status, 404, "it is meant to be empty");
    // Where nothing stands anywhere, that is no config.
    std::fs::File::create(folder.path().join("router.toml")).expect("it is emptied");
    let said = router.until(GENERATION, |said| said["last_rejected"] != Value::Null);
    assert!(said.to_string().contains("nothing stands in the config"), "{said}");
    assert_eq!(router.post("/telling", &[], b"{}").status, 200, "it runs on");
}
