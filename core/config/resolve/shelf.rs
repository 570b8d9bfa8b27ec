//! All secrets of the config, each fetched once however many use it, and what is wrong with them
//! said once.
//!
//! A secret that isn't there takes its users offline; it never refuses the config, and never
//! becomes an empty key.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use ring::digest;

use super::names::{Index, Names};
use crate::config::nearest::nearest;
use crate::config::raw::secrets::{NamedSecret, Origin, SecretRef};
use crate::config::secret::{self, BYTES_WISE, SecretError};
use crate::config::{Place, Problem, Problems, SecretVersion};
use crate::plugin::SecretText;

/// Secrets, and who uses them.
pub(super) struct Shelf<'a> {
    named: &'a [NamedSecret],
    names: &'a Index<'a>,
    environment: &'a dyn Fn(&str) -> Option<String>,
    /// By what logs call the secret.
    fetched: BTreeMap<String, Fetched>,
}

/// One secret, or why it isn't there.
struct Fetched {
    value: Result<SecretText, SecretError>,
    place: Place,
    users: BTreeSet<String>,
    file: Option<PathBuf>,
}

/// Versions of a secret, and why one of them isn't there.
pub(super) struct Versions {
    pub(super) list: Vec<SecretVersion>,
    pub(super) offline: Option<String>,
}

impl<'a> Shelf<'a> {
    pub(super) fn new(
        named: &'a [NamedSecret],
        names: &'a Names<'a>,
        environment: &'a dyn Fn(&str) -> Option<String>,
    ) -> Shelf<'a> {
        Shelf { named, names: &names.secrets, environment, fetched: BTreeMap::new() }
    }

    /// Fetches all versions for `user`, which goes offline where one isn't there.
    pub(super) fn versions(
        &mut self,
        references: &[SecretRef],
        user: &str,
        problems: &mut Problems,
    ) -> Versions {
        let mut versions = Versions { list: Vec::new(), offline: None };
        for reference in references {
            match self.version(reference, user, problems) {
                Some(Ok(version)) => versions.list.push(version),
                Some(Err(why)) => versions.offline = versions.offline.or(Some(why)),
                None => {}
            }
        }
        versions
    }

    /// Checks that every name among `references` exists, and fetches nothing.
    pub(super) fn check(&self, references: &[SecretRef], problems: &mut Problems) {
        for reference in references {
            self.origin(reference, problems);
        }
    }

    fn version(
        &mut self,
        reference: &SecretRef,
        user: &str,
        problems: &mut Problems,
    ) -> Option<Result<SecretVersion, String>> {
        let (name, source) = self.origin(reference, problems)?;
        let fetched = self.fetched.entry(name.clone()).or_insert_with(|| {
            let (value, file) = fetch(&source.origin, self.environment);
            Fetched { value, place: source.place.clone(), users: BTreeSet::new(), file }
        });
        fetched.users.insert(user.to_owned());
        let kid = reference.kid.as_ref().or(source.kid.as_ref()).cloned();
        Some(match &fetched.value {
            Ok(value) => Ok(SecretVersion { name, kid, value: value.clone() }),
            Err(why) => Err(why.to_string()),
        })
    }

    /// What a reference leads to, and what logs call it.
    fn origin<'r>(
        &self,
        reference: &'r SecretRef,
        problems: &mut Problems,
    ) -> Option<(String, &'r SecretRef)>
    where
        'a: 'r,
    {
        match &reference.origin {
            Origin::Env(name) => Some((format!("env:{name}"), reference)),
            Origin::File(path) => Some((format!("file:{}", path.display()), reference)),
            Origin::Name(name) => match self.names.get(name.as_str()) {
                Some(at) => Some((name.clone(), &self.named[*at].reference)),
                None => {
                    problems.push(self.no_such(name, &reference.place));
                    None
                }
            },
        }
    }

    /// The text isn't repeated: it may be the secret itself.
    fn no_such(&self, name: &str, place: &Place) -> Problem {
        let help = match nearest(name, self.names.keys().copied()) {
            Some(right) => format!("did you mean \"{right}\"?"),
            None => "a secret is never written out: give its name in [secrets], { env = \"…\" } \
                     or { file = \"…\" }"
                .to_owned(),
        };
        Problem::error("this isn't the name of a secret").at(place).help(help).doubtful()
    }

    /// Warns of every secret that is used and isn't there, or is too short.
    pub(super) fn report(&self, problems: &mut Problems) {
        for fetched in self.fetched.values() {
            let users: Vec<&str> = fetched.users.iter().map(String::as_str).collect();
            let users = users.join(", ");
            match &fetched.value {
                Err(why) => {
                    let help = format!("offline until it is there: {users}");
                    let warning = Problem::warning(why.to_string());
                    problems.push(warning.at(&fetched.place).help(help));
                }
                Ok(value) if value.expose().len() < BYTES_WISE => {
                    let message = format!("this secret has fewer than {BYTES_WISE} bytes");
                    let help = format!("it could be guessed; used by {users}");
                    problems.push(Problem::warning(message).at(&fetched.place).help(help));
                }
                Ok(_) => {}
            }
        }
    }

    /// One digest for each secret in use, in the order of their names.
    pub(super) fn digests(&self) -> impl Iterator<Item = digest::Digest> {
        self.fetched.iter().map(|(name, fetched)| {
            let mut one = digest::Context::new(&digest::SHA256);
            one.update(&(name.len() as u64).to_be_bytes());
            one.update(name.as_bytes());
            one.update(&[u8::from(fetched.value.is_ok())]);
            one.update(fetched.value.as_ref().map_or("", SecretText::expose).as_bytes());
            one.finish()
        })
    }

    /// The files of secrets in use, whether they are there or not.
    pub(super) fn into_files(self) -> impl Iterator<Item = PathBuf> {
        self.fetched.into_values().filter_map(|fetched| fetched.file)
    }
}

fn fetch(
    origin: &Origin,
    environment: &dyn Fn(&str) -> Option<String>,
) -> (Result<SecretText, SecretError>, Option<PathBuf>) {
    match origin {
        Origin::Env(name) => (secret::from_environment(name, environment), None),
        Origin::File(path) => (secret::from_file(path), Some(path.clone())),
        // `[secrets]` holds no names: that was an error where it was read.
        Origin::Name(name) => (Err(SecretError::Unset(name.clone())), None),
    }
}
