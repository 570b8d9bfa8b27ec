//! Builds the adapters that the binary carries: every workspace member with
//! `[package.metadata.hookswitch] builtin = "NAME"` becomes a component in `OUT_DIR`, and
//! `builtins.rs` beside them is the expression `&[(name, bytes), …]` for the crate to include.
//!
//! It knows no provider by name, installs nothing, and when a tool is missing it stops with the
//! one command that brings it.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use hookswitch_pack::{Package, Workplace, build, packages};

/// What else a guest is made of, beneath the workspace's root. The lock file stands for every
/// crate from a registry, and changes when a package joins the workspace.
const SHARED: [&str; 5] =
    ["Cargo.lock", "Cargo.toml", "plugins/wit", "plugins/sdk/src", "plugins/sdk/Cargo.toml"];

fn main() -> ExitCode {
    let Err(fault) = run() else {
        return ExitCode::SUCCESS;
    };
    // Cargo takes one line per error, and shows these even where it hides the rest.
    for line in fault.to_string().lines().filter(|line| !line.trim().is_empty()) {
        println!("cargo::error={line}");
    }
    ExitCode::FAILURE
}

fn run() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    watch("core/build.rs".as_ref());
    for path in SHARED {
        watch(&root.join(path));
    }
    let place = Workplace::open(&root, target_dir(&out))?;
    let mut list = String::from("&[\n");
    for package in packages(&root)? {
        let Some(name) = package.builtin.clone() else {
            continue;
        };
        embed(&place, &package, &out.join(format!("{name}.wasm")))?;
        // Relative to the file that holds the line.
        writeln!(list, "    (\"{name}\", include_bytes!(\"{name}.wasm\") as &[u8]),")?;
    }
    list.push_str("]\n");
    fs::write(out.join("builtins.rs"), list)?;
    Ok(())
}

fn embed(place: &Workplace, package: &Package, to: &Path) -> Result<(), Box<dyn Error>> {
    watch(&package.dir.join("src"));
    watch(&package.dir.join("Cargo.toml"));
    fs::write(to, build(place, package)?)?;
    Ok(())
}

fn watch(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
}

/// The folder of the outer build: `OUT_DIR` is `<it>[/<triple>]/<profile>/build/<package>/out`,
/// and cargo puts a tag into its top. Any folder beneath would do, at the price of building the
/// guests once more.
fn target_dir(out: &Path) -> &Path {
    let above = || out.ancestors().skip(4).take(2);
    above()
        .filter(|folder| folder.join("CACHEDIR.TAG").exists())
        .last()
        .or_else(|| above().next())
        .unwrap_or(out)
}
