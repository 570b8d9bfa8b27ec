//! Looks at the machine: which compilers there are and what they have.
//!
//! It asks the compilers and reads folders; it changes nothing.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Active, Facts, Release, System};
use crate::TARGET;

/// Where a distribution puts its compiler.
const SYSTEM_RUSTC: &str = "/usr/bin/rustc";

/// Looks at this machine. The error is the compiler's own, when the active one can't be asked.
pub fn look() -> std::io::Result<Facts> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    Ok(Facts {
        active: active(&rustc)?,
        system: system(Path::new(SYSTEM_RUSTC)),
        debian: is_debian(),
        root: fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0),
    })
}

fn active(rustc: &OsStr) -> std::io::Result<Active> {
    let sysroot = ask(rustc, &["--print", "sysroot"]).map(PathBuf::from)?;
    let host = host_of(&ask(rustc, &["-vV"])?).unwrap_or_default();
    Ok(Active {
        // Both the build script and xtask come to the same path, so they share what is built.
        rustc: Some(sysroot.join("bin/rustc"))
            .filter(|p| p.exists())
            .unwrap_or_else(|| rustc.into()),
        has_std: has_std(&sysroot),
        linker: linker(&sysroot, &host),
    })
}

/// The distribution's own compiler: one whose sysroot is `/usr`. A rustup proxy that happens to
/// lie there answers with a sysroot elsewhere.
fn system(rustc: &Path) -> Option<System> {
    let usr = Path::new("/usr");
    let sysroot = ask(rustc.as_os_str(), &["--print", "sysroot"]).ok()?;
    if Path::new(&sysroot) != usr {
        return None;
    }
    let version = ask(rustc.as_os_str(), &["-vV"]).ok()?;
    let release = version.lines().find_map(|line| line.strip_prefix("release: "))?;
    Some(System {
        rustc: rustc.to_owned(),
        release: Release::read(release)?,
        sources: sources(usr),
        linker: linker(usr, &host_of(&version).unwrap_or_default()),
    })
}

fn ask(rustc: &OsStr, arguments: &[&str]) -> std::io::Result<String> {
    let output = Command::new(rustc).args(arguments).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(std::io::Error::other(format!("{}: {said}", rustc.display())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn host_of(version: &str) -> Option<String> {
    version.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned)
}

/// The folder alone proves nothing: an aborted installation leaves it empty.
fn has_std(sysroot: &Path) -> bool {
    let folder = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    let is_std = |name: &OsStr| {
        let name = name.to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    };
    fs::read_dir(folder).is_ok_and(|found| found.flatten().any(|file| is_std(&file.file_name())))
}

/// The release that the library's sources say they are; they must hold what cargo looks for.
fn sources(sysroot: &Path) -> Option<Release> {
    let folder = sysroot.join("lib/rustlib/src/rust");
    if !folder.join("library/Cargo.lock").is_file() {
        return None;
    }
    Release::read(&fs::read_to_string(folder.join("src/version")).ok()?)
}

fn linker(sysroot: &Path, host: &str) -> Option<PathBuf> {
    let beside = sysroot.join("lib/rustlib").join(host).join("bin/rust-lld");
    [beside, sysroot.join("bin/rust-lld")].into_iter().find(|path| path.is_file())
}

/// Debian itself: what derives from it may lack the packages or be far behind.
fn is_debian() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let id = release.lines().find_map(|line| line.strip_prefix("ID="));
    id.is_some_and(|id| id.trim_matches('"') == "debian") && Path::new("/usr/bin/apt-get").exists()
}
