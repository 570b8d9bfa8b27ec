//! What proxies and frameworks do to a body between the signature and here: line ends, byte order
//! marks, and JSON that was read and written again.

use bytes::Bytes;

use super::search::Changed;
use super::spelling::{Escapes, Spelling, sorted, spelled};
use crate::model::Callback;

/// A body that is larger is looked at as it is.
const BODY_BYTES_MAX: usize = 256 << 10;
/// The largest one that is made of it.
const MADE_BYTES_MAX: usize = 4 * BODY_BYTES_MAX;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// The callback with each of these bodies that differs from its own. It takes a while for a large
/// one.
pub(super) fn changed(callback: &Callback) -> Vec<Changed> {
    if callback.body.len() > BODY_BYTES_MAX {
        return Vec::new();
    }
    let mut bodies = lines(&callback.body);
    bodies.extend(written_again(&callback.body));
    let mut seen: Vec<Bytes> = vec![callback.body.clone()];
    let mut changed = Vec::new();
    for (code, text, body) in bodies {
        let body = Bytes::from(body);
        if !seen.contains(&body) {
            seen.push(body.clone());
            changed.push(Changed { code, text, callback: Callback { body, ..callback.clone() } });
        }
    }
    changed
}

type Body = (&'static str, String, Vec<u8>);

fn lines(body: &[u8]) -> Vec<Body> {
    let end =
        body.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
    let with = |more: &[u8]| [body, more].concat();
    let mut bodies = vec![
        ("body_newline", "without the body's trailing newline".to_owned(), body[..end].to_vec()),
        ("body_newline", "with a newline after the body".to_owned(), with(b"\n")),
        ("body_newline", "with CR LF after the body".to_owned(), with(b"\r\n")),
    ];
    let plain = replaced(body, b"\r\n", b"\n");
    let both = replaced(&plain, b"\n", b"\r\n");
    bodies.push(("body_line_ends", "with CR LF in the body written as LF".to_owned(), plain));
    bodies.push(("body_line_ends", "with LF in the body written as CR LF".to_owned(), both));
    let bare = body.strip_prefix(BOM).unwrap_or(body);
    bodies.push(("body_bom", "without the byte order mark".to_owned(), bare.to_vec()));
    let trimmed = body.trim_ascii().to_vec();
    bodies.push(("body_space", "without the white space around the body".to_owned(), trimmed));
    bodies
}

fn replaced(body: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut made = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        made.extend_from_slice(&rest[..at]);
        made.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    made.extend_from_slice(rest);
    made
}

fn written_again(body: &[u8]) -> Vec<Body> {
    let Ok(text) = std::str::from_utf8(body) else { return Vec::new() };
    // What is nested deeper than libraries read, none of them has written again.
    if serde_json::from_str::<serde_json::Value>(text).is_err() {
        return Vec::new();
    }
    let mut bodies = Vec::new();
    for spelling in Spelling::ALL {
        for escapes in Escapes::ALL {
            let said =
                format!("with the body's JSON written {}{}", spelling.said(), escapes.said());
            let made = spelled(text, spelling, escapes, MADE_BYTES_MAX);
            bodies.extend(made.map(|body| ("body_json", said, body.into_bytes())));
        }
    }
    if let Some(sorted) = sorted(text) {
        for spelling in [Spelling::Compact, Spelling::Spaced] {
            let said = format!("with the body's JSON written {}, names sorted", spelling.said());
            let made = spelled(&sorted, spelling, Escapes::AsTheyAre, MADE_BYTES_MAX);
            bodies.extend(made.map(|body| ("body_json", said, body.into_bytes())));
        }
    }
    bodies
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Head;

    #[test]
    fn what_is_made_of_a_hostile_body_is_bounded() {
        let nested = |depth: usize, inner: &str| {
            format!("{}{inner}{}", "[".repeat(depth), "]".repeat(depth))
        };
        let wide = nested(120, &format!("1{}", ",1".repeat(100_000)));
        let blank = format!("[1{}]", " ".repeat(BODY_BYTES_MAX - 3));
        for (name, body, most) in [
            ("deep", nested(30_000, ""), 7),
            ("deep and wide", wide, 25),
            ("blank", blank, 25),
            ("too large", nested(1, &" ".repeat(BODY_BYTES_MAX)), 0),
        ] {
            let head = Head {
                id: String::new(),
                method: "POST".to_owned(),
                url: "https://hooks.example.com/".to_owned(),
                params: Vec::new(),
                headers: Vec::new(),
                peer: "192.0.2.7".to_owned(),
                received_at_ms: 0,
            };
            let made = changed(&Callback { head, body: Bytes::from(body) });
            assert!(made.len() <= most, "{name}: {}", made.len());
            let largest = made.iter().map(|one| one.callback.body.len()).max().unwrap_or_default();
            // One more token, or the line that it begins.
            assert!(largest <= MADE_BYTES_MAX + 1024, "{name}: {largest}");
        }
    }
}
