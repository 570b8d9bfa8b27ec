//! Who answers which kind of a route's requests. What is known of how they do is taken over from
//! the generation before, where the same ones answer.

use std::collections::HashMap;
use std::sync::Arc;

use hyper::Uri;

use crate::config::{
    AnswerSettings, Problem, Problems, ResponderRef, RouteSettings, ServiceSettings, Settings,
};
use crate::generation::{Answerer, Gate, Generation, Responder, Service};
use crate::model::BreakerLimits;
use crate::plugin::{Binding, Plugin};

/// What answers are made from.
pub(super) struct Answers<'s> {
    pub(super) settings: &'s Settings,
    /// The generation that runs.
    pub(super) before: Option<&'s Generation>,
    /// One for each of the settings' plugins; `None` where it couldn't be loaded.
    pub(super) plugins: &'s [Option<Arc<Plugin>>],
    /// Responders by the index of their plugin.
    pub(super) responders: &'s HashMap<usize, Arc<Binding>>,
}

/// Who answers: what asks them, what logs call them, and what makes them another one.
struct Who {
    responder: Responder,
    by: String,
    target: String,
}

impl Answers<'_> {
    /// Those of one route, by kind.
    pub(super) fn of(
        &self,
        route: &RouteSettings,
        problems: &mut Problems,
    ) -> HashMap<String, Answerer> {
        let mut answers = HashMap::new();
        for answer in &route.answers {
            let who = match &answer.responder {
                ResponderRef::Plugin(index) => self.plugin(*index, answer, problems),
                ResponderRef::Service(service) => self.service(service, problems),
            };
            if let Some(who) = who {
                answers.insert(answer.kind.clone(), self.answerer(who, answer, route));
            }
        }
        answers
    }

    fn answerer(&self, who: Who, answer: &AnswerSettings, route: &RouteSettings) -> Answerer {
        let router = &self.settings.router;
        let limits = BreakerLimits {
            faults: router.delivering.breaker_faults,
            least: router.answering.breaker_least,
            most: router.answering.breaker_most,
        };
        let before = self.before.and_then(|before| before.route(&route.name));
        let before = before.and_then(|before| before.answers.get(&answer.kind));
        let name = format!("who answers {} on {}, {},", answer.kind, route.name, who.by);
        let before = before.map(|before| &before.gate);
        Answerer {
            responder: who.responder,
            by: who.by,
            deadline: answer.deadline,
            longest: router.answering.longest,
            fallback: answer.fallback.clone(),
            gate: Gate::new((&name, who.target), answer.concurrency, limits, before),
        }
    }

    fn plugin(&self, index: usize, at: &AnswerSettings, problems: &mut Problems) -> Option<Who> {
        let (settings, plugin) = (self.settings.plugins.get(index)?, self.plugins.get(index)?);
        let plugin = plugin.as_ref()?;
        let Some(binding) = self.responders.get(&index) else {
            let message = "the responder's plugin computes no answers";
            let help = "a responder exports `hookswitch:plugin/answering`";
            problems.push(Problem::error(message).at(&at.place).help(help));
            return None;
        };
        let by = plugin.identity().to_owned();
        let given = serde_json::Value::Object(settings.settings.clone());
        // What its missing secrets would give is no answer.
        let responder = match &settings.offline {
            Some(why) => Responder::Offline(why.clone()),
            None => Responder::Plugin(Arc::clone(binding)),
        };
        Some(Who { responder, target: format!("{by} {given}"), by })
    }

    fn service(&self, service: &ServiceSettings, problems: &mut Problems) -> Option<Who> {
        let Ok(url) = service.url.value.parse::<Uri>() else {
            let problem = Problem::error("this URL can't be asked").at(&service.url.place);
            problems.push(problem);
            return None;
        };
        // A query may hold what isn't for logs.
        let by = service.url.value.split('?').next().unwrap_or_default().to_owned();
        let responder = match &service.offline {
            Some(why) => Responder::Offline(why.clone()),
            None => Responder::Service(Service {
                url,
                secrets: service.secret.iter().map(|version| version.value.clone()).collect(),
                answer_bytes: self.settings.router.plugin.event_bytes,
            }),
        };
        Some(Who { responder, by, target: service.url.value.clone() })
    }
}
