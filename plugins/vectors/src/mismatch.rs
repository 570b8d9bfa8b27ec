//! Where a vector and an adapter differ, in words that fit on a terminal.

use std::fmt;

/// How much of a text is shown.
const SHOWN_BYTES: usize = 160;
/// How much of it stands before the first difference.
const BEFORE_BYTES: usize = 40;

/// One thing that isn't as the vector expects.
///
/// It reads `expect.matched: expected "current", got "old"`; texts that differ further in are cut
/// to where they differ: `…, first differing at byte 512 (0x22, got 0x27)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// What was compared, by the vector's keys: `expect.events[0].kind`.
    pub what: String,
    /// What the vector says.
    pub expected: String,
    /// What came.
    pub got: String,
    /// The first byte that differs, where two texts were compared.
    pub differs_at: Option<Differing>,
    /// What may be said of `got` where nobody may read bodies; `None` = nothing.
    brief: Option<String>,
}

/// The first place where two texts differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Differing {
    /// Counted from 0.
    pub byte: usize,
    /// What should stand there; `None` = the text should have ended.
    pub expected: Option<u8>,
    /// What stands there; `None` = it had ended.
    pub got: Option<u8>,
}

impl fmt::Display for Differing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |byte: Option<u8>| match byte {
            Some(byte) => format!("0x{byte:02x}"),
            None => "the end".to_owned(),
        };
        write!(f, "byte {} ({}, got {})", self.byte, shown(self.expected), shown(self.got))
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, got {}", self.what, self.expected, self.got)?;
        match self.differs_at {
            Some(at) => write!(f, ", first differing at {at}"),
            None => Ok(()),
        }
    }
}

impl Mismatch {
    /// Two things that are said in words.
    pub(crate) fn plain(
        what: impl Into<String>,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> Mismatch {
        let (expected, got) = (expected.into(), got.into());
        Mismatch { what: what.into(), expected, got, differs_at: None, brief: None }
    }

    /// Nothing could be compared, since what was to be done broke; why, in a sentence.
    pub fn broken(what: &str, why: &str) -> Mismatch {
        Mismatch::plain(what, "a result", why).told()
    }

    /// It compares words (a verdict, a code, a status, an id), which hold nothing of a body.
    #[must_use]
    pub(crate) fn told(self) -> Mismatch {
        let got = self.got.clone();
        self.told_as(got)
    }

    /// The same, but of what came only this is for everybody.
    #[must_use]
    pub(crate) fn told_as(mut self, got: impl Into<String>) -> Mismatch {
        self.brief = Some(got.into());
        self
    }

    /// What differs, with nothing of a body, of data or of a secret: for logs.
    pub fn brief(&self) -> String {
        match &self.brief {
            Some(got) => format!("{}: expected {}, got {got}", self.what, self.expected),
            None => format!("{} differs", self.what),
        }
    }

    /// Two texts, shown around the first byte that differs.
    pub(crate) fn text(what: impl Into<String>, expected: &[u8], got: &[u8]) -> Mismatch {
        let same = expected.iter().zip(got).take_while(|(a, b)| a == b).count();
        let bytes = (expected.get(same).copied(), got.get(same).copied());
        Mismatch {
            what: what.into(),
            expected: quoted(expected, same),
            got: quoted(got, same),
            differs_at: Some(Differing { byte: same, expected: bytes.0, got: bytes.1 }),
            brief: None,
        }
    }
}

/// A text in quotes with its control characters escaped, cut to the part around `at`.
fn quoted(text: &[u8], at: usize) -> String {
    if text.is_empty() {
        return "nothing".to_owned();
    }
    let short = text.len() <= SHOWN_BYTES;
    let start = if short { 0 } else { at.min(text.len()).saturating_sub(BEFORE_BYTES) };
    let end = text.len().min(start + SHOWN_BYTES);
    let shown = String::from_utf8_lossy(&text[start..end]);
    let shown: String = shown.chars().flat_map(shown_char).collect();
    let (before, after) =
        (if start > 0 { "…" } else { "" }, if end < text.len() { "…" } else { "" });
    format!("\"{before}{shown}{after}\"")
}

/// Quotes stay as they are: JSON is easier to read so.
fn shown_char(c: char) -> impl Iterator<Item = char> {
    let escaped = c.is_control().then(|| c.escape_debug());
    let plain = escaped.is_none().then_some(c);
    escaped.into_iter().flatten().chain(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_are_shown_whole_with_the_first_difference() {
        let mismatch =
            Mismatch::text("outcomes[0] (accepted).body", b"{\"ok\":true}\n", b"{\"ok\":1}");
        assert_eq!(
            mismatch.to_string(),
            "outcomes[0] (accepted).body: expected \"{\"ok\":true}\\n\", got \"{\"ok\":1}\", \
             first differing at byte 6 (0x74, got 0x31)"
        );
        assert_eq!(
            Mismatch::text("x", b"", b"a").to_string(),
            "x: expected nothing, got \"a\", first differing at byte 0 (the end, got 0x61)"
        );
    }

    #[test]
    fn in_brief_only_words_are_told() {
        let status = || Mismatch::plain("outcomes[0].status", "200", "an error: x (body 4111)");
        assert_eq!(
            status().told_as("an error: x").brief(),
            "outcomes[0].status: expected 200, got an error: x"
        );
        assert_eq!(status().brief(), "outcomes[0].status differs");
        let body = Mismatch::text("outcomes[0].body", b"4111", b"4112");
        assert_eq!(body.brief(), "outcomes[0].body differs");
        assert_eq!(body.told().brief(), "outcomes[0].body: expected \"4111\", got \"4112\"");
    }

    #[test]
    fn long_texts_are_cut_to_where_they_differ() {
        let (mut one, mut other) = (vec![b'a'; 1000], vec![b'a'; 1000]);
        (one[500], other[500]) = (b'x', b'y');
        let mismatch = Mismatch::text("body", &one, &other);
        let byte = |mismatch: &Mismatch| mismatch.differs_at.map(|at| at.byte);
        assert_eq!(byte(&mismatch), Some(500));
        let expected = format!("\"…{}x{}…\"", "a".repeat(40), "a".repeat(119));
        assert_eq!(mismatch.expected, expected);
        assert_eq!(quoted(&[0xff; 3], 0), "\"\u{fffd}\u{fffd}\u{fffd}\"");
        assert_eq!(byte(&Mismatch::text("body", &one, &one[..20])), Some(20));
    }
}
