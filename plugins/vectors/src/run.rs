//! Runs one vector: configure, verify, parse, and every wording, each compared with what the vector
//! states. All mismatches are reported, not just the first.

use crate::compare::{
    compare_confirmation, compare_content, compare_verdict, compare_wording, said,
};
use crate::expected::{ConfirmExpected, OutcomeAsked};
use crate::{Asked, Callback, Came, Mismatch, Outcome, Parsed, Reason, Reply, Vector, Verdict};

/// What a vector is run against: an adapter with the vector's settings and secrets behind it.
///
/// An `Err` says that the call broke (a trap, a deadline, a panic), in a sentence.
pub trait Subject {
    /// Every reason to refuse the settings.
    fn configure(&mut self) -> Result<Vec<Reason>, String>;
    /// Is it genuine?
    fn verify(&mut self, call: &Callback) -> Result<Verdict, String>;
    /// What does it hold?
    fn parse(&mut self, call: &Callback) -> Result<Parsed, String>;
    /// Is the event true?
    fn confirm(&mut self, asked: &Asked) -> Result<Came, String>;
    /// Words an outcome for the sender of `call`; the inner error says that it won't.
    fn respond(
        &mut self,
        call: &Callback,
        outcome: &Outcome,
    ) -> Result<Result<Reply, Reason>, String>;
}

/// Runs one vector; the error is everything that isn't as it states.
pub fn run(vector: &Vector, subject: &mut dyn Subject) -> Result<(), Vec<Mismatch>> {
    let mut found = Vec::new();
    if let Some(parsed) = content(vector, subject, &mut found) {
        if let Some(expected) = &vector.expected.confirm {
            confirm(expected, &parsed, subject, &mut found);
        }
        for (at, reply) in vector.expected.replies.iter().enumerate() {
            let what = format!("outcomes[{at}] ({})", reply.outcome.word());
            match outcome(&reply.outcome, &parsed) {
                Some(outcome) => {
                    let worded = subject.respond(&vector.call, &outcome);
                    if let Some(worded) = unbroken(&what, worded, &mut found) {
                        compare_wording(&what, &reply.wording, worded, &mut found);
                    }
                }
                None => {
                    let expected = "an outcome that verify and parse led to";
                    let got = "a request, which needs an answer: use `answered` or `declined`";
                    found.push(Mismatch::plain(what, expected, got).told());
                }
            }
        }
    }
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// What came of verify and parse.
enum Reached {
    Verdict(Verdict),
    Parsed(Parsed),
}

/// Everything before the wordings. `None` = the adapter broke, so the rest would only be noise.
fn content(
    vector: &Vector,
    subject: &mut dyn Subject,
    found: &mut Vec<Mismatch>,
) -> Option<Reached> {
    let refused = unbroken("configure", subject.configure(), found)?;
    let refusal = |reason: &Reason| {
        Mismatch::plain("configure", "no reason to refuse", said(reason)).told_as(&reason.code)
    };
    found.extend(refused.iter().map(refusal));

    let verdict = unbroken("verify", subject.verify(&vector.call), found)?;
    compare_verdict(&vector.expected.verdict, &verdict, found);
    if !matches!(verdict, Verdict::Genuine { .. }) {
        return Some(Reached::Verdict(verdict));
    }
    let parsed = unbroken("parse", subject.parse(&vector.call), found)?;
    if let Some(expected) = &vector.expected.content {
        compare_content(expected, &parsed, found);
    }
    Some(Reached::Parsed(parsed))
}

/// How long a confirmation may take, as far as it is told.
const CONFIRM_MS: u64 = 30_000;

fn confirm(
    expected: &ConfirmExpected,
    reached: &Reached,
    subject: &mut dyn Subject,
    found: &mut Vec<Mismatch>,
) {
    let event = match reached {
        Reached::Parsed(Parsed::Notification(events)) => events.first(),
        _ => None,
    };
    // What came instead is told already.
    let Some(event) = event else { return };
    let asked = Asked {
        event: event.clone(),
        now_ms: expected.now_ms,
        deadline_ms: expected.now_ms + CONFIRM_MS,
        origin: expected.origin.clone(),
        state: expected.state.clone(),
        exchanges: expected.exchanges.clone(),
        watched: expected.state_after.iter().map(|(key, _)| key.clone()).collect(),
    };
    if let Some(came) = unbroken("confirm", subject.confirm(&asked), found) {
        compare_confirmation(expected, &came, found);
    }
}

fn unbroken<T>(what: &str, result: Result<T, String>, found: &mut Vec<Mismatch>) -> Option<T> {
    result.map_err(|broke| found.push(Mismatch::broken(what, &broke))).ok()
}

/// The outcome to word; `None` where `as-parsed` has none.
fn outcome(asked: &OutcomeAsked, reached: &Reached) -> Option<Outcome> {
    let asked_for =
        |code: &str| Reason { code: code.to_owned(), detail: "a vector asks".to_owned() };
    Some(match asked {
        OutcomeAsked::Accepted => Outcome::Accepted,
        OutcomeAsked::Duplicate => Outcome::Duplicate,
        OutcomeAsked::Challenged => match reached {
            Reached::Verdict(Verdict::Challenge(token)) => Outcome::Challenged(token.clone()),
            _ => Outcome::Challenged("token".to_owned()),
        },
        OutcomeAsked::Answered(data) => Outcome::Answered(data.clone()),
        OutcomeAsked::Declined(decline) => Outcome::Declined(decline.clone()),
        OutcomeAsked::Forged => Outcome::Forged(asked_for("forged")),
        OutcomeAsked::Malformed => Outcome::Malformed(asked_for("malformed")),
        OutcomeAsked::NotFound => Outcome::NotFound(asked_for("not_found")),
        OutcomeAsked::Unavailable => Outcome::Unavailable(asked_for("unavailable")),
        OutcomeAsked::AsParsed => return as_parsed(reached),
    })
}

fn as_parsed(reached: &Reached) -> Option<Outcome> {
    Some(match reached {
        Reached::Verdict(Verdict::Challenge(token)) => Outcome::Challenged(token.clone()),
        Reached::Verdict(Verdict::Forged(reason)) => Outcome::Forged(reason.clone()),
        Reached::Verdict(Verdict::Unavailable(reason)) => Outcome::Unavailable(reason.clone()),
        Reached::Parsed(Parsed::Malformed(reason)) => Outcome::Malformed(reason.clone()),
        Reached::Parsed(Parsed::NotFound(reason)) => Outcome::NotFound(reason.clone()),
        Reached::Parsed(Parsed::Notification(_)) => Outcome::Accepted,
        // A genuine verdict is always parsed.
        Reached::Parsed(Parsed::Request(_)) | Reached::Verdict(Verdict::Genuine { .. }) => {
            return None;
        }
    })
}

#[cfg(test)]
mod tests;
