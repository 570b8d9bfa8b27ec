//! Compiled code on disk, so that a second start doesn't compile. To load compiled code is to run
//! it, so a file counts only where nobody else can have made it: the folder is ours and closed to
//! others, and each file ends in a MAC under a key that lies in it. Anything else is compiled anew;
//! a folder that can't be used is done without.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use ring::hmac;
use ring::rand::SecureRandom as _;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::load;
use crate::files;
use crate::observe::{self, Level};

const MAC_BYTES: usize = 32;
/// Code is some times as large as the plugin that it was compiled of.
const FILE_BYTES_MAX: usize = 1 << 30;
const KEY_FILE: &str = "key";

/// The folder of compiled code, or nothing.
pub(super) struct Cache {
    folder: Option<Folder>,
}

struct Folder {
    path: PathBuf,
    key: hmac::Key,
    bytes_max: u64,
}

impl Cache {
    /// Opens the folder, or says in the log why code will be compiled at every start.
    pub(super) fn open(path: Option<&Path>, bytes_max: u64) -> Cache {
        let folder = path.and_then(|path| match Folder::open(path, bytes_max) {
            Ok(folder) => Some(folder),
            Err(why) => {
                let line =
                    format!("plugins are compiled at every start: {}: {why}", path.display());
                observe::notice(Level::Warn, &line);
                None
            }
        });
        Cache { folder }
    }

    /// Code compiled by this very engine from the bytes of this hash.
    pub(super) fn find(&self, engine: &Engine, hash: &str) -> Option<Component> {
        let folder = self.folder.as_ref()?;
        let path = folder.file(engine, hash)?;
        let file = files::read(&path, FILE_BYTES_MAX).ok()?;
        let Some(code) = folder.verified(&path, &file) else {
            observe::notice(Level::Warn, &format!("{}: not ours, compiling anew", path.display()));
            let _ = fs::remove_file(&path);
            return None;
        };
        load_compiled(engine, code)
    }

    /// Keeps compiled code; to fail here costs only the next start.
    pub(super) fn keep(&self, engine: &Engine, hash: &str, component: &Component) {
        let Some(folder) = &self.folder else { return };
        let (Some(path), Ok(code)) = (folder.file(engine, hash), component.serialize()) else {
            return;
        };
        if let Err(error) = folder.write(&path, &code).and_then(|()| folder.prune(&path)) {
            observe::notice(Level::Warn, &format!("{}: not kept: {error}", path.display()));
        }
    }
}

#[allow(
    unsafe_code,
    reason = "compiled code is run as it stands; the MAC shows that this program wrote these bytes, \
              and the file's name that this engine's version and settings made them"
)]
fn load_compiled(engine: &Engine, code: &[u8]) -> Option<Component> {
    // SAFETY: `code` is what `Component::serialize` gave, unchanged: it was checked under our key.
    unsafe { Component::deserialize(engine, code) }.ok()
}

impl Folder {
    fn open(path: &Path, bytes_max: u64) -> Result<Folder, String> {
        let said = |error: std::io::Error| error.to_string();
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(said)?;
        let key_path = path.join(KEY_FILE);
        let folder = fs::symlink_metadata(path).map_err(said)?;
        if !folder.is_dir() || folder.uid() != rustix::process::geteuid().as_raw() {
            return Err("it isn't a folder of ours".into());
        }
        if folder.permissions().mode() & 0o077 != 0 {
            return Err("others can open it (its mode should be 0700)".into());
        }
        let key = read_or_make_key(&key_path).map_err(said)?;
        Ok(Folder {
            path: path.to_owned(),
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            bytes_max,
        })
    }

    /// One name for the bytes, the engine's version and its settings together.
    fn file(&self, engine: &Engine, hash: &str) -> Option<PathBuf> {
        let mut engine_hash = EngineHash::default();
        std::hash::Hash::hash(&engine.precompile_compatibility_hash(), &mut engine_hash);
        let both = load::hash(&[hash.as_bytes(), &engine_hash.0].concat());
        Some(self.path.join(format!("{both}.code")))
    }

    /// The code inside a file that this program wrote under this name.
    fn verified<'a>(&self, path: &Path, file: &'a [u8]) -> Option<&'a [u8]> {
        let (code, mac) = file.split_at_checked(file.len().checked_sub(MAC_BYTES)?)?;
        hmac::verify(&self.key, &named(path, code), mac).ok().map(|()| code)
    }

    fn write(&self, path: &Path, code: &[u8]) -> std::io::Result<()> {
        let fresh = path.with_extension(format!("{}.new", std::process::id()));
        let mut file = private().create(true).truncate(true).open(&fresh)?;
        file.write_all(code)?;
        file.write_all(hmac::sign(&self.key, &named(path, code)).as_ref())?;
        fs::rename(&fresh, path)
    }

    /// Takes the oldest files away until the rest fits; the newest stays whatever its size.
    fn prune(&self, newest: &Path) -> std::io::Result<()> {
        let mut files: Vec<(std::time::SystemTime, u64, PathBuf)> = fs::read_dir(&self.path)?
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let about = entry.metadata().ok()?;
                let code = entry.file_name() != KEY_FILE && about.is_file();
                code.then_some((about.modified().ok()?, about.len(), entry.path()))
            })
            .collect();
        files.sort();
        let mut total: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, bytes, path) in files {
            if total <= self.bytes_max {
                break;
            }
            if path != newest {
                fs::remove_file(path)?;
                total -= bytes;
            }
        }
        Ok(())
    }
}

/// What the MAC is over: the file's own name too, so that one can't stand in for another.
fn named(path: &Path, code: &[u8]) -> Vec<u8> {
    let name = path.file_name().map(|name| name.as_encoded_bytes().to_vec()).unwrap_or_default();
    [name.as_slice(), b"\0", code].concat()
}

/// Ours alone to read and write, and so ours alone to have made.
fn is_private(path: &Path) -> std::io::Result<bool> {
    let about = fs::symlink_metadata(path)?;
    let ours = about.uid() == rustix::process::geteuid().as_raw();
    Ok(about.is_file() && ours && about.permissions().mode() & 0o077 == 0)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

fn read_or_make_key(path: &Path) -> std::io::Result<Vec<u8>> {
    match fs::read(path) {
        Ok(key) if key.len() == MAC_BYTES && is_private(path)? => return Ok(key),
        Ok(_) => fs::remove_file(path)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut key = vec![0; MAC_BYTES];
    ring::rand::SystemRandom::new()
        .fill(&mut key)
        .map_err(|_| std::io::Error::other("the system gives no random bytes"))?;
    match private().create_new(true).open(path) {
        Ok(mut file) => file.write_all(&key).map(|()| key),
        // Another process was first: its key is as good.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => fs::read(path),
        Err(error) => Err(error),
    }
}

/// Collects what is hashed into it, since the engine's identity comes only as something hashable.
#[derive(Default)]
struct EngineHash(Vec<u8>);

impl std::hash::Hasher for EngineHash {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}
