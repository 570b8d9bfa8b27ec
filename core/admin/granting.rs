//! How a token is had: for a key, or for the refresh token that came with an earlier one. A refresh
//! token goes along with every new token but lasts no longer than the first one did.

use serde_json::json;

use super::fields::Fields;
use super::keys::{By, Caller};
use super::reply::{self, Refusal, Reply};
use super::tokens::{REFRESH_MS, TOKEN_S, Token};
use super::{Admin, Call};
use crate::model::clock::rfc3339;

/// Makes a token with the caller's scopes, or those of them that are asked for.
pub(super) fn token(admin: &Admin, call: &Call<'_>) -> Reply {
    let caller = call.caller.as_ref().ok_or(Refusal::NoKey)?;
    let scopes = scopes(caller, &Fields::of_any(&call.body)?)?;
    let refresh_ends_ms = match caller.by {
        By::Refresh(ends_ms) => ends_ms,
        By::Secret | By::Token => call.now_ms.saturating_add(REFRESH_MS),
    };
    let ends_ms = call.now_ms.saturating_add(TOKEN_S * 1000);
    let seal = |ends_ms: u64, refresh: bool| {
        let (key, mark, scopes) = (caller.key.clone(), caller.mark.clone(), scopes.clone());
        let token = Token { key, mark, scopes, ends_ms, refresh };
        let sealed = admin.tokens.as_ref().and_then(|tokens| tokens.seal(&token));
        sealed.ok_or(Refusal::NoRandom)
    };
    Ok(reply::created(&json!({
        "token": seal(ends_ms, false)?,
        "tokenType": "Bearer",
        "expiresIn": TOKEN_S,
        "expiresAt": rfc3339(ends_ms),
        "scopes": scopes,
        "refreshToken": seal(refresh_ends_ms, true)?,
    })))
}

fn scopes(caller: &Caller, fields: &Fields) -> Result<Vec<String>, Refusal> {
    let Some(wanted) = fields.texts("scopes")? else { return Ok(caller.scopes.clone()) };
    if wanted.is_empty() {
        return Err(Refusal::Invalid("scopes names at least one scope".to_owned()));
    }
    if wanted.iter().any(|scope| !caller.may(scope)) {
        // What was asked for isn't repeated: it is the caller's own text.
        return Err(Refusal::Beyond);
    }
    // Each once, in the order of the key: a token is no longer than its key's scopes are.
    Ok(caller.scopes.iter().filter(|own| wanted.contains(&own.as_str())).cloned().collect())
}
