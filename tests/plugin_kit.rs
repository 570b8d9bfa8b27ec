//! What a plugin's author uses: folders to begin with that build and whose vectors hold, failures
//! that say what differs, and what is told of a plugin. A language whose tools aren't here is
//! skipped, by name.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hookswitch_pack::Toolchain;
use serde_json::Value;

use crate::support::router::hookswitch;

const KINDS: [&str; 2] = ["adapter", "responder"];

/// A folder that `plugin new` made.
fn begun(into: &Path, kind: &str, language: &str) -> PathBuf {
    let name = format!("acme-{kind}");
    let into = into.to_str().expect("a path");
    let made =
        hookswitch(&["plugin", "new", &name, "--kind", kind, "--lang", language, "--into", into]);
    assert!(made.status.success(), "{}", said(&made));
    Path::new(into).join(name)
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it ended")
}

#[test]
fn a_new_folder_is_whole_and_small() {
    for language in ["rust", "javascript", "typescript", "python", "c"] {
        for kind in KINDS {
            let into = tempfile::tempdir().expect("a folder");
            let folder = begun(into.path(), kind, language);
            for file in
                ["README.md", "build.sh", ".gitignore", "wit/plugin.wit", "wit/deps/http.wit"]
            {
                assert!(folder.join(file).is_file(), "{language} {kind}: {file}");
            }
            let readme = std::fs::read_to_string(folder.join("README.md")).expect("a README");
            assert!(!readme.contains("{{"), "{language} {kind}: {readme}");
            assert!(readme.contains("**Traps**\n\n- "), "{language} {kind}: {readme}");
            assert!(readme.lines().count() < 70, "one screen: {language} {kind}");
            let vectors = vectors_of(&folder);
            assert!(vectors >= 5, "{language} {kind}: {vectors} vectors");
        }
    }
}

fn vectors_of(folder: &Path) -> usize {
    hookswitch_vectors::load_all(&folder.join("vectors")).expect("vectors").len()
}

#[test]
fn nothing_is_written_over_and_names_are_plain() {
    let into = tempfile::tempdir().expect("a folder");
    let folder = begun(into.path(), "adapter", "c");
    std::fs::write(folder.join("adapter.c"), "mine").expect("a file");
    let path = into.path().to_str().expect("a path");
    for (name, wanted) in
        [("acme-adapter", 1), ("Acme", 2), ("a/b", 2), ("..", 2), ("1a", 2), ("", 2)]
    {
        let again = hookswitch(&[
            "plugin", "new", name, "--kind", "adapter", "--lang", "c", "--into", path,
        ]);
        assert_eq!(code(&again), wanted, "{name}: {}", said(&again));
    }
    assert_eq!(std::fs::read_to_string(folder.join("adapter.c")).expect("it"), "mine");
}

/// Builds a new plugin of each kind and runs its vectors.
fn works(language: &str, prepare: impl Fn(&Path)) {
    for kind in KINDS {
        let into = tempfile::tempdir().expect("a folder");
        let folder = begun(into.path(), kind, language);
        prepare(&folder);
        let built = Command::new("sh").arg(folder.join("build.sh")).output().expect("a shell");
        assert!(built.status.success(), "{language} {kind}: {}", said(&built));
        let plugin = folder.join(format!("acme-{kind}.wasm"));
        let plugin = plugin.to_str().expect("a path");
        let vectors = folder.join("vectors");
        let vectors = vectors.to_str().expect("a path");
        let ran = hookswitch(&["plugin", "test", plugin, "--vectors", vectors]);
        assert!(ran.status.success(), "{language} {kind}: {}", said(&ran));
        let seen = hookswitch(&["plugin", "inspect", plugin, "--json"]);
        let seen: Value = serde_json::from_slice(&seen.stdout).expect("an object");
        assert_eq!((&seen["kind"], &seen["world"]), (&kind.into(), &kind.into()), "{seen}");
        // An interpreter imports all of its world, secrets too, whether they are used or not.
        assert_eq!(seen["asks"]["http"], false, "{language} {kind}: {seen}");
    }
}

#[test]
fn the_c_template_works() {
    let libc = Path::new("/usr/lib/wasm32-wasi/libc.a").exists();
    if !libc || Command::new("clang-19").arg("--version").output().is_err() {
        skipped("c, without clang-19 and wasi-libc");
        return;
    }
    works("c", |_| {});
}

/// Says that a language is skipped, which where nothing may be is a failure.
fn skipped(what: &str) {
    let strict = std::env::var_os("HOOKSWITCH_SKIP_NOTHING");
    assert!(strict.is_none_or(|value| value.is_empty()), "skipped: {what}");
    println!("skipped: {what}");
}

/// Where the tools of npm and of Python are, for those who have them; the tests fetch nothing.
fn tools(variable: &str, program: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).map(PathBuf::from);
    let found = folder.filter(|folder| folder.join(program).exists());
    if found.is_none() {
        skipped(&format!("{variable} names no folder with {program}"));
    }
    found
}

#[test]
fn the_javascript_template_works() {
    let Some(tools) = tools("HOOKSWITCH_NODE_MODULES", ".bin/componentize-qjs") else { return };
    works("javascript", |folder| link(&tools, &folder.join("node_modules")));
}

#[test]
fn the_typescript_template_works() {
    let Some(tools) = tools("HOOKSWITCH_NODE_MODULES", ".bin/tsc") else { return };
    works("typescript", |folder| link(&tools, &folder.join("node_modules")));
}

#[test]
fn the_python_template_works() {
    let Some(tools) = tools("HOOKSWITCH_VENV", "bin/componentize-py") else { return };
    works("python", |folder| link(&tools, &folder.join(".venv")));
}

#[test]
fn the_rust_template_works() {
    let Ok(toolchain) = hookswitch_pack::find() else {
        skipped("rust, which can't compile plugins here");
        return;
    };
    works("rust", |folder| shim(folder, &toolchain));
}

/// Has `build.sh` find a cargo that builds as `hookswitch-pack` does, fetches nothing, and keeps
/// what it built for the next run.
fn shim(folder: &Path, toolchain: &Toolchain) {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/guests/kit");
    let (environment, standard) = match toolchain {
        Toolchain::Active { .. } => (String::new(), ""),
        Toolchain::BuildStd { rustc, linker } => {
            let (rustc, linker) = (rustc.display(), linker.display());
            let target = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN";
            let set = format!("RUSTC_BOOTSTRAP=1 RUSTC='{rustc}' {target}_LINKER='{linker}'");
            (set, "-Zbuild-std=std,panic_abort -Zbuild-std-features=")
        }
    };
    let build = folder.join("build.sh");
    let text = std::fs::read_to_string(&build).expect("build.sh");
    let cargo = format!("env {environment} cargo build --offline {standard}");
    let text = text.replace("cargo build", &cargo).replace("--target-dir target", "");
    let text = text.replace("cp target/", &format!("cp '{}'/", kept.display()));
    let head = format!("#!/bin/sh\nexport CARGO_TARGET_DIR='{}'\n", kept.display());
    std::fs::write(build, head + &text).expect("build.sh");
}

fn link(tools: &Path, at: &Path) {
    std::os::unix::fs::symlink(tools, at).expect("a link");
}

#[test]
fn a_failure_says_which_vector_what_and_which_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    let brz = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/brz/vectors");
    for entry in std::fs::read_dir(&brz).expect("vectors") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name");
        std::fs::copy(&path, folder.path().join(name)).expect("a copy");
    }
    let all = hookswitch_vectors::load(&brz).expect("vectors");
    let name = &all.first().expect("one of them").name;
    let text = std::fs::read_to_string(brz.join(format!("{name}.toml"))).expect("it");
    let outcome = "\n[[outcomes]]\noutcome = \"accepted\"\nstatus = 299\nbody = \"never\"\n";
    std::fs::write(folder.path().join(format!("{name}.toml")), text + outcome).expect("it");
    let vectors = folder.path().to_str().expect("a path");
    let test = ["plugin", "test", "builtin:brz", "--vectors", vectors];
    let ran = hookswitch(&test);
    let told = said(&ran);
    assert_eq!(code(&ran), 1, "{told}");
    for part in [
        &format!("FAILED  {name}: "),
        "(accepted).status",
        "expected 299",
        "first differing at byte 0 (0x6e, got ",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(told.ends_with("failed: 1\n"), "{told}");
    let filtered = hookswitch(&[&test[..], &["--filter", name, "--json"]].concat());
    let told: Value = serde_json::from_slice(&filtered.stdout).expect("an object");
    assert_eq!((code(&filtered), &told["failed"]), (1, &1.into()), "{told}");
    assert_eq!(told["vectors"][0]["mismatches"][1]["differs_at"]["byte"], 0, "{told}");
}

#[test]
fn what_can_not_be_run_is_refused() {
    let empty = tempfile::tempdir().expect("a folder");
    let empty = empty.path().to_str().expect("a path");
    let root = env!("CARGO_MANIFEST_DIR");
    let (brz, quotes) =
        (format!("{root}/plugins/brz/vectors"), format!("{root}/examples/quotes/vectors"));
    for (plugin, vectors, filter, part) in [
        ("builtin:brz", empty, "", "no vectors"),
        ("builtin:brz", &brz, "nothing-so-named", "is named *nothing-so-named*"),
        ("builtin:brz", &quotes, "", "is an adapter"),
        ("builtin:none", &brz, "", "there is no `builtin:none`"),
        ("/no/such.wasm", &brz, "", "can't be read"),
    ] {
        let test = ["plugin", "test", plugin, "--vectors", vectors, "--filter", filter];
        let ran = hookswitch(&test);
        assert!(code(&ran) == 1 && said(&ran).contains(part), "{}", said(&ran));
    }
}

#[test]
fn what_a_plugin_asks_for_is_told_with_the_lines_that_grant_it() {
    for (plugin, asks) in [("builtin:brz", false), ("builtin:brite", true)] {
        let seen = hookswitch(&["plugin", "inspect", plugin, "--json"]);
        let seen: Value = serde_json::from_slice(&seen.stdout).expect("an object");
        assert_eq!(seen["asks"]["http"], asks, "{seen}");
        let config = seen["config"].as_str().expect("a text");
        assert_eq!(config.contains("allow_http = [\"HOST\"]"), asks, "{config}");
        assert!(config.parse::<toml::Table>().is_ok(), "{config}");
        for figure in ["bytes", "compiled_bytes", "load_us", "memory_pages", "cold_us", "warm_us"] {
            assert!(seen[figure].as_u64().is_some_and(|figure| figure > 0), "{figure}: {seen}");
        }
        let text = said(&hookswitch(&["plugin", "inspect", plugin]));
        assert!(text.contains("world") && text.contains("cold call"), "{text}");
    }
}

#[test]
fn check_says_what_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("hooks.toml");
    let text = "[listen]\npublic = \"127.0.0.1:0\"\n[secrets]\napi = { file = \"api\" }\n\
        [[routes]]\nname = \"brite\"\npath = \"/brite\"\nadapter = \"builtin:brite\"\n\
        secrets = { api-secret = [\"api\"] }\nreveal = [\"api-secret\"]\n\
        settings = { environment = \"sandbox\", public_key = \"p\" }\n";
    std::fs::write(&config, text).expect("a config");
    std::fs::write(folder.path().join("api"), "0123456789abcdef").expect("a secret");
    let path = config.to_str().expect("a path");
    let told = said(&hookswitch(&["check", "--config", path]));
    for part in [
        "route brite: \"builtin:brite\" asks for outgoing HTTP (not granted; this would: allow_http",
        "asks for secrets in plain (granted: api-secret)",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let told = hookswitch(&["check", "--config", path, "--json"]);
    let told: Value = serde_json::from_slice(&told.stdout).expect("an object");
    assert_eq!(told["asks"][0]["asks"][1]["granted"][0], "api-secret", "{told}");
}
