//! Compares what a vector states with what came, one part after the other. What the vector doesn't
//! state is not looked at.

use crate::difference::compare_json;
use crate::expected::{
    BodyExpected, ConfirmExpected, ConfirmationExpected, ContentExpected, EventExpected,
    RequestExpected, VerdictExpected, Wording,
};
use crate::{Came, Confirmation, Event, Mismatch, Parsed, Reason, Reply, Request, Verdict};

pub(crate) fn compare_verdict(
    expected: &VerdictExpected,
    got: &Verdict,
    found: &mut Vec<Mismatch>,
) {
    match (expected, got) {
        (
            VerdictExpected::Genuine { matched, replay_key },
            Verdict::Genuine { matched: got_matched, replay_key: got_replay_key },
        ) => {
            compare_name("expect.matched", matched.as_ref(), got_matched.as_ref(), found);
            compare_text("expect.replay_key", replay_key.as_ref(), got_replay_key.as_ref(), found);
        }
        (VerdictExpected::Challenge, Verdict::Challenge(_)) => {}
        (VerdictExpected::Forged(code), Verdict::Forged(reason))
        | (VerdictExpected::Unavailable(code), Verdict::Unavailable(reason)) => {
            compare_code("expect.reason", code.as_ref(), reason, found);
        }
        (expected, got) => {
            let expected = match expected {
                VerdictExpected::Genuine { .. } => "genuine",
                VerdictExpected::Challenge => "challenge",
                VerdictExpected::Forged(_) => "forged",
                VerdictExpected::Unavailable(_) => "unavailable",
            };
            let (got, reason) = match got {
                Verdict::Genuine { .. } => ("genuine", None),
                Verdict::Challenge(_) => ("challenge", None),
                Verdict::Forged(reason) => ("forged", Some(reason)),
                Verdict::Unavailable(reason) => ("unavailable", Some(reason)),
            };
            found.push(word("expect.verdict", expected, got, reason));
        }
    }
}

pub(crate) fn compare_content(expected: &ContentExpected, got: &Parsed, found: &mut Vec<Mismatch>) {
    match (expected, got) {
        (ContentExpected::Notification(expected), Parsed::Notification(events)) => {
            if let Some(expected) = expected {
                compare_events(expected, events, found);
            }
        }
        (ContentExpected::Request(expected), Parsed::Request(request)) => {
            compare_request(expected, request, found);
        }
        (ContentExpected::Malformed(code), Parsed::Malformed(reason))
        | (ContentExpected::NotFound(code), Parsed::NotFound(reason)) => {
            compare_code("expect.reason", code.as_ref(), reason, found);
        }
        (expected, got) => {
            let expected = match expected {
                ContentExpected::Notification(_) => "notification",
                ContentExpected::Request(_) => "request",
                ContentExpected::Malformed(_) => "malformed",
                ContentExpected::NotFound(_) => "not-found",
            };
            let (got, reason) = match got {
                Parsed::Notification(_) => ("notification", None),
                Parsed::Request(_) => ("request", None),
                Parsed::Malformed(reason) => ("malformed", Some(reason)),
                Parsed::NotFound(reason) => ("not-found", Some(reason)),
            };
            found.push(word("expect.content", expected, got, reason));
        }
    }
}

fn compare_events(expected: &[EventExpected], got: &[Event], found: &mut Vec<Mismatch>) {
    if expected.len() != got.len() {
        let count = |count: usize| format!("{count} of them");
        let (expected, got) = (count(expected.len()), count(got.len()));
        found.push(Mismatch::plain("expect.events", expected, got).told());
    }
    for (at, (expected, got)) in expected.iter().zip(got).enumerate() {
        compare_event(&format!("expect.events[{at}]"), expected, got, found);
    }
}

fn compare_event(place: &str, expected: &EventExpected, got: &Event, found: &mut Vec<Mismatch>) {
    let what = |key: &str| format!("{place}.{key}");
    compare_name(what("id"), expected.id.as_ref(), Some(&got.id), found);
    compare_name(what("kind"), expected.kind.as_ref(), Some(&got.kind), found);
    compare_name(what("subject"), expected.subject.as_ref(), got.subject.as_ref(), found);
    compare_value(what("rank"), expected.rank.as_ref(), got.rank.as_ref(), found);
    let occurred = (expected.occurred_at_ms.as_ref(), got.occurred_at_ms.as_ref());
    compare_value(what("occurred_at_ms"), occurred.0, occurred.1, found);
    if let Some(aliases) = expected.aliases.as_ref().filter(|aliases| **aliases != got.aliases) {
        let shown = |aliases: &[String]| format!("{aliases:?}");
        let (expected, got) = (shown(aliases), shown(&got.aliases));
        found.push(Mismatch::plain(what("aliases"), expected, got).told());
    }
    compare_json(what("data"), expected.data.as_ref(), got.data.as_deref(), found);
}

pub(crate) fn compare_confirmation(
    expected: &ConfirmExpected,
    came: &Came,
    found: &mut Vec<Mismatch>,
) {
    let problems = came.problems.iter();
    found.extend(problems.map(|problem| {
        Mismatch::plain("confirm.exchanges", "the calls that are scripted", problem.as_str())
    }));
    match (&expected.confirmation, &came.confirmation) {
        (ConfirmationExpected::Confirmed(expected), Confirmation::Confirmed(event)) => {
            if let Some(expected) = expected {
                compare_event("confirm.event", expected, event, found);
            }
        }
        (ConfirmationExpected::Contradicted(code), Confirmation::Contradicted(reason))
        | (ConfirmationExpected::NotYet(code), Confirmation::NotYet(reason)) => {
            compare_code("confirm.reason", code.as_ref(), reason, found);
        }
        (expected, got) => {
            let expected = match expected {
                ConfirmationExpected::Confirmed(_) => "confirmed",
                ConfirmationExpected::Contradicted(_) => "contradicted",
                ConfirmationExpected::NotYet(_) => "not-yet",
            };
            let what = "confirm.confirmation";
            found.push(match got {
                Confirmation::Confirmed(event) => {
                    Mismatch::plain(what, expected, format!("confirmed: {}", event.kind)).told()
                }
                Confirmation::Contradicted(why) => word(what, expected, "contradicted", Some(why)),
                Confirmation::NotYet(why) => word(what, expected, "not-yet", Some(why)),
            });
        }
    }
    compare_state("confirm.state_after", &expected.state_after, &came.state, found);
}

/// The keys that are watched; all others don't count.
pub(crate) fn compare_state(
    what: &str,
    expected: &[(String, String)],
    got: &[(String, String)],
    found: &mut Vec<Mismatch>,
) {
    for (key, value) in expected {
        let got = got.iter().find(|(name, _)| name == key).map(|(_, value)| value);
        compare_text(format!("{what}.{key}"), Some(value), got, found);
    }
}

fn compare_request(expected: &RequestExpected, got: &Request, found: &mut Vec<Mismatch>) {
    compare_name("expect.request.id", expected.id.as_ref(), Some(&got.id), found);
    compare_name("expect.request.kind", expected.kind.as_ref(), Some(&got.kind), found);
    compare_json("expect.request.data", expected.data.as_ref(), Some(&got.data), found);
}

pub(crate) fn compare_wording(
    what: &str,
    expected: &Wording,
    worded: Result<Reply, Reason>,
    found: &mut Vec<Mismatch>,
) {
    match (expected, worded) {
        (Wording::Reply { status, headers, body }, Ok(reply)) => {
            if *status != reply.status {
                let (expected, got) = (status.to_string(), reply.status.to_string());
                found.push(Mismatch::plain(format!("{what}.status"), expected, got).told());
            }
            compare_headers(what, headers, &reply.headers, found);
            compare_body(what, body.as_ref(), &reply.body, found);
        }
        (Wording::Error(code), Err(reason)) => {
            compare_code(&format!("{what}.error"), Some(code), &reason, found);
        }
        (Wording::Reply { status, .. }, Err(reason)) => {
            found.push(word(what, &format!("status {status}"), "an error", Some(&reason)));
        }
        (Wording::Error(code), Ok(reply)) => {
            let (expected, got) = (format!("the error {code}"), format!("status {}", reply.status));
            found.push(Mismatch::plain(what, expected, got).told());
        }
    }
}

/// Those that are named; all others don't count. Names are the same in any case.
fn compare_headers(
    what: &str,
    expected: &[(String, Vec<String>)],
    got: &[(String, String)],
    found: &mut Vec<Mismatch>,
) {
    for (name, wanted) in expected {
        let same = |header: &&(String, String)| header.0.eq_ignore_ascii_case(name);
        let values: Vec<&String> = got.iter().filter(same).map(|(_, value)| value).collect();
        let what = format!("{what}.headers.{name}");
        match (wanted.as_slice(), values.as_slice()) {
            ([wanted], [] | [_]) => {
                compare_text(what, Some(wanted), values.first().copied(), found)
            }
            _ if wanted.iter().eq(values.iter().copied()) => {}
            _ => found.push(Mismatch::plain(what, format!("{wanted:?}"), format!("{values:?}"))),
        }
    }
}

fn compare_body(
    what: &str,
    expected: Option<&BodyExpected>,
    got: &[u8],
    found: &mut Vec<Mismatch>,
) {
    match expected {
        Some(BodyExpected::Exact(text)) if text.as_bytes() != got => {
            found.push(Mismatch::text(format!("{what}.body"), text.as_bytes(), got));
        }
        Some(BodyExpected::Json(value)) => {
            let got = String::from_utf8_lossy(got);
            compare_json(format!("{what}.body_json"), Some(value), Some(&got), found);
        }
        Some(BodyExpected::Exact(_)) | None => {}
    }
}

pub(crate) fn compare_text(
    what: impl Into<String>,
    expected: Option<&String>,
    got: Option<&String>,
    found: &mut Vec<Mismatch>,
) {
    let Some(expected) = expected.filter(|expected| Some(*expected) != got) else { return };
    found.push(match got {
        Some(got) => Mismatch::text(what, expected.as_bytes(), got.as_bytes()),
        None => Mismatch::plain(what, format!("\"{expected}\""), "none"),
    });
}

fn compare_value<T: PartialEq + ToString>(
    what: String,
    expected: Option<&T>,
    got: Option<&T>,
    found: &mut Vec<Mismatch>,
) {
    if let Some(expected) = expected.filter(|expected| Some(*expected) != got) {
        let got = got.map_or_else(|| "none".to_owned(), T::to_string);
        found.push(Mismatch::plain(what, expected.to_string(), got).told());
    }
}

/// A text that is a name, and so no part of a body.
fn compare_name(
    what: impl Into<String>,
    expected: Option<&String>,
    got: Option<&String>,
    found: &mut Vec<Mismatch>,
) {
    let mut names = Vec::new();
    compare_text(what, expected, got, &mut names);
    found.extend(names.into_iter().map(Mismatch::told));
}

/// One word instead of another; why, is told with it.
fn word(what: &str, expected: &str, got: &str, why: Option<&Reason>) -> Mismatch {
    match why {
        None => Mismatch::plain(what, expected, got).told(),
        Some(why) => Mismatch::plain(what, expected, format!("{got}: {}", said(why)))
            .told_as(format!("{got}: {}", why.code)),
    }
}

fn compare_code(what: &str, expected: Option<&String>, got: &Reason, found: &mut Vec<Mismatch>) {
    if let Some(expected) = expected.filter(|expected| **expected != got.code) {
        found.push(Mismatch::plain(what, expected, said(got)).told_as(&got.code));
    }
}

pub(crate) fn said(reason: &Reason) -> String {
    format!("{} ({})", reason.code, reason.detail)
}
