//! The forms that fields have in requests and in answers: texts, amounts, links.
//!
//! Invariant: an amount stays the decimal text it came as, never a float. What is wrong is named by
//! its field and its form; the value itself, which may be personal, is never quoted.

use serde_json::{Map, Value};

use crate::TEXT_BYTES_MAX;

/// A JSON object's members.
pub(crate) type Members = Map<String, Value>;

const AMOUNT_BYTES_MAX: usize = 40;
const LINK_BYTES_MAX: usize = 2048;

/// Reads a JSON object. A name given twice counts as last given: whoever sent it signed both.
pub(crate) fn object(json: &[u8]) -> Option<Members> {
    serde_json::from_slice(json).ok()
}

/// A required text that is in its form; `wanted` says which, after "must be".
fn formed<'a>(
    members: &'a Members,
    name: &str,
    wanted: &str,
    form: impl Fn(&str) -> bool,
) -> Result<&'a str, String> {
    let found = members.get(name).and_then(Value::as_str);
    found.filter(|text| form(text)).ok_or_else(|| format!("{name} must be {wanted}"))
}

/// A text of 1 to 256 bytes.
pub(crate) fn text<'a>(members: &'a Members, name: &str) -> Result<&'a str, String> {
    formed(members, name, "a string of 1 to 256 bytes", is_text)
}

/// A text that may also be missing or null.
pub(crate) fn optional_text(members: &Members, name: &str) -> Result<(), String> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(()),
        Some(_) => text(members, name).map(drop),
    }
}

/// A text out of a closed list.
pub(crate) fn one_of<'a>(
    members: &'a Members,
    name: &str,
    words: [&str; 2],
) -> Result<&'a str, String> {
    formed(members, name, &words.join(" or "), |word| words.contains(&word))
}

/// An ISO 3166-1 alpha-3 code by its form; whether there is such a country is not asked.
pub(crate) fn country<'a>(members: &'a Members, name: &str) -> Result<&'a str, String> {
    formed(members, name, "three capital letters", |code| {
        code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase())
    })
}

/// Digits, with a point and more digits if wanted, and more than zero: nobody trades nothing.
pub(crate) fn amount<'a>(members: &'a Members, name: &str) -> Result<&'a str, String> {
    formed(members, name, "a decimal string over zero, such as \"12.50\"", is_amount)
}

/// An absolute https URL without user info, in plain ASCII.
pub(crate) fn link<'a>(members: &'a Members, name: &str) -> Result<&'a str, String> {
    formed(members, name, "an absolute https URL", |url| is_link(url).is_some())
}

/// A JSON object that may be missing.
pub(crate) fn optional_object(members: &Members, name: &str) -> Result<(), String> {
    let known = members.get(name).is_none_or(Value::is_object);
    known.then_some(()).ok_or_else(|| format!("{name} must be an object"))
}

pub(crate) fn is_text(text: &str) -> bool {
    (1..=TEXT_BYTES_MAX).contains(&text.len())
}

fn is_amount(amount: &str) -> bool {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let over_zero = amount.bytes().any(|b| matches!(b, b'1'..=b'9'));
    amount.len() <= AMOUNT_BYTES_MAX && digits(whole) && digits(fraction) && over_zero
}

/// Written out, for one check needs no URL library in the guest: host names and IPv4 only.
fn is_link(url: &str) -> Option<()> {
    let authority = url.strip_prefix("https://")?.split(['/', '?', '#']).next()?;
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    let plain = |b: u8| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b);
    let in_host = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
    let known = url.len() <= LINK_BYTES_MAX
        && url.bytes().all(plain)
        && host.bytes().all(in_host)
        && host.starts_with(|c: char| c.is_ascii_alphanumeric())
        && port.bytes().all(|b| b.is_ascii_digit())
        && port.parse::<u16>().is_ok();
    known.then_some(())
}
