//! How lengths of time and amounts of memory are written in config: `500ms`, `2s`, `5m`, `1h`,
//! `3d`; `512`, `64KiB`, `32MiB`, `1GiB`.

use std::time::Duration;

/// Whole milliseconds.
pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Reads a length of time; the error is what would be right.
pub fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    const FORM: &str = "a length of time is a whole number and a unit: 500ms, 2s, 5m, 1h or 3d";
    let (number, unit) = split(text).ok_or(FORM)?;
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(FORM),
    };
    number.checked_mul(unit_ms).map(Duration::from_millis).ok_or("that time is too long")
}

/// Reads an amount of memory; the error is what would be right.
pub fn parse_bytes(text: &str) -> Result<u64, &'static str> {
    const FORM: &str = "an amount of memory is a whole number and a unit: 512B, 64KiB, 32MiB, 1GiB";
    let (number, unit) = split(text).ok_or(FORM)?;
    let shift = match unit {
        "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return Err(FORM),
    };
    number.checked_mul(1 << shift).ok_or("that is too much memory")
}

fn split(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes() {
        for (text, ms) in
            [("0s", 0), ("500ms", 500), ("2s", 2000), ("5m", 300_000), ("1h", 3_600_000)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "5", "s", "-1s", "1.5s", "1 s", "1S", "1w", "99999999999999999999s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        assert_eq!(parse_bytes("32MiB"), Ok(32 << 20));
        assert_eq!(parse_bytes("64KiB"), Ok(64 << 10));
        for text in ["", "1", "1MB", "MiB", "-1KiB", "99999999999999999GiB"] {
            assert!(parse_bytes(text).is_err(), "{text}");
        }
    }
}
