//! A route's config held against what its adapter says of itself: `describe` names what may be set,
//! `configure` looks at what was.

use std::sync::Arc;

use crate::config::{Place, Problem, Problems, RouteSettings, suggestion};
use crate::model::{Manifest, Reason};
use crate::plugin::{Binding, Fault, KeyVersion};

/// Adds everything that the adapter doesn't like about the route.
pub(super) async fn route(route: &RouteSettings, adapter: &Arc<Binding>, problems: &mut Problems) {
    let name = adapter.plugin().name();
    let manifest = match describe(adapter).await {
        Ok(manifest) => manifest,
        Err(fault) => {
            let message = format!("adapter \"{name}\" can't describe itself: {fault}");
            problems.push(Problem::error(message).at(&route.place));
            return;
        }
    };
    let before = problems.len();
    settings(route, &manifest, problems);
    secrets(route, &manifest, problems);
    answers(route, &manifest, problems);
    if adapter.plugin().confirms() {
        confirming(route, name, problems);
    }
    // A route whose keys are wrong would only be told so twice.
    if problems.len() == before && route.offline.is_none() {
        configure(route, adapter, problems).await;
    }
}

/// Warns where an adapter that confirms is granted nothing to do it with.
fn confirming(route: &RouteSettings, name: &str, problems: &mut Problems) {
    let mut warn = |what: &str, help: &str| {
        let message = format!("adapter \"{name}\" confirms events, and the route {what}");
        let help = format!("{help}; until then events stay unconfirmed");
        problems.push(Problem::warning(message).at(&route.place).help(help));
    };
    if route.allow_http.is_empty() {
        warn("lets it call nobody", "list the provider's API under `allow_http`");
    }
    // Without any secret, the provider's API may be one that wants none.
    if route.reveal.is_empty() && !route.secrets.is_empty() {
        warn("reveals no secret to it", "list what the provider's API wants under `reveal`");
    }
}

/// Warns of PEM that no signature can be verified with: adapters are given public keys only.
pub(super) fn keys(route: &RouteSettings, problems: &mut Problems) {
    for role in &route.secrets {
        for version in &role.versions {
            let key = KeyVersion::new(&version.name, None, version.value.clone());
            let Some(label) = key.wrong_pem() else { continue };
            let message =
                format!("\"{}\" is PEM that holds no public key (it says {label})", version.name);
            let help = "a signature is verified with the provider's PUBLIC KEY";
            problems.push(Problem::warning(message).at(&role.place).help(help));
        }
    }
}

async fn describe(adapter: &Arc<Binding>) -> Result<Manifest, Fault> {
    adapter.open().await?.describe().await
}

async fn configure(route: &RouteSettings, adapter: &Arc<Binding>, problems: &mut Problems) {
    let reasons = async { adapter.open().await?.configure().await };
    let refused = |why: String| Problem::error(why).at(&route.settings_place);
    match reasons.await {
        Ok(reasons) => {
            for Reason { detail, .. } in reasons {
                problems.push(refused(detail));
            }
        }
        Err(fault) => problems.push(refused(format!("the adapter can't be configured: {fault}"))),
    }
}

fn settings(route: &RouteSettings, manifest: &Manifest, problems: &mut Problems) {
    let known: Vec<&str> = manifest.settings.iter().map(|setting| setting.name.as_str()).collect();
    for key in route.settings.keys() {
        let place = route.setting_places.get(key).unwrap_or(&route.settings_place);
        unknown(("setting", key, place), &known, manifest, problems);
    }
    for setting in manifest.settings.iter().filter(|setting| setting.required) {
        if !route.settings.contains_key(&setting.name) {
            let message = format!("route \"{}\" needs the setting `{}`", route.name, setting.name);
            let problem = Problem::error(message).at(&route.settings_place);
            problems.push(problem.help(setting.about.clone()));
        }
    }
}

fn secrets(route: &RouteSettings, manifest: &Manifest, problems: &mut Problems) {
    let known: Vec<&str> = manifest.secrets.iter().map(|role| role.name.as_str()).collect();
    for role in &route.secrets {
        unknown(("secret", &role.name, &role.place), &known, manifest, problems);
    }
    for wanted in manifest.secrets.iter().filter(|role| role.required) {
        if !route.secrets.iter().any(|role| role.name == wanted.name) {
            let message = format!("route \"{}\" needs the secret `{}`", route.name, wanted.name);
            problems.push(Problem::error(message).at(&route.place).help(wanted.about.clone()));
        }
    }
}

fn answers(route: &RouteSettings, manifest: &Manifest, problems: &mut Problems) {
    let known: Vec<&str> = manifest.answers.iter().map(String::as_str).collect();
    for answer in &route.answers {
        unknown(("answer kind", &answer.kind, &answer.place), &known, manifest, problems);
    }
}

/// Adds a problem where the adapter doesn't know the word.
fn unknown(
    (what, word, place): (&str, &str, &Place),
    known: &[&str],
    manifest: &Manifest,
    problems: &mut Problems,
) {
    if known.contains(&word) {
        return;
    }
    let message = format!("the {} adapter has no {what} `{word}`", manifest.provider);
    let help = suggestion(word, known, &format!("{what}s"));
    problems.push(Problem::error(message).at(place).help(help));
}
