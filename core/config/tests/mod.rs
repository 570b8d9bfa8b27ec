//! Configs as text, and what is said of them.

#![allow(clippy::unwrap_used, reason = "where a test unwraps nothing, it fails")]

mod answering;
mod broken;
mod delivering;
mod files;
mod good;
mod property;
mod secrets;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::source::{Part, Text, sources};
use super::{Problems, Settings, Severity, Sources, read, resolve};

/// A route that is right, for configs that test something else.
const ROUTE: &str = "[[routes]]\nname = \"r\"\npath = \"/r\"\nadapter = \"builtin:r\"\n";

/// What is said of one file named `config.toml`, where no variable is set.
fn check(text: &str) -> (Option<Settings>, Problems) {
    resolve(&in_memory(&[("config.toml", text)]), &|_| None)
}

/// Files that are on no disk. The first may hold what `router.toml` may.
fn in_memory(files: &[(&str, &str)]) -> Sources {
    let text = |(at, (path, text)): (usize, &(&str, &str))| Text {
        path: PathBuf::from(path),
        part: if at == 0 { Part::Router } else { Part::Routes },
        text: (*text).to_owned(),
    };
    let texts: Vec<Text> = files.iter().enumerate().map(text).collect();
    sources(Path::new("config.toml"), &texts, Problems::new())
}

fn count(problems: &Problems, severity: Severity) -> usize {
    problems.iter().filter(|problem| problem.severity == severity).count()
}

/// A folder of one test's own, gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("hookswitch-config-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn write(&self, path: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn resolve(&self) -> (Option<Settings>, Problems) {
        resolve(&read(&self.0).unwrap(), &|_| None)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
