//! What can be asked of the admin listener: paths, methods and scopes in one table. Whatever has a
//! scope can't be reached without a key.

use hyper::Method;

/// One thing to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Alive,
    Ready,
    Generation,
    Routes,
    Plugins,
    Reload,
}

pub(super) const ENDPOINTS: [(&str, Endpoint); 6] = [
    ("/healthz", Endpoint::Alive),
    ("/readyz", Endpoint::Ready),
    ("/api/v1/generation", Endpoint::Generation),
    ("/api/v1/routes", Endpoint::Routes),
    ("/api/v1/plugins", Endpoint::Plugins),
    ("/api/v1/reload", Endpoint::Reload),
];

impl Endpoint {
    /// The one at this path, as sent.
    pub(super) fn find(path: &str) -> Option<Endpoint> {
        let found = ENDPOINTS.iter().find(|(own, _)| *own == path);
        found.map(|(_, endpoint)| *endpoint)
    }

    /// What a key must be allowed to ask for it; `None`: no key is needed.
    pub(super) fn scope(self) -> Option<&'static str> {
        match self {
            Endpoint::Alive | Endpoint::Ready => None,
            Endpoint::Generation | Endpoint::Routes | Endpoint::Plugins => Some("admin:read"),
            Endpoint::Reload => Some("admin:write"),
        }
    }

    /// The methods that it takes, as `Allow` lists them.
    pub(super) fn methods(self) -> &'static str {
        match self {
            Endpoint::Reload => "POST",
            _ => "GET, HEAD",
        }
    }

    /// Does it take this method?
    pub(super) fn takes(self, method: &Method) -> bool {
        self.methods().split(", ").any(|own| own == method.as_str())
    }
}
