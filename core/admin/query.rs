//! What stands behind the `?`, read as its parameters want it. What isn't known is let go, and an
//! empty value is none.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use hyper::Uri;
use percent_encoding::percent_decode_str;

use super::reply::Refusal;

/// How many rows a page has, where nothing is said.
pub(super) const LIMIT: usize = 20;
/// How many it may have.
pub(super) const LIMITS: RangeInclusive<usize> = 1..=100;
/// How far into a list a page may begin; so far, a cursor or a filter is the better way.
const OFFSETS: RangeInclusive<usize> = 0..=100_000_000;
const PAGES: RangeInclusive<usize> = 1..=1_000_000;

/// The parameters of one call.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

/// Which rows of a list are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) limit: usize,
    pub(super) offset: usize,
    /// Counted from 1, where it was asked for by its number.
    pub(super) page: Option<usize>,
}

impl Query {
    /// Those of this URI.
    pub(super) fn of(uri: &Uri) -> Query {
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        };
        Query(uri.query().unwrap_or_default().split('&').map(pair).collect())
    }

    /// The value of one, where it has one.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.0.iter().filter(|(own, value)| own == name && !value.is_empty());
        let first = values.next().map(|(_, value)| value.as_str());
        match values.next() {
            None => Ok(first),
            Some(_) => Err(Refusal::Invalid(format!("{name} is given more than once"))),
        }
    }

    /// Whether it is said to be so.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.text(name)? {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Refusal::Invalid(format!("{name} is true or false"))),
        }
    }

    /// A number in this range.
    pub(super) fn number(
        &self,
        name: &str,
        range: RangeInclusive<usize>,
    ) -> Result<Option<usize>, Refusal> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let number = text.parse().ok().filter(|number| range.contains(number));
        let wanted = || format!("{name} is a number from {} to {}", range.start(), range.end());
        number.map(Some).ok_or_else(|| Refusal::Invalid(wanted()))
    }

    /// How many rows are wanted.
    pub(super) fn limit(&self) -> Result<usize, Refusal> {
        Ok(self.number("limit", LIMITS)?.unwrap_or(LIMIT))
    }

    /// `limit` with `offset`, or with `page`, which wins.
    pub(super) fn window(&self) -> Result<Window, Refusal> {
        let limit = self.limit()?;
        let offset = self.number("offset", OFFSETS)?.unwrap_or(0);
        let page = self.number("page", PAGES)?;
        let offset = page.map_or(offset, |page| (page - 1) * limit);
        Ok(Window { limit, offset, page })
    }
}

/// As forms write it: a `+` is a blank. What isn't UTF-8 fits nothing.
fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().unwrap_or(Cow::Borrowed("\u{fffd}")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::of(&format!("/x?{text}").parse().expect("a URI"))
    }

    #[test]
    fn values() {
        let query = query("a=1&b=&c&d=x%20y+z%2B&a%62=2&e=1&e=2&f=%ff");
        let text = |name: &str| query.text(name).ok().flatten().map(str::to_owned);
        for (name, value) in [
            ("a", Some("1")),
            ("b", None),
            ("c", None),
            ("d", Some("x y z+")),
            ("ab", Some("2")),
            ("e", None),
            ("f", Some("\u{fffd}")),
            ("g", None),
        ] {
            assert_eq!(text(name).as_deref(), value, "{name}");
        }
        assert!(query.text("e").is_err());
    }

    #[test]
    fn flags() {
        let query = query("a=true&b=false&c=1&d=");
        for (name, wanted) in [
            ("a", Some(true)),
            ("b", Some(false)),
            ("c", None),
            ("d", Some(false)),
            ("e", Some(false)),
        ] {
            assert_eq!(query.flag(name).ok(), wanted, "{name}");
        }
    }

    #[test]
    fn windows() {
        let window = |text: &str| query(text).window().ok().map(|w| (w.limit, w.offset, w.page));
        for (text, wanted) in [
            ("", Some((20, 0, None))),
            ("limit=100&offset=7", Some((100, 7, None))),
            ("page=1", Some((20, 0, Some(1)))),
            ("page=3&limit=10&offset=7", Some((10, 20, Some(3)))),
            ("limit=0", None),
            ("limit=101", None),
            ("limit=x", None),
            ("limit=-1", None),
            ("offset=-1", None),
            ("page=0", None),
            ("page=99999999999999999999", None),
        ] {
            assert_eq!(window(text), wanted, "{text}");
        }
    }
}
