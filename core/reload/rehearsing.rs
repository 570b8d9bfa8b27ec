//! Before another generation runs, stored callbacks go through each adapter that differs, the old
//! and the new: where that brings a difference, the reload is stopped unless somebody allows it.

use std::time::{Duration, Instant};

use crate::config::{Problem, Problems, Settings};
use crate::generation::{Generation, Rehearsal, Route};
use crate::rehearse::Rehearsing;
use crate::store::Store;

/// What is rehearsed, and how far.
pub(super) struct Stage<'r> {
    pub(super) store: &'r dyn Store,
    pub(super) running: &'r Generation,
    pub(super) built: &'r Generation,
    pub(super) settings: &'r Settings,
    /// All rehearsals of one reload together may take so long.
    pub(super) longest: Duration,
}

impl Stage<'_> {
    /// Rehearses every route that says so and whose adapter differs.
    pub(super) async fn run(&self) -> Vec<Rehearsal> {
        let (mut done, began) = (Vec::new(), Instant::now());
        for route in self.settings.routes.iter().filter(|route| route.rehearse > 0) {
            let Some((old, new)) = self.differing(&route.name) else { continue };
            let rehearsing = Rehearsing {
                route: &route.name,
                last: route.rehearse,
                old: &old.adapter,
                new: &new.adapter,
            };
            let left = self.longest.saturating_sub(began.elapsed());
            done.push(rehearsing.run(self.store, left).await);
        }
        done
    }

    /// A route with its old and its new adapter, where those differ. One that is offline takes no
    /// callback, so there is nothing to be rehearsed.
    fn differing(&self, name: &str) -> Option<(&Route, &Route)> {
        let (old, new) = (self.running.route(name)?, self.built.route(name)?);
        let serves = old.offline.is_none() && new.offline.is_none();
        (serves && !new.adapter.same_use(&old.adapter)).then_some((old, new))
    }
}

/// What the rehearsals say against the reload: errors, or warnings where differences are allowed.
pub(super) fn problems(rehearsals: &[Rehearsal], settings: &Settings, allowed: bool) -> Problems {
    let mut problems = Problems::new();
    let problem = |message: String| match allowed {
        true => Problem::warning(message),
        false => Problem::error(message).help(ALLOW),
    };
    for rehearsal in rehearsals {
        let place = settings.routes.iter().find(|route| route.name == rehearsal.route);
        let mut tell = |message: String| {
            let problem = problem(message);
            problems.push(match place {
                Some(route) => problem.at(&route.place),
                None => problem,
            });
        };
        let (route, of) = (&rehearsal.route, rehearsal.callbacks);
        if let Some(first) = rehearsal.differences.first() {
            let differing = rehearsal.differing;
            tell(format!(
                "route \"{route}\" rehearsed: {differing} of {of} stored callbacks come out \
                 otherwise; callback {}: {} was {:?}, and is {:?}",
                first.callback, first.what, first.old, first.new
            ));
        }
        if let Some(why) = &rehearsal.cut_short {
            tell(format!("route \"{route}\" isn't rehearsed to its end, after {of}: {why}"));
        }
    }
    problems
}

const ALLOW: &str = "`hookswitch plan` shows all; `hookswitch reload --allow-differences` takes it";
