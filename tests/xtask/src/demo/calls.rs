//! What the demo sends, and what must come of it.
//!
//! The kinds are the adapters' own lists, so none is forgotten; for each provider there are also
//! callbacks that must be refused: tampered with or too late where they are signed, from a foreign
//! address where they aren't.

use serde_json::{Value, json};

/// Who calls.
#[derive(Clone, Copy)]
pub(crate) enum Provider {
    Brij,
    Brz,
    Brite,
}

/// All of them.
pub(crate) const PROVIDERS: [Provider; 3] = [Provider::Brij, Provider::Brz, Provider::Brite];

impl Provider {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Brij => "brij",
            Self::Brz => "brz",
            Self::Brite => "brite",
        }
    }

    /// Where the demo's config has its route; the sender fills in what is in braces.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Brij => "/brij/{call}",
            Self::Brz => "/brz",
            Self::Brite => "/brite",
        }
    }

    /// What the demo's config makes of a genuine callback.
    fn must(self, kind: &str) -> Must {
        match (self, kind) {
            (Self::Brij, "quote" | "redirect-order" | "create-order") => Must::Answered,
            // Of an order that was never made: those that were have rows of their own.
            (Self::Brij, "cancel-order") => Must::NotFound,
            _ => Must::Accepted,
        }
    }

    /// Kinds of which wrong ones are sent too.
    fn tampered(self) -> &'static [&'static str] {
        match self {
            Self::Brij => &["quote", "dataShared"],
            Self::Brz => &["pix.cash_in.confirmed"],
            Self::Brite => &["transaction.credit"],
        }
    }

    /// How else they are sent, and what must come of it.
    fn otherwise(self) -> &'static [(Sent, Must)] {
        match self {
            Self::Brij | Self::Brz => &[(Sent::Forged, Must::Refused), (Sent::Late, Must::Refused)],
            // Nothing is signed: a foreign address is what a forged one is.
            Self::Brite => &[
                (Sent::Foreign, Must::Refused),
                (Sent::Malformed, Must::Malformed),
                (Sent::Unknown, Must::Accepted),
            ],
        }
    }
}

/// In what state a callback is sent.
#[derive(Clone, Copy)]
pub(crate) enum Sent {
    Genuine,
    Forged,
    Late,
    /// To the route that the caller's address isn't allowed for.
    Foreign,
    /// With a state that is none.
    Malformed,
    /// With a state that isn't in the provider's tables.
    Unknown,
}

impl Sent {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Genuine => "genuine",
            Self::Forged => "forged",
            Self::Late => "late",
            Self::Foreign => "foreign",
            Self::Malformed => "malformed",
            Self::Unknown => "unknown",
        }
    }

    /// The sending command's words for it.
    pub(crate) fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Genuine | Self::Foreign => &[],
            Self::Forged => &["--forged"],
            Self::Late => &["--late"],
            Self::Malformed => &["--option", "state=X"],
            Self::Unknown => &["--option", "state=77"],
        }
    }
}

/// What the router must make of it.
#[derive(Clone, Copy)]
pub(crate) enum Must {
    Accepted,
    Answered,
    Refused,
    Malformed,
    NotFound,
}

impl Must {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Malformed => "malformed",
            Self::NotFound => "not found",
        }
    }

    /// The status that the provider's contract has for it.
    pub(crate) fn status(self, provider: Provider) -> u64 {
        match (self, provider) {
            (Self::Accepted | Self::Answered, _) => 200,
            (Self::Malformed, _) => 400,
            (Self::Refused, Provider::Brij | Provider::Brz) => 401,
            (Self::Refused, Provider::Brite) => 403,
            (Self::NotFound, _) => 404,
        }
    }
}

/// One callback to send.
pub(crate) struct Call {
    pub(crate) provider: Provider,
    pub(crate) kind: String,
    pub(crate) sent: Sent,
    pub(crate) must: Must,
}

impl Call {
    /// Where the demo's config has the route that it is sent to.
    pub(crate) fn path(&self) -> String {
        let path = self.provider.path();
        if matches!(self.sent, Sent::Foreign) { format!("{path}{ELSEWHERE}") } else { path.into() }
    }

    /// The kind of the event that it must have told of, and how that must stand.
    pub(crate) fn tells(&self) -> Option<(String, &'static str)> {
        let status = match self.provider {
            Provider::Brij | Provider::Brz => "accepted",
            Provider::Brite => "confirmed",
        };
        let told = matches!((self.sent, self.must), (Sent::Genuine, Must::Accepted));
        told.then(|| (format!("{}.{}", self.provider.name(), self.kind), status))
    }

    /// The id in it, where the demo chooses one: the provider's API is asked about it later.
    pub(crate) fn id(&self) -> Option<String> {
        matches!(self.provider, Provider::Brite).then(|| format!("agDemo-{}", self.kind))
    }

    /// What the stand-in for the provider's API is told, so that it agrees with a genuine one:
    /// the kinds of an object stand in the order of their states.
    pub(crate) fn truth(&self, kinds: &[String]) -> Option<Value> {
        let id = self.id().filter(|_| matches!(self.sent, Sent::Genuine))?;
        let (object, _) = self.kind.split_once('.')?;
        let mut same = kinds.iter().filter(|kind| kind.split('.').next() == Some(object));
        let state = same.position(|kind| *kind == self.kind)?;
        Some(json!({ object: id, "state": state }))
    }
}

/// What follows the path of the route that the caller's address isn't allowed for.
pub(crate) const ELSEWHERE: &str = "-elsewhere";

/// Every kind that the provider sends, once as it sends it; then those that are sent otherwise.
pub(crate) fn of(provider: Provider, kinds: &[String]) -> Vec<Call> {
    let call = |kind: &str, sent, must| Call { provider, kind: kind.to_owned(), sent, must };
    let mut calls: Vec<Call> =
        kinds.iter().map(|kind| call(kind, Sent::Genuine, provider.must(kind))).collect();
    for kind in provider.tampered() {
        let otherwise = provider.otherwise().iter();
        calls.extend(otherwise.map(|(sent, must)| call(kind, *sent, *must)));
    }
    calls
}
