//! Small conveniences on the contract's plain types. Nothing here changes what a callback holds.

use serde::Serialize;

use crate::{Head, Header, Reason, Reply};

impl Head {
    /// The first value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// All values of a header in the order received, by its lower-case name.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.headers.iter().filter(move |header| header.name == name);
        named.map(|header| header.value.as_str())
    }

    /// A parameter of the route's path.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

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
    fn a_head_gives_its_headers_in_order_and_its_parameters() {
        let head = Head {
            id: String::new(),
            method: "POST".into(),
            url: "https://hooks.example.com/".into(),
            params: vec![("call".into(), "quote".into())],
            headers: vec![Header::new("a", "1"), Header::new("b", "2"), Header::new("a", "3")],
            peer: "203.0.113.9".into(),
            received_at_ms: 0,
        };
        assert_eq!(head.header("a"), Some("1"));
        assert_eq!(head.headers("a").collect::<Vec<_>>(), ["1", "3"]);
        assert_eq!(head.header("A"), None, "names are lower case on both sides");
        assert_eq!((head.param("call"), head.param("kind")), (Some("quote"), None));
    }

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
