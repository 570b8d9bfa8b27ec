//! Tokens: how one is had, what it is good for, and for how long.

use serde_json::json;

use super::*;

const TOKEN: &str = "POST /api/v1/auth/bearer-token";
const HOUR_MS: u64 = 3_600_000;

fn bearer(said: &Said, name: &str) -> String {
    format!("Bearer {}", said.body[name].as_str().expect("a token"))
}

async fn status(admin: &Admin, line: &str, token: &str) -> (u16, String) {
    let said = call(admin, line, &[("authorization", token)]).await;
    (said.status, said.code().to_owned())
}

#[tokio::test]
async fn a_token_for_a_key() {
    let (admin, _shelf) = shelved();
    let key = [("x-key-id", "all"), ("x-secret-key", ALL)];
    let body = r#"{"scopes":["webhooks:read","webhooks:read"],"more":1}"#;
    let said = send(&admin, TOKEN, &key, body).await;
    assert_eq!(said.status, 201);
    assert_eq!(said.body["tokenType"], "Bearer");
    assert_eq!(said.body["expiresIn"], 3600);
    assert_eq!(said.body["expiresAt"], "2026-01-02T04:04:05.678Z");
    assert_eq!(said.body["scopes"], json!(["webhooks:read"]));
    let token = bearer(&said, "token");
    let list = "GET /api/v1/webhooks";
    assert_eq!(status(&admin, list, &token).await.0, 200);
    assert_eq!(status(&admin, "GET /api/v1/events", &token).await.0, 403);
    for (name, code) in [("all", 200), ("reader", 401)] {
        let said = call(&admin, list, &[("authorization", &token), ("x-key-id", name)]).await;
        assert_eq!(said.status, code, "{name}");
    }
    admin.clock.set(SINCE_MS + HOUR_MS - 1);
    assert_eq!(status(&admin, list, &token).await.0, 200);
    admin.clock.set(SINCE_MS + HOUR_MS);
    let old = (401, "EXPIRED_BEARER_TOKEN".to_owned());
    assert_eq!(status(&admin, list, &token).await, old);
    // Another process has another key.
    let (other, _shelf) = shelved();
    assert_eq!(status(&other, list, &token).await, (401, "INVALID_BEARER_TOKEN".to_owned()));
}

#[tokio::test]
async fn a_refresh_token_is_good_for_tokens_alone_and_for_seven_hours() {
    let (admin, _shelf) = shelved();
    let body = r#"{"scopes":["events:read","webhooks:read"]}"#;
    let first = send(&admin, TOKEN, &[MASTER], body).await;
    let (token, refresh) = (bearer(&first, "token"), bearer(&first, "refreshToken"));
    let wrong = (401, "INVALID_BEARER_TOKEN".to_owned());
    assert_eq!(status(&admin, "GET /api/v1/webhooks", &refresh).await, wrong);
    assert_eq!(status(&admin, "GET /api/v1/nothing", &refresh).await, wrong);
    assert_eq!(status(&admin, TOKEN, &token).await, wrong);

    admin.clock.set(SINCE_MS + 6 * HOUR_MS);
    let headers = [("authorization", refresh.as_str())];
    let second = send(&admin, TOKEN, &headers, r#"{"scopes":["events:read"]}"#).await;
    assert_eq!((second.status, &second.body["scopes"]), (201, &json!(["events:read"])));
    assert_eq!(status(&admin, "GET /api/v1/events", &bearer(&second, "token")).await.0, 200);
    let more = send(&admin, TOKEN, &headers, r#"{"scopes":["admin:read"]}"#).await;
    assert_eq!((more.status, more.code()), (403, "INSUFFICIENT_PERMISSIONS"));

    // What comes with the second token ends with the first one's.
    admin.clock.set(SINCE_MS + 7 * HOUR_MS);
    for refresh in [refresh, bearer(&second, "refreshToken")] {
        let old = (401, "EXPIRED_BEARER_TOKEN".to_owned());
        assert_eq!(status(&admin, TOKEN, &refresh).await, old);
    }
}

#[tokio::test]
async fn what_may_be_asked_of_a_key() {
    let (admin, _shelf) = shelved();
    for (body, status, code) in [
        ("", 201, ""),
        ("{}", 201, ""),
        (" \n", 201, ""),
        (r#"{"scopes":null}"#, 201, ""),
        (r#"{"scopes":["admin:read"]}"#, 201, ""),
        (r#"{"scopes":["admin:write"]}"#, 403, "INSUFFICIENT_PERMISSIONS"),
        (r#"{"scopes":["admin:read","x"]}"#, 403, "INSUFFICIENT_PERMISSIONS"),
        (r#"{"scopes":[]}"#, 400, "VALIDATION_ERROR"),
        (r#"{"scopes":"admin:read"}"#, 400, "VALIDATION_ERROR"),
        (r#"{"scopes":[1]}"#, 400, "VALIDATION_ERROR"),
        ("[]", 400, "VALIDATION_ERROR"),
        ("scopes=admin:read", 400, "VALIDATION_ERROR"),
    ] {
        let said = send(&admin, TOKEN, &[READER], body).await;
        assert_eq!((said.status, said.code()), (status, code), "{body}");
    }
}
