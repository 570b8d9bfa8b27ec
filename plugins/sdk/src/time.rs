//! Times and lengths of time as text. A plugin has no clock: it is told the time, in Unix
//! milliseconds, and only reads and writes it here.
//!
//! Every text gives a time or a clear no; nothing overflows, whatever a provider sends.

const DAY_MS: u64 = 86_400_000;
/// The first millisecond of the year 10000, where RFC 3339 ends.
const END_MS: u64 = 253_402_300_800_000;

/// Reads a length of time as it is written in config (`500ms`, `60s`, `5m`, `1h`, `3d`), in
/// milliseconds. The error is what would be right.
pub fn parse_duration_ms(text: &str) -> Result<u64, &'static str> {
    const FORM: &str = "a length of time is a whole number and a unit: 500ms, 60s, 5m, 1h or 3d";
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or(FORM)?;
    let (number, unit) = text.split_at(digits);
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => DAY_MS,
        _ => return Err(FORM),
    };
    if number.is_empty() {
        return Err(FORM);
    }
    let number: Option<u64> = number.parse().ok();
    number.and_then(|number| number.checked_mul(unit_ms)).ok_or("that time is too long")
}

/// Reads a time as RFC 3339 writes it (`2026-11-22T13:05:00.250Z`, any offset), in Unix
/// milliseconds. Finer fractions are cut; times before 1970 are none, and so is a text without an
/// offset. A leap second counts as the first second after it.
pub fn parse_rfc3339_ms(text: &str) -> Option<u64> {
    let mut rest = Rest(text.as_bytes());
    let (year, month, day) = (rest.number(4)?, rest.after(b"-", 2)?, rest.after(b"-", 2)?);
    let (hour, minute) = (rest.after(b"Tt ", 2)?, rest.after(b":", 2)?);
    let second = rest.after(b":", 2)?;
    let fraction_ms = rest.fraction_ms()?;
    let offset_min = rest.offset_min()?;
    let in_range = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !in_range || !rest.0.is_empty() {
        return None;
    }
    let clock_s = (hour * 60 + minute - offset_min) * 60 + second;
    let seconds = days_since_1970(year, month, day) * 86_400 + clock_s;
    u64::try_from(seconds * 1000 + fraction_ms).ok()
}

/// A time as RFC 3339 in UTC, with milliseconds: `2026-11-22T13:05:00.250Z`. Times past the year
/// 9999 are written as its last millisecond.
pub fn rfc3339(unix_ms: u64) -> String {
    let unix_ms = unix_ms.min(END_MS - 1);
    let (days, clock_ms) = (unix_ms / DAY_MS, unix_ms % DAY_MS);
    let (year, month, day) = date_of(days);
    let (hour, minute) = (clock_ms / 3_600_000, clock_ms / 60_000 % 60);
    let (second, ms) = (clock_ms / 1000 % 60, clock_ms % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        number.iter().try_fold(0, |sum, byte| {
            byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0'))
        })
    }

    fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        bytes.contains(first).then_some(*first)
    }

    fn after(&mut self, separators: &[u8], digits: usize) -> Option<i64> {
        self.one_of(separators)?;
        self.number(digits)
    }

    fn fraction_ms(&mut self) -> Option<i64> {
        if self.0.first() != Some(&b'.') {
            return Some(0);
        }
        let digits = self.0[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (fraction, rest) = self.0.split_at_checked(1 + digits)?;
        self.0 = rest;
        let place = |at: usize| fraction.get(at).map_or(0, |byte| i64::from(byte - b'0'));
        (digits > 0).then(|| place(1) * 100 + place(2) * 10 + place(3))
    }

    /// Minutes east of UTC.
    fn offset_min(&mut self) -> Option<i64> {
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let (hours, minutes) = (self.number(2)?, self.after(b":", 2)?);
        (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
    }
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar (year 0 to 9999): whole years first,
/// counted from March, so that the leap day is the last of its year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// The date that is `days` after 1970-01-01: [`days_since_1970`] backwards, in cycles of 400 years.
fn date_of(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (cycle, in_cycle) = (days / 146_097, days % 146_097);
    let in_400 = (in_cycle - in_cycle / 1460 + in_cycle / 36_524 - in_cycle / 146_096) / 365;
    let in_year = in_cycle - (in_400 * 365 + in_400 / 4 - in_400 / 100);
    let from_march = (5 * in_year + 2) / 153;
    let day = in_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (cycle * 400 + in_400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests;
