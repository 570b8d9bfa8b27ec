//! Routes with their adapters, responders and secrets.

use super::Desk;
use super::names::find;
use super::plugins::roles;
use crate::config::nearest::{nearest, quoted};
use crate::config::raw::answers::Answer;
use crate::config::raw::bounds::show_time;
use crate::config::raw::plugins::builtin;
use crate::config::raw::routes::Route;
use crate::config::{
    AdapterRef, AnswerSettings, Placed, Problem, ResponderRef, RouteSettings, ServiceSettings,
};

/// One route; `None` where a part of it is missing or wrong, which was told.
pub(super) fn route(raw: &Route, desk: &mut Desk<'_>) -> Option<RouteSettings> {
    let name = raw.name.as_ref().map_or("without a name", |name| name.value.as_str());
    let user = format!("route {name}");
    let (secrets, offline) = roles(&raw.grants.secrets, &user, desk);
    let adapter = raw.adapter.as_ref().and_then(|adapter| self::adapter(adapter, desk));
    let answers = raw.answers.iter().filter_map(|answer| self::answer(answer, desk)).collect();
    for destination in &raw.deliver {
        find(&desk.names.destinations, destination, "destination", &mut desk.problems);
    }
    let settings_place = raw.grants.settings_place.as_ref().unwrap_or(&raw.place);
    Some(RouteSettings {
        name: raw.name.as_ref()?.value.clone(),
        place: raw.place.clone(),
        path: raw.path.clone()?,
        methods: raw.methods.clone(),
        adapter: adapter?,
        settings: raw.grants.settings.clone(),
        setting_places: raw.grants.setting_places.clone(),
        settings_place: settings_place.clone(),
        secrets,
        reveal: raw.grants.reveal.clone(),
        allow_http: raw.grants.allow_http.clone(),
        answers,
        deliver: raw.deliver.iter().map(|name| name.value.clone()).collect(),
        dedupe: raw.dedupe,
        answers_keep: raw.answers_keep,
        out_of_order: raw.out_of_order,
        expect_every: raw.expect_every,
        rehearse: raw.rehearse,
        offline,
    })
}

fn adapter(written: &Placed<String>, desk: &mut Desk<'_>) -> Option<AdapterRef> {
    match builtin(&written.value) {
        Some(Ok(name)) => return Some(AdapterRef::Builtin(name, written.place.clone())),
        Some(Err(wrong)) => {
            desk.problems.push(Problem::error(wrong.message).at(&written.place));
            return None;
        }
        None => {}
    }
    let plugins = &desk.names.plugins;
    if let Some(at) = plugins.get(written.value.as_str()) {
        return Some(AdapterRef::Plugin(*at));
    }
    let name = quoted(&written.value);
    let help = match nearest(&written.value, plugins.keys().copied()) {
        Some(right) => format!("did you mean \"{right}\"?"),
        None => {
            "define it under [plugins.…], or write \"builtin:…\" for an embedded one".to_owned()
        }
    };
    let problem = Problem::error(format!("there is no plugin {name}")).at(&written.place);
    desk.problems.push(problem.help(help).doubtful());
    None
}

/// One answer; `None` where nobody is named for it, or somebody who isn't there, which was told.
fn answer(raw: &Answer, desk: &mut Desk<'_>) -> Option<AnswerSettings> {
    let call_timeout = desk.limits.intake.call_timeout;
    if let Some(place) = raw.deadline_place.as_ref().filter(|_| raw.deadline > call_timeout) {
        let message = "this deadline is longer than a call may take";
        let help = format!("call_timeout in [limits] is {}", show_time(call_timeout));
        desk.problems.push(Problem::warning(message).at(place).help(help));
    }
    Some(AnswerSettings {
        kind: raw.kind.value.clone(),
        place: raw.kind.place.clone(),
        responder: responder(raw, desk)?,
        deadline: raw.deadline,
        fallback: raw.fallback.clone(),
        concurrency: raw.concurrency,
    })
}

fn responder(raw: &Answer, desk: &mut Desk<'_>) -> Option<ResponderRef> {
    let Some(named) = &raw.responder else {
        let url = raw.url.clone()?;
        let user = format!("the service at {}", url.value);
        let secret = desk.shelf.versions(&raw.secret, &user, &mut desk.problems);
        let service = ServiceSettings { url, secret: secret.list, offline: secret.offline };
        return Some(ResponderRef::Service(service));
    };
    // Nothing is signed with it; that its name exists is all that is looked at.
    desk.shelf.check(&raw.secret, &mut desk.problems);
    if builtin(&named.value).is_some() {
        let message = "a responder is a plugin of one's own";
        let help = "define it under [plugins.…] and give its name";
        desk.problems.push(Problem::error(message).at(&named.place).help(help));
        return None;
    }
    find(&desk.names.plugins, named, "plugin", &mut desk.problems).map(ResponderRef::Plugin)
}
