//! Times as callers write them: RFC 3339, or a whole day.

const DAY_MS: i64 = 86_400_000;

/// Which end of a day is meant, where one is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// Its first millisecond.
    First,
    /// Its last one.
    Last,
}

/// Unix milliseconds of `2026-01-02T03:04:05.678Z`, with any offset, or of an edge of `2026-01-02`
/// in UTC. What lies before 1970 is taken for its first moment.
pub(super) fn parse(text: &str, edge: Edge) -> Option<u64> {
    let (date, time) = text.split_at_checked(10)?;
    let day = day(date)? * DAY_MS;
    let ms = match (time.is_empty(), edge) {
        (true, Edge::First) => 0,
        (true, Edge::Last) => DAY_MS - 1,
        (false, _) => of_day(time.strip_prefix(['T', 't', ' '])?)?,
    };
    Some(u64::try_from(day + ms).unwrap_or(0))
}

/// A number written with exactly so many digits.
fn number(text: &str, digits: usize) -> Option<i64> {
    let fits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok())?
}

/// Days since 1970-01-01.
fn day(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let year = number(parts.next()?, 4)?;
    let month = number(parts.next()?, 2)?;
    let day = number(parts.next()?, 2)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if parts.next().is_some() || !(1..=days).contains(&day) {
        return None;
    }
    // Counted from March, so that a leap day is the last of its year.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(365 * year + leaps + (153 * month + 2) / 5 + day - 1 - 719_468)
}

/// Milliseconds since midnight in UTC; before it or after the next one where the offset says so.
fn of_day(text: &str) -> Option<i64> {
    let (clock, rest) = text.split_at_checked(8)?;
    let mut parts = clock.split(':');
    let hour = number(parts.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = number(parts.next()?, 2).filter(|minute| *minute < 60)?;
    // A leap second is a second.
    let second = number(parts.next()?, 2).filter(|second| *second <= 60)?;
    let (ms, rest) = match rest.strip_prefix('.') {
        Some(rest) => fraction(rest)?,
        None => (0, rest),
    };
    Some(((hour * 60 + minute) * 60 + second) * 1000 + ms - offset(rest)?)
}

/// Milliseconds of a fraction, and what stands behind it.
fn fraction(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let three: String = digits.chars().chain("00".chars()).take(3).collect();
    (!digits.is_empty()).then(|| Some((number(&three, 3)?, rest)))?
}

/// Milliseconds that an offset is ahead of UTC. In a query, `+` may have become a blank.
fn offset(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = match text.chars().next()? {
        '+' | ' ' => 1,
        '-' => -1,
        _ => return None,
    };
    let (hours, minutes) = text[1..].split_once(':')?;
    let hours = number(hours, 2).filter(|hours| *hours < 24)?;
    let minutes = number(minutes, 2).filter(|minutes| *minutes < 60)?;
    Some(sign * (hours * 60 + minutes) * 60_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::clock::rfc3339;

    #[test]
    fn times_and_days() {
        for (text, first, last) in [
            ("2026-01-02", "2026-01-02T00:00:00.000Z", "2026-01-02T23:59:59.999Z"),
            ("2000-02-29", "2000-02-29T00:00:00.000Z", "2000-02-29T23:59:59.999Z"),
            ("1969-12-31", "1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000Z"),
            ("2100-03-01", "2100-03-01T00:00:00.000Z", "2100-03-01T23:59:59.999Z"),
        ] {
            for (edge, wanted) in [(Edge::First, first), (Edge::Last, last)] {
                let ms = parse(text, edge).unwrap_or_else(|| panic!("{text}"));
                assert_eq!(rfc3339(ms), wanted, "{text}");
            }
        }
        for (text, wanted) in [
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"),
            ("2026-01-02t03:04:05.6z", "2026-01-02T03:04:05.600Z"),
            ("2026-01-02 03:04:05.678912Z", "2026-01-02T03:04:05.678Z"),
            ("2026-01-02T01:04:05+03:00", "2026-01-01T22:04:05.000Z"),
            ("2026-01-02T01:04:05 03:00", "2026-01-01T22:04:05.000Z"),
            ("2026-01-02T23:04:05-03:30", "2026-01-03T02:34:05.000Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
        ] {
            let ms = parse(text, Edge::Last).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(rfc3339(ms), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        // A time every ten years or so, up to the year 9999.
        for ms in (0..253_402_300_799_999).step_by(333_333_333_337) {
            assert_eq!(parse(&rfc3339(ms), Edge::First), Some(ms));
        }
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "2026",
            "2026-1-2",
            "2026-02-29",
            "2100-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-01-00",
            "2026-01-32",
            "+026-01-02",
            "2026-01-02T",
            "2026-01-02T03:04Z",
            "2026-01-02T24:00:00Z",
            "2026-01-02T03:60:00Z",
            "2026-01-02T03:04:61Z",
            "2026-01-02T03:04:05",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05+3:00",
            "2026-01-02T03:04:05+03:60",
            "2026-01-02T03:04:05é03:00",
            "2026-01-02X03:04:05Z",
            "2026-01-é2",
            "1767323045678",
            "yesterday!",
        ] {
            assert_eq!(parse(text, Edge::First), None, "{text}");
        }
    }
}
