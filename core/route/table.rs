//! The table of endpoints. A path finds the most specific pattern that fits it: segment by segment
//! from the left a literal beats a parameter, a parameter beats the rest; then the method decides.

use std::collections::{BTreeSet, HashMap};

use percent_encoding::percent_decode_str;
use thiserror::Error;

use super::pattern::{Pattern, Segment};

/// A pattern, the methods it answers, and what stands behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint<T> {
    /// Which paths.
    pub pattern: Pattern,
    /// Which methods, as sent: case counts.
    pub methods: Vec<String>,
    /// What a match gives.
    pub target: T,
}

/// Two endpoints that would answer the same calls: their patterns differ in the names of their
/// parameters at most, and they have methods in common.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("endpoints {first} and {second} match the same paths with {}", methods.join(", "))]
pub struct Conflict {
    /// Index of the one that was given first.
    pub first: usize,
    /// Index of the other.
    pub second: usize,
    /// The methods that both answer, sorted.
    pub methods: Vec<String>,
}

/// What a method and a path lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<'t, T> {
    /// One endpoint.
    Match {
        /// What stands behind it.
        target: &'t T,
        /// Parameters by name, percent-decoded once, in the pattern's order.
        params: Vec<(String, String)>,
    },
    /// No pattern fits the path.
    NotFound,
    /// The pattern that fits best answers other methods only.
    MethodNotAllowed {
        /// Those methods, sorted.
        allow: Vec<String>,
    },
    /// A parameter that decodes to invalid UTF-8, or holds a NUL.
    BadParam {
        /// Its name.
        name: String,
    },
}

/// Endpoints without conflicts, ready for lookups.
#[derive(Debug)]
pub struct Table<T> {
    endpoints: Vec<Endpoint<T>>,
    root: Node,
}

/// All patterns that agree up to some slash. Each node can be reached in one way only, so a lookup
/// visits none twice, whatever path it is given.
#[derive(Debug, Default)]
struct Node {
    literals: HashMap<String, Node>,
    param: Option<Box<Node>>,
    /// Endpoints whose pattern ends here.
    ends: Vec<usize>,
    /// Endpoints whose pattern takes all that follows.
    rest: Vec<usize>,
}

impl<T> Table<T> {
    /// Builds the table, or names every pair of endpoints that can't stand side by side.
    pub fn build(endpoints: Vec<Endpoint<T>>) -> Result<Table<T>, Vec<Conflict>> {
        let mut root = Node::default();
        let mut conflicts = Vec::new();
        for (index, endpoint) in endpoints.iter().enumerate() {
            let same_shape = root.place(endpoint.pattern.segments());
            for &earlier in same_shape.iter() {
                let methods = shared(&endpoints[earlier].methods, &endpoint.methods);
                if !methods.is_empty() {
                    conflicts.push(Conflict { first: earlier, second: index, methods });
                }
            }
            same_shape.push(index);
        }
        if conflicts.is_empty() { Ok(Table { endpoints, root }) } else { Err(conflicts) }
    }

    /// What stands behind each endpoint, in the order in which they were given.
    pub fn targets(&self) -> impl Iterator<Item = &T> {
        self.endpoints.iter().map(|endpoint| &endpoint.target)
    }

    /// Looks a call up by its method and its path as sent, without the query.
    pub fn find(&self, method: &str, raw_path: &str) -> Found<'_, T> {
        let mut values = Vec::new();
        let Some(inner) = raw_path.strip_prefix('/') else { return Found::NotFound };
        let Some(candidates) = self.root.descend(inner, &mut values) else {
            return Found::NotFound;
        };
        let candidates = || candidates.iter().map(|&index| &self.endpoints[index]);
        match candidates().find(|endpoint| endpoint.methods.iter().any(|own| own == method)) {
            Some(endpoint) => matched(endpoint, &values),
            None => {
                let allow: BTreeSet<_> = candidates().flat_map(|one| one.methods.iter()).collect();
                Found::MethodNotAllowed { allow: allow.into_iter().cloned().collect() }
            }
        }
    }
}

impl Node {
    /// Where the endpoints of this shape are kept; makes the nodes that lead there.
    fn place(&mut self, segments: &[Segment]) -> &mut Vec<usize> {
        let mut node = self;
        for segment in segments {
            node = match segment {
                Segment::Literal(text) => node.literals.entry(text.clone()).or_default(),
                Segment::Param(_) => node.param.get_or_insert_default(),
                Segment::Rest(_) => return &mut node.rest,
            };
        }
        &mut node.ends
    }

    /// The endpoints whose shape fits what is left of the path, the most specific shape first
    /// tried. `values` then holds what its parameters stand for, as sent.
    fn descend<'p>(&self, left: &'p str, values: &mut Vec<&'p str>) -> Option<&[usize]> {
        let (segment, after) = match left.split_once('/') {
            Some((segment, after)) => (segment, Some(after)),
            None => (left, None),
        };
        if let Some(node) = self.literals.get(segment)
            && let Some(found) = node.go_on(after, values)
        {
            return Some(found);
        }
        if let Some(node) = &self.param
            && !segment.is_empty()
        {
            values.push(segment);
            if let Some(found) = node.go_on(after, values) {
                return Some(found);
            }
            values.pop();
        }
        if self.rest.is_empty() || left.is_empty() {
            return None;
        }
        values.push(left);
        Some(&self.rest)
    }

    fn go_on<'p>(&self, after: Option<&'p str>, values: &mut Vec<&'p str>) -> Option<&[usize]> {
        match after {
            Some(left) => self.descend(left, values),
            None => (!self.ends.is_empty()).then_some(self.ends.as_slice()),
        }
    }
}

/// The methods that stand in both lists, sorted.
fn shared(one: &[String], other: &[String]) -> Vec<String> {
    let one: BTreeSet<_> = one.iter().collect();
    let other: BTreeSet<_> = other.iter().collect();
    one.intersection(&other).map(|method| (*method).clone()).collect()
}

fn matched<'t, T>(endpoint: &'t Endpoint<T>, values: &[&str]) -> Found<'t, T> {
    let mut params = Vec::with_capacity(values.len());
    for (name, value) in endpoint.pattern.names().zip(values) {
        let name = name.to_owned();
        match percent_decode_str(value).decode_utf8() {
            Ok(value) if !value.contains('\0') => params.push((name, value.into_owned())),
            _ => return Found::BadParam { name },
        }
    }
    Found::Match { target: &endpoint.target, params }
}
