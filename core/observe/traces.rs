//! Which span a piece of work belongs to: kept beside the work, so that nobody hands it on by name.
//! While no traces are kept, each question here costs one look at an empty place.

use std::collections::VecDeque;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Value, json};

use super::log::{AttemptLine, CallLine, ConfirmLine};
use super::spans::{Kept, Span, SpanKind, kept};
use crate::model::{EventId, TraceContext};

/// Events whose callback's trace is known, the newest ones: what is delivered later than that
/// begins a trace of its own.
const LINKS_MAX: usize = 4096;

/// Nanoseconds of a millisecond.
const NS_PER_MS: u64 = 1_000_000;

tokio::task_local! {
    static CURRENT: Active;
}

static LINKS: Mutex<VecDeque<(EventId, TraceContext)>> = Mutex::new(VecDeque::new());

/// A span that goes on. Where its trace isn't sampled, it is only handed on.
#[derive(Debug)]
pub struct Active {
    context: TraceContext,
    parent: Option<[u8; 8]>,
    began_ns: u64,
    since: Instant,
    adapter: OnceLock<String>,
}

impl Active {
    fn of(context: TraceContext, parent: Option<[u8; 8]>, began_ns: u64) -> Active {
        let (since, adapter) = (Instant::now(), OnceLock::new());
        Active { context, parent, began_ns, since, adapter }
    }

    fn child(&self) -> Option<Active> {
        let Ids { span, .. } = Ids::draw()?;
        let context = TraceContext { span, ..self.context };
        Some(Active::of(context, Some(self.context.span), self.now_ns()))
    }

    /// By the clock of when it began, so that no part of a span leaves it.
    fn now_ns(&self) -> u64 {
        let elapsed = u64::try_from(self.since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.began_ns.saturating_add(elapsed)
    }

    fn end(&self, (kind, name): (SpanKind, String), attributes: Attributes, failed: bool) {
        let Some(kept) = kept().filter(|_| self.context.sampled) else { return };
        let (context, parent) = (self.context, self.parent);
        let (began_ns, ended_ns) = (self.began_ns, self.now_ns());
        kept.queue(Span { context, parent, kind, name, began_ns, ended_ns, attributes, failed });
    }
}

type Attributes = Vec<(&'static str, Value)>;

/// The trace of a callback whose head has come, if it has one. `parents`: each `traceparent` of its
/// head.
pub fn callback<'h>(
    parents: impl FnOnce() -> Vec<&'h [u8]>,
    now_ms: impl FnOnce() -> u64,
) -> Option<Active> {
    let kept = kept()?;
    let parent = kept.sampling.believe_parent.then(parents).and_then(|all| believed(&all));
    begin(kept, parent, now_ms())
}

/// Several are as good as none: nobody says which of them counts.
fn believed(parents: &[&[u8]]) -> Option<TraceContext> {
    let [only] = parents else { return None };
    TraceContext::parse(std::str::from_utf8(only).ok()?)
}

/// The trace of one attempt to confirm or deliver this event: its callback's, where that is known.
pub fn attempt(event: EventId, now_ms: u64) -> Option<Active> {
    let kept = kept()?;
    let links = LINKS.lock().unwrap_or_else(PoisonError::into_inner);
    let linked = links.iter().rev().find(|(id, _)| *id == event).map(|(_, context)| *context);
    drop(links);
    begin(kept, linked, now_ms)
}

fn begin(kept: &Kept, parent: Option<TraceContext>, now_ms: u64) -> Option<Active> {
    let Ids { trace, span } = Ids::draw()?;
    let began_ns = now_ms.saturating_mul(NS_PER_MS);
    if let Some(parent) = parent {
        return Some(Active::of(TraceContext { span, ..parent }, Some(parent.span), began_ns));
    }
    let context = TraceContext { trace, span, sampled: true };
    chosen(trace, kept.sampling.share).then(|| Active::of(context, None, began_ns))
}

/// By the trace's id, as others choose too.
fn chosen(trace: [u8; 16], share: f64) -> bool {
    let [.., a, b, c, d, e, f, g] = trace;
    let drawn = u64::from_be_bytes([0, a, b, c, d, e, f, g]);
    // 52 of its bits: a float holds them exactly.
    ((drawn >> 4) as f64) < share * (1_u64 << 52) as f64
}

struct Ids {
    trace: [u8; 16],
    span: [u8; 8],
}

impl Ids {
    /// None where the system has no random bytes: then there is no trace.
    fn draw() -> Option<Ids> {
        let (mut trace, mut span) = ([0; 16], [0; 8]);
        let random = SystemRandom::new();
        random.fill(&mut trace).and_then(|()| random.fill(&mut span)).ok()?;
        (trace != [0; 16] && span != [0; 8]).then_some(Ids { trace, span })
    }
}

/// Does this work as a part of that span.
pub async fn within<F: Future>(active: Active, work: F) -> F::Output {
    CURRENT.scope(active, work).await
}

/// The span that this work belongs to, for a task that goes on without it.
pub fn handed_on() -> Option<Active> {
    kept()?;
    let again = |active: &Active| Active::of(active.context, active.parent, active.now_ns());
    CURRENT.try_with(again).ok()
}

/// The span that this work belongs to.
pub fn current() -> Option<TraceContext> {
    kept()?;
    CURRENT.try_with(|active| active.context).ok()
}

/// This event comes of that callback: before anybody may deliver it.
pub fn link(event: EventId, callback: Option<TraceContext>) {
    let Some(context) = callback else { return };
    let mut links = LINKS.lock().unwrap_or_else(PoisonError::into_inner);
    if links.len() == LINKS_MAX {
        links.pop_front();
    }
    links.push_back((event, context));
}

/// Which adapter takes the callback that this work belongs to.
pub fn adapter(identity: &str) {
    if kept().is_some() {
        let _ = CURRENT.try_with(|active| active.adapter.set(identity.to_owned()));
    }
}

/// A stage of the work that this is a part of. Boxed: nearly always there is none.
pub struct StageSpan(Option<Box<Active>>);

/// Begins one.
pub fn stage() -> StageSpan {
    StageSpan(child().map(Box::new))
}

impl StageSpan {
    /// It is done; `name` is one of few.
    pub fn ended(self, name: &'static str) {
        if let StageSpan(Some(active)) = self {
            active.end((SpanKind::Internal, name.to_owned()), Vec::new(), false);
        }
    }
}

fn child() -> Option<Active> {
    kept()?;
    CURRENT.try_with(Active::child).ok().flatten()
}

/// A call of somebody else, as part of the work that makes it. It ends when it is dropped, which
/// its own work may be at any time; with no status that is a failure.
pub struct Call {
    active: Active,
    what: &'static str,
    whom: String,
    status: Option<u16>,
}

/// Begins one, where the work belongs to a span. `what` is one of few words, `whom` a name of the
/// config.
pub fn call(what: &'static str, whom: &str) -> Option<Call> {
    child().map(|active| Call { active, what, whom: whom.to_owned(), status: None })
}

impl Call {
    /// What the other side is told.
    pub fn traceparent(&self) -> String {
        self.active.context.to_string()
    }

    /// What the other side answered with.
    pub fn answered(mut self, status: u16) {
        self.status = Some(status);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let mut attributes = vec![("hookswitch.called", json!(self.whom))];
        attributes.extend(self.status.map(|status| ("http.response.status_code", json!(status))));
        let failed = self.status.is_none_or(|status| status >= 500);
        self.active.end((SpanKind::Client, self.what.to_owned()), attributes, failed);
    }
}

/// The callback that this work belongs to has its reply.
pub(super) fn call_ended(line: &CallLine<'_>) {
    if kept().is_none() {
        return;
    }
    // Work that belongs to no span is nothing to tell of.
    let _ = CURRENT.try_with(|active| {
        let mut attributes = filled([
            ("hookswitch.callback_id", line.id),
            ("hookswitch.route", line.route),
            ("hookswitch.adapter", active.adapter.get().map_or("", String::as_str)),
            ("hookswitch.outcome", line.outcome),
            ("hookswitch.answered_by", line.by),
        ]);
        attributes.push(("http.response.status_code", json!(line.status)));
        if !line.by.is_empty() {
            attributes.push(("hookswitch.fallback", json!(line.fallback)));
        }
        let name = format!("callback {}", line.route).trim_end().to_owned();
        active.end((SpanKind::Server, name), attributes, line.status >= 500);
    });
}

/// The attempt that this work is has ended.
pub(super) fn attempt_ended(line: &AttemptLine<'_>) {
    if kept().is_none() {
        return;
    }
    // The same.
    let _ = CURRENT.try_with(|active| {
        let mut attributes = filled([
            ("hookswitch.destination", line.to),
            ("hookswitch.event_id", line.event),
            ("hookswitch.delivery_id", line.delivery),
            ("hookswitch.outcome", line.outcome),
        ]);
        attributes.push(("hookswitch.attempt", json!(line.attempt)));
        if line.status > 0 {
            attributes.push(("http.response.status_code", json!(line.status)));
        }
        let failed = line.outcome != "delivered";
        active.end((SpanKind::Client, "delivery".to_owned()), attributes, failed);
    });
}

/// The question that this work is whether an event is true has ended.
pub(super) fn confirmation_ended(line: &ConfirmLine<'_>) {
    if kept().is_none() {
        return;
    }
    // The same.
    let _ = CURRENT.try_with(|active| {
        let mut attributes = filled([
            ("hookswitch.route", line.route),
            ("hookswitch.event_id", line.event),
            ("hookswitch.outcome", line.outcome),
        ]);
        attributes.push(("hookswitch.attempt", json!(line.attempt)));
        active.end((SpanKind::Internal, "confirmation".to_owned()), attributes, false);
    });
}

fn filled<const N: usize>(texts: [(&'static str, &str); N]) -> Attributes {
    let filled = texts.into_iter().filter(|(_, text)| !text.is_empty());
    filled.map(|(name, text)| (name, json!(text))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_chosen_by_the_end_of_the_id() {
        let at = |byte: u8| {
            let mut trace = [0xff; 16];
            trace[9] = byte;
            trace
        };
        for (byte, share, wanted) in [
            (0, 0.0, false),
            (0xff, 1.0, true),
            (0x7f, 0.5, true),
            (0x80, 0.5, false),
            (0x01, 0.01, true),
            (0x02, 0.01, false),
        ] {
            assert_eq!(chosen(at(byte), share), wanted, "{byte:x} {share}");
        }
    }

    #[test]
    fn one_parent_is_believed_and_two_are_none() {
        let one = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".as_slice();
        assert!(believed(&[one]).is_some());
        assert_eq!(believed(&[one, one]), None);
        assert_eq!(believed(&[b"\xff"]), None);
        assert_eq!(believed(&[]), None);
    }
}
