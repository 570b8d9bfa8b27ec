//! The choice, for every kind of machine that we could think of.

use super::*;

const OLDEST: Release = Release(1, 95, 0);

fn system(release: Release, sources: Option<Release>) -> Option<System> {
    Some(System { rustc: "/usr/bin/rustc".into(), release, sources, linker: None })
}

/// Debian with rustup and nothing more, run by root.
fn bare() -> Facts {
    Facts {
        active: Active {
            rustc: "/t/bin/rustc".into(),
            has_std: false,
            linker: Some("/t/rust-lld".into()),
        },
        system: None,
        debian: true,
        root: true,
    }
}

fn refusal(facts: &Facts) -> Missing {
    choose(facts, OLDEST).expect_err("nothing here compiles guests")
}

#[test]
fn the_active_toolchain_comes_first() {
    let mut facts = bare();
    facts.active.has_std = true;
    facts.system = system(Release(1, 96, 0), Some(Release(1, 96, 0)));
    let chosen = Toolchain::Active { rustc: "/t/bin/rustc".into() };
    assert_eq!(choose(&facts, OLDEST), Ok(chosen));
}

#[test]
fn debians_compiler_builds_its_own_library_with_the_active_linker() {
    let mut facts = bare();
    facts.system = system(Release(1, 96, 0), Some(Release(1, 96, 0)));
    let way = |linker: &str| {
        Ok(Toolchain::BuildStd { rustc: "/usr/bin/rustc".into(), linker: linker.into() })
    };
    assert_eq!(choose(&facts, OLDEST), way("/t/rust-lld"));

    facts.active.linker = None;
    assert_eq!(refusal(&facts).command, RUSTUP);
    facts.system.as_mut().expect("set above").linker = Some("/usr/bin/rust-lld".into());
    assert_eq!(choose(&facts, OLDEST), way("/usr/bin/rust-lld"));
}

#[test]
fn on_a_bare_debian_the_command_is_apts() {
    let mut facts = bare();
    let install = "apt-get install -y --no-install-recommends rustc-web rust-web-src";
    let refused = refusal(&facts);
    assert!(refused.apt);
    assert_eq!(refused.command, format!("apt-get update && {install}"));
    assert!(refused.to_string().contains(&refused.command));

    facts.root = false;
    assert_eq!(refusal(&facts).command, format!("sudo apt-get update && sudo {install}"));
}

#[test]
fn elsewhere_the_command_is_rustups() {
    let facts = Facts { debian: false, ..bare() };
    let refused = refusal(&facts);
    assert!(!refused.apt);
    assert_eq!(refused.command, "rustup target add wasm32-unknown-unknown");
}

#[test]
fn a_compiler_that_is_too_old_is_not_asked_for_again() {
    let mut facts = bare();
    facts.system = system(Release(1, 85, 0), Some(Release(1, 85, 0)));
    let refused = refusal(&facts);
    assert!(!refused.apt);
    assert!(refused.why.contains("1.85.0") && refused.why.contains("1.95.0"), "{}", refused.why);
}

#[test]
fn sources_must_be_of_the_compilers_release() {
    let mut facts = bare();
    for sources in [None, Some(Release(1, 85, 0))] {
        facts.system = system(Release(1, 96, 0), sources);
        let refused = refusal(&facts);
        assert!(refused.apt && refused.why.contains("sources"), "{}", refused.why);
    }
}

#[test]
fn releases_are_read_and_ordered() {
    assert_eq!(Release::read("1.95"), Some(OLDEST));
    assert_eq!(Release::read("1.96.0\n"), Some(Release(1, 96, 0)));
    assert_eq!(Release::read("1.97.1-nightly"), Some(Release(1, 97, 1)));
    assert!(Release(1, 100, 0) > OLDEST);
    for text in ["", "1", "one.two", "1.x.0", "1.2.3.4"] {
        assert_eq!(Release::read(text), None, "{text:?} was read");
    }
}
