//! Routes, destinations, the store and delivering: what the config means, and what it can't.

use std::time::Duration;

use super::*;
use crate::config::{Delivering, StoreSettings};
use crate::model::OutOfOrder;

const CONFIG: &str = r#"
[store]
keep = "7d"
size = "2GiB"
secret_key = { env = "K" }
[limits]
store_queue = 10
store_batch = 5
webhooks = 0
confirm_first = "1s"
confirm_most = "2s"
confirm_giveup = "1h"
breaker_faults = 2
breaker_least = "3s"
breaker_most = "4s"
response_bytes = 100
deliver_drain = "0s"
[[routes]]
name = "plain"
path = "/plain"
adapter = "builtin:r"
[[routes]]
name = "r"
path = "/r"
adapter = "builtin:r"
deliver = ["ledger", "all"]
dedupe = "1d"
answers_keep = "90d"
out_of_order = "drop"
[destinations.ledger]
url = "http://127.0.0.1:9000/events?x=1"
events = ["acme.*", "*.paid"]
secret = [{ env = "L1" }, { env = "L2" }]
retry = ["1m", "5m"]
timeout = "9s"
concurrency = 2
[destinations.all]
url = "https://example.com"
secret = { env = "L1" }
"#;

fn whole(text: &str) -> Settings {
    let sources = in_memory(&[("config.toml", text)]);
    let (settings, problems) = resolve(&sources, &|_| Some("0123456789abcdef".to_owned()));
    assert!(problems.is_empty(), "{}", problems.render(false));
    settings.unwrap()
}

#[test]
fn what_is_delivered_where_and_how() {
    let settings = whole(CONFIG);
    let (plain, route) = (&settings.routes[0], &settings.routes[1]);
    assert_eq!(
        (plain.dedupe, plain.out_of_order),
        (Duration::from_secs(259_200), OutOfOrder::Mark)
    );
    let days = |days: u64| Duration::from_secs(days * 86_400);
    assert_eq!((plain.answers_keep, route.answers_keep), (days(30), days(90)));
    assert!(plain.deliver.is_empty());
    assert_eq!((route.dedupe, route.out_of_order), (Duration::from_secs(86_400), OutOfOrder::Drop));
    assert_eq!(route.deliver, ["ledger", "all"]);
    let (ledger, all) = (&settings.destinations[0], &settings.destinations[1]);
    assert_eq!((ledger.secret.len(), ledger.concurrency), (2, 2));
    assert_eq!(ledger.retry, [Duration::from_secs(60), Duration::from_secs(300)]);
    let texts: Vec<_> = ledger.events.iter().map(|pattern| pattern.as_str()).collect();
    assert_eq!(texts, ["acme.*", "*.paid"]);
    assert_eq!((all.events.len(), all.events[0].as_str(), all.retry.len()), (1, "*", 4));
    let words = [("mark", OutOfOrder::Mark), ("deliver", OutOfOrder::Deliver)];
    for (word, meant) in words {
        let text = format!("{ROUTE}out_of_order = \"{word}\"\n");
        assert_eq!(whole(&text).routes[0].out_of_order, meant, "{word}");
    }
}

#[test]
fn the_store_and_its_bounds() {
    let router = whole(CONFIG).router;
    let seconds = Duration::from_secs;
    let store = StoreSettings {
        path: "data/hookswitch.db".into(),
        keep: seconds(7 * 86_400),
        bytes: 2 << 30,
        queue: 10,
        batch: 5,
        webhooks_max: 0,
    };
    assert_eq!((router.store, router.store_key.len()), (store, 1));
    let delivering = Delivering {
        confirm_first: seconds(1),
        confirm_most: seconds(2),
        confirm_giveup: seconds(3600),
        breaker_faults: 2,
        breaker_least: seconds(3),
        breaker_most: seconds(4),
        response_bytes: 100,
        deliver_drain: seconds(0),
    };
    assert_eq!(router.delivering, delivering);
}

#[test]
fn each_of_them_needs_a_restart() {
    let before = whole(CONFIG).router;
    let cases = [
        ("keep = \"7d\"", "keep = \"8d\"", "keep in [store]"),
        ("size = \"2GiB\"", "size = \"3GiB\"", "size in [store]"),
        ("[store]\n", "[store]\npath = \"x.db\"\n", "path in [store]"),
        ("store_queue = 10", "store_queue = 11", "store_queue in [limits]"),
        ("store_batch = 5", "store_batch = 6", "store_batch in [limits]"),
        ("webhooks = 0", "webhooks = 1", "webhooks in [limits]"),
        ("confirm_first = \"1s\"", "confirm_first = \"9s\"", "confirm_first in [limits]"),
        ("response_bytes = 100", "response_bytes = 101", "response_bytes in [limits]"),
        ("deliver_drain = \"0s\"", "deliver_drain = \"1s\"", "deliver_drain in [limits]"),
        // Each generation has these anew.
        ("timeout = \"9s\"", "timeout = \"8s\"", ""),
        ("dedupe = \"1d\"", "dedupe = \"2d\"", ""),
        ("answers_keep = \"90d\"", "answers_keep = \"1s\"", ""),
    ];
    for (old, new, key) in cases {
        let after = whole(&CONFIG.replacen(old, new, 1)).router;
        let changed = before.changed(&after);
        assert_eq!(changed.join(", "), key, "{new}");
    }
}

#[test]
fn what_they_cannot_be_is_told_with_its_place() {
    // What is added to a config, how many errors that makes, and what is said.
    let cases: [(&str, usize, &[&str]); 17] = [
        ("dedupe = \"0s\"", 1, &["config.toml:5:10", "dedupe must be from 1s to 30d"]),
        ("dedupe = \"31d\"", 1, &["dedupe must be from 1s to 30d"]),
        ("answers_keep = \"0s\"", 1, &["answers_keep must be from 1s to 365d"]),
        ("answers_keep = \"366d\"", 1, &["answers_keep must be from 1s to 365d"]),
        ("dedupe = 5", 1, &["a length of time is a string with a unit"]),
        ("out_of_order = \"markk\"", 1, &["config.toml:5:16", "did you mean \"mark\"?"]),
        ("out_of_order = true", 1, &["this should be a string"]),
        ("deliver = [\"nobody\"]", 1, &["there is no destination \"nobody\""]),
        (
            "deliver = [\"leger\"]\n[destinations.ledger]\nurl = \"http://a.example\"",
            1,
            &["there is no destination \"leger\"", "did you mean \"ledger\"?"],
        ),
        (
            "deliver = [\"d\"]\n[destinations.d]\nurl = \"http://a\"\nevents = [\"a b\", \"\"]",
            2,
            &["config.toml:8:11", "config.toml:8:18", "this isn't a pattern of kinds"],
        ),
        (
            "[destinations.d]\nurl = \"http://a\"",
            0,
            &["config.toml:5:15", "no route delivers to \"d\"", "write deliver = [\"d\"]"],
        ),
        ("[store]\nkeep = \"59s\"", 1, &["keep must be from 1m to 3650d"]),
        ("[store]\nsize = \"1KiB\"", 1, &["size must be from 1MiB to 1024GiB"]),
        ("[store]\nsize = \"2TB\"", 1, &["an amount of memory"]),
        ("[limits]\nstore_queue = 0", 1, &["store_queue must be from 1 to"]),
        ("[limits]\nconfirm_most = \"2d\"", 1, &["confirm_most must be from 1ms to 24h"]),
        ("[limits]\nwebhook = 1", 1, &["unknown key \"webhook\"", "did you mean \"webhooks\"?"]),
    ];
    for (added, errors, shows) in cases {
        let (settings, problems) = check(&format!("{ROUTE}{added}\n"));
        let rendered = problems.render(false);
        assert_eq!(count(&problems, Severity::Error), errors, "{added}\n{rendered}");
        assert_eq!(settings.is_some(), errors == 0, "{added}\n{rendered}");
        for shown in shows {
            assert!(rendered.contains(shown), "{added}\nlacks: {shown}\n{rendered}");
        }
        let unheard = rendered.contains("no route delivers");
        assert_eq!(unheard, errors == 0, "{added}\n{rendered}");
    }
}
