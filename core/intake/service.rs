//! An answer asked of a service of the operator's own: the request's JSON by POST, its answer or
//! its no by the status. Whatever it does wrong is its fault, and no redirect is followed.

use bytes::Bytes;
use hyper::{Response, StatusCode};
use serde::Deserialize;

use super::failure::Failure;
use super::question::{Computed, Question};
use crate::generation::Service;
use crate::model::{Answer, Decline, DeclineStatus};
use crate::observe::traces;
use crate::outbound::{About, Brought, Client, Posting};

/// Said to a service that is only asked to see what it would say.
const DRY_RUN: &str = "hookswitch-dry-run";

/// Bytes of a reason that a service gives.
const REASON_BYTES_MAX: usize = 1 << 10;

/// Asks once. How long that may take is the caller's to bound.
pub(super) async fn ask(
    service: &Service,
    client: &Client,
    question: &Question,
    now_ms: u64,
) -> Computed {
    let id = question.id.to_string();
    let Question { place, callback, request, .. } = question;
    let mut more = vec![("idempotency-key", question.idempotency_key())];
    if question.dry_run {
        more.push((DRY_RUN, "true".to_owned()));
    }
    let call = traces::call("answering service", &place.route.name);
    more.extend(call.as_ref().map(|call| ("traceparent", call.traceparent())));
    let posting = Posting {
        url: service.url.clone(),
        body: Bytes::from(request.data.clone()),
        content_type: Some("application/json"),
        about: About {
            id: &id,
            provider_id: &request.id,
            route: &place.route.name,
            kind: &request.kind,
            subject: None,
            time_ms: callback.head.received_at_ms,
        },
        id: &id,
        more,
        secrets: &service.secrets,
        at_ms: now_ms,
    };
    let request = posting.request();
    let request = request.ok_or_else(|| wrong("its request can't be made"))?;
    let sent = client.send(request, service.answer_bytes).await;
    if let (Some(call), Ok(brought)) = (call, &sent) {
        call.answered(brought.response.status().as_u16());
    }
    match sent {
        Ok(brought) => read(brought),
        Err(fault) => Err(Failure::of_responder("responder_unreachable", fault.to_string())),
    }
}

fn read(brought: Brought) -> Computed {
    let Brought { response, cut } = brought;
    let status = response.status();
    let decline = match status.as_u16() {
        200..300 if cut => return Err(wrong("its answer is larger than event_bytes")),
        200..300 => return answer(response.into_body()).map(Ok),
        404 => DeclineStatus::NotFound,
        422 => DeclineStatus::Unprocessable,
        401 | 403 | 407 => return Err(failed(status, ": it doesn't know us")),
        429 | 500.. => return Err(failed(status, "")),
        400..500 => DeclineStatus::Invalid,
        _ => return Err(failed(status, ", and redirects are not followed")),
    };
    let wordless = || failed(status, " without a reason, as a wrong path or a proxy would");
    declined(decline, &response).map(Err).ok_or_else(wordless)
}

fn answer(body: Bytes) -> Result<Answer, Failure> {
    let data = String::from_utf8(body.into()).map_err(|_| wrong("its answer is no text"))?;
    match serde_json::from_str::<serde::de::IgnoredAny>(&data) {
        Ok(_) => Ok(Answer { data }),
        Err(_) => Err(wrong("its answer is no JSON")),
    }
}

fn wrong(what: &str) -> Failure {
    Failure::of_responder("responder_returned", what)
}

fn failed(status: StatusCode, more: &str) -> Failure {
    let detail = format!("the service answered {}{more}", status.as_u16());
    Failure::of_responder("responder_status", detail)
}

/// The body of a no; what isn't as it should be is left out.
#[derive(Deserialize, Default)]
struct Said {
    reason: Option<String>,
    customer_reason: Option<String>,
}

/// A no is kept as the last word, so it has to be the service's own: one that gives a reason.
fn declined(status: DeclineStatus, response: &Response<Bytes>) -> Option<Decline> {
    let said: Said = serde_json::from_slice(response.body()).unwrap_or_default();
    let bounded = |text: Option<String>| text.map(bounded).filter(|text| !text.is_empty());
    let reason = bounded(said.reason)?;
    Some(Decline { status, reason, customer_reason: bounded(said.customer_reason) })
}

fn bounded(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(REASON_BYTES_MAX));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brought(status: u16, body: &str, cut: bool) -> Computed {
        let mut response = Response::new(Bytes::from(body.to_owned()));
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        read(Brought { response, cut })
    }

    #[test]
    fn what_a_status_says() {
        let answer = |data: &str| Ok(Ok(Answer { data: data.to_owned() }));
        let no = |status, reason: &str, customer: Option<&str>| {
            let customer_reason = customer.map(str::to_owned);
            Ok(Err(Decline { status, reason: reason.to_owned(), customer_reason }))
        };
        let fault = |code: &str, detail: &str| Err(Failure::of_responder(code, detail));
        let wordless = |status| {
            let why = "without a reason, as a wrong path or a proxy would";
            fault("responder_status", &format!("the service answered {status} {why}"))
        };
        use DeclineStatus::{Invalid, NotFound, Unprocessable};
        let both = r#"{"reason":"no such pair","customer_reason":"Sorry","more":1}"#;
        let cases = [
            (200, r#"{"a":1}"#, answer(r#"{"a":1}"#)),
            (201, "[]", answer("[]")),
            (204, "", fault("responder_returned", "its answer is no JSON")),
            (200, "<html>", fault("responder_returned", "its answer is no JSON")),
            (404, both, no(NotFound, "no such pair", Some("Sorry"))),
            (404, "", wordless(404)),
            (422, r#"{"reason":"closed"}"#, no(Unprocessable, "closed", None)),
            (422, r#"{"reason":7}"#, wordless(422)),
            (400, r#"{"reason":"no"}"#, no(Invalid, "no", None)),
            (400, r#"{"reason":""}"#, wordless(400)),
            (401, both, fault("responder_status", "the service answered 401: it doesn't know us")),
            (429, both, fault("responder_status", "the service answered 429")),
            (500, both, fault("responder_status", "the service answered 500")),
            (503, "", fault("responder_status", "the service answered 503")),
        ];
        for (status, body, wanted) in cases {
            assert_eq!(brought(status, body, false), wanted, "{status} {body}");
        }
        let redirected = brought(302, "", false).expect_err("a redirect is no answer");
        assert!(redirected.detail.contains("redirects are not followed"), "{redirected:?}");
        let cut = brought(200, "{}", true).expect_err("half an answer is none");
        assert_eq!(cut.detail, "its answer is larger than event_bytes");
    }

    #[test]
    fn a_long_reason_is_cut_between_letters() {
        let body = format!("{{\"reason\":\"a{}\"}}", "é".repeat(600));
        let Ok(Err(decline)) = brought(404, &body, false) else { panic!("it is a decline") };
        assert_eq!(decline.reason.len(), 1023);
    }
}
