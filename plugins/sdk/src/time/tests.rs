//! Lengths of time, and times against dates that were computed by GNU `date`.

use proptest::prelude::*;

use super::*;

#[test]
fn lengths_of_time() {
    for (text, ms) in
        [("0s", 0), ("500ms", 500), ("60s", 60_000), ("5m", 300_000), ("3d", 259_200_000)]
    {
        assert_eq!(parse_duration_ms(text), Ok(ms), "{text}");
    }
    for text in ["", "5", "s", "-1s", "1.5s", "1 s", "1S", "1w", "+1s", "99999999999999999999s"] {
        assert!(parse_duration_ms(text).is_err(), "{text}");
    }
    assert_eq!(parse_duration_ms("9999999999999999d"), Err("that time is too long"));
}

/// `date -u -d TEXT +%s`.
#[test]
fn times_as_gnu_date_reads_them() {
    for (text, seconds) in [
        ("1970-01-01T00:00:00Z", 0),
        ("2000-02-29T23:59:59Z", 951_868_799),
        ("2024-02-29T12:00:00+14:00", 1_709_157_600),
        ("2026-11-22T13:05:00Z", 1_795_352_700),
        ("2026-11-22T10:05:00-03:00", 1_795_352_700),
        ("2100-03-01T00:00:00Z", 4_107_542_400),
        ("9999-12-31T23:59:59Z", 253_402_300_799),
    ] {
        assert_eq!(parse_rfc3339_ms(text), Some(seconds * 1000), "{text}");
    }
    assert_eq!(parse_rfc3339_ms("1970-01-01t00:00:01.2509z"), Some(1250));
    assert_eq!(parse_rfc3339_ms("1970-01-01 00:00:01.2Z"), Some(1200));
    assert_eq!(parse_rfc3339_ms("2016-12-31T23:59:60Z"), Some(1_483_228_800_000));
    assert_eq!(rfc3339(951_868_799_250), "2000-02-29T23:59:59.250Z");
    assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
    assert_eq!(rfc3339(u64::MAX), "9999-12-31T23:59:59.999Z");
}

#[test]
fn what_is_no_time() {
    for text in [
        "",
        "2026",
        "2026-11-22",
        "2026-11-22T13:05:00",
        "2026-11-22T13:05Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-11-31T00:00:00Z",
        "2026-11-00T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T00:60:00Z",
        "2026-11-22T00:00:61Z",
        "2026-11-22T00:00:00.Z",
        "2026-11-22T00:00:00Z ",
        "2026-11-22T00:00:00+24:00",
        "2026-11-22T00:00:00+01:60",
        "2026-11-22T00:00:00+0100",
        "1969-12-31T23:59:59Z",
        "0000-01-01T00:00:00Z",
        "+026-11-22T00:00:00Z",
        "2026/11/22T00:00:00Z",
        "１970-01-01T00:00:00Z",
    ] {
        assert_eq!(parse_rfc3339_ms(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(ms in 0..END_MS) {
        prop_assert_eq!(parse_rfc3339_ms(&rfc3339(ms)), Some(ms));
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,40}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.Z+-]{0,30}") {
        let _ = parse_rfc3339_ms(&text);
        let _ = parse_duration_ms(&text);
    }
}
