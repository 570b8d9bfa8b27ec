//! A request that was recorded, asked of whoever answers it today. Nothing is written down or
//! counted: a plugin works on a copy of what it remembers, no gate is passed, and a service is told
//! that nothing hangs on it.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use super::failure::Failure;
use super::question::{Computed, Facts, Question, Worded};
use super::route::Place;
use super::service;
use super::trying::compute;
use crate::generation::{Answerer, Responder, Route};
use crate::model::{Clock, Reply, Request};
use crate::outbound::Client;
use crate::plugin::{Fault, Keys};
use crate::store::{AnswerShown, EventWhole};

/// What whoever asks would be told today, as it would be written down. It takes no longer than
/// that may take, and what comes in no time is the fallback.
pub async fn dry_run(
    route: &Arc<Route>,
    whole: &EventWhole,
    client: &Client,
    clock: &Clock,
) -> AnswerShown {
    let began = Instant::now();
    let question = question(route, whole, began);
    let worded = match question.answerer() {
        None => question.unavailable(Failure::nobody()).await,
        Some(answerer) => answered(answerer, &question, (client, clock)).await,
    };
    let facts = Facts { late: false, took: began.elapsed(), state: Vec::new() };
    match worded {
        Ok(worded) => question.shown(&worded, &facts, clock.now_ms()),
        Err(fault) => question.shown(&unworded(&fault), &facts, clock.now_ms()),
    }
}

/// The next try of it.
fn question(route: &Arc<Route>, whole: &EventWhole, whole_at: Instant) -> Question {
    let (adapter, _) = route.adapter.looking(&Keys::Own);
    let (event, callback) = (&whole.shown.event, &whole.callback.callback);
    Question {
        place: Place { route: Arc::clone(route), adapter },
        callback: Arc::new(callback.clone()),
        request: Request {
            id: event.id.clone(),
            kind: event.kind.clone(),
            data: event.data.clone().unwrap_or_default(),
        },
        id: whole.shown.id,
        attempt: whole.shown.tries.saturating_add(1),
        whole_at,
        dry_run: true,
    }
}

async fn answered(
    answerer: &Answerer,
    question: &Question,
    (client, clock): (&Client, &Clock),
) -> Result<Worded, Fault> {
    let (left, now_ms) = (answerer.patience(), clock.now_ms());
    let asked = async {
        match &answerer.responder {
            Responder::Plugin(binding) => {
                compute(&binding.asking_again(), question, (now_ms, left)).await
            }
            Responder::Service(service) => service::ask(service, client, question, now_ms).await,
            Responder::Offline(why) => Err(Failure::offline(why)),
        }
    };
    let computed: Computed =
        timeout_at(question.whole_at + left, asked).await.unwrap_or_else(|_| Err(Failure::late()));
    match question.word(computed).await? {
        Ok(worded) => Ok(worded),
        Err(failure) => question.instead(failure).await,
    }
}

/// What callers are told where the adapter itself fails: a plain 503.
fn unworded(fault: &Fault) -> Worded {
    let reply = Reply { status: 503, headers: Vec::new(), body: bytes::Bytes::new() };
    Worded::unworded(reply, Failure::of_adapter(fault))
}
