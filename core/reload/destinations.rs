//! The config's destinations as they are delivered to.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::DestinationSettings;
use crate::generation::Destination;

/// All of them, by name.
pub(super) fn all(settings: &[DestinationSettings]) -> BTreeMap<String, Arc<Destination>> {
    let named = |one: &DestinationSettings| (one.name.clone(), Arc::new(destination(one)));
    settings.iter().map(named).collect()
}

fn destination(settings: &DestinationSettings) -> Destination {
    Destination {
        name: settings.name.clone(),
        url: settings.url.clone(),
        events: settings.events.clone(),
        secrets: settings.secret.iter().map(|version| version.value.clone()).collect(),
        retry: settings.retry.clone(),
        timeout: settings.timeout,
        concurrency: settings.concurrency,
        offline: settings.offline.clone(),
    }
}
