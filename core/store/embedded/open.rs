//! From a path to a file that is this program's, of a version that it knows, owned by this process
//! alone, with the key that opens what is sealed in it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ring::rand::{SecureRandom as _, SystemRandom};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, ffi};
use thiserror::Error;

use super::seal::Seal;

/// Marks the file as this program's: "HkSw".
const APPLICATION: i64 = 0x486b_5377;
/// The version that this program writes; it brings older ones up to it, and refuses newer ones.
const VERSION: i64 = 2;
/// What is done to a file of version n to make it version n + 1.
const MIGRATIONS: [&str; 2] = [include_str!("schema.sql"), include_str!("answered_by.sql")];
/// Sealed with the store's key, so that a wrong key is found at once.
const CHECK: &str = "key";

/// Why the store can't be opened.
#[derive(Debug, Error)]
pub enum OpenFault {
    /// Another process has it.
    #[error("{} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// A newer program wrote it.
    #[error("{} is of version {version}, this program knows up to {VERSION}: nothing was touched", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: i64,
    },
    /// It is something else.
    #[error("{} isn't a store of this program: nothing was touched", .0.display())]
    Foreign(PathBuf),
    /// None of the keys opens it.
    #[error("the key doesn't open {}: it was sealed with another `secret_key`, or its key file {} was lost", path.display(), key.display())]
    WrongKey {
        /// The file.
        path: PathBuf,
        /// Where its own key would be.
        key: PathBuf,
    },
    /// A file or folder can't be read or made.
    #[error("{}: {error}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file is damaged, or can't be written.
    #[error("{}: {error}", path.display())]
    Damaged {
        /// Which one.
        path: PathBuf,
        /// What SQLite says.
        error: String,
    },
}

/// A store that is open.
pub(super) struct Open {
    /// The file, whichever way it was named: one store has one lock.
    pub(super) path: PathBuf,
    /// Held for as long as the store is this process's.
    pub(super) lock: File,
    pub(super) db: Connection,
    pub(super) seal: Seal,
}

/// Opens or makes the file. Without `secrets`, the key is in a file beside it, made on first use.
pub(super) fn open(path: &Path, secrets: &[String]) -> Result<Open, OpenFault> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| OpenFault::File { path: folder.to_owned(), error })?;
    }
    let path = &real(path).map_err(|error| OpenFault::File { path: path.to_owned(), error })?;
    let lock = lock(path)?;
    let db = file(path)?;
    let key_path = beside(path, "key");
    let secrets = match secrets {
        [] => vec![key_file(&key_path)?],
        given => given.iter().map(|secret| secret.clone().into_bytes()).collect(),
    };
    let seal = Seal::new(&secrets);
    check_key(&db, &seal).map_err(|error| match error {
        KeyFault::Wrong => OpenFault::WrongKey { path: path.to_owned(), key: key_path },
        KeyFault::Sqlite(error) => damaged(path, &error),
        KeyFault::Random => damaged(path, &"the system gives no random numbers"),
    })?;
    Ok(Open { path: path.clone(), lock, db, seal })
}

/// The path without symlinks; the file itself may not be there yet.
fn real(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        found => return found,
    }
    let name = path.file_name().ok_or_else(|| io::Error::other("it names no file"))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    Ok(folder.unwrap_or(Path::new(".")).canonicalize()?.join(name))
}

/// Which files a store consists of: the database and its log, by device and number. A path that
/// leads elsewhere, or nowhere, is a store that was moved or removed.
pub(super) fn identity(path: &Path) -> io::Result<[(u64, u64); 2]> {
    use std::os::unix::fs::MetadataExt as _;
    let of = |path: &Path| std::fs::metadata(path).map(|file| (file.dev(), file.ino()));
    Ok([of(path)?, of(&log_of(path))?])
}

/// `hookswitch.db` → `hookswitch.db-wal`.
pub(super) fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    PathBuf::from(log)
}

/// From here on commits aren't on the disk before the log is synced; only moving it into the file
/// syncs by itself.
pub(super) fn leave_syncs(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update(None, "synchronous", "normal")
}

/// Moves all of the log into the file: of a log whose sync failed, no part counts that is written
/// behind what may have been lost.
pub(super) fn empty_log(db: &Connection) -> rusqlite::Result<()> {
    let busy: bool = db.query_row("PRAGMA wal_checkpoint(truncate)", [], |row| row.get(0))?;
    match busy {
        true => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None)),
        false => Ok(()),
    }
}

/// `hookswitch.db` → `hookswitch.db.key`.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

fn damaged(path: &Path, error: &dyn std::fmt::Display) -> OpenFault {
    OpenFault::Damaged { path: path.to_owned(), error: error.to_string() }
}

/// One process at a time: at its start every claim of an earlier one is void.
fn lock(path: &Path) -> Result<File, OpenFault> {
    let at = beside(path, "lock");
    let fault = |error| OpenFault::File { path: at.clone(), error };
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&at);
    let file = file.map_err(fault)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenFault::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(fault(error)),
    }
}

/// The database itself, looked at before anything is written to it.
fn file(path: &Path) -> Result<Connection, OpenFault> {
    let fault = |error| OpenFault::File { path: path.to_owned(), error };
    let made = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
    let empty = made.and_then(|file| file.metadata()).map_err(fault)?.len() == 0;
    if !empty {
        look(path)?;
    }
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(|e| damaged(path, &e))?;
    set_up(&db).map_err(|error| damaged(path, &error))?;
    Ok(db)
}

fn look(path: &Path) -> Result<(), OpenFault> {
    let read = || -> rusqlite::Result<(i64, i64)> {
        let db = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let pragma = |name: &str| db.pragma_query_value(None, name, |row| row.get(0));
        Ok((pragma("application_id")?, pragma("user_version")?))
    };
    match read() {
        Ok((APPLICATION, version)) if version <= VERSION => Ok(()),
        Ok((APPLICATION, version)) => Err(OpenFault::Newer { path: path.to_owned(), version }),
        // It was made and never set up: the process ended in between.
        Ok((0, 0)) if is_bare(path) => Ok(()),
        Ok(_) => Err(OpenFault::Foreign(path.to_owned())),
        Err(error) => match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => Err(OpenFault::Foreign(path.to_owned())),
            _ => Err(damaged(path, &error)),
        },
    }
}

fn is_bare(path: &Path) -> bool {
    let tables = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .and_then(|db| db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)));
    matches!(tables, Ok(0_i64))
}

/// A connection with what all of them need.
pub(super) fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(Duration::from_secs(5))?;
    db.set_prepared_statement_cache_capacity(128);
    // The totals of a long history fit.
    db.pragma_update(None, "cache_size", -(8 << 10))?;
    Ok(db)
}

/// What the one connection that writes needs, and the newest version of the tables.
pub(super) fn set_up(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update(None, "journal_mode", "wal")?;
    // Each commit is on the disk before it is answered.
    db.pragma_update(None, "synchronous", "full")?;
    // Moving the log into the file syncs twice more: seldom, and a bounded log.
    db.pragma_update(None, "wal_autocheckpoint", 8000)?;
    db.pragma_update(None, "journal_size_limit", 64 << 20)?;
    // What is past this the system's own cache has, so that memory doesn't grow with the file.
    db.pragma_update(None, "cache_size", -(4 << 10))?;
    db.pragma_update(None, "temp_store", "memory")?;
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let from = usize::try_from(version).unwrap_or(0);
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(from) {
        let done = index + 1;
        db.execute_batch(&format!(
            "BEGIN IMMEDIATE; {migration}; PRAGMA application_id = {APPLICATION}; \
             PRAGMA user_version = {done}; COMMIT;"
        ))?;
    }
    Ok(())
}

fn key_file(path: &Path) -> Result<Vec<u8>, OpenFault> {
    let fault = |error| OpenFault::File { path: path.to_owned(), error };
    match std::fs::read(path) {
        Ok(key) if key.len() >= KEY_BYTES => return Ok(key),
        Ok(_) => return Err(fault(io::Error::other("this key file is cut off"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(fault(error)),
    }
    let mut key = vec![0; KEY_BYTES];
    let random = SystemRandom::new().fill(&mut key);
    random.map_err(|_| fault(io::Error::other("the system gives no random numbers")))?;
    // Whole or not at all: half a key would be taken for one.
    let made = beside(path, "new");
    let write = || -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = options.create(true).truncate(true).write(true).mode(0o600).open(&made)?;
        file.write_all(&key)?;
        file.sync_all()?;
        std::fs::rename(&made, path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    };
    write().map_err(fault)?;
    Ok(key)
}

/// Bytes of a key that this program made.
const KEY_BYTES: usize = 32;

enum KeyFault {
    Wrong,
    Random,
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for KeyFault {
    fn from(error: rusqlite::Error) -> KeyFault {
        KeyFault::Sqlite(error)
    }
}

fn check_key(db: &Connection, seal: &Seal) -> Result<(), KeyFault> {
    let kept: Option<Vec<u8>> = db
        .query_row("SELECT value FROM meta WHERE key = ?1", [CHECK], |row| row.get(0))
        .optional()?;
    let stale = match kept {
        Some(sealed) => seal.open(CHECK, &sealed).ok_or(KeyFault::Wrong)?.stale,
        None => true,
    };
    if stale {
        let sealed = seal.seal(CHECK, b"hookswitch").map_err(|_| KeyFault::Random)?;
        db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", (CHECK, sealed))?;
    }
    Ok(())
}
