//! How two results over one callback differ. Kinds, ids, subjects, ranks, codes and statuses are
//! told; of data, bodies and headers only where they differ.

use serde_json::Value;

use super::{Difference, Taken};
use crate::model::{Content, Event, ParseFault, Reply, Request, Verdict};

/// Every difference, the weightiest first: where the verdict differs, all else does for that.
pub(super) fn between(callback: &str, old: &Taken, new: &Taken) -> Vec<Difference> {
    let mut found = Found { callback: callback.to_owned(), list: Vec::new() };
    if !found.text("verdict", &verdict(&old.verdict), &verdict(&new.verdict)) {
        found.content(old, new);
        found.reply(old.reply.as_ref(), new.reply.as_ref());
    }
    found.list
}

/// That an adapter says otherwise of a callback in one call than step by step, and what.
pub(super) fn whole(whole: &Taken, steps: &Taken) -> String {
    let named = match between("", whole, steps).into_iter().next() {
        Some(Difference { what, old, new, .. }) => format!("{what}: {old}, in steps {new}"),
        None => "a reason, or which secret matched".to_owned(),
    };
    format!("in one call it says otherwise than step by step: {named}")
}

/// The differences over one callback so far.
pub(super) struct Found {
    pub(super) callback: String,
    pub(super) list: Vec<Difference>,
}

/// A verdict in words. Which version of a secret matched isn't in it: that changes with every
/// rotation, and changes nothing else.
pub(super) fn verdict(verdict: &Result<Verdict, String>) -> String {
    match verdict {
        Ok(Verdict::Genuine(_)) => "genuine".to_owned(),
        Ok(Verdict::Challenge(_)) => "challenge".to_owned(),
        Ok(Verdict::Forged(why)) => format!("forged ({})", why.code),
        Ok(Verdict::Unavailable(why)) => format!("unavailable ({})", why.code),
        Err(fault) => format!("fault ({fault})"),
    }
}

impl Found {
    /// Whether these differ, which is then told.
    pub(super) fn text(&mut self, what: &str, old: &str, new: &str) -> bool {
        if old == new {
            return false;
        }
        let (what, old, new) = (what.to_owned(), old.to_owned(), new.to_owned());
        self.list.push(Difference { callback: self.callback.clone(), what, old, new });
        true
    }

    fn content(&mut self, old: &Taken, new: &Taken) {
        use Content::{Notification, Request};
        let key = |taken: &Taken| match &taken.verdict {
            Ok(Verdict::Genuine(proof)) => proof.replay_key.clone(),
            _ => None,
        };
        self.text("replay key", said(key(old).is_some()), said(key(new).is_some()));
        if key(old).is_some() && key(new).is_some() && key(old) != key(new) {
            self.text("replay key", "one", "another");
        }
        match (&old.content, &new.content) {
            (Some(Ok(Notification(old))), Some(Ok(Notification(new)))) => self.events(old, new),
            (Some(Ok(Request(old))), Some(Ok(Request(new)))) => self.request(old, new),
            (old, new) => {
                self.text("content", &shape(old.as_ref()), &shape(new.as_ref()));
            }
        }
    }

    fn events(&mut self, old: &[Event], new: &[Event]) {
        if old.len() != new.len() {
            self.text("events", &old.len().to_string(), &new.len().to_string());
        }
        for (at, (old, new)) in old.iter().zip(new).enumerate() {
            self.event(&format!("events/{at}"), old, new);
        }
    }

    /// One event against another.
    pub(super) fn event(&mut self, at: &str, old: &Event, new: &Event) {
        let maybe = |text: &Option<String>| text.clone().unwrap_or_default();
        let number = |rank: Option<u64>| rank.map(|rank| rank.to_string()).unwrap_or_default();
        let rank = |event: &Event| number(event.rank.map(u64::from));
        self.text(&format!("{at}/id"), &old.id, &new.id);
        self.text(&format!("{at}/aliases"), &old.aliases.join(" "), &new.aliases.join(" "));
        self.text(&format!("{at}/kind"), &old.kind, &new.kind);
        self.text(&format!("{at}/subject"), &maybe(&old.subject), &maybe(&new.subject));
        self.text(&format!("{at}/rank"), &rank(old), &rank(new));
        let (was, is) = (number(old.occurred_at_ms), number(new.occurred_at_ms));
        self.text(&format!("{at}/occurred_at_ms"), &was, &is);
        self.data(&format!("{at}/data"), old.data.as_deref(), new.data.as_deref());
    }

    /// One request against another.
    pub(super) fn request(&mut self, old: &Request, new: &Request) {
        self.text("request/id", &old.id, &new.id);
        self.text("request/kind", &old.kind, &new.kind);
        self.data("request/data", Some(&old.data), Some(&new.data));
    }

    fn reply(&mut self, old: Option<&Result<Reply, String>>, new: Option<&Result<Reply, String>>) {
        match (old, new) {
            (Some(Ok(old)), Some(Ok(new))) => self.worded(old, new),
            (old, new) => {
                let word = |reply: Option<&Result<Reply, String>>| match reply {
                    None => "none".to_owned(),
                    Some(Ok(reply)) => reply.status.to_string(),
                    Some(Err(code)) => format!("refused ({code})"),
                };
                self.text("reply", &word(old), &word(new));
            }
        }
    }

    /// One reply against another.
    pub(super) fn worded(&mut self, old: &Reply, new: &Reply) {
        self.text("reply/status", &old.status.to_string(), &new.status.to_string());
        if old.headers != new.headers {
            let names = |reply: &Reply| {
                let names: Vec<_> = reply.headers.iter().map(|one| one.name.as_str()).collect();
                names.join(" ")
            };
            let told = self.text("reply/headers", &names(old), &names(new));
            if !told {
                self.differs("reply/headers");
            }
        }
        if old.body != new.body {
            let text = |reply: &Reply| String::from_utf8_lossy(&reply.body).into_owned();
            self.data("reply/body", Some(&text(old)), Some(&text(new)));
        }
    }

    /// JSON against JSON: where they differ, and never what they hold.
    fn data(&mut self, at: &str, old: Option<&str>, new: Option<&str>) {
        let word = |data: Option<&str>| data.map_or("the body", |_| "its own").to_owned();
        let (Some(was), Some(is)) = (old, new) else {
            self.text(at, &word(old), &word(new));
            return;
        };
        if was == is {
            return;
        }
        match (serde_json::from_str(was), serde_json::from_str(is)) {
            (Ok(was), Ok(is)) => {
                let place = first_difference(&was, &is).unwrap_or_default();
                self.differs(&format!("{at}{place}"));
            }
            _ => self.differs(at),
        }
    }

    pub(super) fn differs(&mut self, what: &str) {
        let (what, old, new) = (what.to_owned(), "one".to_owned(), "another".to_owned());
        self.list.push(Difference { callback: self.callback.clone(), what, old, new });
    }
}

fn said(there: bool) -> &'static str {
    if there { "some" } else { "none" }
}

fn shape(content: Option<&Result<Content, ParseFault>>) -> String {
    match content {
        None => "nothing".to_owned(),
        Some(Ok(Content::Notification(events))) => format!("a notification of {}", events.len()),
        Some(Ok(Content::Request(request))) => format!("a request ({})", request.kind),
        Some(Err(ParseFault::Malformed(why))) => format!("malformed ({})", why.code),
        Some(Err(ParseFault::NotFound(why))) => format!("not found ({})", why.code),
    }
}

/// The path of the first place where they differ, as a JSON pointer. A list that only has more
/// items than the other differs at the first of those.
fn first_difference(old: &Value, new: &Value) -> Option<String> {
    if old == new {
        return None;
    }
    let inside = match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let names = old.keys().chain(new.keys());
            names.into_iter().find_map(|name| {
                let step = step_name(name);
                let (old, new) = (old.get(name), new.get(name));
                step_into(step, old, new)
            })
        }
        (Value::Array(old), Value::Array(new)) => (0..old.len().max(new.len()))
            .find_map(|at| step_into(format!("/{at}"), old.get(at), new.get(at))),
        _ => None,
    };
    Some(inside.unwrap_or_default())
}

/// A member's name as a step of a JSON pointer.
pub(super) fn step_name(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn step_into(step: String, old: Option<&Value>, new: Option<&Value>) -> Option<String> {
    match (old, new) {
        (Some(old), Some(new)) => first_difference(old, new).map(|below| step + &below),
        (None, None) => None,
        _ => Some(step),
    }
}
