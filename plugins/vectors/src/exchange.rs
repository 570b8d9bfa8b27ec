//! Calls of a provider's API as a vector scripts them, and whether those that come are the ones.
//!
//! A script is walked in its order. A call that isn't the next one, and one that never came, are
//! both told: neither is answered as if it were right.

use std::collections::VecDeque;

use serde_json::Value;

/// One call that a plugin has to make, and what it gets.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// Upper case.
    pub method: String,
    /// With its query, behind the API's origin.
    pub path: String,
    /// The whole header; `None` = there must be none.
    pub authorization: Option<String>,
    /// JSON that the body has to be; `None` = not compared.
    pub body: Option<Value>,
    /// What comes back.
    pub answer: Answered,
}

/// What a scripted call gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// A response.
    Reply {
        /// HTTP status.
        status: u16,
        /// Its body.
        body: Vec<u8>,
    },
    /// The connection ends without one.
    Down,
}

/// A call that a plugin made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Upper case.
    pub method: String,
    /// With its query, behind the API's origin.
    pub path: String,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

/// The calls that are still to come.
#[derive(Debug, Default)]
pub struct Script {
    left: VecDeque<Exchange>,
    problems: Vec<String>,
}

impl Exchange {
    /// A POST without authorization, answered with a JSON body.
    pub fn post(path: &str, status: u16, reply: &Value) -> Exchange {
        let answer = Answered::Reply { status, body: reply.to_string().into_bytes() };
        let (method, path) = ("POST".to_owned(), path.to_owned());
        Exchange { method, path, authorization: None, body: None, answer }
    }

    /// The same with an `authorization` header.
    #[must_use]
    pub fn authorized(mut self, header: &str) -> Exchange {
        self.authorization = Some(header.to_owned());
        self
    }

    /// What differs between this and a call that came; empty = it is the one.
    fn differs(&self, sent: &Sent) -> String {
        if (&self.method, &self.path) != (&sent.method, &sent.path) {
            let (wanted, got) = ((&self.method, &self.path), (&sent.method, &sent.path));
            return format!("expected {} {}, got {} {}", wanted.0, wanted.1, got.0, got.1);
        }
        let authorization = sent.header("authorization");
        if self.authorization.as_deref() != authorization {
            let wanted = &self.authorization;
            return format!("authorization: expected {wanted:?}, got {authorization:?}");
        }
        let Some(wanted) = &self.body else { return String::new() };
        if sent.header("content-type") != Some("application/json") {
            return "the content type isn't application/json".to_owned();
        }
        match serde_json::from_slice::<Value>(&sent.body) {
            Ok(body) if body == *wanted => String::new(),
            _ => format!("body: expected {wanted}, got {}", String::from_utf8_lossy(&sent.body)),
        }
    }
}

impl Sent {
    /// The first value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl Script {
    /// These calls, in this order.
    pub fn new(exchanges: impl IntoIterator<Item = Exchange>) -> Script {
        Script { left: exchanges.into_iter().collect(), problems: Vec::new() }
    }

    /// Adds a call at the end.
    pub fn push(&mut self, exchange: Exchange) {
        self.left.push_back(exchange);
    }

    /// What the next call gets, where it is this one; else what is wrong with it, which is kept.
    pub fn take(&mut self, sent: &Sent) -> Result<Answered, String> {
        let problem = match self.left.pop_front() {
            None => format!("no call was scripted, got {} {}", sent.method, sent.path),
            Some(next) => match next.differs(sent) {
                problem if problem.is_empty() => return Ok(next.answer),
                problem => problem,
            },
        };
        self.problems.push(problem.clone());
        Err(problem)
    }

    /// Everything that wasn't as scripted so far, with the calls that haven't come.
    pub fn problems(&self) -> Vec<String> {
        let left = self.left.iter();
        let missing = left.map(|call| format!("{} {} was never called", call.method, call.path));
        self.problems.iter().cloned().chain(missing).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sent(path: &str, authorization: &str, body: &str) -> Sent {
        let headers = [("authorization", authorization), ("content-type", "application/json")];
        let headers = headers.iter().filter(|(_, value)| !value.is_empty());
        Sent {
            method: "POST".into(),
            path: path.into(),
            headers: headers.map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            body: body.into(),
        }
    }

    #[test]
    fn a_script_takes_its_calls_and_no_others() {
        let call = || Exchange {
            body: Some(json!({"id": "a"})),
            ..Exchange::post("/x", 200, &json!({"state": 5})).authorized("Bearer t")
        };
        let good = sent("/x", "Bearer t", r#"{ "id": "a" }"#);
        let mut script = Script::new([call()]);
        assert!(matches!(script.take(&good), Ok(Answered::Reply { status: 200, .. })));
        assert!(script.problems().is_empty());
        assert!(script.take(&good).is_err(), "nothing more was scripted");
        let wrong = [
            (sent("/y", "Bearer t", "{}"), "expected POST /x, got POST /y"),
            (sent("/x", "", "{}"), "authorization"),
            (sent("/x", "Bearer u", "{}"), "authorization"),
            (sent("/x", "Bearer t", "{}"), "body"),
            (sent("/x", "Bearer t", "no JSON"), "body"),
        ];
        for (sent, part) in wrong {
            let mut script = Script::new([call(), call()]);
            let problem = script.take(&sent).unwrap_err();
            assert!(problem.contains(part), "{problem}");
            assert_eq!(script.problems(), [problem, "POST /x was never called".into()]);
        }
    }
}
