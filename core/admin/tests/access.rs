//! Who may ask for what: every endpoint with every kind of key, and every way to show one.

use super::*;
use crate::admin::endpoint::ENDPOINTS;
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

#[tokio::test]
async fn every_endpoint_by_every_kind_of_key() {
    let (_workshop, admin) = open().await;
    let wrong = ("authorization", "Bearer wrong-0123456789abcdef");
    for (path, endpoint) in ENDPOINTS {
        let (read, write) = match endpoint.scope() {
            None => (200, 200),
            Some("admin:read") => (200, 403),
            Some(_) => (403, 200),
        };
        let none = if endpoint.scope().is_none() { 200 } else { 401 };
        let method = endpoint.methods().split(',').next().expect("a method");
        let line = format!("{method} {path}");
        for (headers, status) in
            [(&[][..], none), (&[wrong], none), (&[READER], read), (&[WRITER], write)]
        {
            let said = call(&admin, &line, headers).await;
            assert_eq!(said.status, status, "{line} {headers:?}");
            match status {
                401 => {
                    assert_eq!(said.code(), "unauthorized");
                    assert_eq!(said.header("www-authenticate"), Some("Bearer"));
                }
                403 => assert_eq!(said.code(), "forbidden"),
                _ => assert!(said.body["error"].is_null(), "{said:?}"),
            }
        }
    }
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
    ] {
        let said = call(&admin, line, key.as_slice()).await;
        assert_eq!((said.status, said.header("allow")), (status, allow), "{line} {key:?}");
        let code = match status {
            401 => "unauthorized",
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
