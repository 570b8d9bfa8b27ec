//! A callback as a plugin sees it. The texts of its head lie one behind the other, as the router
//! hands them over: a plugin looks at few of them, and each by itself would be a block of memory.

use std::fmt;

use crate::bindings::host::hookswitch::plugin::types;

/// One inbound HTTP call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// All but the body.
    pub head: Head,
    /// Byte for byte as received.
    pub body: Vec<u8>,
}

/// What a callback says beside its body.
#[derive(Clone, PartialEq, Eq)]
pub struct Head {
    /// The [`FIXED`] ones, then name and value of each parameter, then those of each header.
    texts: String,
    /// Where each of them ends, in bytes.
    ends: Vec<u32>,
    params: usize,
    /// Unix milliseconds, by the router's clock.
    pub received_at_ms: u64,
}

/// How many texts every head has: id, method, url and peer.
const FIXED: usize = 4;
const ID: usize = 0;
const METHOD: usize = 1;
const URL: usize = 2;
const PEER: usize = 3;

impl Head {
    /// A head of this method and absolute URL, received at the beginning of 1970 from nobody.
    pub fn new(method: &str, url: &str) -> Head {
        let head =
            Head { texts: String::new(), ends: vec![0; FIXED], params: 0, received_at_ms: 0 };
        head.with(METHOD, method).with(URL, url)
    }

    /// The head that the router packed so; what isn't in that form traps where it is looked at.
    pub(crate) fn packed(texts: String, ends: Vec<u32>, params: usize, at_ms: u64) -> Head {
        Head { texts, ends, params, received_at_ms: at_ms }
    }

    /// The router's id for the call.
    pub fn id(&self) -> &str {
        self.text(ID)
    }

    /// Upper case.
    pub fn method(&self) -> &str {
        self.text(METHOD)
    }

    /// Absolute, with the query string, as the provider called it.
    pub fn url(&self) -> &str {
        self.text(URL)
    }

    /// The address that called, without a port; behind a trusted proxy the one that it names.
    pub fn peer(&self) -> &str {
        self.text(PEER)
    }

    /// A parameter of the route's path.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.named(FIXED..self.first_header(), name).next()
    }

    /// The parameters of the route's path, names and values.
    pub fn params(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs(FIXED..self.first_header())
    }

    /// The first value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// All values of a header in the order received, by its lower-case name.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.named(self.first_header()..self.ends.len(), name)
    }

    /// All headers in the order received, lower-case names and values.
    pub fn all_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs(self.first_header()..self.ends.len())
    }

    /// The same with this id.
    pub fn with_id(self, id: &str) -> Head {
        self.with(ID, id)
    }

    /// The same from this address.
    pub fn with_peer(self, peer: &str) -> Head {
        self.with(PEER, peer)
    }

    /// The same at this time, Unix milliseconds.
    pub fn with_time(self, received_at_ms: u64) -> Head {
        Head { received_at_ms, ..self }
    }

    /// The same with a parameter more.
    pub fn with_param(mut self, name: &str, value: &str) -> Head {
        let place = self.first_header();
        self.params += 1;
        self.room(place).with(place, name).with(place + 1, value)
    }

    /// The same with a header more; the name has to be lower case.
    pub fn with_header(self, name: &str, value: &str) -> Head {
        let place = self.ends.len();
        self.room(place).with(place, name).with(place + 1, value)
    }

    fn first_header(&self) -> usize {
        FIXED + 2 * self.params
    }

    /// The values of those pairs that have this name.
    fn named<'h>(
        &'h self,
        places: std::ops::Range<usize>,
        name: &str,
    ) -> impl Iterator<Item = &'h str> {
        // Most names already differ in their length.
        let is = move |place: &usize| self.texts.as_bytes()[self.span(*place)] == *name.as_bytes();
        places.step_by(2).filter(is).map(|place| self.text(place + 1))
    }

    fn pairs(&self, places: std::ops::Range<usize>) -> impl Iterator<Item = (&str, &str)> {
        places.step_by(2).map(|place| (self.text(place), self.text(place + 1)))
    }

    fn text(&self, place: usize) -> &str {
        &self.texts[self.span(place)]
    }

    fn span(&self, place: usize) -> std::ops::Range<usize> {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        start as usize..self.ends[place] as usize
    }

    /// Room for an empty pair.
    fn room(mut self, place: usize) -> Head {
        let end = self.ends[place - 1];
        self.ends.splice(place..place, [end, end]);
        self
    }

    /// Another text in this place.
    fn with(mut self, place: usize, text: &str) -> Head {
        let span = self.span(place);
        self.texts.replace_range(span.clone(), text);
        for end in &mut self.ends[place..] {
            *end = (*end as usize - span.len() + text.len()) as u32;
        }
        self
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head")
            .field("id", &self.id())
            .field("method", &self.method())
            .field("url", &self.url())
            .field("params", &self.params().collect::<Vec<_>>())
            .field("headers", &self.all_headers().collect::<Vec<_>>())
            .field("peer", &self.peer())
            .field("received_at_ms", &self.received_at_ms)
            .finish()
    }
}

impl From<types::Head> for Head {
    fn from(head: types::Head) -> Head {
        let plain = Head::new(&head.method, &head.url).with_id(&head.id).with_peer(&head.peer);
        let plain = plain.with_time(head.received_at_ms);
        let with_params =
            head.params.iter().fold(plain, |head, (name, value)| head.with_param(name, value));
        head.headers.iter().fold(with_params, |head, one| head.with_header(&one.name, &one.value))
    }
}

impl From<Head> for types::Head {
    fn from(head: Head) -> types::Head {
        let header = |(name, value): (&str, &str)| types::Header::new(name, value);
        types::Head {
            id: head.id().to_owned(),
            method: head.method().to_owned(),
            url: head.url().to_owned(),
            params: head
                .params()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            headers: head.all_headers().map(header).collect(),
            peer: head.peer().to_owned(),
            received_at_ms: head.received_at_ms,
        }
    }
}

impl From<types::Callback> for Callback {
    fn from(call: types::Callback) -> Callback {
        Callback { head: call.head.into(), body: call.body }
    }
}

impl From<Callback> for types::Callback {
    fn from(call: Callback) -> types::Callback {
        types::Callback { head: call.head.into(), body: call.body }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head() -> Head {
        Head::new("POST", "https://h/é")
            .with_header("a", "")
            .with_param("call", "quote")
            .with_header("a", "b")
            .with_header("ab", "c")
            .with_peer("192.0.2.1")
            .with_id("clb_1")
            .with_time(7)
    }

    /// `core/plugin/abi/v0_1_0/packed.rs` has the same head, the other way round.
    #[test]
    fn what_the_router_packs_is_a_head() {
        let texts = "clb_1POSThttps://h/é192.0.2.1callquoteaababc";
        let ends = vec![5, 9, 21, 30, 34, 39, 40, 40, 41, 42, 44, 45];
        assert_eq!(Head::packed(texts.to_owned(), ends, 1, 7), head());
    }

    #[test]
    fn a_head_gives_its_texts_in_order() {
        let head = head();
        assert_eq!((head.id(), head.method(), head.url()), ("clb_1", "POST", "https://h/é"));
        assert_eq!((head.peer(), head.received_at_ms), ("192.0.2.1", 7));
        assert_eq!(head.header("a"), Some(""));
        assert_eq!(head.headers("a").collect::<Vec<_>>(), ["", "b"]);
        assert_eq!(head.header("A"), None, "names are lower case on both sides");
        assert_eq!(head.header("b"), None, "values are no names");
        assert_eq!((head.param("call"), head.param("a")), (Some("quote"), None));
        assert_eq!(head.header("call"), None, "parameters are no headers");
        let shown = format!("{head:?}");
        assert!(shown.contains(r#"params: [("call", "quote")]"#), "{shown}");
    }

    proptest! {
        #[test]
        fn a_head_goes_to_the_generated_type_and_back(
            fixed in any::<[String; 4]>(),
            params in any::<Vec<(String, String)>>(),
            headers in any::<Vec<(String, String)>>(),
            received_at_ms in any::<u64>(),
        ) {
            let [id, method, url, peer] = fixed;
            let header = |(name, value)| types::Header { name, value };
            let headers = headers.into_iter().map(header).collect();
            let generated = types::Head { id, method, url, params, headers, peer, received_at_ms };
            prop_assert_eq!(types::Head::from(Head::from(generated.clone())), generated);
        }
    }
}
