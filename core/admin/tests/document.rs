//! The API's document: it names what there is, and nothing else.

use std::collections::BTreeSet;

use super::schema::{DOCUMENT, target};
use super::*;
use crate::admin::table::ENDPOINTS;

#[tokio::test]
async fn it_is_for_everybody() {
    let (admin, _shelf) = shelved();
    let said = call(&admin, "GET /api/v1/openapi.json", &[]).await;
    assert_eq!((said.status, &said.body), (200, &*DOCUMENT));
    assert_eq!(said.body["openapi"], "3.1.0");
}

#[test]
fn it_holds_every_endpoint_and_no_other() {
    let table: BTreeSet<_> = ENDPOINTS
        .iter()
        .map(|row| (row.path.to_owned(), row.method.to_ascii_lowercase()))
        .collect();
    assert_eq!(table.len(), ENDPOINTS.len(), "each method of a path once");
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let mut found = BTreeSet::new();
    for (path, methods) in paths {
        for method in methods.as_object().expect("methods").keys() {
            found.insert((path.clone(), method.clone()));
        }
    }
    assert_eq!(found, table);
    for row in ENDPOINTS {
        let operation = &paths[row.path][row.method.to_ascii_lowercase()];
        assert!(operation["responses"][row.reply.0.to_string()].is_object(), "{}", row.path);
        let text = operation["security"].to_string();
        match row.access {
            Access::Open => assert_eq!(text, "[]", "{}", row.path),
            Access::Credentials => {}
            Access::Scope(_) | Access::Scopes(_) => {
                assert!(
                    row.access.scopes().iter().all(|scope| text.contains(scope)),
                    "{}",
                    row.path
                );
            }
        }
    }
}

/// Every reference in it.
fn references(value: &'static Value, found: &mut BTreeSet<&'static str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|field| references(field, found));
        }
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_nothing_is_left_over() {
    let mut found = BTreeSet::new();
    references(&DOCUMENT, &mut found);
    for reference in &found {
        assert!(target(reference).is_object(), "{reference}");
    }
    for part in ["schemas", "parameters", "responses"] {
        for name in DOCUMENT["components"][part].as_object().expect("a part").keys() {
            let reference = format!("#/components/{part}/{name}");
            assert!(found.contains(reference.as_str()), "{reference} is used");
        }
    }
}
