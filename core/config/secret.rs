//! Secrets: bytes that come from the environment or from a file, never from the config itself.
//!
//! No error, no `Debug` form and no log line ever holds any of the bytes.

use std::path::{Path, PathBuf};

use super::shown::is_secretlike;
use super::source::read_bounded;
use crate::plugin::SecretText;

/// Bytes of a secret's file.
const FILE_BYTES_MAX: usize = 64 << 10;

/// A secret shorter than this can be guessed.
pub(crate) const BYTES_WISE: usize = 16;

/// Why a secret isn't there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SecretError {
    #[error("the environment variable {} isn't set", named(.0))]
    Unset(String),
    #[error("the environment variable {} is empty", named(.0))]
    EmptyVariable(String),
    #[error("the file {} can't be read: {why}", file(path))]
    Unreadable { path: PathBuf, why: String },
    #[error("the file {} is empty", .0.display())]
    EmptyFile(PathBuf),
    #[error("the file {} is no UTF-8 text: write the key's bytes as base64 or hex", .0.display())]
    NotText(PathBuf),
}

/// A name as it may be said: what looks like a secret may be one that was written in its place.
fn named(name: &str) -> &str {
    if is_secretlike(name) { "that is named here" } else { name }
}

fn file(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    match is_secretlike(&name) {
        true => "that is named here".to_owned(),
        false => path.display().to_string(),
    }
}

/// The value of an environment variable, as it stands.
pub(crate) fn from_environment(
    name: &str,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<SecretText, SecretError> {
    let value = environment(name).ok_or_else(|| SecretError::Unset(name.to_owned()))?;
    match value.is_empty() {
        true => Err(SecretError::EmptyVariable(name.to_owned())),
        false => Ok(SecretText::new(value)),
    }
}

/// What is in a file, without the one line end that editors add.
pub(crate) fn from_file(path: &Path) -> Result<SecretText, SecretError> {
    let mut bytes = read_bounded(path, FILE_BYTES_MAX)
        .map_err(|why| SecretError::Unreadable { path: path.to_owned(), why })?;
    if bytes.ends_with(b"\n") {
        bytes.pop();
        if bytes.ends_with(b"\r") {
            bytes.pop();
        }
    }
    match bytes.is_empty() {
        true => Err(SecretError::EmptyFile(path.to_owned())),
        false => match String::from_utf8(bytes) {
            Ok(text) => Ok(SecretText::new(text)),
            Err(_) => Err(SecretError::NotText(path.to_owned())),
        },
    }
}
