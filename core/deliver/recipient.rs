//! Who gets deliveries, and how: a destination of the config or a registered webhook, in one form.

use std::collections::BTreeMap;
use std::time::Duration;

use super::limits::Limits;
use crate::generation::{Destination, Generation};
use crate::model::{Addressee, KindPattern};
use crate::outbound::OwnedReach;
use crate::plugin::SecretText;
use crate::store::Webhook;

/// One that deliveries are sent to. Two that are equal are the same in all that anybody set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recipient {
    pub(super) url: String,
    /// Newest first; none: deliveries are unsigned.
    pub(super) secrets: Vec<SecretText>,
    /// Waits before each further attempt.
    pub(super) retry: Vec<Duration>,
    /// Of one attempt.
    pub(super) timeout: Duration,
    /// Attempts at once.
    pub(super) concurrency: usize,
    /// Where may be dialled.
    pub(super) reach: OwnedReach,
    /// What it wants. Nobody looks at that here, but whoever changed it wants to be tried again.
    events: Vec<KindPattern>,
    /// When it was last changed over the API.
    updated_ms: u64,
}

/// All that can be sent to now.
pub(super) fn all(
    generation: &Generation,
    webhooks: &[Webhook],
    limits: &Limits,
) -> BTreeMap<Addressee, Recipient> {
    let named =
        generation.destinations.values().filter(|destination| destination.offline.is_none());
    let named = named.map(|destination| {
        (Addressee::Named(destination.name.clone()), Recipient::named(destination))
    });
    let active = webhooks.iter().filter(|webhook| webhook.active);
    let registered = active.map(|webhook| {
        let reach = OwnedReach::Public(generation.allow_networks.clone());
        (Addressee::Webhook(webhook.id), Recipient::registered(webhook, reach, limits))
    });
    named.chain(registered).collect()
}

impl Recipient {
    fn named(destination: &Destination) -> Recipient {
        Recipient {
            url: destination.url.clone(),
            secrets: destination.secrets.clone(),
            retry: destination.retry.clone(),
            timeout: destination.timeout,
            concurrency: destination.concurrency,
            reach: OwnedReach::Anywhere,
            events: destination.events.clone(),
            updated_ms: 0,
        }
    }

    fn registered(webhook: &Webhook, reach: OwnedReach, limits: &Limits) -> Recipient {
        Recipient {
            url: webhook.url.clone(),
            secrets: vec![SecretText::new(webhook.secret.clone())],
            retry: limits.webhook_retry.clone(),
            timeout: limits.webhook_timeout,
            concurrency: limits.webhook_concurrency,
            reach,
            events: webhook.events.clone(),
            updated_ms: webhook.updated_ms,
        }
    }
}
