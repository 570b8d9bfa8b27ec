//! What `verify` looks at, as facts for a person. Nothing is signed: the caller's address and the
//! merchant filter, and the confirmation is the proof.

use hookswitch_sdk::{Callback, Fact};

use crate::settings;
use crate::told::Told;

pub(crate) fn explain(call: &Callback) -> Vec<Fact> {
    let fact = |name: &str, value: String| Fact { name: name.to_owned(), value };
    let mut facts = vec![fact("signed", "nothing: Brite doesn't sign".to_owned())];
    let Ok(settings) = settings::get() else { return facts };
    let (peer, many) = (call.head.peer(), settings.allow_from.len());
    facts.push(fact("caller", format!("{peer}; allow_from names {many} addresses or networks")));
    let merchant = match (Told::read(&call.body), &settings.merchant_id) {
        (_, None) => "not checked: merchant_id isn't set",
        (Err(_), _) => "the body can't be read",
        (Ok(told), Some(wanted)) if told.merchant_id.as_ref() == Some(wanted) => {
            "the configured one"
        }
        (Ok(told), _) if told.merchant_id.is_none() => "the body names none",
        (Ok(_), _) => "another one than merchant_id",
    };
    facts.push(fact("merchant", merchant.to_owned()));
    facts
}
