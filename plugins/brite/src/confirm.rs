//! Is it true? Brite's API is asked for the object's state, and what it says is what counts.
//!
//! Only an answer of the API's contradicts an event: whatever else goes wrong is "not yet", so
//! that no event is lost to an outage.

use hookswitch_sdk::{Confirmation, Context, Event, Reason};

use crate::api::{self, Found, State};
use crate::settings::{self, Settings};
use crate::token;
use crate::told::Told;

pub(crate) fn confirm(event: &Event, context: &Context) -> Confirmation {
    let Some(told) = event.data.as_deref().and_then(|data| Told::read(data.as_bytes()).ok()) else {
        return not_yet("event_odd", "the event isn't one that this adapter made");
    };
    let Ok(settings) = settings::get() else {
        return not_yet("settings_invalid", "the settings can't be read");
    };
    match ask(&settings, context, &told) {
        Ok(Found::Now(found)) => judge(&settings, &told, &found),
        Ok(Found::Unknown) => {
            let why = "Brite knows no such id among this merchant's";
            Confirmation::Contradicted(Reason::new("id_unknown", why))
        }
        Ok(Found::TokenRefused) => {
            not_yet("token_refused", "Brite refuses a token that it has just given")
        }
        Err(reason) => Confirmation::NotYet(reason),
    }
}

/// Asks with the token that is there, and once more with another where that is refused.
fn ask(settings: &Settings, context: &Context, told: &Told) -> Result<Found, Reason> {
    let first = token::access(settings, context, None)?;
    match api::state(settings, &first, told.object, &told.id)? {
        Found::TokenRefused => {
            let second = token::access(settings, context, Some(&first))?;
            api::state(settings, &second, told.object, &told.id)
        }
        found => Ok(found),
    }
}

fn judge(settings: &Settings, told: &Told, found: &State) -> Confirmation {
    let merchants = [&told.merchant_id, &settings.merchant_id];
    let other = |merchant: &&Option<String>| merchant.is_some() && **merchant != found.merchant_id;
    if found.merchant_id.is_some() && merchants.iter().any(other) {
        let why = "Brite says that it is another merchant's";
        return Confirmation::Contradicted(Reason::new("merchant_differs", why));
    }
    let (object, now) = (told.object, found.state);
    if object.excludes(now, told.state, found.payout) {
        let why = format!("it ended in state {now}, and was told to be in {}", told.state);
        return Confirmation::Contradicted(Reason::new("state_excluded", why));
    }
    match (object.rank(now), object.rank(told.state)) {
        (Some(is), Some(said)) if is < said => {
            let why = format!("Brite says state {now}, and {} was told", told.state);
            Confirmation::NotYet(Reason::new("state_behind", why))
        }
        // Where the tables don't say which is behind, Brite's word is the newer one.
        _ => Confirmation::Confirmed(told.event(now)),
    }
}

fn not_yet(code: &str, detail: &str) -> Confirmation {
    Confirmation::NotYet(Reason::new(code, detail))
}
