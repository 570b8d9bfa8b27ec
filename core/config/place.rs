//! Where in the config something stands: a file and a span of its bytes.
//!
//! A place holds the file's text as it may be shown, with secrets blotted out, never as it was
//! read.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One config file, as it may be shown.
pub(crate) struct Source {
    /// As it is named to the user.
    path: PathBuf,
    /// Its rank among all files, by which problems are sorted.
    rank: usize,
    /// The text, as long as the file's, byte for byte, but without secrets and control characters.
    shown: String,
    /// Where each line starts, in bytes; never empty.
    lines: Vec<usize>,
}

impl Source {
    pub(crate) fn new(path: PathBuf, rank: usize, shown: String) -> Source {
        let starts = shown.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(starts.map(|(at, _)| at + 1)).collect();
        Source { path, rank, shown, lines }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// The line that holds a byte, counted from 0.
    fn line_at(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// The bytes of a line, without its end.
    fn line_span(&self, line: usize) -> Range<usize> {
        let start = self.lines.get(line).copied().unwrap_or(self.shown.len());
        let end = self.lines.get(line + 1).map_or(self.shown.len(), |next| next - 1);
        start..end.max(start)
    }
}

/// A span of a config file. Cheap to clone, so that checks made later can still point at the text.
#[derive(Clone)]
pub struct Place {
    source: Arc<Source>,
    span: Range<usize>,
}

impl Place {
    pub(crate) fn new(source: &Arc<Source>, span: Range<usize>) -> Place {
        Place { source: Arc::clone(source), span }
    }

    /// The file, as it is named to the user.
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    /// The folder that the file's relative paths start from.
    pub fn folder(&self) -> &Path {
        self.path().parent().unwrap_or(Path::new(""))
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.source.line_at(self.span.start) + 1
    }

    /// The character in the line, from 1.
    pub fn column(&self) -> usize {
        let shown = self.shown_span();
        let line = self.source.line_span(self.line() - 1);
        self.source.shown.get(line.start..shown.start).map_or(0, |before| before.chars().count())
            + 1
    }

    /// Where it stands among all places.
    pub(crate) fn rank(&self) -> (usize, usize) {
        (self.source.rank, self.span.start)
    }

    pub(crate) fn start(&self) -> usize {
        self.span.start
    }

    pub(crate) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The line's text as it may be shown.
    pub(crate) fn shown_line(&self) -> &str {
        self.source.shown.get(self.source.line_span(self.line() - 1)).unwrap_or_default()
    }

    /// The part of the span on its first line, on character boundaries; one character where it is
    /// empty, so that there is something to point at.
    pub(crate) fn shown_span(&self) -> Range<usize> {
        let text = &self.source.shown;
        let line = self.source.line_span(self.source.line_at(self.span.start));
        let start = text.floor_char_boundary(self.span.start.clamp(line.start, line.end));
        let end = text.ceil_char_boundary(self.span.end.clamp(start, line.end));
        if start < end {
            return start..end;
        }
        start..text.ceil_char_boundary((start + 1).min(line.end))
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path().display(), self.line(), self.column())
    }
}

/// Something that the user wrote, with its place.
#[derive(Debug, Clone)]
pub struct Placed<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub place: Place,
}
