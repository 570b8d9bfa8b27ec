//! Requests asked and answered in any order, with restarts in between and time that goes on, come
//! to what a simple model says.

use std::collections::HashMap;

use proptest::prelude::*;

use super::asking::{answering, ask, asking, at, reply};
use super::*;
use crate::model::{EventStatus, Reply};

const KEEP_MS: u64 = 10_000;
const DEDUPE_MS: u64 = 6_000;
const BODIES: [&str; 2] = ["{}", "{\"amount\": 2}"];

#[derive(Debug, Clone)]
enum Step {
    /// Request, body, token.
    Ask(usize, usize, Option<u8>),
    /// Which of the tries so far; whether it is finished, with an answer, late.
    Answer(prop::sample::Index, bool, bool, bool),
    /// Milliseconds.
    Wait(u64),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..3_usize, prop_oneof![4 => Just(0), 1 => Just(1)], prop::option::of(0..4_u8))
            .prop_map(|(who, body, token)| Step::Ask(who, body, token)),
        5 => any::<(prop::sample::Index, bool, bool, bool)>()
            .prop_map(|(which, finished, yes, late)| Step::Answer(which, finished, yes, late)),
        2 => (0..8_000_u64).prop_map(Step::Wait),
        1 => Just(Step::Reopen),
    ]
}

/// A request as it has to be.
struct Known {
    who: usize,
    body: usize,
    id: EventId,
    tries: u32,
    repeats: u32,
    ends_ms: u64,
    status: EventStatus,
    stands: Option<Reply>,
    /// Number, whether it came late, and its reply.
    answers: Vec<(u32, bool, Reply)>,
}

struct Model {
    now_ms: u64,
    known: Vec<Known>,
    tokens: HashMap<u8, (usize, u64)>,
    /// Which request, and which number.
    tries: Vec<(usize, u32)>,
}

impl Model {
    /// What is to be said; where it is new, the id is whatever was said.
    fn ask(&mut self, (who, body, token): (usize, usize, Option<u8>), said: &Asked) -> Asked {
        if let Some(token) = token {
            let fresh = (body, self.now_ms + DEDUPE_MS);
            let seen = self.tokens.entry(token).or_insert(fresh);
            if seen.1 <= self.now_ms {
                *seen = fresh;
            }
            if seen.0 != body {
                return Asked::Replayed;
            }
        }
        let (now_ms, ends_ms) = (self.now_ms, self.now_ms + KEEP_MS);
        let at = self.known.iter().rposition(|one| one.who == who && one.ends_ms > now_ms);
        let Some(at) = at else {
            let id = match said {
                Asked::Open { id, .. } if self.known.iter().all(|one| one.id != *id) => *id,
                other => panic!("it is new: {other:?}"),
            };
            let (status, stands, answers) = (EventStatus::Unanswered, None, Vec::new());
            let (tries, repeats) = (1, 0);
            self.tries.push((self.known.len(), 1));
            let new = Known { who, body, id, tries, repeats, ends_ms, status, stands, answers };
            self.known.push(new);
            return Asked::Open { id, attempt: 1 };
        };
        let known = &mut self.known[at];
        if known.body != body {
            return Asked::Differs;
        }
        known.repeats += 1;
        if let Some(stands) = &known.stands {
            return Asked::Answered(stands.clone());
        }
        known.tries += 1;
        known.ends_ms = ends_ms;
        self.tries.push((at, known.tries));
        Asked::Open { id: known.id, attempt: known.tries }
    }

    fn answer(&mut self, request: usize, answering: &Answering) -> Option<Reply> {
        let known = &mut self.known[request];
        let late = answering.late || known.stands.is_some();
        known.answers.push((answering.attempt, late, answering.reply.clone()));
        if answering.finished && known.stands.is_none() {
            known.stands = Some(answering.reply.clone());
            known.ends_ms = self.now_ms + KEEP_MS;
            known.status = match answering.answer {
                Some(_) => EventStatus::Answered,
                None => EventStatus::Declined,
            };
        }
        known.stands.clone()
    }
}

async fn run(steps: Vec<Step>) {
    let mut bench = Bench::open();
    let (known, tries) = (Vec::new(), Vec::new());
    let mut model = Model { now_ms: NOW, known, tokens: HashMap::new(), tries };
    for (n, step) in steps.into_iter().enumerate() {
        match step {
            Step::Ask(who, body, token) => {
                let mut one = at(model.now_ms, asking(&format!("o{who}"), BODIES[body]));
                (one.keep_ms, one.dedupe_ms) = (KEEP_MS, DEDUPE_MS);
                one.replay_key = token.map(|token| format!("t{token}"));
                let said = ask(&*bench.store, one).await;
                assert_eq!(said, model.ask((who, body, token), &said), "step {n}");
            }
            Step::Answer(which, finished, yes, late) if !model.tries.is_empty() => {
                let (request, attempt) = *which.get(&model.tries);
                let id = model.known[request].id;
                let mut one = answering(id, attempt, reply(200, &format!("step {n}")));
                (one.finished, one.late, one.at_ms) = (finished, late, model.now_ms);
                one.answer = one.answer.filter(|_| finished && yes);
                let stands = model.answer(request, &one);
                assert_eq!(bench.store.answer(one).await, Ok(stands), "step {n}");
            }
            Step::Answer(..) => {}
            Step::Wait(ms) => model.now_ms += ms,
            Step::Reopen => bench = bench.reopen(),
        }
    }
    compare(&*bench.reopen().store, &model).await;
}

/// Looks at all that is kept.
async fn compare(store: &dyn Store, model: &Model) {
    let filter = EventFilter { limit: 1000, ..EventFilter::default() };
    assert_eq!(store.events(filter).await.expect("a page").rows.len(), model.known.len());
    for known in &model.known {
        let whole = store.event(known.id).await.expect("read").expect("it is there");
        let EventWhole { shown, callback, deliveries, answers } = whole;
        assert_eq!((shown.status, shown.tries), (known.status, known.tries));
        assert_eq!((shown.repeats, deliveries.len()), (known.repeats, 0));
        assert_eq!(callback.callback.body, BODIES[known.body]);
        let found: Vec<_> =
            answers.iter().map(|one| (one.attempt, one.late, one.reply.clone())).collect();
        // More than the newest 20 and the one that stands are never looked for here.
        let newest = known.answers.len().saturating_sub(20);
        assert!(found.ends_with(&known.answers[newest..]));
        let stood: Vec<_> = answers.iter().filter(|one| one.stands).map(|one| &one.reply).collect();
        assert_eq!(stood, Vec::from_iter(&known.stands));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_order_the_first_finished_reply_stands(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(run(steps));
    }
}
