//! The environment of a cargo that runs inside another one (in a build script, or under
//! `cargo run`). Cargo tells its children much about the package and the compiler of the moment,
//! and a person may have set flags that are meant for the host.
//!
//! None of that reaches a guest's build: what a guest is made of stands in its sources, the lock
//! file and the profile. What says where things are fetched from, and how, is kept.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

/// Names of cargo's that say where and how to fetch, how to speak, and how many may work at once
/// (`CARGO_MAKEFLAGS` is the outer cargo's pool of job slots). A final `_` stands for all beneath.
const KEPT: [&str; 9] = [
    "CARGO_HOME",
    "CARGO_HTTP_",
    "CARGO_MAKEFLAGS",
    "CARGO_NET_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_SOURCE_",
    "CARGO_TERM_",
    "CARGO_BUILD_JOBS",
];

/// What a build script or `cargo run` sees besides, under names that are not plainly cargo's.
const OF_A_BUILD: [&str; 8] =
    ["DEBUG", "HOST", "NUM_JOBS", "OPT_LEVEL", "OUT_DIR", "PROFILE", "RUSTFLAGS", "TARGET"];

/// Whole families that are of the outer build.
const FAMILIES: [&str; 6] = ["CARGO", "CLIPPY_", "DEP_", "RUSTC", "RUSTDOC", "__CARGO_"];

/// Whether a variable of this name is passed on to the inner cargo.
pub fn is_kept(name: &str) -> bool {
    let named = |entry: &str| match entry.ends_with('_') {
        true => name.starts_with(entry),
        false => name == entry,
    };
    if KEPT.into_iter().any(named) {
        return true;
    }
    !OF_A_BUILD.contains(&name) && !FAMILIES.into_iter().any(|family| name.starts_with(family))
}

/// A cargo that starts in `root` with a clean environment, reads nothing, and has no way to write
/// on our standard output (in a build script that is where cargo takes orders from).
///
/// It is the outer cargo where there is one, so that both are of one release.
pub fn cargo(root: &Path) -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        // A name that isn't UTF-8 is none of cargo's.
        if name.to_str().is_some_and(|name| !is_kept(name)) {
            command.env_remove(name);
        }
    }
    command.current_dir(root).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

#[cfg(test)]
mod tests {
    use super::is_kept;

    #[test]
    fn what_finds_and_fetches_is_kept() {
        for name in [
            "PATH",
            "HOME",
            "CARGO_HOME",
            "CARGO_HTTP_CAINFO",
            "CARGO_NET_OFFLINE",
            "CARGO_REGISTRIES_MIRROR_INDEX",
            "CARGO_SOURCE_CRATES_IO_REPLACE_WITH",
            "CARGO_TERM_COLOR",
            "RUSTUP_HOME",
            "RUSTUP_TOOLCHAIN",
            "HTTPS_PROXY",
            "no_proxy",
            "SSL_CERT_FILE",
            "LD_LIBRARY_PATH",
        ] {
            assert!(is_kept(name), "{name} was dropped");
        }
    }

    #[test]
    fn what_tells_of_the_outer_build_is_dropped() {
        for name in [
            "CARGO",
            "CARGO_BUILD_TARGET",
            "CARGO_CFG_TARGET_ARCH",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_FEATURE_X",
            "CARGO_HOMER",
            "CARGO_MANIFEST_DIR",
            "CARGO_PKG_NAME",
            "CARGO_PROFILE_RELEASE_LTO",
            "CARGO_TARGET_DIR",
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
            "CLIPPY_ARGS",
            "DEP_RING_ROOT",
            "OUT_DIR",
            "RUSTC",
            "RUSTC_BOOTSTRAP",
            "RUSTC_WORKSPACE_WRAPPER",
            "RUSTDOCFLAGS",
            "RUSTFLAGS",
            "TARGET",
            "__CARGO_FIX_PLZ",
        ] {
            assert!(!is_kept(name), "{name} was kept");
        }
    }
}
