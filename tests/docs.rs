//! What the docs show is what the router takes: the example config, its defaults, the README's.

use std::path::Path;

use hookswitch::config::{
    Answering, Delivering, Reloading, Severity, StoreSettings, read, resolve,
};
use hookswitch::observe::Sampling;
use hookswitch::outbound::Names;
use hookswitch::{intake, listen, plugin};

use crate::support::tls::Pair;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The example's text with its commented keys switched on.
fn switched_on(text: &str) -> String {
    let key = |line: &str| {
        let bare = line.strip_prefix("# ")?;
        let (name, value) = bare.split_once(" = ")?;
        let named = name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        (named && !value.is_empty()).then(|| bare.to_owned())
    };
    let lines = text.lines().map(|line| key(line).unwrap_or_else(|| line.to_owned()));
    lines.collect::<Vec<_>>().join("\n").replace("# [", "[")
}

#[test]
fn every_limit_is_shown_with_its_default() {
    let text = std::fs::read_to_string(root().join("config/router.toml")).expect("the example");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("router.toml");
    let switched = switched_on(&text);
    std::fs::write(&path, &switched).expect("a file");
    Pair::new().write(folder.path(), "tls");
    let sources = read(&path).expect("it can be read");
    // The one secret without which nothing starts.
    let store_key = |name: &str| (name == "HOOKSWITCH_STORE_KEY").then(|| "k".repeat(32));
    let (settings, problems) = resolve(&sources, &store_key);
    let settings = settings.unwrap_or_else(|| panic!("{}", problems.render(false)));
    let router = settings.router;
    assert_eq!(router.listen, listen::Limits::default());
    assert_eq!(router.intake, intake::Limits::default());
    assert_eq!(router.pool, plugin::PoolLimits::default());
    assert_eq!(router.plugin, plugin::Limits::default());
    assert_eq!(router.reloading, Reloading::default());
    assert_eq!(router.delivering, Delivering::default());
    assert_eq!(router.answering, Answering::default());
    let path = router.store.path.clone();
    assert_eq!(router.store, StoreSettings { path, ..StoreSettings::default() });
    assert!(router.tls.is_some() && router.admin_tls.is_none(), "{switched}");
    assert_eq!(router.names, Names::of(&[([10, 0, 0, 2], 53).into()]), "{switched}");
    let traces = router.traces.as_ref().map(|traces| traces.sampling);
    let sampling = Sampling { share: 0.01, believe_parent: false };
    assert_eq!(traces, Some(sampling), "{switched}");
    assert!(router.public_url.is_some() && !router.allow_networks.is_empty(), "{switched}");
    let fields = |debugged: String| debugged.matches(": ").count();
    let limits = fields(format!("{:?}", router.listen))
        + fields(format!("{:?}", router.intake))
        + fields(format!("{:?}", router.pool))
        + fields(format!("{:?}", router.plugin))
        + fields(format!("{:?}", router.reloading))
        + fields(format!("{:?}", router.delivering))
        + fields(format!("{:?}", router.answering))
        + fields(format!("{:?}", router.store));
    let (_, shown) = switched.split_once("[limits]").expect("the table of limits");
    let (shown, _) = shown.split_once("[outbound]").expect("the table after it");
    let keys = shown.lines().filter(|line| line.contains(" = ") && !line.starts_with('#')).count();
    // `plugin_memory` is both the pool's ceiling and the default under it, what the keys of
    // quarantine set is a field of its own, and three of the store's stand in its own table.
    assert_eq!(keys + 2 + 3, limits, "a key for each limit");
}

#[test]
fn the_readmes_config_has_no_errors() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let blocks: Vec<&str> = (readme.split("```toml\n").skip(1))
        .filter_map(|after| after.split_once("```").map(|(block, _)| block))
        .collect();
    assert_eq!(blocks.len(), 3, "the first file, what is added for requests, and for deliveries");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hooks.toml");
    let requests = blocks[..2].join("\n");
    let mut all = blocks.join("\n");
    for key in ["admin = ", "deliver = "] {
        assert!(all.contains(&format!("# {key}")), "what is to be switched on: {key}");
        all = all.replace(&format!("# {key}"), key);
    }
    for text in [blocks[0], &requests, &all] {
        std::fs::write(&path, text).expect("a file");
        let sources = read(&path).expect("it can be read");
        let (settings, problems) = resolve(&sources, &|_| None);
        assert!(settings.is_some(), "{}", problems.render(false));
        // The reader has neither the secret nor the key file yet; nothing else may be wrong.
        let other = problems.iter().find(|problem| {
            problem.severity != Severity::Warning
                || !(problem.message.contains("isn't set")
                    || problem.message.contains("can't be read"))
        });
        assert!(other.is_none(), "{other:?}");
    }
}
