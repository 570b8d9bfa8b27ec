//! What is wrong with the config. Problems are collected, never thrown: one run shows all.

use super::Place;

/// Does the config still hold?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It can't be used.
    Error,
    /// It can, but perhaps not as it was meant.
    Warning,
}

impl Severity {
    /// One word.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, without its place; never holds a secret.
    pub message: String,
    /// Where; `None` for what isn't in any file.
    pub place: Option<Place>,
    /// What would be right.
    pub help: Option<String>,
    /// Other places that belong to it, and what each is.
    pub related: Vec<(Place, String)>,
    /// It may only follow from text that could not be read, elsewhere in the config.
    pub(super) doubtful: bool,
}

impl Problem {
    /// A problem that refuses the config.
    pub fn error(message: impl Into<String>) -> Problem {
        Problem::new(Severity::Error, message.into())
    }

    /// A problem that doesn't.
    pub fn warning(message: impl Into<String>) -> Problem {
        Problem::new(Severity::Warning, message.into())
    }

    fn new(severity: Severity, message: String) -> Problem {
        let related = Vec::new();
        Problem { severity, message, place: None, help: None, related, doubtful: false }
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, place: &Place) -> Problem {
        self.place = Some(place.clone());
        self
    }

    /// Says what would be right.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    /// Shows another place with it.
    #[must_use]
    pub fn related(mut self, place: &Place, what: impl Into<String>) -> Problem {
        self.related.push((place.clone(), what.into()));
        self
    }

    /// Marks it as worth showing only where all text could be read.
    #[must_use]
    pub(super) fn doubtful(mut self) -> Problem {
        self.doubtful = true;
        self
    }

    /// Where it stands among all places.
    pub(super) fn rank(&self) -> Option<(usize, usize)> {
        self.place.as_ref().map(Place::rank)
    }
}

/// All that is wrong.
#[derive(Debug, Clone, Default)]
pub struct Problems {
    list: Vec<Problem>,
}

impl Problems {
    /// Nothing is wrong yet.
    pub fn new() -> Problems {
        Problems::default()
    }

    /// Adds one.
    pub fn push(&mut self, problem: Problem) {
        self.list.push(problem);
    }

    /// Adds all of `others`.
    pub fn extend(&mut self, others: Problems) {
        self.list.extend(others.list);
    }

    /// Is there one that refuses the config?
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// In the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter()
    }

    /// By file and line; what has no place comes first.
    pub fn sorted(mut self) -> Problems {
        self.list.sort_by_key(Problem::rank);
        self
    }

    pub(super) fn retain(&mut self, keep: impl FnMut(&Problem) -> bool) {
        self.list.retain(keep);
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Problems {
        Problems { list: vec![problem] }
    }
}
