//! What the demo sends, and what must come of it.
//!
//! The kinds are the adapters' own lists, so none is forgotten; for each provider there are also
//! callbacks that were tampered with and ones that come too late.

/// Who calls.
#[derive(Clone, Copy)]
pub(crate) enum Provider {
    Brij,
    Brz,
}

/// All of them.
pub(crate) const PROVIDERS: [Provider; 2] = [Provider::Brij, Provider::Brz];

impl Provider {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Brij => "brij",
            Self::Brz => "brz",
        }
    }

    /// Where the demo's config has its route; the sender fills in what is in braces.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Brij => "/brij/{call}",
            Self::Brz => "/brz",
        }
    }

    /// What the demo's config makes of a genuine callback.
    fn must(self, kind: &str) -> Must {
        match (self, kind) {
            (Self::Brij, "quote" | "redirect-order") => Must::Answered,
            (Self::Brij, "create-order" | "cancel-order") => Must::Unavailable,
            _ => Must::Accepted,
        }
    }

    /// Kinds of which a forged and a late one are sent too.
    fn tampered(self) -> &'static [&'static str] {
        match self {
            Self::Brij => &["quote", "dataShared"],
            Self::Brz => &["pix.cash_in.confirmed"],
        }
    }
}

/// In what state a callback is sent.
#[derive(Clone, Copy)]
pub(crate) enum Sent {
    Genuine,
    Forged,
    Late,
}

impl Sent {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Genuine => "genuine",
            Self::Forged => "forged",
            Self::Late => "late",
        }
    }

    /// The sending command's word for it.
    pub(crate) fn flag(self) -> Option<&'static str> {
        match self {
            Self::Genuine => None,
            Self::Forged => Some("--forged"),
            Self::Late => Some("--late"),
        }
    }
}

/// What the router must make of it.
#[derive(Clone, Copy)]
pub(crate) enum Must {
    Accepted,
    Answered,
    Refused,
    /// A request for which the demo's config names no responder.
    Unavailable,
}

impl Must {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
        }
    }

    /// The status that either provider's contract has for it.
    pub(crate) fn status(self) -> u64 {
        match self {
            Self::Accepted | Self::Answered => 200,
            Self::Refused => 401,
            Self::Unavailable => 503,
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

/// Every kind that the provider sends, once as it sends it; then two that go wrong.
pub(crate) fn of(provider: Provider, kinds: &[String]) -> Vec<Call> {
    let call = |kind: &str, sent, must| Call { provider, kind: kind.to_owned(), sent, must };
    let mut calls: Vec<Call> =
        kinds.iter().map(|kind| call(kind, Sent::Genuine, provider.must(kind))).collect();
    for kind in provider.tampered() {
        calls.push(call(kind, Sent::Forged, Must::Refused));
        calls.push(call(kind, Sent::Late, Must::Refused));
    }
    calls
}
