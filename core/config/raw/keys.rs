//! One table being read. What is asked for is what is known: every other key is an error with the
//! nearest right word, so no list of keys can fall behind.

use std::path::PathBuf;
use std::time::Duration;

use super::forms::{self, Wrong};
use crate::config::nearest::{nearest, quoted, suggestion};
use crate::config::tree::{Entry, Node, Value};
use crate::config::{Place, Placed, Problem, Problems};
use crate::model::units::parse_duration;

/// Items of one list.
const ITEMS_MAX: usize = 1000;

/// A table, and which of its keys were asked for.
pub(crate) struct Keys<'t, 'p> {
    title: &'static str,
    place: Place,
    entries: &'t [Entry],
    asked: Vec<&'static str>,
    missing: Vec<(&'static str, &'static str)>,
    problems: &'p mut Problems,
}

impl<'t, 'p> Keys<'t, 'p> {
    /// Reads `node` as a table; anything else is a problem.
    pub(crate) fn open(
        node: &'t Node,
        title: &'static str,
        problems: &'p mut Problems,
    ) -> Option<Keys<'t, 'p>> {
        match &node.value {
            Value::Table(entries) => Some(Keys::of(entries, &node.place, title, problems)),
            _ => {
                problems.push(wrong_kind(node, "a table"));
                None
            }
        }
    }

    /// Reads entries whose table is known.
    pub(crate) fn of(
        entries: &'t [Entry],
        place: &Place,
        title: &'static str,
        problems: &'p mut Problems,
    ) -> Keys<'t, 'p> {
        Keys {
            title,
            place: place.clone(),
            entries,
            asked: Vec::new(),
            missing: Vec::new(),
            problems,
        }
    }

    /// For values that have their own way to be read.
    pub(crate) fn problems(&mut self) -> &mut Problems {
        self.problems
    }

    /// The value of a key, as it stands.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<&'t Node> {
        self.asked.push(key);
        self.entries.iter().find(|entry| entry.key.value == key).map(|entry| &entry.node)
    }

    /// A text of a certain form.
    pub(crate) fn form<T>(
        &mut self,
        key: &'static str,
        form: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<Placed<T>> {
        let node = self.take(key)?;
        formed(node, &form, self.problems)
    }

    /// A list of texts of a certain form. A wrong item is a problem, and left out.
    pub(crate) fn list<T>(
        &mut self,
        key: &'static str,
        form: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<Vec<Placed<T>>> {
        let node = self.take(key)?;
        let items = items(node, "a list of strings", self.problems)?;
        Some(items.iter().filter_map(|item| formed(item, &form, self.problems)).collect())
    }

    /// A file's path, from the folder of the config file that names it.
    pub(crate) fn path(&mut self, key: &'static str) -> Option<Placed<PathBuf>> {
        let path = self.form(key, forms::path)?;
        let value = path.place.folder().join(path.value);
        Some(Placed { value, place: path.place })
    }

    /// A length of time.
    pub(crate) fn duration(&mut self, key: &'static str) -> Option<Placed<Duration>> {
        let node = self.take(key)?;
        if let Value::Integer(number) = node.value {
            let message = "a length of time is a string with a unit";
            let help = format!("write \"{number}s\" or \"{number}ms\"");
            self.problems.push(Problem::error(message).at(&node.place).help(help));
            return None;
        }
        formed(node, &|text: &str| parse_duration(text).map_err(Wrong::from), self.problems)
    }

    /// True or false.
    pub(crate) fn flag(&mut self, key: &'static str, into: &mut bool) {
        let Some(node) = self.take(key) else { return };
        match node.value {
            Value::Flag(flag) => *into = flag,
            _ => {
                let problem = wrong_kind(node, "true or false");
                self.problems.push(problem);
            }
        }
    }

    /// A table inside.
    pub(crate) fn table(&mut self, key: &'static str, title: &'static str) -> Option<Keys<'t, '_>> {
        let node = self.take(key)?;
        Keys::open(node, title, self.problems)
    }

    /// A table whose keys are the user's own.
    pub(crate) fn entries(&mut self, key: &'static str) -> &'t [Entry] {
        let Some(node) = self.take(key) else {
            return &[];
        };
        match &node.value {
            Value::Table(entries) => entries,
            _ => {
                self.problems.push(wrong_kind(node, "a table"));
                &[]
            }
        }
    }

    /// A key that has to be there isn't.
    pub(crate) fn missing(&mut self, key: &'static str, help: &'static str) {
        self.missing.push((key, help));
    }

    /// Was this key written?
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key.value == key)
    }

    /// All entries, where the keys are the user's own.
    pub(crate) fn into_entries(self) -> &'t [Entry] {
        self.entries
    }

    /// All that was asked for is read: whatever else is here is unknown.
    pub(crate) fn finish(mut self) {
        let asked = std::mem::take(&mut self.asked);
        let known = |entry: &&Entry| asked.contains(&entry.key.value.as_str());
        for entry in self.entries.iter().filter(|entry| !known(entry)) {
            let key = entry.key.value.as_str();
            // A slip in a key that has to be there is one mistake, not two.
            let meant = nearest(key, asked.iter().copied());
            self.missing.retain(|(missing, _)| Some(*missing) != meant);
            let message = format!("unknown key {} in {}", quoted(key), self.title);
            let help = suggestion(key, &asked, "known keys");
            self.problems.push(Problem::error(message).at(&entry.key.place).help(help));
        }
        for (key, help) in self.missing {
            let message = format!("{} has no {key}", self.title);
            self.problems.push(Problem::error(message).at(&self.place).help(help).doubtful());
        }
    }
}

/// The items of a list.
pub(crate) fn items<'t>(
    node: &'t Node,
    wanted: &str,
    problems: &mut Problems,
) -> Option<&'t [Node]> {
    match &node.value {
        Value::List(items) if items.len() <= ITEMS_MAX => Some(items),
        Value::List(_) => {
            let message = format!("this list has more than {ITEMS_MAX} items");
            problems.push(Problem::error(message).at(&node.place));
            None
        }
        Value::Text(_) if wanted == "a list of strings" => {
            let help = "write [\"…\"], even around one";
            problems.push(wrong_kind(node, wanted).help(help));
            None
        }
        _ => {
            problems.push(wrong_kind(node, wanted));
            None
        }
    }
}

fn formed<T>(
    node: &Node,
    form: &impl Fn(&str) -> Result<T, Wrong>,
    problems: &mut Problems,
) -> Option<Placed<T>> {
    let Value::Text(text) = &node.value else {
        problems.push(wrong_kind(node, "a string"));
        return None;
    };
    match form(text) {
        Ok(value) => Some(Placed { value, place: node.place.clone() }),
        Err(wrong) => {
            problems.push(refused(&node.place, wrong));
            None
        }
    }
}

/// A name that the user gave as a table's key.
pub(crate) fn key_name(entry: &Entry, problems: &mut Problems) -> Option<Placed<String>> {
    match forms::name(&entry.key.value) {
        Ok(value) => Some(Placed { value, place: entry.key.place.clone() }),
        Err(wrong) => {
            problems.push(refused(&entry.key.place, wrong));
            None
        }
    }
}

fn refused(place: &Place, wrong: Wrong) -> Problem {
    let problem = Problem::error(wrong.message).at(place);
    match wrong.help {
        Some(help) => problem.help(help),
        None => problem,
    }
}

/// Something of another kind stands here.
pub(crate) fn wrong_kind(node: &Node, wanted: &str) -> Problem {
    let message = format!("this should be {wanted}, and is {}", node.value.noun());
    Problem::error(message).at(&node.place)
}
