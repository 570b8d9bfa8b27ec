//! Destinations with their secrets.

use super::Desk;
use crate::config::DestinationSettings;
use crate::config::raw::destinations::Destination;

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
