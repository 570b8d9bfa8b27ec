//! W3C Trace Context: whose work a span belongs to, as it travels in a header. What isn't written
//! exactly as the specification wants is no context at all.

use std::fmt;

use super::hex;

/// A span among all spans of its trace, and whether anybody keeps them. Neither id is all zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace: [u8; 16],
    /// The span.
    pub span: [u8; 8],
    /// Whether spans of this trace are kept.
    pub sampled: bool,
}

/// Characters of a `traceparent` of version 00; later versions may only add to them.
const CHARS: usize = 55;

impl TraceContext {
    /// What a `traceparent` header says; `None` where it isn't one.
    pub fn parse(text: &str) -> Option<TraceContext> {
        let (first, more) = (text.get(..CHARS)?, &text[CHARS..]);
        let mut fields = first.split('-');
        let [version] = digits(fields.next()?)?;
        let trace: [u8; 16] = digits(fields.next()?)?;
        let span: [u8; 8] = digits(fields.next()?)?;
        let [flags] = digits(fields.next()?)?;
        let whole = match version {
            0 => more.is_empty(),
            0xff => false,
            _ => more.is_empty() || more.starts_with('-'),
        };
        let good = whole && fields.next().is_none() && trace != [0; 16] && span != [0; 8];
        good.then_some(TraceContext { trace, span, sampled: flags & 1 == 1 })
    }
}

/// So many bytes in lower-case hexadecimal, and nothing else.
fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    let lower = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    lower.then(|| hex::decode(text)?.try_into().ok()).flatten()
}

/// As the header wants it, in version 00.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (trace, span) = (hex::encode(&self.trace), hex::encode(&self.span));
        write!(f, "00-{trace}-{span}-{:02x}", u8::from(self.sampled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[test]
    fn what_is_a_traceparent() {
        let with = |version: &str, flags: &str| format!("{version}-{TRACE}-{SPAN}-{flags}");
        for (text, sampled) in [
            (with("00", "01"), Some(true)),
            (with("00", "00"), Some(false)),
            (with("00", "03"), Some(true)),
            (with("00", "fe"), Some(false)),
            (with("01", "01"), Some(true)),
            (with("cc", "01-what-the-future-will-be-like"), Some(true)),
            (with("cc", "01-"), Some(true)),
            (with("cc", "01.what"), None),
            (with("00", "01-"), None),
            (with("00", "01-more"), None),
            (with("ff", "01"), None),
            (with("00", "0"), None),
            (with("00", "0A"), None),
            (with("0g", "01"), None),
            (with("00", "+1"), None),
            (with("00", "01").to_uppercase(), None),
            (format!(" {}", with("00", "01")), None),
            (format!("00-{}-{SPAN}-01", "0".repeat(32)), None),
            (format!("00-{TRACE}-{}-01", "0".repeat(16)), None),
            (format!("00-{TRACE}-{SPAN}_01"), None),
            (format!("00-{TRACE}0-{}-01", &SPAN[1..]), None),
            (format!("{}é", &with("00", "01")[..54]), None),
            (String::new(), None),
        ] {
            let read = TraceContext::parse(&text);
            assert_eq!(read.map(|context| context.sampled), sampled, "{text}");
            if let Some(context) = read {
                let flags = if context.sampled { "01" } else { "00" };
                assert_eq!(context.to_string(), with("00", flags), "{text}");
            }
        }
    }
}
