//! A path pattern such as `/brij/{call}` or `/files/{*rest}`. A parsed pattern is known to be
//! printable ASCII, to begin with a slash, and to name each parameter once.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The longest pattern, in bytes. It also bounds how deep a lookup can go.
pub const PATTERN_BYTES_MAX: usize = 1024;

/// A pattern's text, taken apart. `{name}` stands for one whole segment that isn't empty,
/// `{*name}` at the end for all that follows, which isn't empty either. All else is literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    segments: Vec<Segment>,
}

/// What stands between two slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    /// Text that the path holds byte for byte; may be empty.
    Literal(String),
    /// One segment under a name.
    Param(String),
    /// The rest of the path under a name; always last.
    Rest(String),
}

impl Segment {
    fn name(&self) -> Option<&str> {
        match self {
            Segment::Literal(_) => None,
            Segment::Param(name) | Segment::Rest(name) => Some(name),
        }
    }
}

/// Why a text is no pattern. Positions are bytes from the start, counted from 0.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternFault {
    /// Paths begin with a slash, so a pattern has to.
    #[error("a path pattern begins with `/`")]
    NoSlash,
    /// Longer than [`PATTERN_BYTES_MAX`].
    #[error("a path pattern has at most {PATTERN_BYTES_MAX} bytes, this one has {bytes}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// A space, a control character, or something outside ASCII.
    #[error("byte {at} isn't printable ASCII: write it percent-encoded, as it is sent")]
    Unprintable {
        /// Where it stands.
        at: usize,
    },
    /// Neither a query nor a fragment is part of what is matched.
    #[error("`{character}` at byte {at}: a pattern matches the path only")]
    NotPath {
        /// `?` or `#`.
        character: char,
        /// Where it stands.
        at: usize,
    },
    /// A brace that doesn't enclose a whole segment.
    #[error(
        "`{segment}`: a parameter is a whole segment, `{{name}}`; a literal brace is %7B or %7D"
    )]
    Brace {
        /// The segment it stands in.
        segment: String,
    },
    /// A parameter without a name, or with one that isn't made of letters, digits, `_` and `-`.
    #[error("`{segment}`: a parameter's name has letters, digits, `_` and `-`")]
    Name {
        /// The segment it stands in.
        segment: String,
    },
    /// Two parameters of one name.
    #[error("the parameter `{name}` stands twice")]
    NameTwice {
        /// The name.
        name: String,
    },
    /// A `{*name}` with something behind it.
    #[error("`{{*{name}}}` takes all that follows, so it must be last")]
    RestNotLast {
        /// The name.
        name: String,
    },
}

impl Pattern {
    /// Takes a pattern's text apart.
    pub fn parse(text: &str) -> Result<Pattern, PatternFault> {
        let inner = plain_path(text)?;
        let segments = inner.split('/').map(segment).collect::<Result<Vec<_>, _>>()?;
        for (place, segment) in segments.iter().enumerate() {
            if let Segment::Rest(name) = segment
                && place + 1 < segments.len()
            {
                return Err(PatternFault::RestNotLast { name: name.clone() });
            }
            if let Some(name) = segment.name()
                && segments[..place].iter().any(|earlier| earlier.name() == Some(name))
            {
                return Err(PatternFault::NameTwice { name: name.to_owned() });
            }
        }
        Ok(Pattern { text: text.to_owned(), segments })
    }

    /// The text it was parsed from.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The parameters' names, in the order in which they stand.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(Segment::name)
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Pattern {
    type Err = PatternFault;

    fn from_str(text: &str) -> Result<Pattern, PatternFault> {
        Pattern::parse(text)
    }
}

/// What follows the first slash, once every byte is one that a path can hold.
fn plain_path(text: &str) -> Result<&str, PatternFault> {
    if text.len() > PATTERN_BYTES_MAX {
        return Err(PatternFault::TooLong { bytes: text.len() });
    }
    let inner = text.strip_prefix('/').ok_or(PatternFault::NoSlash)?;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'?' | b'#' => return Err(PatternFault::NotPath { character: byte.into(), at }),
            b'!'..=b'~' => {}
            _ => return Err(PatternFault::Unprintable { at }),
        }
    }
    Ok(inner)
}

fn segment(text: &str) -> Result<Segment, PatternFault> {
    if !text.contains(['{', '}']) {
        return Ok(Segment::Literal(text.to_owned()));
    }
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    let inner = inner.filter(|inner| !inner.contains(['{', '}']));
    let inner = inner.ok_or_else(|| PatternFault::Brace { segment: text.to_owned() })?;
    let (rest, name) = match inner.strip_prefix('*') {
        Some(name) => (true, name),
        None => (false, inner),
    };
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if name.is_empty() || !name.bytes().all(letter) {
        return Err(PatternFault::Name { segment: text.to_owned() });
    }
    let name = name.to_owned();
    Ok(if rest { Segment::Rest(name) } else { Segment::Param(name) })
}
