//! The listeners' certificates: exchanged with every generation, for the connections to come. One
//! that isn't valid now is used all the same, and said: callers will refuse it, and nobody else
//! would know why.

use crate::config::{Problem, Problems, Router};
use crate::listen::Tls;
use crate::model::clock::rfc3339;

/// What the listeners were started with, and share with this.
#[derive(Debug)]
pub struct Certificates {
    /// The public listener's; `None`: it speaks without TLS.
    pub public: Option<Tls>,
    /// The admin listener's.
    pub admin: Option<Tls>,
}

impl Certificates {
    /// What the config names at the start.
    pub fn of(router: &Router) -> Certificates {
        let tls = |tls: &crate::config::Tls| Tls::new(tls.identity.clone());
        Certificates {
            public: router.tls.as_ref().map(tls),
            admin: router.admin_tls.as_ref().map(tls),
        }
    }

    /// New connections get what the config names now.
    pub(super) fn exchange(&self, router: &Router) {
        let pairs = [(&self.public, &router.tls), (&self.admin, &router.admin_tls)];
        for (running, new) in pairs {
            if let (Some(running), Some(new)) = (running, new) {
                running.exchange(new.identity.clone());
            }
        }
    }
}

/// Which certificates aren't valid now.
pub fn outdated(router: &Router, now_ms: u64) -> Problems {
    let mut problems = Problems::new();
    let mut said = Vec::new();
    for tls in [&router.tls, &router.admin_tls].into_iter().flatten() {
        let valid_ms = tls.identity.valid_ms();
        let message = if now_ms > *valid_ms.end() {
            format!("this certificate expired at {}", rfc3339(*valid_ms.end()))
        } else if now_ms < *valid_ms.start() {
            format!("this certificate isn't valid before {}", rfc3339(*valid_ms.start()))
        } else {
            continue;
        };
        // Mostly both listeners have the same one.
        if !said.contains(&tls.place.rank()) {
            said.push(tls.place.rank());
            problems.push(Problem::warning(message).at(&tls.place));
        }
    }
    problems
}
