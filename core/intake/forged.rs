//! The newest callbacks that were found forged, so that it can be told why. In memory only, a few
//! for each route: whoever floods one route pushes out no other's.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::{Callback, Reason};

/// Kept of one route.
const EACH_MAX: usize = 20;
/// Of how many routes; those of the router are far fewer.
const ROUTES_MAX: usize = 1000;
/// A body that is larger isn't kept.
const BODY_BYTES_MAX: usize = 64 << 10;
/// Bytes of all bodies together.
const BYTES_MAX: usize = 8 << 20;

/// One of them.
#[derive(Debug, Clone)]
pub struct ForgedCallback {
    /// Byte for byte.
    pub callback: Callback,
    /// Its route's name.
    pub route: String,
    /// What its adapter said.
    pub reason: Reason,
}

/// All that are kept.
#[derive(Debug, Default)]
pub struct Forged(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    routes: BTreeMap<String, VecDeque<ForgedCallback>>,
    /// Of all bodies together.
    bytes: usize,
}

impl Forged {
    /// Keeps one, in the place of its route's oldest.
    pub fn keep(&self, route: &str, callback: &Callback, reason: &Reason) {
        if callback.body.len() > BODY_BYTES_MAX {
            return;
        }
        let mut kept = self.lock();
        let Kept { routes, bytes } = &mut *kept;
        if routes.len() >= ROUTES_MAX && !routes.contains_key(route) {
            return;
        }
        let of_route = routes.entry(route.to_owned()).or_default();
        while of_route.len() >= EACH_MAX || *bytes + callback.body.len() > BYTES_MAX {
            let Some(oldest) = of_route.pop_front() else { return };
            *bytes -= oldest.callback.body.len();
        }
        *bytes += callback.body.len();
        let (callback, reason) = (callback.clone(), reason.clone());
        of_route.push_back(ForgedCallback { callback, route: route.to_owned(), reason });
    }

    /// The one whose callback has this id.
    pub fn find(&self, id: &str) -> Option<ForgedCallback> {
        self.lock().routes.values().flatten().find(|one| one.callback.head.id == id).cloned()
    }

    /// All of them, the newest first.
    pub fn all(&self) -> Vec<ForgedCallback> {
        let mut all: Vec<ForgedCallback> = self.lock().routes.values().flatten().cloned().collect();
        all.sort_by(|a, b| b.callback.head.id.cmp(&a.callback.head.id));
        all
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // Nothing in here breaks off half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::model::Head;

    fn callback(number: usize, body: usize) -> Callback {
        let head = Head {
            id: format!("{number:08}"),
            method: "POST".to_owned(),
            url: "https://hooks.example.com/".to_owned(),
            params: Vec::new(),
            headers: Vec::new(),
            peer: "192.0.2.1".to_owned(),
            received_at_ms: 0,
        };
        Callback { head, body: Bytes::from(vec![0; body]) }
    }

    #[test]
    fn the_newest_of_each_route_stay() {
        let (forged, why) = (Forged::default(), Reason::new("late", "too late"));
        forged.keep("quiet", &callback(0, 1), &why);
        (1..=100).for_each(|number| forged.keep("busy", &callback(number, 1), &why));
        forged.keep("busy", &callback(101, BODY_BYTES_MAX + 1), &why);
        let ids: Vec<String> = forged.all().into_iter().map(|one| one.callback.head.id).collect();
        assert_eq!(ids.len(), EACH_MAX + 1);
        assert_eq!((ids[0].as_str(), ids[EACH_MAX].as_str()), ("00000100", "00000000"));
        assert_eq!(forged.find("00000100").map(|one| one.route), Some("busy".to_owned()));
        assert!(forged.find("00000001").is_none());
    }

    #[test]
    fn bodies_are_bounded_together() {
        let (forged, why) = (Forged::default(), Reason::new("late", "too late"));
        for number in 0..1000 {
            forged.keep(&format!("r{}", number % 100), &callback(number, BODY_BYTES_MAX), &why);
        }
        let bytes: usize = forged.all().iter().map(|one| one.callback.body.len()).sum();
        assert!(bytes <= BYTES_MAX, "{bytes}");
    }
}
