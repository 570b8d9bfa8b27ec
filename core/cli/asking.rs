//! What the plugins of a config ask for, use by use, and the line that would grant what isn't.
//! WASI that only denies asks for nothing.

use serde_json::{Value, json};

use super::plugin::{ALLOW_HTTP, REVEAL};
use crate::app::Loaded;
use crate::generation::Responder;
use crate::plugin::{Asking, HostRule};

/// One use of a plugin that asks for something.
pub(super) struct Use {
    /// `route NAME` or `responder NAME`.
    of: String,
    plugin: String,
    asks: Vec<Ask>,
}

/// One thing that it asks for.
struct Ask {
    what: &'static str,
    granted: Vec<String>,
    line: &'static str,
}

/// Every use that asks for something, in the config's order.
pub(super) fn uses(loaded: &Loaded) -> Vec<Use> {
    let mut uses = Vec::new();
    for route in &loaded.settings.routes {
        let Some(built) = loaded.generation.route(&route.name) else { continue };
        let plugin = built.adapter.plugin();
        let asks = asks(plugin.asking(), &route.allow_http, &route.reveal);
        let of = format!("route {}", route.name);
        uses.push(Use { of, plugin: plugin.name().to_owned(), asks });
    }
    for settings in &loaded.settings.plugins {
        let routes = loaded.settings.routes.iter();
        let built = routes.filter_map(|route| loaded.generation.route(&route.name));
        let answering = built
            .flat_map(|route| route.answers.values())
            .filter_map(|answerer| match &answerer.responder {
                Responder::Plugin(binding) => Some(binding.plugin()),
                Responder::Service(_) | Responder::Offline(_) => None,
            })
            .find(|plugin| plugin.name() == settings.name);
        let Some(plugin) = answering else { continue };
        let asks = asks(plugin.asking(), &settings.allow_http, &settings.reveal);
        uses.push(Use {
            of: format!("responder {}", settings.name),
            plugin: plugin.name().to_owned(),
            asks,
        });
    }
    uses.retain(|one| !one.asks.is_empty());
    uses
}

fn asks(asking: Asking, allow_http: &[HostRule], reveal: &[String]) -> Vec<Ask> {
    let host = |rule: &HostRule| match rule.port {
        Some(port) => format!("{}:{port}", rule.host),
        None => rule.host.clone(),
    };
    let http = asking.http.then(|| Ask {
        what: "outgoing HTTP",
        granted: allow_http.iter().map(host).collect(),
        line: ALLOW_HTTP,
    });
    let secrets = asking.secrets.then(|| Ask {
        what: "secrets in plain",
        granted: reveal.to_vec(),
        line: REVEAL,
    });
    http.into_iter().chain(secrets).collect()
}

impl Use {
    /// For a person: a line for each thing that it asks for.
    pub(super) fn lines(&self) -> String {
        let line = |ask: &Ask| {
            let granted = match ask.granted.as_slice() {
                [] => format!("not granted; this would: {}", ask.line),
                granted => format!("granted: {}", granted.join(", ")),
            };
            let Use { of, plugin, .. } = self;
            format!("{of}: \"{plugin}\" asks for {} ({granted})\n", ask.what)
        };
        self.asks.iter().map(line).collect()
    }

    pub(super) fn as_json(&self) -> Value {
        let ask = |ask: &Ask| json!({ "what": ask.what, "granted": ask.granted, "line": ask.line });
        let asks: Vec<Value> = self.asks.iter().map(ask).collect();
        json!({ "use": self.of, "plugin": self.plugin, "asks": asks })
    }
}
