//! One inbound HTTP call, and the response to it. Bytes are kept as they came; nothing here
//! re-serialises.

use bytes::Bytes;

/// A header as received: the name in lower case, order and repeats kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Lower-case name.
    pub name: String,
    /// The value; one that isn't UTF-8 never gets this far.
    pub value: String,
}

/// All of a callback but its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The router's own id for the call.
    pub id: String,
    /// Upper-case method.
    pub method: String,
    /// Absolute, as the provider saw it, with the query string.
    pub url: String,
    /// The path's parameters by name, percent-decoded once.
    pub params: Vec<(String, String)>,
    /// All headers.
    pub headers: Vec<Header>,
    /// Who called: a bare address, IPv4-mapped IPv6 written as IPv4.
    pub peer: String,
    /// When it came, Unix milliseconds.
    pub received_at_ms: u64,
}

impl Head {
    /// The first value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.name == name).map(|header| header.value.as_str())
    }
}

/// One inbound HTTP call, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// Method, URL, headers, and who called when.
    pub head: Head,
    /// The body, untouched.
    pub body: Bytes,
}

/// What goes back to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status, 200 to 599.
    pub status: u16,
    /// Headers; framing ones (`content-length`, `connection`, …) are the router's own.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Bytes,
}
