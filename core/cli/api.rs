//! The admin API as commands see it: where it is, the key, and its answers taken apart. A key comes
//! from the environment only: arguments are there for everybody on the machine to read.

use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, Response, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::Misuse;
use crate::outbound::{Client, Names, OutboundFault, OwnedReach, Target};

/// Where the API is, if nobody says.
const DEFAULT: &str = "http://127.0.0.1:8081";
const API: &str = "HOOKSWITCH_API";
const KEY_ID: &str = "HOOKSWITCH_KEY_ID";
const KEY_SECRET: &str = "HOOKSWITCH_KEY_SECRET";

/// A page holds 100 rows, each with what was delivered.
const ANSWER_BYTES_MAX: usize = 256 << 20;
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a call is made again that came too soon after the ones before it.
const PAUSES_MOST: u32 = 10;
/// The longest that is then waited.
const PAUSE_MOST_S: u64 = 10;

/// What every command of the API takes.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// Where the admin API is; default: HOOKSWITCH_API, or http://127.0.0.1:8081.
    #[arg(long, value_name = "URL")]
    api: Option<String>,
    /// Print what the API says, one JSON object a line.
    #[arg(long)]
    pub(super) json: bool,
}

/// What the API says where it doesn't do as it was asked.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct Refused {
    message: String,
    /// There is no such thing, or it can't be had of this one; another one may well do.
    pub(super) of_this_one: bool,
}

/// The API, with a key for it.
pub(super) struct Api {
    base: String,
    key_id: HeaderValue,
    key_secret: HeaderValue,
    client: Client,
}

impl Place {
    /// The API that is meant, before anything is asked of it.
    pub(super) fn open(&self) -> Result<Api, Misuse> {
        let base = self.api.clone().or_else(|| variable(API));
        let base = base.unwrap_or_else(|| DEFAULT.to_owned()).trim_end_matches('/').to_owned();
        if base.parse().ok().and_then(|uri| Target::of(&uri)).is_none() {
            return Err(Misuse(format!("{base:?} is no http(s):// URL of an admin API")));
        }
        let (Some(key_id), Some(secret)) = (variable(KEY_ID), variable(KEY_SECRET)) else {
            let wanted = "set HOOKSWITCH_KEY_ID and HOOKSWITCH_KEY_SECRET: the NAME and the secret \
                          of a key of the router's config, [admin.keys.NAME]";
            return Err(Misuse(wanted.to_owned()));
        };
        let (key_id, mut key_secret) = (header(KEY_ID, &key_id)?, header(KEY_SECRET, &secret)?);
        key_secret.set_sensitive(true);
        // The operator wrote the URL.
        Ok(Api {
            base,
            key_id,
            key_secret,
            client: Client::new(OwnedReach::Anywhere, Names::default()),
        })
    }
}

/// A variable of the environment that holds something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn header(name: &str, text: &str) -> Result<HeaderValue, Misuse> {
    HeaderValue::from_str(text).map_err(|_| Misuse(format!("{name} can't be sent in a header")))
}

/// Text as one part of a path, or as a value of a query.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

impl Api {
    /// What is at this path, under this query.
    pub(super) async fn get(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Value> {
        let pairs: Vec<String> =
            query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        self.ask(&Method::GET, &format!("{path}?{}", pairs.join("&")), None).await
    }

    /// What comes of having this done.
    pub(super) async fn post(&self, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        self.ask(&Method::POST, path, body).await
    }

    /// Asks; where that was too often, again after the pause that is asked for.
    async fn ask(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let mut pauses = 0;
        loop {
            let answer = self.exchange(method, path, body).await?;
            if answer.status() != StatusCode::TOO_MANY_REQUESTS || pauses == PAUSES_MOST {
                return read(&answer, &self.base);
            }
            pauses += 1;
            let after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            let seconds = after.and_then(|text| text.parse().ok()).unwrap_or(1);
            tokio::time::sleep(Duration::from_secs(PAUSE_MOST_S.min(seconds))).await;
        }
    }

    async fn exchange(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Response<Bytes>> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("x-key-id", &self.key_id)
            .header("x-secret-key", &self.key_secret);
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = request.body(Full::from(body))?;
        let sent = self.client.send(request, ANSWER_BYTES_MAX);
        let sent = tokio::time::timeout(ANSWER_TIMEOUT, sent).await;
        let brought = sent.with_context(|| format!("{} gave no answer in a minute", self.base))?;
        let brought = brought.map_err(|fault| self.unreached(&fault))?;
        let large = || format!("the answer has more than {} MiB", ANSWER_BYTES_MAX >> 20);
        anyhow::ensure!(!brought.cut, "{}: ask for fewer rows with --limit", large());
        Ok(brought.response)
    }

    fn unreached(&self, fault: &OutboundFault) -> anyhow::Error {
        let hint = match fault {
            OutboundFault::Refused(_) => {
                ": does the router run there, with `admin` set under [listen]?"
            }
            _ => "",
        };
        anyhow::anyhow!("{} can't be asked: {fault}{hint}", self.base)
    }
}

/// What an answer holds, out of the wrapping that the webhooks API has; else what the API says.
fn read(answer: &Response<Bytes>, base: &str) -> anyhow::Result<Value> {
    let status = answer.status();
    let body: Option<Value> = serde_json::from_slice(answer.body()).ok();
    if let (true, Some(mut body)) = (status.is_success(), body.clone()) {
        return Ok(match body["success"] == true {
            true => body["data"].take(),
            false => body,
        });
    }
    let said = body
        .as_ref()
        .and_then(|body| body["error"]["message"].as_str().or_else(|| body["message"].as_str()));
    let Some(said) = said else {
        anyhow::bail!("{base} answers {status}, which is none of the admin API's answers");
    };
    let message = super::table::clean(said);
    match status {
        StatusCode::BAD_REQUEST => Err(Misuse(message).into()),
        _ => {
            let of_this_one = matches!(status, StatusCode::NOT_FOUND | StatusCode::CONFLICT);
            Err(Refused { message, of_this_one }.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Response<Bytes> {
        let response = Response::builder().status(status).body(Bytes::from(body.to_owned()));
        response.expect("a response")
    }

    #[test]
    fn answers_are_taken_out_of_their_wrapping() {
        for (body, wanted) in [
            (r#"{"success":true,"data":{"x":1}}"#, r#"{"x":1}"#),
            (r#"{"events":[],"next":null}"#, r#"{"events":[],"next":null}"#),
        ] {
            let value = read(&answer(200, body), "x").expect("an answer");
            assert_eq!(value.to_string(), wanted);
        }
    }

    #[test]
    fn refusals_are_told_in_the_apis_words() {
        for (status, body, wanted, of_this_one, misuse) in [
            (404, r#"{"error":{"code":"X","message":"no event"}}"#, "no event", true, false),
            (409, r#"{"success":false,"error":{"message":"not true"}}"#, "not true", true, false),
            (401, r#"{"error":"unauthorized","message":"no key"}"#, "no key", false, false),
            (400, r#"{"error":{"message":"limit is a number"}}"#, "limit is a number", false, true),
            (200, "<html>", "none of the admin API's answers", false, false),
            (502, "{}", "none of the admin API's answers", false, false),
        ] {
            let error = read(&answer(status, body), "http://x").expect_err("refused");
            assert!(error.to_string().contains(wanted), "{error}");
            assert_eq!(error.is::<Misuse>(), misuse, "{body}");
            let refused = error.downcast_ref::<Refused>();
            assert_eq!(refused.is_some_and(|refused| refused.of_this_one), of_this_one, "{body}");
        }
    }

    #[test]
    fn ids_and_values_can_hold_anything() {
        assert_eq!(encoded("a/b?c&d=é"), "a%2Fb%3Fc%26d%3D%C3%A9");
    }
}
