//! Reads a raw request. The head is split as an HTTP server splits it; the body is every byte after
//! the blank line, to the end of the file.

/// A request as it stands in a `.http` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRequest {
    /// As written; methods are upper case.
    pub method: String,
    /// The request line's target: a path with its query, or an absolute URL.
    pub target: String,
    /// Names in lower case, values without white space around them; order and repeats as written.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

/// Why a `.http` file is none, by the number of its line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpFault {
    /// The head has no end.
    #[error("no blank line ends the headers")]
    NoBlankLine,
    /// The first line isn't a request line.
    #[error("line 1: a request line reads `POST /path HTTP/1.1`")]
    RequestLine,
    /// A line of the head isn't a header.
    #[error("line {line}: a header reads `name: value`")]
    Header {
        /// Counted from 1.
        line: usize,
    },
    /// A line of the head holds bytes that are no UTF-8, or control characters.
    #[error("line {line}: only UTF-8 without control characters")]
    Text {
        /// Counted from 1.
        line: usize,
    },
}

/// Reads a request; lines of the head end in LF or CR LF.
pub fn parse_http(bytes: &[u8]) -> Result<RawRequest, HttpFault> {
    let mut rest = bytes;
    let first = next_line(&mut rest, 1)?;
    let (method, target) = request_line(first).ok_or(HttpFault::RequestLine)?;
    let mut headers = Vec::new();
    for number in 2.. {
        let line = next_line(&mut rest, number)?;
        if line.is_empty() {
            break;
        }
        headers.push(header(line).ok_or(HttpFault::Header { line: number })?);
    }
    Ok(RawRequest { method, target, headers, body: rest.to_vec() })
}

/// Takes one line of the head off; a head that ends without its blank line is none.
fn next_line<'a>(rest: &mut &'a [u8], line: usize) -> Result<&'a str, HttpFault> {
    let end = rest.iter().position(|byte| *byte == b'\n').ok_or(HttpFault::NoBlankLine)?;
    let bytes = &rest[..end];
    *rest = &rest[end + 1..];
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).ok();
    text.filter(|text| !text.contains(|c: char| c.is_control() && c != '\t'))
        .ok_or(HttpFault::Text { line })
}

fn request_line(line: &str) -> Option<(String, String)> {
    let mut words = line.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let well_formed = is_token(method)
        && !method.contains(|c: char| c.is_ascii_lowercase())
        && (target.starts_with('/')
            || target.starts_with("https://")
            || target.starts_with("http://"))
        && matches!(version, "HTTP/1.1" | "HTTP/1.0" | "HTTP/2")
        && words.next().is_none();
    well_formed.then(|| (method.to_owned(), target.to_owned()))
}

fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    is_token(name).then(|| (name.to_ascii_lowercase(), value.trim_matches([' ', '\t']).to_owned()))
}

/// A token of RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_request_is_read_to_its_last_byte() {
        let request =
            parse_http(b"POST /a?b=c HTTP/1.1\r\nHost: h\nX-A:\t1 \nx-a: 2\n\n\r\n\xff\0\n");
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = RawRequest {
            method: "POST".into(),
            target: "/a?b=c".into(),
            headers: vec![header("host", "h"), header("x-a", "1"), header("x-a", "2")],
            body: b"\r\n\xff\0\n".to_vec(),
        };
        assert_eq!(request, Ok(expected));
        assert_eq!(parse_http(b"GET / HTTP/1.1\n\n").map(|request| request.body), Ok(Vec::new()));
    }

    #[test]
    fn faults_name_their_line() {
        let fault = |text: &str| parse_http(text.as_bytes()).expect_err(text).to_string();
        for line in
            ["POST", "POST / HTTP/3", "post / HTTP/1.1", "POST a HTTP/1.1", "", " / HTTP/1.1"]
        {
            assert!(fault(&format!("{line}\n\n")).contains("POST /path HTTP/1.1"), "{line}");
        }
        assert_eq!(fault("POST / HTTP/1.1\na: b\nc d\n\n"), "line 3: a header reads `name: value`");
        assert_eq!(fault("POST / HTTP/1.1\na : b\n\n"), "line 2: a header reads `name: value`");
        assert!(fault("POST / HTTP/1.1\na: \0\n\n").starts_with("line 2: only UTF-8"));
        for text in ["", "POST / HTTP/1.1", "POST / HTTP/1.1\n", "POST / HTTP/1.1\na: b\n{}"] {
            assert_eq!(parse_http(text.as_bytes()), Err(HttpFault::NoBlankLine), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in any::<Vec<u8>>()) {
            let _ = parse_http(&bytes);
        }

        #[test]
        fn no_text_near_a_request_panics(text in "(POST|\\PC|) /\\PC{0,9} HTTP/1.1\r?\n(\\PC{0,9}:\\PC{0,9}\n){0,4}\n?\\PC{0,9}") {
            let _ = parse_http(text.as_bytes());
        }

        #[test]
        fn a_body_comes_back_whole(body in any::<Vec<u8>>(), value in "[!-~]{1,20}") {
            let mut bytes = format!("POST /x HTTP/1.1\r\nx-v: {value}\r\n\r\n").into_bytes();
            bytes.extend_from_slice(&body);
            let request = parse_http(&bytes).expect("well formed");
            prop_assert_eq!(request.body, body);
            prop_assert_eq!(request.headers, vec![("x-v".to_owned(), value)]);
        }
    }
}
