//! Reads a folder of vectors. Every file that looks like half of a vector has its other half, or
//! the folder is refused: a `.toml` alone is a whole vector only where it asks a responder.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use toml::Table;

use crate::answering::WrittenQuestion;
use crate::http::{HttpFault, parse_http};
use crate::written::{Written, WrittenSecret, json_object, merge};
use crate::{Callback, Question, Secret, Vector};

/// No file of a vector is larger: a callback's body is at most a few MiB.
const FILE_BYTES_MAX: u64 = 16 << 20;
/// All files of a folder together.
const FOLDER_BYTES_MAX: u64 = 64 << 20;
/// Vectors of one folder: more of them are several folders' worth.
const VECTORS_MAX: usize = 2000;

/// Why a folder of vectors can't be run; every case names its file.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file, or the folder, can't be read.
    #[error("{path}: {source}", path = path.display())]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is larger than a vector's may be.
    #[error("{path}: more than {FILE_BYTES_MAX} bytes", path = path.display())]
    TooLarge {
        /// Which one.
        path: PathBuf,
    },
    /// The files of a folder are larger together than they may be.
    #[error("{folder}: more than {FOLDER_BYTES_MAX} bytes in all", folder = folder.display())]
    FolderTooLarge {
        /// Which folder.
        folder: PathBuf,
    },
    /// A folder holds more vectors than are run.
    #[error("{folder}: more than {VECTORS_MAX} vectors", folder = folder.display())]
    TooMany {
        /// Which folder.
        folder: PathBuf,
    },
    /// A `.http` file isn't a request.
    #[error("{path}: {source}", path = path.display())]
    Http {
        /// Which one.
        path: PathBuf,
        /// Why, with its line.
        source: HttpFault,
    },
    /// A `.toml` file isn't TOML, or misses a key, or holds one that doesn't belong there.
    #[error("{path}: {problem}", path = path.display())]
    Toml {
        /// Which one.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Half of a vector.
    #[error(
        "{path} is missing: a vector is a .http and a .toml file, or, to ask a responder, \
         a .toml file with a [request]",
        path = path.display()
    )]
    Missing {
        /// The half that isn't there.
        path: PathBuf,
    },
    /// Nothing to run.
    #[error("{folder}: no vectors", folder = folder.display())]
    Empty {
        /// Where they should be.
        folder: PathBuf,
    },
}

impl LoadError {
    /// The same with nothing of what the file holds: for logs.
    pub fn brief(&self) -> String {
        match self {
            LoadError::Toml { path, .. } => format!("{}: it isn't as vectors are", path.display()),
            other => other.to_string(),
        }
    }
}

/// One vector, of either kind.
#[derive(Debug, Clone)]
pub enum Recorded {
    /// A callback, for an adapter.
    Callback(Box<Vector>),
    /// A question, for a responder.
    Question(Box<Question>),
}

/// Every vector of a folder, by name. Folders inside it aren't looked at.
pub fn load_all(folder: &Path) -> Result<Vec<Recorded>, LoadError> {
    let names = names(folder)?;
    if names.is_empty() {
        return Err(LoadError::Empty { folder: folder.to_owned() });
    }
    let mut shelf = Shelf { folder, left: FOLDER_BYTES_MAX };
    let defaults_path = folder.join("defaults.toml");
    let defaults = if defaults_path.exists() { shelf.table(&defaults_path)? } else { Table::new() };
    names.iter().map(|name| shelf.recorded(name, &defaults)).collect()
}

/// The same of a folder that holds callbacks only.
pub fn load(folder: &Path) -> Result<Vec<Vector>, LoadError> {
    let callback = |recorded| match recorded {
        Recorded::Callback(vector) => Ok(*vector),
        Recorded::Question(question) => {
            Err(LoadError::Missing { path: folder.join(format!("{}.http", question.name)) })
        }
    };
    load_all(folder)?.into_iter().map(callback).collect()
}

fn names(folder: &Path) -> Result<BTreeSet<String>, LoadError> {
    let unreadable = |source| LoadError::Unreadable { path: folder.to_owned(), source };
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let half = path.extension().is_some_and(|ending| ending == "http" || ending == "toml");
        let name = path.file_stem().and_then(OsStr::to_str).filter(|name| *name != "defaults");
        names.extend(name.filter(|_| half).map(str::to_owned));
        if names.len() > VECTORS_MAX {
            return Err(LoadError::TooMany { folder: folder.to_owned() });
        }
    }
    Ok(names)
}

/// A folder whose files are read, each once, and how much of it may still be.
struct Shelf<'f> {
    folder: &'f Path,
    left: u64,
}

impl Shelf<'_> {
    fn recorded(&mut self, name: &str, defaults: &Table) -> Result<Recorded, LoadError> {
        let http_path = self.folder.join(format!("{name}.http"));
        let path = half(self.folder, name, "toml")?;
        let mut table = self.table(&path)?;
        let asks = table.contains_key("request") && !http_path.exists();
        merge(&mut table, defaults);
        if asks {
            let question = self.question(name, table);
            return question.map(|question| Recorded::Question(Box::new(question)));
        }
        self.vector(name, table).map(|vector| Recorded::Callback(Box::new(vector)))
    }

    fn question(&mut self, name: &str, table: Table) -> Result<Question, LoadError> {
        let path = self.folder.join(format!("{name}.toml"));
        let wrong = |problem: String| LoadError::Toml { path: path.clone(), problem };
        let mut written: WrittenQuestion =
            table.try_into().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
        let secrets = self.secrets(&path, std::mem::take(&mut written.secrets))?;
        written.question(name, secrets).map_err(wrong)
    }

    fn vector(&mut self, name: &str, table: Table) -> Result<Vector, LoadError> {
        let path = self.folder.join(format!("{name}.toml"));
        let http_path = half(self.folder, name, "http")?;
        let request = parse_http(&self.bytes(&http_path)?)
            .map_err(|source| LoadError::Http { path: http_path, source })?;
        let wrong = |problem: String| LoadError::Toml { path: path.clone(), problem };
        let mut written: Written =
            table.try_into().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
        let secrets = self.secrets(&path, std::mem::take(&mut written.secrets))?;
        let call = Callback {
            id: name.to_owned(),
            url: written.url(&request),
            method: request.method,
            params: std::mem::take(&mut written.params).into_iter().collect(),
            headers: request.headers,
            peer: written.peer.clone(),
            received_at_ms: written.received_at_ms,
            body: request.body,
        };
        let (about, settings) = (written.about.clone(), json_object(&written.settings));
        let expected = written.expected().map_err(wrong)?;
        Ok(Vector { name: name.to_owned(), about, call, settings, secrets, expected })
    }

    /// Every version of every role.
    fn secrets(
        &mut self,
        path: &Path,
        written: BTreeMap<String, Vec<WrittenSecret>>,
    ) -> Result<Vec<Secret>, LoadError> {
        let mut secrets = Vec::new();
        for (role, versions) in written {
            for version in versions {
                secrets.push(self.secret(&role, version).map_err(|fault| match fault {
                    SecretFault::Load(error) => error,
                    SecretFault::Shape(problem) => {
                        LoadError::Toml { path: path.to_owned(), problem }
                    }
                })?);
            }
        }
        Ok(secrets)
    }

    /// A version with its text. A file's last line end isn't part of the secret: editors put it
    /// there.
    fn secret(&mut self, role: &str, written: WrittenSecret) -> Result<Secret, SecretFault> {
        let text = match (written.value, written.file) {
            (Some(value), None) => value,
            (None, Some(file)) => {
                let mut text = self.text(&self.folder.join(file)).map_err(SecretFault::Load)?;
                if text.ends_with('\n') {
                    text.truncate(text.trim_end_matches(['\r', '\n']).len());
                }
                text
            }
            _ => {
                let name = &written.name;
                let problem = format!("secrets.{role}: \"{name}\" needs either `value` or `file`");
                return Err(SecretFault::Shape(problem));
            }
        };
        Ok(Secret { role: role.to_owned(), version: written.name, kid: written.kid, text })
    }

    fn table(&mut self, path: &Path) -> Result<Table, LoadError> {
        let problem = |error: toml::de::Error| error.to_string();
        let text = self.text(path)?;
        text.parse()
            .map_err(|error| LoadError::Toml { path: path.to_owned(), problem: problem(error) })
    }

    fn text(&mut self, path: &Path) -> Result<String, LoadError> {
        let not_utf8 = |_| io::Error::new(io::ErrorKind::InvalidData, "not UTF-8");
        String::from_utf8(self.bytes(path)?)
            .map_err(not_utf8)
            .map_err(|source| LoadError::Unreadable { path: path.to_owned(), source })
    }

    fn bytes(&mut self, path: &Path) -> Result<Vec<u8>, LoadError> {
        let unreadable = |source| LoadError::Unreadable { path: path.to_owned(), source };
        // Looked at before it is opened: opening a pipe would wait for its writer.
        if !fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(unreadable(io::Error::other("it isn't a regular file")));
        }
        let file = fs::File::open(path).map_err(unreadable)?;
        let mut bytes = Vec::new();
        let most = FILE_BYTES_MAX.min(self.left);
        file.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        let read = bytes.len() as u64;
        if read > FILE_BYTES_MAX {
            return Err(LoadError::TooLarge { path: path.to_owned() });
        }
        self.left = self
            .left
            .checked_sub(read)
            .ok_or_else(|| LoadError::FolderTooLarge { folder: self.folder.to_owned() })?;
        Ok(bytes)
    }
}

enum SecretFault {
    Load(LoadError),
    Shape(String),
}

fn half(folder: &Path, name: &str, ending: &str) -> Result<PathBuf, LoadError> {
    let path = folder.join(format!("{name}.{ending}"));
    if path.is_file() { Ok(path) } else { Err(LoadError::Missing { path }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_bounded_and_told_in_brief_without_what_it_holds() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.toml");
        fs::write(&path, "x = 1").expect("a file");
        let mut shelf = Shelf { folder: folder.path(), left: 8 };
        assert!(shelf.bytes(&path).is_ok());
        assert!(matches!(shelf.bytes(&path), Err(LoadError::FolderTooLarge { .. })));
        let mut shelf = Shelf { folder: folder.path(), left: FOLDER_BYTES_MAX };
        assert!(matches!(shelf.bytes(folder.path()), Err(LoadError::Unreadable { .. })));
        fs::write(&path, "value = \"s3cret\" \"").expect("a file");
        let error = load_all(folder.path()).expect_err("it is torn");
        assert!(error.to_string().contains("s3cret") && !error.brief().contains("s3cret"));
        for number in 0..=VECTORS_MAX {
            fs::write(folder.path().join(format!("{number}.http")), "").expect("a file");
        }
        assert!(matches!(load_all(folder.path()), Err(LoadError::TooMany { .. })));
    }
}
