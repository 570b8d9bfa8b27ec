//! `hookswitch plugin new`: a folder with a small plugin that builds with one command and whose
//! vectors hold. Nothing that is there already is written over.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::Args;

use super::templates::{self, Kind, Language};
use crate::cli::Misuse;
use crate::plugin::contract;

#[derive(Debug, Args)]
pub(super) struct New {
    /// Its name, and the folder's: a-z, 0-9 and -, beginning with a letter.
    name: String,
    /// What it should be.
    #[arg(long)]
    kind: Kind,
    /// What it should be written in.
    #[arg(long)]
    lang: Language,
    /// The folder to make it in; its own becomes a folder of this one.
    #[arg(long, value_name = "DIR", default_value = ".")]
    into: PathBuf,
}

const NAME_BYTES_MAX: usize = 64;

impl New {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let problem = format!("{:?} is no plugin name: a-z, 0-9 and -, a letter first", self.name);
        ensure!(is_name(&self.name), Misuse(problem));
        let folder = self.into.join(&self.name);
        ensure!(is_free(&folder)?, "{} is there already, and isn't empty", folder.display());
        for (path, text) in contract() {
            write(&folder.join("wit").join(path), text.as_bytes())?;
        }
        for file in templates::files(self.kind, self.lang) {
            let path = folder.join(file.path.replace("KIND", word(self.kind)));
            write(&path, &self.filled(file.bytes))?;
        }
        eprintln!("{}", self.next_steps(&folder));
        Ok(ExitCode::SUCCESS)
    }

    /// The template's bytes with its names in; what is no text stays as it is.
    fn filled(&self, bytes: &[u8]) -> Vec<u8> {
        let Ok(text) = std::str::from_utf8(bytes) else { return bytes.to_vec() };
        let (needs, traps) = templates::notes(self.lang);
        // The notes hold names too.
        let text = text.replace("{{needs}}", needs).replace("{{traps}}", traps);
        let env = self.name.to_uppercase().replace('-', "_");
        let text = text.replace("{{env}}", &env);
        text.replace("{{name}}", &self.name).replace("{{kind}}", word(self.kind)).into_bytes()
    }

    fn next_steps(&self, folder: &Path) -> String {
        let (folder, name) = (folder.display(), &self.name);
        format!(
            "made {folder}, a plugin that works; what it needs to be built stands in its README.md\n\n\
             cd {folder}\n\
             sh build.sh\n\
             hookswitch plugin test {name}.wasm --vectors vectors\n\
             hookswitch plugin inspect {name}.wasm"
        )
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Adapter => "adapter",
        Kind::Responder => "responder",
    }
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name.len() <= NAME_BYTES_MAX
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.bytes().all(plain)
}

/// Not there, or an empty folder.
fn is_free(folder: &Path) -> anyhow::Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotADirectory => Ok(false),
        Err(error) => Err(error).with_context(|| folder.display().to_string()),
    }
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let made = fs::create_dir_all(folder).and_then(|()| fs::write(path, bytes));
    made.with_context(|| path.display().to_string())
}
