//! Patterns of kinds: which events somebody wants.

/// A pattern of kinds, as `acme.pix.*`: `*` matches any characters, dots too; all else itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindPattern(String);

/// Characters of a pattern.
const PATTERN_MOST: usize = 200;

impl KindPattern {
    /// From its text: 1 to 200 printable ASCII characters, no blanks.
    pub fn parse(text: &str) -> Option<KindPattern> {
        let fits = (1..=PATTERN_MOST).contains(&text.len());
        (fits && text.bytes().all(|byte| byte.is_ascii_graphic()))
            .then(|| KindPattern(text.to_owned()))
    }

    /// The text of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Does it want this kind?
    pub fn matches(&self, kind: &str) -> bool {
        matches(self.0.as_bytes(), kind.as_bytes())
    }

    /// The same, where the kind may also be named without its provider's prefix:
    /// `pix.cash_in.confirmed` wants `acme.pix.cash_in.confirmed` too.
    pub fn matches_bare(&self, kind: &str) -> bool {
        let bare = kind.split_once('.').is_some_and(|(_, bare)| self.matches(bare));
        bare || self.matches(kind)
    }
}

/// The usual two pointers: on a mismatch the last `*` takes one character more.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p + 1, t));
                p += 1;
            }
            Some(byte) if *byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((after, taken)) => {
                    star = Some((after, taken + 1));
                    p = after;
                    t = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_patterns_want() {
        for (pattern, kind, wanted) in [
            ("*", "acme.pix.cash_in.confirmed", true),
            ("acme.*", "acme.pix.cash_in.confirmed", true),
            ("acme.*", "acme", false),
            ("acme.*.confirmed", "acme.pix.cash_in.confirmed", true),
            ("acme.*.confirmed", "acme.pix.cash_in.confirmed.late", false),
            ("*confirmed", "acme.confirmed.confirmed", true),
            ("a*b*c", "a.b.b.c", true),
            ("a*b*c", "a.c.b", false),
            ("acme.pix", "acme.pix", true),
            ("acme.pix", "acme.pixx", false),
            ("**", "x", true),
        ] {
            let pattern = KindPattern::parse(pattern).expect("a pattern");
            assert_eq!(pattern.matches(kind), wanted, "{pattern:?} {kind}");
        }
        let bare = KindPattern::parse("pix.cash_in.*").expect("a pattern");
        assert!(bare.matches_bare("acme.pix.cash_in.confirmed"));
        assert!(!bare.matches("acme.pix.cash_in.confirmed"));
        for text in ["", "a b", "é", &"x".repeat(201)] {
            assert_eq!(KindPattern::parse(text), None, "{text:?}");
        }
    }
}
