//! Runs a folder of vectors against an adapter, natively. Each vector gets a host of its own, with
//! its settings and its secrets.

use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use hookswitch_vectors::{self as vectors, Parsed, Subject, Vector};

use super::Host;
use crate::{
    Answer, Callback, Confirmation, Confirming, Content, Context, Decline, DeclineStatus, Event,
    Head, Outcome, ParseFault, Protocol, Reason, Reply, Verdict,
};

/// Runs every vector of a folder and returns how many ran.
///
/// # Panics
///
/// With a list of every mismatch of every vector; or where the folder has no vectors, or one that
/// can't be read.
pub fn run_vectors<P: Protocol>(folder: impl AsRef<Path>) -> usize {
    run::<P>(folder.as_ref(), None)
}

/// The same for an adapter that confirms: vectors may hold a `[confirm]`.
///
/// # Panics
///
/// As [`run_vectors`].
pub fn run_confirming_vectors<P: Protocol + Confirming>(folder: impl AsRef<Path>) -> usize {
    run::<P>(folder.as_ref(), Some(P::confirm))
}

/// How an adapter confirms, where it does.
type Confirm = Option<fn(Event, Context) -> Confirmation>;

fn run<P: Protocol>(folder: &Path, confirm: Confirm) -> usize {
    let vectors = vectors::load(folder).unwrap_or_else(|error| panic!("{error}"));
    let failed = |vector| failure::<P>(vector, confirm);
    let failures: Vec<String> = vectors.iter().filter_map(failed).collect();
    assert!(
        failures.is_empty(),
        "{} of {} vectors in {} failed:\n{}",
        failures.len(),
        vectors.len(),
        folder.display(),
        failures.concat()
    );
    vectors.len()
}

fn failure<P: Protocol>(vector: &Vector, confirm: Confirm) -> Option<String> {
    let mut subject = Native::<P> { host: host(vector), confirm, plugin: PhantomData };
    let mismatches = vectors::run(vector, &mut subject).err()?;
    let lines = mismatches.iter().map(|mismatch| format!("    {mismatch}\n"));
    Some(format!("  {}: {}\n{}", vector.name, vector.about, lines.collect::<String>()))
}

fn host(vector: &Vector) -> Host {
    let host = Host::new().settings(&vector.settings);
    vector.secrets.iter().fold(host, |host, secret| {
        host.secret(&secret.role, &secret.version, secret.kid.as_deref(), &secret.text)
    })
}

/// An adapter that is called in this process.
struct Native<P> {
    host: Host,
    confirm: Confirm,
    plugin: PhantomData<P>,
}

impl<P> Native<P> {
    /// A panic is what a trap is in a component: it ends this call, and the list goes on.
    fn call<R>(&self, body: impl FnOnce() -> R) -> Result<R, String> {
        catch_unwind(AssertUnwindSafe(|| self.host.run(body))).map_err(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            format!("it panicked: {}", text.unwrap_or("no message"))
        })
    }
}

impl<P: Protocol> Subject for Native<P> {
    fn configure(&mut self) -> Result<Vec<vectors::Reason>, String> {
        self.call(|| P::configure().into_iter().map(reason).collect())
    }

    fn verify(&mut self, call: &vectors::Callback) -> Result<vectors::Verdict, String> {
        self.call(|| match P::verify(&callback(call)) {
            Verdict::Genuine(proof) => {
                vectors::Verdict::Genuine { matched: proof.matched, replay_key: proof.replay_key }
            }
            Verdict::Challenge(token) => vectors::Verdict::Challenge(token),
            Verdict::Forged(why) => vectors::Verdict::Forged(reason(why)),
            Verdict::Unavailable(why) => vectors::Verdict::Unavailable(reason(why)),
        })
    }

    fn parse(&mut self, call: &vectors::Callback) -> Result<Parsed, String> {
        self.call(|| match P::parse(&callback(call)) {
            Ok(Content::Notification(events)) => {
                Parsed::Notification(events.into_iter().map(event).collect())
            }
            Ok(Content::Request(asked)) => Parsed::Request(vectors::Request {
                id: asked.id,
                kind: asked.kind,
                data: asked.data,
            }),
            Err(ParseFault::Malformed(why)) => Parsed::Malformed(reason(why)),
            Err(ParseFault::NotFound(why)) => Parsed::NotFound(reason(why)),
        })
    }

    fn confirm(&mut self, asked: &vectors::Asked) -> Result<vectors::Came, String> {
        let confirm =
            self.confirm.ok_or("it doesn't confirm: run_confirming_vectors is for that")?;
        let host = asked.exchanges.iter().cloned();
        let host = host.fold(self.host.clone(), |host, call| host.exchange(&asked.origin, call));
        asked.state.iter().for_each(|(key, value)| host.put_state(key, value.as_bytes()));
        let (asked_event, context) = (to_event(asked.event.clone()), context(asked));
        let subject = Native::<P> { host, confirm: self.confirm, plugin: PhantomData };
        let confirmation = match subject.call(|| confirm(asked_event, context))? {
            Confirmation::Confirmed(now) => vectors::Confirmation::Confirmed(event(now)),
            Confirmation::Contradicted(why) => vectors::Confirmation::Contradicted(reason(why)),
            Confirmation::NotYet(why) => vectors::Confirmation::NotYet(reason(why)),
        };
        let watched = asked.watched.iter().filter_map(|key| {
            let value = subject.host.state(key)?;
            Some((key.clone(), String::from_utf8_lossy(&value).into_owned()))
        });
        let (state, problems) = (watched.collect(), subject.host.problems());
        Ok(vectors::Came { confirmation, problems, state })
    }

    fn respond(
        &mut self,
        call: &vectors::Callback,
        outcome: &vectors::Outcome,
    ) -> Result<Result<vectors::Reply, vectors::Reason>, String> {
        let (head, outcome) = (callback(call).head, self::outcome(outcome.clone()));
        self.call(|| P::respond(&head, outcome).map(reply).map_err(reason))
    }
}

fn callback(call: &vectors::Callback) -> Callback {
    let head = Head::new(&call.method, &call.url).with_id(&call.id).with_peer(&call.peer);
    let head = head.with_time(call.received_at_ms);
    let head = call.params.iter().fold(head, |head, (name, value)| head.with_param(name, value));
    let head = call.headers.iter().fold(head, |head, (name, value)| head.with_header(name, value));
    Callback { head, body: call.body.clone() }
}

fn outcome(outcome: vectors::Outcome) -> Outcome {
    let reason = |why: vectors::Reason| Reason::new(why.code, why.detail);
    match outcome {
        vectors::Outcome::Accepted => Outcome::Accepted,
        vectors::Outcome::Duplicate => Outcome::Duplicate,
        vectors::Outcome::Challenged(token) => Outcome::Challenged(token),
        vectors::Outcome::Answered(data) => Outcome::Answered(Answer { data }),
        vectors::Outcome::Declined(declined) => Outcome::Declined(decline(declined)),
        vectors::Outcome::Forged(why) => Outcome::Forged(reason(why)),
        vectors::Outcome::Malformed(why) => Outcome::Malformed(reason(why)),
        vectors::Outcome::NotFound(why) => Outcome::NotFound(reason(why)),
        vectors::Outcome::Unavailable(why) => Outcome::Unavailable(reason(why)),
    }
}

fn decline(decline: vectors::Decline) -> Decline {
    let status = match decline.status {
        vectors::DeclineStatus::Invalid => DeclineStatus::Invalid,
        vectors::DeclineStatus::NotFound => DeclineStatus::NotFound,
        vectors::DeclineStatus::Unprocessable => DeclineStatus::Unprocessable,
        vectors::DeclineStatus::Unavailable => DeclineStatus::Unavailable,
    };
    Decline { status, reason: decline.reason, customer_reason: decline.customer_reason }
}

fn reason(reason: Reason) -> vectors::Reason {
    vectors::Reason { code: reason.code, detail: reason.detail }
}

fn context(asked: &vectors::Asked) -> Context {
    Context {
        now_ms: asked.now_ms,
        route: "vectors".to_owned(),
        attempt: 1,
        deadline_ms: asked.deadline_ms,
        idempotency_key: asked.event.id.clone(),
    }
}

fn to_event(event: vectors::Event) -> Event {
    Event {
        id: event.id,
        aliases: event.aliases,
        kind: event.kind,
        subject: event.subject,
        rank: event.rank,
        occurred_at_ms: event.occurred_at_ms,
        data: event.data,
    }
}

fn event(event: Event) -> vectors::Event {
    vectors::Event {
        id: event.id,
        aliases: event.aliases,
        kind: event.kind,
        subject: event.subject,
        rank: event.rank,
        occurred_at_ms: event.occurred_at_ms,
        data: event.data,
    }
}

fn reply(reply: Reply) -> vectors::Reply {
    let headers = reply.headers.into_iter().map(|header| (header.name, header.value));
    vectors::Reply { status: reply.status, headers: headers.collect(), body: reply.body }
}
