//! Configs that hold, and what they mean.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;
use crate::config::AdapterRef;
use crate::intake::ForwardedHeader;
use crate::plugin::{HostRule, Source};

const ROUTER: &str = r#"
[listen]
public = "0.0.0.0:80"
public_url = "https://hooks.example.com/in/"
trusted_proxies = ["10.0.0.0/8", "::1"]
forwarded_header = "forwarded"

[store]
path = "../data/x.db"

[limits]
connections = 10
head_bytes = "16KiB"
head_timeout = "3s"
linger_timeout = "0s"
body_bytes = 2048
call_timeout = "20s"
instances = 32
plugin_memory = "64MiB"
cache_bytes = 0
plugin_deadline = "250ms"
confirm_deadline = "10s"
log_lines = 0
http_timeout = "1m"

[outbound]
allow_networks = ["192.168.0.0/16"]
"#;

const ROUTES: &str = r#"
[secrets]
old = { env = "OLD" }
new = { env = "NEW", kid = "key-2" }

[plugins.quotes]
source = "../plugins/quotes.wasm"
vectors = "../plugins/quotes-vectors"
memory = "48MiB"
deadline = "400ms"
confirm_deadline = "20s"
reuse = 7
allow_http = ["Rates.Example.com", "10.0.0.1:8443", "[::1]:9"]
settings = { pairs = ["a", "b"], deep = { n = 1, f = 1.5, yes = true, day = 2026-01-02 } }

[plugins.wire]
source = "builtin:wire"

[[routes]]
name = "acme"
path = "/acme/{call}"
adapter = "builtin:acme"
methods = ["POST", "GET", "POST"]
secrets.signing-key = ["old", { secret = "new" }, { secret = "old", kid = "k1" }]
secrets.one = { env = "OLD" }
settings = { partner_id = "p", dollar = "\u0024{HOME}" }
reveal = ["one"]

[routes.answers.quote]
responder = "quotes"
deadline = "2s"

[routes.answers.order]
responder = "quotes"

[[routes]]
name = "wire"
path = "/wire"
adapter = "wire"
"#;

fn both() -> (Settings, Problems) {
    let sources = in_memory(&[("config/router.toml", ROUTER), ("config/routes/acme.toml", ROUTES)]);
    let set = |name: &str| Some(format!("{name}-0123456789abcdef"));
    let (settings, problems) = resolve(&sources, &set);
    (settings.unwrap_or_else(|| panic!("{}", problems.render(false))), problems)
}

#[test]
fn everything_that_works_warns_of_nothing() {
    let (_, problems) = both();
    assert!(problems.is_empty(), "{}", problems.render(false));
}

#[test]
fn the_router() {
    let router = both().0.router;
    assert_eq!(router.public.to_string(), "0.0.0.0:80");
    assert_eq!(router.public_url.as_deref(), Some("https://hooks.example.com/in"));
    assert_eq!(router.forwarded_header, ForwardedHeader::Forwarded);
    assert_eq!(router.trusted_proxies[1].to_string(), "::1/128");
    assert_eq!(router.store.path, PathBuf::from("config/../data/x.db"));
    assert_eq!(router.allow_networks[0].to_string(), "192.168.0.0/16");
    assert_eq!((router.listen.connections, router.listen.head_bytes), (10, 16 << 10));
    assert_eq!(router.listen.head_timeout, Duration::from_secs(3));
    assert_eq!(router.listen.linger_timeout, Duration::ZERO);
    assert_eq!(router.listen.idle_timeout, crate::listen::Limits::default().idle_timeout);
    assert_eq!(router.intake.body_bytes, 2048);
    assert_eq!((router.pool.instances, router.pool.memory_bytes), (32, 64 << 20));
    assert_eq!(router.pool.cache_bytes, 0);
    // A plugin's default share shrinks with the pool, and doesn't grow with it.
    assert_eq!((router.plugin.instances, router.plugin.memory_bytes), (32, 32 << 20));
    assert_eq!(router.plugin.http_timeout, Duration::from_secs(60));
}

#[test]
fn plugins() {
    let plugins = both().0.plugins;
    let quotes = &plugins[0];
    assert_eq!(quotes.source, Source::File("config/routes/../plugins/quotes.wasm".into()));
    let folder = quotes.vectors.as_ref().map(|folder| (&*folder.value, folder.place.line()));
    let wanted = Path::new("config/routes/../plugins/quotes-vectors");
    assert_eq!(folder, Some((wanted, 8)));
    assert!(plugins[1].vectors.is_none());
    assert_eq!(quotes.limits.memory_bytes, 48 << 20);
    assert_eq!(quotes.limits.deadline, Duration::from_millis(400));
    assert_eq!(quotes.limits.confirm_deadline, Duration::from_secs(20));
    assert_eq!((quotes.limits.reuse, quotes.limits.log_lines), (7, 0));
    let rule = |host: &str, port| HostRule { host: host.to_owned(), port };
    let hosts =
        [rule("rates.example.com", None), rule("10.0.0.1", Some(8443)), rule("::1", Some(9))];
    assert_eq!(quotes.allow_http, hosts);
    let deep = serde_json::json!({"n": 1, "f": 1.5, "yes": true, "day": "2026-01-02"});
    assert_eq!(quotes.settings["deep"], deep);
    assert_eq!(quotes.setting_places["pairs"].line(), 14);
    assert_eq!(plugins[1].source, Source::Builtin("wire".to_owned()));
    assert_eq!(plugins[1].limits.deadline, Duration::from_millis(250));
    assert_eq!(plugins[1].limits.confirm_deadline, Duration::from_secs(10));
}

#[test]
fn routes() {
    let routes = both().0.routes;
    let acme = &routes[0];
    assert_eq!((acme.name.as_str(), acme.place.line()), ("acme", 20));
    assert_eq!((acme.path.value.as_str(), acme.path.place.column()), ("/acme/{call}", 8));
    assert_eq!(acme.methods, ["POST", "GET"]);
    assert!(matches!(&acme.adapter, AdapterRef::Builtin(name, _) if name == "acme"));
    assert_eq!(acme.settings["dollar"], "${HOME}");
    assert_eq!(acme.reveal, ["one"]);
    let kinds: Vec<_> =
        acme.answers.iter().map(|answer| (&*answer.kind, &answer.responder)).collect();
    use crate::config::ResponderRef::Plugin;
    assert!(matches!(kinds[..], [("quote", Plugin(0)), ("order", Plugin(0))]), "{kinds:?}");
    assert_eq!(acme.answers[0].deadline, Duration::from_secs(2));
    let versions: Vec<_> = acme.secrets[0]
        .versions
        .iter()
        .map(|version| (&*version.name, version.kid.as_deref(), version.value.expose()))
        .collect();
    let (old, new) = ("OLD-0123456789abcdef", "NEW-0123456789abcdef");
    assert_eq!(
        versions,
        [("old", None, old), ("new", Some("key-2"), new), ("old", Some("k1"), old)]
    );
    assert_eq!(acme.secrets[1].versions[0].name, "env:OLD");
    assert_eq!(acme.offline, None);
    assert!(matches!(routes[1].adapter, AdapterRef::Plugin(1)));
    assert_eq!(routes[1].methods, ["POST"]);
    assert_eq!(routes[1].settings_place.line(), 37);
}

#[test]
fn the_digest_follows_text_and_secrets() {
    let digest = |text: &str, value: &str| {
        let sources = in_memory(&[("config.toml", text)]);
        let found = resolve(&sources, &|_| Some(value.to_owned())).0;
        found.map(|settings| settings.digest).unwrap_or_default()
    };
    let text = format!("{ROUTE}secrets = {{ a = {{ env = \"A\" }} }}\n");
    let first = digest(&text, "0123456789abcdef");
    assert_eq!(first.len(), 64);
    assert_eq!(first, digest(&text, "0123456789abcdef"));
    assert_ne!(first, digest(&text, "0123456789abcdeX"));
    assert_ne!(first, digest(&format!("{text}# more\n"), "0123456789abcdef"));
}

/// Keys that are seldom written.
const BUILT: &str = r#"
[listen]
admin = "127.0.0.1:8081"
[admin.keys.ops]
secret = { env = "OPS" }
scopes = ["events:read"]
[plugins.q]
source = "q.wasm"
reuse = 4
[[routes]]
name = "r"
path = "/r"
adapter = "builtin:r"
expect_every = "1h"
rehearse = 50
[routes.answers.a]
responder = "q"
"#;

#[test]
fn what_is_written_means_something() {
    let sources = in_memory(&[("config.toml", BUILT)]);
    let (settings, problems) = resolve(&sources, &|_| Some("0123456789abcdef".to_owned()));
    let rendered = problems.render(false);
    let settings = settings.unwrap_or_else(|| panic!("{rendered}"));
    assert_eq!(problems.len(), 0, "{rendered}");
    assert_eq!(settings.routes[0].expect_every, Some(Duration::from_secs(3600)));
    assert_eq!((settings.routes[0].answers.len(), settings.routes[0].rehearse), (1, 50));
    assert_eq!(settings.router.admin_keys[0].secret.len(), 1);
}

#[test]
fn an_empty_config_is_the_defaults_and_a_warning() {
    let (settings, problems) = check("");
    let router = settings.map(|settings| settings.router).unwrap();
    assert_eq!(router.public.to_string(), "127.0.0.1:8080");
    assert_eq!(router.store.path, PathBuf::from("data/hookswitch.db"));
    assert!(problems.render(false).contains("there are no routes in config.toml"));
}

#[test]
fn windows_line_ends_and_byte_order_marks_are_fine() {
    let (settings, problems) = check(&format!("\u{feff}{}", ROUTE.replace('\n', "\r\n")));
    assert!(settings.is_some(), "{}", problems.render(false));
    let (_, problems) = check(&"[listen]\nodd = 1\n".replace('\n', "\r\n"));
    assert!(problems.render(false).contains("config.toml:2:1"));
}

#[test]
fn plugins_out_of_use_are_told() {
    let text = format!(
        "{ROUTE}[plugins.idle]\nsource = \"i.wasm\"\n[plugins.a]\nsource = \"a.wasm\"\n\
         settings = {{ x = 1 }}\n[[routes]]\nname = \"b\"\npath = \"/b\"\nadapter = \"a\"\n"
    );
    let (settings, problems) = check(&text);
    let rendered = problems.render(false);
    assert!(settings.is_some());
    assert!(rendered.contains("nothing uses the plugin \"idle\""), "{rendered}");
    assert!(rendered.contains("this has no effect on an adapter"), "{rendered}");
    assert_eq!(problems.len(), 2, "{rendered}");
}
