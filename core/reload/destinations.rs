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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{read, resolve};

    const CONFIG: &str = r#"
[destinations.ledger]
url = "https://example.com/events"
events = ["acme.*"]
secret = [{ env = "NEW" }, { env = "OLD" }]
retry = ["1m"]
timeout = "9s"
concurrency = 2
[destinations.off]
url = "https://example.com/off"
secret = { env = "MISSING" }
"#;

    #[test]
    fn destinations_are_as_the_config_says() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        std::fs::write(&path, CONFIG).expect("a file");
        let environment = |name: &str| (name != "MISSING").then(|| format!("{name}-0123456789abc"));
        let (settings, problems) = resolve(&read(&path).expect("it can be read"), &environment);
        let settings = settings.unwrap_or_else(|| panic!("{}", problems.render(false)));
        let all = all(&settings.destinations);
        let ledger = &all["ledger"];
        assert!(ledger.wants("acme.paid") && !ledger.wants("other.paid"));
        let secrets: Vec<_> = ledger.secrets.iter().map(|secret| secret.expose()).collect();
        assert_eq!(secrets, ["NEW-0123456789abc", "OLD-0123456789abc"]);
        assert_eq!((ledger.retry.len(), ledger.timeout.as_secs(), ledger.concurrency), (1, 9, 2));
        assert_eq!((ledger.name.as_str(), &ledger.offline), ("ledger", &None));
        assert!(all["off"].offline.is_some() && all["off"].secrets.is_empty());
        assert!(all["off"].wants("anything.at.all"));
    }
}
