//! What becomes of a delivery after an attempt: pure rules. Whatever isn't a 2xx or a 410 is tried
//! again, as often as there are waits.

use std::time::{Duration, UNIX_EPOCH};

use crate::model::Settled;
use crate::model::units::millis;
use crate::store::Ruling;

/// The longest that a destination may ask to be left alone.
const RETRY_AFTER_MOST_MS: u64 = 24 * 3_600_000;

/// How an exchange ended, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A whole response came.
    Answered {
        /// Its status.
        status: u16,
        /// For how long the destination wants to be left alone, in milliseconds.
        after_ms: Option<u64>,
    },
    /// None came: no address, no connection, no TLS, too late, broken off.
    Failed,
}

impl Outcome {
    /// The destination took it.
    pub(super) fn is_taken(self) -> bool {
        matches!(self, Outcome::Answered { status: 200..300, .. })
    }

    /// The destination is down or overloaded, rather than that it doesn't like this one delivery.
    pub(super) fn is_down(self) -> bool {
        matches!(self, Outcome::Failed | Outcome::Answered { status: 429 | 500.., .. })
    }
}

/// When and how often it is tried again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule<'a> {
    /// Waits before each further attempt.
    pub(super) waits: &'a [Duration],
    /// Attempts before this one.
    pub(super) tries: u32,
    /// Any number: by it the wait is up to a tenth shorter or longer.
    pub(super) jitter: u64,
    /// The time, Unix milliseconds.
    pub(super) now_ms: u64,
}

/// What the delivery is now.
pub(super) fn rule(outcome: Outcome, schedule: &Schedule<'_>) -> Ruling {
    let after_ms = match outcome {
        outcome if outcome.is_taken() => return Ruling::Settled(Settled::Delivered),
        Outcome::Answered { status: 410, .. } => return Ruling::Gone,
        Outcome::Answered { after_ms, .. } => after_ms.unwrap_or(0),
        Outcome::Failed => 0,
    };
    let wait = usize::try_from(schedule.tries).ok().and_then(|tries| schedule.waits.get(tries));
    Ruling::Settled(wait.map_or(Settled::Exhausted, |wait| {
        let wait_ms = jittered(*wait, schedule.jitter).max(after_ms.min(RETRY_AFTER_MOST_MS));
        Settled::Again(schedule.now_ms.saturating_add(wait_ms))
    }))
}

/// 90 to 110 % of it, in milliseconds.
fn jittered(wait: Duration, jitter: u64) -> u64 {
    let wait_ms = millis(wait);
    let tenth = wait_ms / 10;
    let spread = tenth.saturating_mul(2).saturating_add(1);
    (wait_ms - tenth).saturating_add(jitter % spread)
}

/// Reads `Retry-After`, seconds or a date, in milliseconds from now; `None` where it is neither, or
/// past.
pub(super) fn after_ms(value: &str, now_ms: u64) -> Option<u64> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // What doesn't fit is a long time.
        return Some(value.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(1000));
    }
    let at = httpdate::parse_http_date(value).ok()?.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(at.as_millis()).ok()?.checked_sub(now_ms)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn schedule(waits: &[Duration], tries: u32, jitter: u64) -> Schedule<'_> {
        Schedule { waits, tries, jitter, now_ms: 1_000_000 }
    }

    #[test]
    fn what_becomes_of_a_delivery() {
        let waits = [Duration::from_secs(60), Duration::from_secs(300)];
        let answered = |status, after_ms| Outcome::Answered { status, after_ms };
        let again = |ms| Ruling::Settled(Settled::Again(1_000_000 + ms));
        let delivered = Ruling::Settled(Settled::Delivered);
        let exhausted = Ruling::Settled(Settled::Exhausted);
        // A jitter of a tenth of the wait leaves it as it is.
        for (outcome, tries, jitter, wanted) in [
            (answered(200, None), 0, 0, delivered),
            (answered(204, Some(5)), 9, 0, delivered),
            (answered(410, None), 0, 0, Ruling::Gone),
            (answered(500, None), 0, 6_000, again(60_000)),
            (answered(404, None), 1, 30_000, again(300_000)),
            (answered(301, None), 0, 0, again(54_000)),
            (Outcome::Failed, 0, 12_000, again(66_000)),
            (answered(429, Some(120_000)), 0, 0, again(120_000)),
            (answered(503, Some(1_000)), 0, 6_000, again(60_000)),
            (answered(503, Some(u64::MAX)), 0, 0, again(RETRY_AFTER_MOST_MS)),
            (answered(503, Some(1_000)), 2, 0, exhausted),
            (Outcome::Failed, u32::MAX, 0, exhausted),
        ] {
            assert_eq!(rule(outcome, &schedule(&waits, tries, jitter)), wanted, "{outcome:?}");
        }
    }

    #[test]
    fn what_retry_after_says() {
        let now_ms = 784_111_777_000 - 5_000;
        for (value, wanted) in [
            ("120", Some(120_000)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(5_000)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(5_000)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", None),
            ("-1", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
        ] {
            assert_eq!(after_ms(value, now_ms), wanted, "{value:?}");
        }
    }

    #[test]
    fn who_is_down() {
        for (status, down) in [(200, false), (301, false), (404, false), (410, false), (429, true)]
            .into_iter()
            .chain([(500, true), (503, true), (599, true)])
        {
            let outcome = Outcome::Answered { status, after_ms: None };
            assert_eq!(outcome.is_down(), down, "{status}");
        }
        assert!(Outcome::Failed.is_down());
    }

    proptest! {
        #[test]
        fn every_delivery_ends_and_no_wait_is_wrong(
            waits_s in prop::collection::vec(0_u64..100_000, 0..8),
            status in 100_u16..600,
            after_ms in prop::option::of(any::<u64>()),
            jitter in any::<u64>(),
        ) {
            let waits: Vec<Duration> = waits_s.iter().copied().map(Duration::from_secs).collect();
            let mut tries = 0;
            loop {
                let ruling =
                    rule(Outcome::Answered { status, after_ms }, &schedule(&waits, tries, jitter));
                let Ruling::Settled(Settled::Again(at_ms)) = ruling else { break };
                let wait_ms = at_ms - 1_000_000;
                let own_ms = waits_s[tries as usize] * 1000;
                let asked_ms = after_ms.unwrap_or(0).min(RETRY_AFTER_MOST_MS);
                prop_assert!(wait_ms >= (own_ms - own_ms / 10).max(asked_ms));
                prop_assert!(wait_ms <= (own_ms + own_ms / 10).max(asked_ms));
                tries += 1;
            }
            prop_assert!(tries as usize <= waits.len());
            if !(200..300).contains(&status) && status != 410 {
                prop_assert_eq!(tries as usize, waits.len());
            }
        }

        #[test]
        fn no_header_breaks_the_reader(value in ".{0,40}", now_ms in any::<u64>()) {
            let _ = after_ms(&value, now_ms);
        }
    }
}
