//! Brite's states: their names, and which of them is behind which.
//!
//! The tables inform and order; they never refuse: a state that isn't here is taken, under its
//! number, and has no rank.

use crate::settings::Verb;

/// What a callback is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Object {
    Transaction,
    Session,
}

/// By number.
const TRANSACTION: [&str; 8] =
    ["created", "pending", "aborted", "failed", "completed", "credit", "settled", "debit"];

/// By number.
const SESSION: [&str; 13] = [
    "created",
    "authentication_started",
    "authentication_completed",
    "bank_account_selection_started",
    "bank_account_selection_completed",
    "deposit_started",
    "recipient_approval_started",
    "recipient_approval_completed",
    "transaction_approval_started",
    "transaction_approval_completed",
    "aborted",
    "failed",
    "completed",
];

/// A payment goes 0, 1, 4, 5, 6. It may abort or fail (2, 3), and even then be credited later, so
/// these stand beside 4: neither is behind the other, and 5 overtakes all three. A debit takes back
/// what was credited.
const TRANSACTION_RANKS: [u32; 8] = [0, 1, 2, 2, 2, 3, 4, 5];

/// A session goes up by its numbers and ends in one of three ways, side by side.
const SESSION_FINAL: std::ops::RangeInclusive<u16> = 10..=12;

impl Object {
    pub(crate) const ALL: [Object; 2] = [Object::Transaction, Object::Session];

    /// As it stands in kinds, in field names and in the API's paths.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Object::Transaction => "transaction",
            Object::Session => "session",
        }
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Object::Transaction => &TRANSACTION,
            Object::Session => &SESSION,
        }
    }

    /// `transaction.credit`, or `transaction.state-77` for a number that isn't in the table.
    pub(crate) fn kind(self, state: u16) -> String {
        match self.names().get(usize::from(state)) {
            Some(name) => format!("{}.{name}", self.word()),
            None => format!("{}.state-{state}", self.word()),
        }
    }

    /// The state's place in the object's life; a lower one is behind.
    pub(crate) fn rank(self, state: u16) -> Option<u32> {
        match self {
            Object::Transaction => TRANSACTION_RANKS.get(usize::from(state)).copied(),
            Object::Session if SESSION_FINAL.contains(&state) => Some(10),
            Object::Session => (state < 10).then(|| u32::from(state)),
        }
    }

    /// Does an object that is in state `now` exclude that it ever was, or will be, in `told`?
    ///
    /// A session ends once. A payout ends when it aborts or fails; a payment doesn't.
    pub(crate) fn excludes(self, now: u16, told: u16, payout: bool) -> bool {
        let ended = |state| SESSION_FINAL.contains(&state);
        match self {
            Object::Session => ended(now) && ended(told) && now != told,
            Object::Transaction => {
                payout && matches!(now, 2 | 3) && self.rank(now) < self.rank(told)
            }
        }
    }

    /// The call that asks for its state: `/api/transaction.state`.
    pub(crate) fn path(self, verb: Verb) -> String {
        format!("/api/{}.{}", self.word(), verb.word())
    }
}

/// The kinds of all states that are known, without the provider's name.
pub(crate) fn kinds() -> impl Iterator<Item = String> {
    let of = |object: Object| object.names().iter().map(move |n| format!("{}.{n}", object.word()));
    Object::ALL.into_iter().flat_map(of)
}

/// The object and the state of a kind, with or without `brite.`.
pub(crate) fn of_kind(kind: &str) -> Option<(Object, u16)> {
    let kind = kind.strip_prefix("brite.").unwrap_or(kind);
    let (word, name) = kind.split_once('.')?;
    let object = Object::ALL.into_iter().find(|object| object.word() == word)?;
    let state = object.names().iter().position(|known| *known == name)?;
    Some((object, u16::try_from(state).ok()?))
}
