//! Small conveniences on the contract's plain types. Nothing here changes what a callback holds.

use serde::Serialize;

use crate::{Header, Reason, Reply};

impl Reason {
    /// A reason from a stable word in snake_case and a sentence for the operator (never a secret).
    pub fn new(code: impl Into<String>, detail: impl Into<String>) -> Reason {
        Reason { code: code.into(), detail: detail.into() }
    }
}

impl Header {
    /// A header; `name` has to be lower case.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Header {
        Header { name: name.into(), value: value.into() }
    }
}

impl Reply {
    /// A status and nothing else.
    pub fn empty(status: u16) -> Reply {
        Reply { status, headers: Vec::new(), body: Vec::new() }
    }

    /// A body of plain text.
    pub fn text(status: u16, text: &str) -> Reply {
        let content_type = Header::new("content-type", "text/plain; charset=utf-8");
        Reply { status, headers: vec![content_type], body: text.as_bytes().to_vec() }
    }

    /// A body of JSON. What can't be written as JSON (a map whose keys aren't text) is a fault of
    /// the plugin's own and gives an empty 500.
    pub fn json(status: u16, value: &impl Serialize) -> Reply {
        match serde_json::to_vec(value) {
            Ok(body) => {
                let content_type = Header::new("content-type", "application/json");
                Reply { status, headers: vec![content_type], body }
            }
            Err(_) => Reply::empty(500),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_say_what_they_hold() {
        let reply = Reply::json(201, &serde_json::json!({"a": 1}));
        assert_eq!((reply.status, reply.body.as_slice()), (201, br#"{"a":1}"#.as_slice()));
        assert_eq!(reply.headers, [Header::new("content-type", "application/json")]);
        assert_eq!(Reply::text(200, "ok").body, b"ok");
        let unwritable = std::collections::BTreeMap::from([((1, 2), 3)]);
        assert_eq!(Reply::json(200, &unwritable), Reply::empty(500));
    }
}
