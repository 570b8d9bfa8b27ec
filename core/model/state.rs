//! What plugins remember, as it is kept: one value that was put or removed.

/// A value that a plugin put or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateChange {
    /// Whose value: a route, or a responder.
    pub scope: String,
    /// Its key.
    pub key: String,
    /// The value and when it ends, Unix milliseconds; `None`: it was removed.
    pub value: Option<(Vec<u8>, u64)>,
}
