//! Brings the tools of a language: those of npm and pip into `target/tools`, in the versions that
//! stand beside the plugin, those of Debian by apt, as root. Nothing else of the machine changes.
//!
//! What was brought is used again while the file that names the versions is the same.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use hookswitch_pack::look;

use super::Language;
use crate::toolchain::apt;
use crate::workspace::Workspace;

const C_PACKAGES: [&str; 4] = ["clang-19", "lld-19", "wasi-libc", "libclang-rt-19-dev-wasm32"];

/// Makes sure of a language's tools, as `folder` names them, and gives the folder of programs that
/// comes first on the PATH of its build.
pub(super) fn bring(workspace: &Workspace, language: Language, folder: &str) -> Result<PathBuf> {
    let source = workspace.root.join(folder);
    let name = Path::new(folder).file_name().context("a folder has a name")?;
    let place = workspace.target.join("tools").join(name);
    match language {
        Language::JavaScript => npm(&source, &place, 18),
        Language::TypeScript => npm(&source, &place, 20),
        Language::Zig | Language::Python => pip(&source, &place),
        Language::C => clang(),
    }
}

/// What a template's `build.sh` would fetch into its own folder: the variable that tells the tests
/// where it is, and the folder. C and Zig fetch nothing.
pub(super) fn of_template(
    workspace: &Workspace,
    language: Language,
) -> Result<Option<(&'static str, PathBuf)>> {
    const MODULES: &str = "HOOKSWITCH_NODE_MODULES";
    let tools = workspace.target.join("tools");
    Ok(match language {
        // The example's tools are the template's.
        Language::JavaScript => Some((MODULES, tools.join("quotes-javascript/node_modules"))),
        Language::Python => Some(("HOOKSWITCH_VENV", tools.join("quotes-python"))),
        Language::TypeScript => {
            let template = workspace.root.join("plugins/templates/typescript/package.json");
            let place = tools.join("template-typescript");
            once(&template, &place, || {
                let package = fs::read_to_string(&template).context("package.json")?;
                let package = package.replace("{{name}}", "template");
                fs::write(place.join("package.json"), package).context("package.json")?;
                fetch(&place)
            })?;
            Some((MODULES, place.join("node_modules")))
        }
        Language::C | Language::Zig => None,
    })
}

/// A PATH with this folder first.
pub(super) fn ahead(folder: PathBuf) -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder).chain(env::split_paths(&path));
    env::join_paths(folders).context("a folder's name can't stand in PATH")
}

/// Runs a command whose words nobody wants, unless it fails.
pub(super) fn quietly(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let ran = command.stdin(Stdio::null()).output().with_context(|| program.clone())?;
    if !ran.status.success() {
        for words in [ran.stdout, ran.stderr] {
            eprint!("{}", String::from_utf8_lossy(&words));
        }
        bail!("`{program}` ended with {}", ran.status);
    }
    Ok(())
}

/// Fills a folder once for each text of the file that names the versions.
fn once(lock: &Path, place: &Path, fill: impl FnOnce() -> Result<()>) -> Result<()> {
    let wanted = fs::read(lock).with_context(|| lock.display().to_string())?;
    let stamp = place.join("brought");
    if fs::read(&stamp).is_ok_and(|brought| brought == wanted) {
        return Ok(());
    }
    let start = Instant::now();
    eprintln!("bringing the tools that {} names …", lock.display());
    if place.exists() {
        fs::remove_dir_all(place).with_context(|| place.display().to_string())?;
    }
    fs::create_dir_all(place).with_context(|| place.display().to_string())?;
    fill()?;
    fs::write(&stamp, wanted).with_context(|| stamp.display().to_string())?;
    eprintln!("brought in {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}

fn npm(source: &Path, place: &Path, least: u32) -> Result<PathBuf> {
    for package in ["nodejs", "npm"] {
        let program = if package == "nodejs" { "node" } else { "npm" };
        if !runs(program, &["--version"]) {
            install(program, &[package])?;
        }
    }
    let major = node_major().context("node doesn't say its version")?;
    if major < least {
        bail!("node {major} is too old: its tools need {least}");
    }
    once(&source.join("package-lock.json"), place, || {
        for file in ["package.json", "package-lock.json", ".npmrc"] {
            fs::copy(source.join(file), place.join(file)).context(file)?;
        }
        fetch(place)
    })?;
    Ok(place.join("node_modules/.bin"))
}

/// Has npm fetch what `package.json` in this folder names.
fn fetch(place: &Path) -> Result<()> {
    // Not `ci`: it refuses a lock file without the packages for other platforms that were never
    // published. What the packages bring to run is not run before it is asked for.
    let options = ["install", "--ignore-scripts", "--no-audit", "--no-fund"];
    quietly(Command::new("npm").args(options).current_dir(place))
}

fn node_major() -> Option<u32> {
    let said = Command::new("node").arg("--version").output().ok()?;
    let text = String::from_utf8(said.stdout).ok()?;
    text.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn pip(source: &Path, place: &Path) -> Result<PathBuf> {
    // Debian has Python without what makes a venv.
    if !runs("python3", &["-c", "import ensurepip, venv"]) {
        install("python3 with venv", &["python3", "python3-venv"])?;
    }
    let requirements = source.join("requirements.txt");
    once(&requirements, place, || {
        quietly(Command::new("python3").args(["-m", "venv"]).arg(place))?;
        let mut install = Command::new(place.join("bin/python3"));
        install.args(["-m", "pip", "install", "--quiet", "--only-binary=:all:", "-r"]);
        quietly(install.arg(&requirements))
    })?;
    Ok(place.join("bin"))
}

fn clang() -> Result<PathBuf> {
    let there = || {
        let libc = Path::new("/usr/lib/wasm32-wasi/libc.a").exists();
        libc && runs("clang-19", &["--version"]) && runs("wasm-ld-19", &["--version"])
    };
    if !there() {
        install("clang-19 for wasm32-wasi", &C_PACKAGES)?;
    }
    Ok(PathBuf::from("/usr/bin"))
}

fn runs(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// By apt, where that is ours to do.
fn install(what: &str, packages: &[&str]) -> Result<()> {
    let facts = look().context("this machine can't be looked at")?;
    let command = format!("apt-get install -y --no-install-recommends {}", packages.join(" "));
    if !(facts.debian && facts.root) {
        bail!("{what} is missing; on Debian, `{command}` brings it");
    }
    eprintln!("{what} is missing: {command} …");
    apt(&["update"])?;
    apt(&[&["install", "-y", "--no-install-recommends"], packages].concat())
}
