//! A head in one text, as `take` wants it: handed over text by text, each would cost the guest a
//! call of its allocator.

use std::num::TryFromIntError;

use crate::model::Head;

/// All texts of a head, in the order that `taking.wit` says, and where each of them ends.
pub(super) struct Packed {
    pub(super) texts: String,
    pub(super) ends: Vec<u32>,
}

impl Packed {
    /// Fails where they are larger than any guest's memory.
    pub(super) fn of(head: &Head) -> Result<Packed, TryFromIntError> {
        let bytes = texts(head).map(str::len).sum();
        let count = 4 + 2 * (head.params.len() + head.headers.len());
        let mut packed =
            Packed { texts: String::with_capacity(bytes), ends: Vec::with_capacity(count) };
        for text in texts(head) {
            packed.texts.push_str(text);
            packed.ends.push(u32::try_from(packed.texts.len())?);
        }
        Ok(packed)
    }
}

fn texts(head: &Head) -> impl Iterator<Item = &str> {
    let params = head.params.iter().flat_map(|(name, value)| [name.as_str(), value]);
    let headers = head.headers.iter().flat_map(|header| [header.name.as_str(), &header.value]);
    let own = [head.id.as_str(), &head.method, &head.url, &head.peer];
    own.into_iter().chain(params).chain(headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Header;

    /// `plugins/sdk/src/head.rs` has the same head, the other way round.
    #[test]
    fn texts_stand_one_behind_the_other() {
        let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
        let head = Head {
            id: "clb_1".into(),
            method: "POST".into(),
            url: "https://h/é".into(),
            params: vec![("call".into(), "quote".into())],
            headers: vec![header("a", ""), header("a", "b"), header("ab", "c")],
            peer: "192.0.2.1".into(),
            received_at_ms: 7,
        };
        let Packed { texts, ends } = Packed::of(&head).expect("it is small");
        assert_eq!(texts, "clb_1POSThttps://h/é192.0.2.1callquoteaababc");
        assert_eq!(ends, [5, 9, 21, 30, 34, 39, 40, 40, 41, 42, 44, 45]);
    }
}
