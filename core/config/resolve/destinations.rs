//! Destinations with their secrets.

use std::collections::BTreeSet;

use super::Desk;
use crate::config::nearest::nearest;
use crate::config::raw::Raw;
use crate::config::raw::destinations::Destination;
use crate::config::{DestinationSettings, Problem};

/// Warns of destinations that no route delivers to. A slip counts for the one that was meant: it is
/// told already.
pub(super) fn check_use(raw: &Raw, desk: &mut Desk<'_>) {
    let known = &desk.names.destinations;
    let meant = |listed: &str| match known.contains_key(listed) {
        true => known.get_key_value(listed).map(|(name, _)| *name),
        false => nearest(listed, known.keys().copied()),
    };
    let listed = raw.routes.iter().flat_map(|route| &route.deliver);
    let used: BTreeSet<_> = listed.filter_map(|name| meant(&name.value)).collect();
    for destination in &raw.destinations {
        let name = destination.name.value.as_str();
        if used.contains(name) {
            continue;
        }
        let message = format!("no route delivers to \"{name}\"");
        let help = format!("write deliver = [\"{name}\"] in a [[routes]]");
        let problem = Problem::warning(message).at(&destination.name.place).help(help);
        desk.problems.push(problem.doubtful());
    }
}

pub(super) fn destination(raw: &Destination, desk: &mut Desk<'_>) -> DestinationSettings {
    let user = format!("destination {}", raw.name.value);
    let secret = desk.shelf.versions(&raw.secret, &user, &mut desk.problems);
    DestinationSettings {
        name: raw.name.value.clone(),
        place: raw.name.place.clone(),
        // Without a url there was an error, and these settings are never used.
        url: raw.url.clone().unwrap_or_default(),
        events: raw.events.clone(),
        secret: secret.list,
        retry: raw.retry.clone(),
        timeout: raw.timeout,
        concurrency: raw.concurrency,
        offline: secret.offline,
    }
}
