//! Brite's API: the two calls that a confirmation needs.
//!
//! Nothing is taken from a response but under status 200 and in the type that it must have: an
//! error's body has a `state` too, which is a text. No reason repeats what came or what was sent.

use hookswitch_sdk::{Header, Reason, http, secrets};
use serde::{Deserialize, Serialize};

use crate::describe::SECRET;
use crate::scalar::Scalar;
use crate::settings::Settings;
use crate::states::Object;
use crate::told::starts_object;

/// A token that asks for states.
pub(crate) struct Granted {
    pub(crate) token: String,
    pub(crate) ends_ms: u64,
}

/// What the API says of an object.
pub(crate) enum Found {
    Now(State),
    /// There is no such object.
    Unknown,
    /// The token isn't taken.
    TokenRefused,
}

/// An object's state, with what else is compared.
pub(crate) struct State {
    pub(crate) state: u16,
    pub(crate) merchant_id: Option<String>,
    /// Money goes out; only `get` says so.
    pub(crate) payout: bool,
}

#[derive(Serialize)]
struct Credentials<'a> {
    public_key: &'a str,
    secret: &'a str,
}

#[derive(Deserialize)]
struct Pair {
    access_token: String,
    /// Unix seconds, whole or not.
    expires: f64,
}

#[derive(Serialize)]
struct Id<'a> {
    id: &'a str,
}

#[derive(Deserialize)]
struct Body {
    id: Option<Scalar>,
    state: Option<Scalar>,
    merchant_id: Option<Scalar>,
    #[serde(rename = "type")]
    direction: Option<Scalar>,
}

#[derive(Deserialize)]
struct Refusal {
    error_name: Option<Scalar>,
}

/// `type` of a payout.
const WITHDRAWAL: u64 = 1;
const TOKEN_BYTES_MAX: usize = 8 << 10;
/// Past the year 5000 it is no time.
const EXPIRES_S_MAX: f64 = 1e11;

/// Asks for a token, with the merchant's secret.
pub(crate) fn authorize(settings: &Settings) -> Result<Granted, Reason> {
    let secret = secrets::reveal(SECRET).map_err(|_| {
        Reason::new("secret_not_revealed", "the route has to list api-secret under `reveal`")
    })?;
    let credentials = Credentials { public_key: &settings.public_key, secret: &secret };
    let response = post(settings, "/api/merchant.authorize", None, &credentials)?;
    match response.status {
        200 => granted(&response.body).ok_or_else(odd),
        400 | 401 | 403 => {
            Err(Reason::new("credentials_refused", "Brite refuses public_key or api-secret"))
        }
        status => Err(failed(status)),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is in range")]
fn granted(body: &[u8]) -> Option<Granted> {
    let pair: Pair = read(body)?;
    let token = pair.access_token;
    let fits = (1..=TOKEN_BYTES_MAX).contains(&token.len());
    let visible = token.bytes().all(|b| b.is_ascii_graphic());
    let timely = (0.0..EXPIRES_S_MAX).contains(&pair.expires);
    let ends_ms = (pair.expires * 1000.0) as u64;
    (fits && visible && timely).then_some(Granted { token, ends_ms })
}

/// Asks for the state of an object.
pub(crate) fn state(
    settings: &Settings,
    token: &str,
    object: Object,
    id: &str,
) -> Result<Found, Reason> {
    let response = post(settings, &object.path(settings.verb), Some(token), &Id { id })?;
    match response.status {
        200 => found(&response.body, id).map(Found::Now).ok_or_else(odd),
        401 => Ok(Found::TokenRefused),
        400 if is_not_found(&response.body) => Ok(Found::Unknown),
        status => Err(failed(status)),
    }
}

fn found(body: &[u8], id: &str) -> Option<State> {
    let body: Body = read(body)?;
    if body.id.is_some_and(|said| said.text() != Some(id)) {
        return None;
    }
    let Some(Scalar::Number(state)) = body.state else { return None };
    let merchant_id = body.merchant_id.as_ref().and_then(Scalar::text).map(str::to_owned);
    let payout = body.direction == Some(Scalar::Number(WITHDRAWAL));
    Some(State { state: u16::try_from(state).ok()?, merchant_id, payout })
}

fn is_not_found(body: &[u8]) -> bool {
    let name = read::<Refusal>(body).and_then(|refusal| refusal.error_name);
    name.as_ref().and_then(Scalar::text) == Some("NotFound")
}

fn read<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Option<T> {
    serde_json::from_slice(body).ok().filter(|_| starts_object(body))
}

fn post(
    settings: &Settings,
    path: &str,
    token: Option<&str>,
    body: &impl Serialize,
) -> Result<http::Response, Reason> {
    let mut headers = vec![
        Header::new("content-type", "application/json"),
        Header::new("accept", "application/json"),
    ];
    headers.extend(token.map(|token| Header::new("authorization", format!("Bearer {token}"))));
    let url = format!("{}{path}", settings.api);
    let body = serde_json::to_vec(body).map_err(|_| odd())?;
    http::send(http::Request { method: "POST".to_owned(), url, headers, body })
        .map_err(|why| Reason::new("api_unreachable", format!("Brite's API: {}", why.detail)))
}

fn odd() -> Reason {
    Reason::new("api_odd", "Brite's API answers in a form that isn't understood")
}

fn failed(status: u16) -> Reason {
    Reason::new("api_failed", format!("Brite's API answers with status {status}"))
}
