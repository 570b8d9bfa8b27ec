//! What a route sets for BRZ.
//!
//! A value that was read here is valid; nothing checks it again.

use std::sync::Arc;

use hookswitch_sdk::crypto::KeyForm;
use hookswitch_sdk::settings::{self, Kept};
use hookswitch_sdk::{Reason, time};
use serde::Deserialize;

/// As written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    tolerance: Option<String>,
    key_form: Option<String>,
}

/// As used.
pub(crate) struct Settings {
    /// How far the signed time may be from ours, either way.
    pub(crate) tolerance_ms: u64,
    /// In which forms the secret is tried as a key, in this order.
    pub(crate) forms: &'static [KeyForm],
}

/// The route's settings; the error holds everything that is wrong with them.
pub(crate) fn get() -> Result<Arc<Settings>, Vec<Reason>> {
    static KEPT: Kept<Settings> = Kept::new();
    KEPT.or_read(read)
}

fn read() -> Result<Settings, Vec<Reason>> {
    let written: Written = settings::get().map_err(|reason| vec![reason])?;
    let tolerance = tolerance_ms(written.tolerance.as_deref().unwrap_or("300s"));
    let forms = forms(written.key_form.as_deref().unwrap_or("either"));
    match (tolerance, forms) {
        (Ok(tolerance_ms), Ok(forms)) => Ok(Settings { tolerance_ms, forms }),
        (tolerance, forms) => Err(tolerance.err().into_iter().chain(forms.err()).collect()),
    }
}

/// Zero is refused: BRZ's times are whole seconds, so that nearly every callback would be late.
fn tolerance_ms(text: &str) -> Result<u64, Reason> {
    time::parse_duration_ms(text).ok().filter(|ms| *ms > 0).ok_or_else(|| {
        Reason::new("tolerance_invalid", "tolerance is a length of time above zero, such as 300s")
    })
}

fn forms(text: &str) -> Result<&'static [KeyForm], Reason> {
    match text {
        "either" => Ok(&[KeyForm::Utf8, KeyForm::Utf8WithoutWhsec]),
        "full" => Ok(&[KeyForm::Utf8]),
        "stripped" => Ok(&[KeyForm::Utf8WithoutWhsec]),
        _ => Err(Reason::new("key_form_invalid", "key_form is one of either, full and stripped")),
    }
}
