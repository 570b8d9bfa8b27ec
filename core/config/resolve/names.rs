//! Names are global over all files: each stands for one thing, and whatever is named exists.

use std::collections::BTreeMap;

use crate::config::nearest::{quoted, suggestion};
use crate::config::raw::Raw;
use crate::config::{Placed, Problem, Problems};

/// Names of one kind of thing, and where each stands in its list.
pub(crate) type Index<'a> = BTreeMap<&'a str, usize>;

/// All names.
pub(crate) struct Names<'a> {
    pub(crate) secrets: Index<'a>,
    pub(crate) plugins: Index<'a>,
    pub(crate) destinations: Index<'a>,
}

impl<'a> Names<'a> {
    /// Collects all names; one that is used twice is a problem that shows both places.
    pub(crate) fn collect(raw: &'a Raw, problems: &mut Problems) -> Names<'a> {
        let routes: Vec<_> = raw.routes.iter().filter_map(|route| route.name.as_ref()).collect();
        index(&routes, "route", problems);
        let secrets: Vec<_> = raw.secrets.iter().map(|secret| &secret.name).collect();
        let plugins: Vec<_> = raw.plugins.iter().map(|plugin| &plugin.name).collect();
        let destinations: Vec<_> = raw.destinations.iter().map(|one| &one.name).collect();
        Names {
            secrets: index(&secrets, "secret", problems),
            plugins: index(&plugins, "plugin", problems),
            destinations: index(&destinations, "destination", problems),
        }
    }
}

fn index<'a>(names: &[&'a Placed<String>], what: &str, problems: &mut Problems) -> Index<'a> {
    let mut index = Index::new();
    for (at, name) in names.iter().enumerate() {
        match index.get(name.value.as_str()) {
            None => {
                index.insert(name.value.as_str(), at);
            }
            Some(first) => {
                let message = format!("the {what} \"{}\" is defined twice", name.value);
                let first = &names[*first].place;
                problems.push(Problem::error(message).at(&name.place).related(first, "first here"));
            }
        }
    }
    index
}

/// Finds what a name stands for; one that stands for nothing is a problem.
pub(crate) fn find(
    index: &Index<'_>,
    name: &Placed<String>,
    what: &str,
    problems: &mut Problems,
) -> Option<usize> {
    let found = index.get(name.value.as_str()).copied();
    if found.is_none() {
        let message = format!("there is no {what} {}", quoted(&name.value));
        let known: Vec<&str> = index.keys().copied().collect();
        let help = suggestion(&name.value, &known, &format!("{what}s in the config"));
        problems.push(Problem::error(message).at(&name.place).help(help).doubtful());
    }
    found
}
