//! What an adapter says of itself, so that a route's config can be checked before it serves.

/// One key of a route's `settings` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The key.
    pub name: String,
    /// Must it be there?
    pub required: bool,
    /// What it does, its form and its default, in a sentence.
    pub about: String,
}

/// One key of a route's `secrets` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRole {
    /// The key.
    pub name: String,
    /// Must it be there?
    pub required: bool,
    /// What it is, in a sentence.
    pub about: String,
}

/// All that a route may configure, and what the adapter may yield.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The provider's name, the first part of its event kinds.
    pub provider: String,
    /// Which settings exist.
    pub settings: Vec<Setting>,
    /// Which secrets exist.
    pub secrets: Vec<SecretRole>,
    /// Which kinds of request may come.
    pub answers: Vec<String>,
    /// Which kinds of event may come; patterns are allowed.
    pub events: Vec<String>,
}

/// One thing that an adapter says to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is about.
    pub name: String,
    /// What it is.
    pub value: String,
}
