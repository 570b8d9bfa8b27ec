//! `hookswitch plan`: what a running router would change if it read its config again; and
//! `hookswitch reload`, which has it done.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::api::{Place, Refused};
use super::table;

const PLAN: &str = "/api/v1/plan";
const RELOAD: &str = "/api/v1/reload";

#[derive(Debug, Args)]
pub(super) struct Plan {
    /// Show what the last reload, or plan, found, rather than look anew.
    #[arg(long)]
    last: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct Reload {
    /// Reload though stored callbacks come out otherwise, or vectors fail.
    #[arg(long)]
    allow_differences: bool,
    #[command(flatten)]
    place: Place,
}

impl Plan {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let api = self.place.open()?;
        let said = match self.last {
            true => api.get(PLAN, &[]).await?,
            false => api.post(PLAN, None).await?,
        };
        let plan = &said["plan"];
        match self.place.json {
            true => table::print(&format!("{plan}\n"))?,
            false => table::print(&as_text(plan))?,
        }
        let applies = plan.is_null() || plan["applies"] == true;
        Ok(if applies { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl Reload {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let api = self.place.open()?;
        let path = format!("{RELOAD}?allow_differences={}", self.allow_differences);
        let said = match api.post(&path, None).await {
            Ok(said) => said,
            Err(error) => {
                // Why stands in the plan; whoever may only reload is told no more than that.
                if error.is::<Refused>()
                    && let Ok(last) = api.get(PLAN, &[]).await
                {
                    eprint!("{}", last["plan"]["problems"].as_str().unwrap_or_default());
                }
                return Err(error);
            }
        };
        match (self.place.json, said["changed"] == true) {
            (true, _) => table::print(&format!("{said}\n"))?,
            (false, true) => eprintln!("generation {} runs", said["generation"]),
            (false, false) => {
                eprintln!("nothing differs: generation {} runs on", said["generation"])
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn as_text(plan: &Value) -> String {
    if plan.is_null() {
        return "nothing was reloaded since the start\n".to_owned();
    }
    let mut text = String::new();
    for (table, noun) in [("routes", "route"), ("destinations", "destination"), ("api_keys", "key")]
    {
        named(&mut text, noun, &plan[table]);
    }
    for plugin in rows(&plan["plugins"]) {
        let hash = |value: &Value| value.as_str().map_or("none".to_owned(), short);
        let (old, new) = (hash(&plugin["old"]), hash(&plugin["new"]));
        text.push_str(&format!("~ plugin {}: {old} → {new}\n", word(&plugin["name"])));
    }
    for (list, noun) in [("secrets", "~ secret of"), ("needs_restart", "! after a restart:")] {
        for one in rows(&plan[list]) {
            text.push_str(&format!("{noun} {}\n", word(one)));
        }
    }
    rows(&plan["rehearsals"]).iter().for_each(|one| rehearsal(&mut text, one));
    let problems = word(&plan["problems"]);
    // What differs in a config that can't be read isn't known.
    if text.is_empty() && (problems.is_empty() || plan["applies"] == true) {
        text.push_str("nothing differs from what runs\n");
    }
    text.push_str(problems);
    text.push_str(match (word(&plan["fate"]), plan["applies"] == true) {
        ("applied", _) => "applied\n",
        ("refused", _) => "refused\n",
        (_, true) => "would be applied\n",
        (_, false) => "would be refused\n",
    });
    text
}

fn named(text: &mut String, noun: &str, named: &Value) {
    for (list, sign) in [("added", '+'), ("removed", '-')] {
        for name in rows(&named[list]) {
            text.push_str(&format!("{sign} {noun} {}\n", word(name)));
        }
    }
    for one in rows(&named["changed"]) {
        let keys: Vec<&str> = rows(&one["keys"]).iter().map(word).collect();
        text.push_str(&format!("~ {noun} {}: {}\n", word(&one["name"]), keys.join(", ")));
    }
}

fn rehearsal(text: &mut String, one: &Value) {
    let (route, callbacks) = (word(&one["route"]), &one["callbacks"]);
    let differing = &one["differing"];
    text.push_str(&format!("rehearsed {route}: {callbacks} callbacks, {differing} differ\n"));
    for difference in rows(&one["differences"]) {
        text.push_str(&format!("  {}\n", self::difference(difference)));
    }
    if let Some(why) = one["cut_short"].as_str() {
        text.push_str(&format!("  not to its end: {why}\n"));
    }
}

/// One difference in a line.
pub(super) fn difference(one: &Value) -> String {
    let [callback, what, old, new] =
        ["callback_id", "what", "old", "new"].map(|name| word(&one[name]));
    format!("{callback}  {what}: {old} → {new}")
}

fn rows(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plan_is_told_in_lines() {
        let nothing = json!({ "added": [], "removed": [], "changed": [] });
        let plan = json!({
            "fate": "asked", "applies": false, "problems": "error: no\n",
            "routes": { "added": ["a"], "removed": ["b"],
                "changed": [{ "name": "c", "keys": ["path", "settings.key_form"] }] },
            "plugins": [{ "name": "p", "old": "0123456789abcdef", "new": null }],
            "secrets": ["route c: key: another value of k"], "destinations": nothing,
            "api_keys": { "added": [], "removed": ["ops"], "changed": [] },
            "needs_restart": ["public in [listen]"],
            "rehearsals": [{ "route": "c", "callbacks": 2, "differing": 1, "cut_short": null,
                "differences": [{ "callback_id": "1", "what": "verdict", "old": "genuine",
                    "new": "forged (late)" }] }],
        });
        let lines = "+ route a\n- route b\n~ route c: path, settings.key_form\n\
            - key ops\n~ plugin p: 0123456789ab → none\n\
            ~ secret of route c: key: another value of k\n\
            ! after a restart: public in [listen]\nrehearsed c: 2 callbacks, 1 differ\n  \
            1  verdict: genuine → forged (late)\nerror: no\nwould be refused\n";
        assert_eq!(as_text(&plan), lines);
        assert_eq!(as_text(&Value::Null), "nothing was reloaded since the start\n");
    }
}
