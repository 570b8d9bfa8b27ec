//! Finds and reads the config files: a folder with `router.toml` and `routes/*.toml`, or one file
//! that holds both.
//!
//! Every file has a bound, and a file that can't be read is a problem like any other.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ring::digest;
use toml::de::DeTable;

use super::parse::{Fault, Faults, faults};
use super::place::Source;
use super::shown::{secret_names, shown};
use super::tree::{Entry, Planting};
use super::{Place, Problem, Problems};
use crate::files::{self, ReadFault};

/// Bytes of one config file.
const FILE_BYTES_MAX: usize = 1 << 20;

/// Files in `routes/`.
const FILES_MAX: usize = 1000;

/// What a file may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All: it is `router.toml`, or the only file.
    Router,
    /// All but what needs a restart.
    Routes,
}

/// One config file that was read.
pub(crate) struct Document {
    pub(crate) part: Part,
    pub(crate) source: Arc<Source>,
    pub(crate) entries: Vec<Entry>,
    /// From here on it isn't sure what belongs to which table.
    pub(crate) lost_from: Option<usize>,
    /// The lines (from 1) that aren't TOML.
    pub(crate) faulty_lines: BTreeSet<usize>,
    pub(crate) digest: digest::Digest,
}

impl Document {
    /// Does this place follow from text here that isn't TOML?
    pub(crate) fn hides(&self, place: &Place) -> bool {
        let behind = self.lost_from.is_some_and(|from| from <= place.start());
        behind || self.faulty_lines.contains(&place.line())
    }
}

/// All config files, read.
pub struct Sources {
    pub(crate) root: PathBuf,
    pub(crate) documents: Vec<Document>,
    pub(crate) problems: Problems,
}

impl Sources {
    /// Whether nothing stands in any of them.
    pub fn is_empty(&self) -> bool {
        self.documents.iter().all(|document| document.entries.is_empty())
    }

    /// The files that were read.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.documents.iter().map(|document| document.source.path())
    }
}

/// A file's text, not yet looked at.
pub(crate) struct Text {
    pub(crate) path: PathBuf,
    pub(crate) part: Part,
    pub(crate) text: String,
}

/// Reads what `--config` names. It fails where that isn't there; what is wrong inside is kept and
/// told by [`resolve`](super::resolve).
pub fn read(path: &Path) -> Result<Sources, Problems> {
    let about = fs::metadata(path).map_err(|error| {
        let message = format!("the config {} can't be read: {}", path.display(), reason(&error));
        Problems::from(Problem::error(message).help("name a folder or a file with --config"))
    })?;
    let mut problems = Problems::new();
    let mut texts = Vec::new();
    let files = match about.is_dir() {
        true => files_in(path, &mut problems),
        false => vec![(path.to_owned(), Part::Router)],
    };
    for (path, part) in files {
        match read_file(&path) {
            Ok(text) => texts.push(Text { path, part, text }),
            Err(why) => problems.push(Problem::error(format!("{}: {why}", path.display()))),
        }
    }
    Ok(sources(path, &texts, problems))
}

/// The tree of every text.
pub(crate) fn sources(root: &Path, texts: &[Text], mut problems: Problems) -> Sources {
    let parsed: Vec<_> = texts.iter().map(|text| DeTable::parse_recoverable(&text.text)).collect();
    let mut names = BTreeSet::new();
    parsed.iter().for_each(|(table, _)| secret_names(table.get_ref(), &mut names));
    let mut documents = Vec::new();
    for (rank, (text, (table, errors))) in texts.iter().zip(&parsed).enumerate() {
        let faults = faults(&text.text, table.get_ref(), errors);
        let shown = shown(&text.text, table.get_ref(), &faults, &names);
        let source = Arc::new(Source::new(text.path.clone(), rank, shown));
        documents.push(document(text, (&source, table.get_ref()), &faults, &mut problems));
    }
    Sources { root: root.to_owned(), documents, problems }
}

fn document(
    text: &Text,
    (source, table): (&Arc<Source>, &DeTable<'_>),
    faults: &Faults,
    problems: &mut Problems,
) -> Document {
    let told: Vec<Problem> = faults.list.iter().map(|fault| problem(source, fault)).collect();
    let line = |problem: &Problem| problem.place.as_ref().map(Place::line);
    let faulty_lines: BTreeSet<usize> = told.iter().filter_map(line).collect();
    let mut odd = Problems::new();
    let entries = Planting { text: &text.text, source, problems: &mut odd }.table(table);
    odd.retain(|problem| line(problem).is_none_or(|line| !faulty_lines.contains(&line)));
    told.into_iter().for_each(|problem| problems.push(problem));
    problems.extend(odd);
    let digest = digest::digest(&digest::SHA256, text.text.as_bytes());
    let (part, source, lost_from) = (text.part, Arc::clone(source), faults.lost_from);
    Document { part, source, entries, lost_from, faulty_lines, digest }
}

fn problem(source: &Arc<Source>, fault: &Fault) -> Problem {
    let mut problem = Problem::error(&fault.message).at(&Place::new(source, fault.span.clone()));
    if let Some(help) = fault.help {
        problem = problem.help(help);
    }
    match &fault.first {
        Some(first) => problem.related(&Place::new(source, first.clone()), "first written here"),
        None => problem,
    }
}

/// The config files of a folder, `router.toml` first, then `routes/` by name.
fn files_in(folder: &Path, problems: &mut Problems) -> Vec<(PathBuf, Part)> {
    let mut files = Vec::new();
    let router = folder.join("router.toml");
    if router.symlink_metadata().is_ok() {
        files.push((router, Part::Router));
    }
    for stray in toml_files(folder, problems) {
        if !stray.ends_with("router.toml") {
            let message = format!("{} isn't read", stray.display());
            problems.push(Problem::warning(message).help("files with routes belong in routes/"));
        }
    }
    let routes = folder.join("routes");
    if routes.symlink_metadata().is_ok() {
        files.extend(toml_files(&routes, problems).into_iter().map(|path| (path, Part::Routes)));
    }
    files
}

fn toml_files(folder: &Path, problems: &mut Problems) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder).and_then(|entries| {
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
    });
    let mut paths = listed.unwrap_or_else(|error| {
        let message = format!("{} can't be listed: {}", folder.display(), reason(&error));
        problems.push(Problem::error(message));
        Vec::new()
    });
    paths.retain(|path| {
        let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        !hidden && path.extension().is_some_and(|extension| extension == "toml")
    });
    paths.sort();
    if paths.len() > FILES_MAX {
        let message = format!("{}: more than {FILES_MAX} config files", folder.display());
        problems.push(Problem::error(message));
        paths.truncate(FILES_MAX);
    }
    paths
}

fn read_file(path: &Path) -> Result<String, String> {
    let bytes = read_bounded(path, FILE_BYTES_MAX)?;
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line} isn't UTF-8 text")
    })
}

/// The bytes of a regular file, at most `bytes_max`; the error says why not, without any of them.
pub(crate) fn read_bounded(path: &Path, bytes_max: usize) -> Result<Vec<u8>, String> {
    files::read(path, bytes_max).map_err(|fault| match fault {
        ReadFault::Refused(error) => reason(&error),
        ReadFault::Irregular | ReadFault::TooLarge(_) => fault.to_string(),
    })
}

/// Why the system refused, in words that don't differ between systems.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        _ => error.to_string(),
    }
}
