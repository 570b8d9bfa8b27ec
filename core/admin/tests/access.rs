//! Who may ask for what: every endpoint with every kind of key, and every way to show one.

use ring::digest::{SHA256, digest};

use super::*;
use crate::admin::table::ENDPOINTS;
use crate::admin::tokens::Token;
use crate::generation::Told;

/// An admin whose reloads always find nothing changed.
async fn open() -> (Workshop, Admin) {
    let workshop = Workshop::open();
    let (admin, mut asked) = admin(vec![route("r", &workshop.good().await)]);
    tokio::spawn(async move {
        while let Some(ask) = asked.recv().await {
            let _ = ask.tell.send(Told::Unchanged(GenerationId(1)));
        }
    });
    (workshop, admin)
}

const SCOPES: [&str; 6] =
    ["webhooks:read", "webhooks:write", "events:read", "events:write", "admin:read", "admin:write"];

/// A token with these scopes.
fn token(admin: &Admin, scopes: &[&str]) -> String {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let ends_ms = u64::MAX;
    let tokens = admin.tokens.as_ref().expect("random numbers");
    let mark = tokens.mark(&digest(&SHA256, ALL.as_bytes()));
    let token = Token { key: "all".to_owned(), mark, scopes, ends_ms, refresh: false };
    format!("Bearer {}", tokens.seal(&token).expect("a token"))
}

#[tokio::test]
async fn every_endpoint_by_every_kind_of_key() {
    let (_workshop, admin) = open().await;
    let wrong = ("authorization", "Bearer wrong-0123456789abcdef");
    for row in ENDPOINTS {
        // Nobody is to be stopped here for calling too often.
        admin.clock.set(admin.clock.now_ms() + 1000);
        let line = format!("{} {}", row.method, row.path.replace("{id}", "nothing"));
        let line = line.as_str();
        let status = async |headers: &[(&str, &str)]| call(&admin, line, headers).await.status;
        match row.access {
            Access::Open => {
                for headers in [&[][..], &[wrong], &[MASTER]] {
                    assert_eq!(status(headers).await, 200, "{line} {headers:?}");
                }
                continue;
            }
            Access::Credentials => {
                assert_eq!(status(&[MASTER]).await, 201, "{line}");
                let all = token(&admin, &SCOPES);
                assert_eq!(status(&[("authorization", &all)]).await, 401, "{line}");
            }
            Access::Scope(_) | Access::Scopes(_) => {
                let scopes = row.access.scopes();
                for scope in scopes {
                    assert!(SCOPES.contains(scope), "{scope}");
                    let others: Vec<_> = SCOPES.into_iter().filter(|own| own != scope).collect();
                    let others = token(&admin, &others);
                    let said = call(&admin, line, &[("authorization", &others)]).await;
                    let denied = (403, "INSUFFICIENT_PERMISSIONS");
                    assert_eq!((said.status, said.code()), denied, "{line}");
                }
                let right = status(&[("authorization", &token(&admin, scopes))]).await;
                // Nobody reloads here: whoever may ask is told so.
                let unserved = right == 503 && line == "POST /api/v1/plan";
                assert!(unserved || matches!(right, 200 | 400 | 404), "{line} {right}");
            }
        }
        for (headers, code) in
            [(&[][..], "MISSING_API_CREDENTIALS"), (&[wrong], "INVALID_BEARER_TOKEN")]
        {
            let said = call(&admin, line, headers).await;
            assert_eq!((said.status, said.code()), (401, code), "{line}");
            assert_eq!(said.header("www-authenticate"), Some("Bearer"), "{line}");
            assert_eq!(said.body["error"], "unauthorized", "{line}");
        }
    }
}

#[tokio::test]
async fn a_path_without_a_parameter_is_never_hidden() {
    for row in ENDPOINTS {
        let place = Place::find(row.path).expect(row.path);
        let method = row.method.parse().expect("a method");
        let found = place.row(&method).expect(row.path);
        assert_eq!(found.endpoint, row.endpoint, "{} {}", row.method, row.path);
        assert_eq!(place.id == "{id}", row.path.contains("{id}"), "{}", row.path);
    }
}

#[tokio::test]
async fn a_key_that_calls_too_often() {
    let (_workshop, admin) = open().await;
    let get = async |key| call(&admin, "GET /api/v1/routes", &[key]).await;
    for at in 0..100 {
        assert_eq!(get(READER).await.status, 200, "{at}");
    }
    let said = get(READER).await;
    assert_eq!((said.status, said.header("retry-after")), (429, Some("1")));
    assert_eq!(said.body["error"], "rate_limit_exceeded");
    assert!(said.body["message"].is_string());
    // Others aren't held up, nor is what needs no key.
    assert_eq!(get(MASTER).await.status, 200);
    assert_eq!(call(&admin, "GET /healthz", &[READER]).await.status, 200);
    admin.clock.set(SINCE_MS + 20);
    assert_eq!(get(READER).await.status, 200);
    assert_eq!(get(READER).await.status, 429);
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there() {
    let (_workshop, admin) = open().await;
    for (line, key, status, allow) in [
        ("GET /", None, 404, None),
        ("GET /healthz/", None, 404, None),
        ("GET /api/v1", None, 404, None),
        ("GET //api/v1/routes", None, 404, None),
        ("GET /api/v1/nothing", None, 401, None),
        ("GET /api/v1/nothing", Some(READER), 404, None),
        ("GET /api/v1/", Some(READER), 404, None),
        ("GET /api/v1/routes/", Some(READER), 404, None),
        ("GET /api/v1/routes?x=1", Some(READER), 200, None),
        ("OPTIONS *", None, 404, None),
        ("POST /healthz", None, 405, Some("GET, HEAD")),
        ("get /readyz", None, 405, Some("GET, HEAD")),
        ("DELETE /api/v1/routes", None, 401, None),
        ("DELETE /api/v1/routes", Some(READER), 405, Some("GET, HEAD")),
        ("GET /api/v1/reload", Some(READER), 405, Some("POST")),
        ("POST /api/v1/openapi.json", None, 405, Some("GET, HEAD")),
        ("PATCH /api/v1/webhooks", Some(READER), 405, Some("POST, GET, HEAD")),
        ("PATCH /api/v1/webhooks/x", Some(READER), 405, Some("GET, HEAD, PUT, DELETE")),
        ("GET /api/v1/webhooks/deliveries/resend", Some(READER), 405, Some("POST")),
        ("GET /api/v1/webhooks/", Some(READER), 404, None),
        ("GET /api/v1/webhooks/a/b", Some(READER), 404, None),
        ("GET /api/v1/events/%ff", Some(READER), 404, None),
    ] {
        let said = call(&admin, line, key.as_slice()).await;
        assert_eq!((said.status, said.header("allow")), (status, allow), "{line} {key:?}");
        let code = match status {
            401 => "MISSING_API_CREDENTIALS",
            404 => "not_found",
            405 => "method_not_allowed",
            _ => continue,
        };
        assert_eq!(said.code(), code, "{line}");
    }
}

#[tokio::test]
async fn strangers_learn_nothing_of_the_api() {
    let (_workshop, admin) = open().await;
    let there = call(&admin, "GET /api/v1/routes", &[]).await;
    for line in ["GET /api/v1/nothing", "DELETE /api/v1/routes", "POST /api/v1/reload"] {
        let said = call(&admin, line, &[("if-match", "nonsense")]).await;
        assert_eq!((said.status, said.body), (there.status, there.body.clone()), "{line}");
        assert_eq!(said.headers, there.headers, "{line}");
    }
}

#[tokio::test]
async fn ways_to_show_a_key() {
    let (_workshop, admin) = open().await;
    let bearer = ("authorization", "Bearer read-0123456789abcdef");
    let basic = ("authorization", "Basic cmVhZGVyOng=");
    let (reader, writer, off) =
        (("x-key-id", "reader"), ("x-key-id", "writer"), ("x-key-id", "off"));
    let secret = ("x-secret-key", READ);
    let codes: [(&[(&str, &str)], _); 9] = [
        (&[], "MISSING_API_CREDENTIALS"),
        (&[reader], "MISSING_API_CREDENTIALS"),
        (&[secret], "MISSING_API_CREDENTIALS"),
        (&[writer, secret], "INVALID_API_KEY"),
        (&[reader, writer, secret], "INVALID_API_KEY"),
        (&[reader, ("x-secret-key", "wrong"), bearer], "INVALID_API_KEY"),
        (&[writer, bearer], "INVALID_BEARER_TOKEN"),
        (&[bearer, bearer], "INVALID_BEARER_TOKEN"),
        (&[basic], "INVALID_BEARER_TOKEN"),
    ];
    for (headers, code) in codes {
        assert_eq!(call(&admin, "GET /api/v1/routes", headers).await.code(), code, "{headers:?}");
    }
    for (headers, status) in [
        (&[reader, secret][..], 200),
        (&[reader, ("x-secret-key", READ_OLD)], 200),
        (&[reader, secret, basic], 200),
        (&[bearer], 200),
        (&[("authorization", "bEARER  old-read-0123456789")], 200),
        (&[reader, bearer], 200),
        (&[secret], 401),
        (&[reader], 401),
        (&[writer, secret], 401),
        (&[writer, bearer], 401),
        (&[reader, ("x-secret-key", WRITE)], 401),
        (&[reader, ("x-secret-key", "wrong"), bearer], 401),
        (&[reader, ("x-secret-key", "read-0123456789abcde")], 401),
        (&[reader, ("x-secret-key", "read-0123456789abcdef0")], 401),
        (&[("x-key-id", "Reader"), secret], 401),
        (&[("x-key-id", ""), secret], 401),
        (&[off, ("x-secret-key", "")], 401),
        (&[off, secret], 401),
        (&[off, ("authorization", "Bearer ")], 401),
        (&[reader, writer, secret], 401),
        (&[reader, secret, secret], 401),
        (&[bearer, bearer], 401),
        (&[basic], 401),
        (&[("authorization", "Bearer")], 401),
        (&[("authorization", "Bearer:read-0123456789abcdef")], 401),
        (&[("authorization", READ)], 401),
        (&[("authorization", "Bearer \u{fc}")], 401),
    ] {
        let said = call(&admin, "GET /api/v1/routes", headers).await;
        assert_eq!(said.status, status, "{headers:?}");
    }
}

/// What a key may do is what the config says now, for its tokens as well.
#[tokio::test]
async fn a_key_is_worth_what_it_is_worth_in_the_generation_that_runs() {
    let (_workshop, admin) = open().await;
    let line = "GET /api/v1/routes";
    let secret = [("x-key-id", "all"), ("x-secret-key", ALL)];
    let token = token(&admin, &SCOPES);
    let token = [("authorization", token.as_str())];
    let other = "other-0123456789abcdef";
    let key = |secrets: &[&str], scopes: &[&str]| {
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        vec![ApiKey::new("all", secrets.iter().copied(), &scopes)]
    };
    for (id, api_keys, by_secret, by_token) in [
        (2, key(&[ALL], &SCOPES), 200, 200),
        (3, key(&[ALL], &["events:read"]), 403, 403),
        (4, key(&[other, ALL], &SCOPES), 200, 200),
        (5, key(&[other], &SCOPES), 401, 401),
        (6, key(&[], &SCOPES), 401, 401),
        (7, Vec::new(), 401, 401),
    ] {
        admin.clock.set(admin.clock.now_ms() + 1000);
        admin.cell.swap(Generation { api_keys, ..generation(id, Vec::new()) }, SINCE_MS);
        assert_eq!(call(&admin, line, &secret).await.status, by_secret, "{id}");
        assert_eq!(call(&admin, line, &token).await.status, by_token, "{id}");
    }
}
