//! A small checker of replies against the API's document: types, what is required, and that
//! nothing is there which the document doesn't name.

use std::sync::LazyLock;

use serde_json::json;

use super::*;
use crate::admin::document::document;

/// As it is read by everybody else: the same for all tests.
pub(super) static DOCUMENT: LazyLock<Value> = LazyLock::new(document);

/// Looks at what came back for this head.
pub(super) fn check(head: &Parts, said: &Said) {
    let row = Place::find(head.uri.path()).and_then(|place| place.row(&head.method));
    let schema = match (said.status, row) {
        (401 | 403 | 429, _) => "Denied",
        (503, Some(row)) if row.endpoint == Endpoint::Ready => row.reply.1,
        (200..300, Some(row)) => {
            assert_eq!(said.status, row.reply.0, "{}", row.path);
            row.reply.1
        }
        _ => "Refused",
    };
    conforms(&DOCUMENT["components"]["schemas"][schema], &said.body, schema);
}

/// What a reference leads to.
pub(super) fn target(reference: &str) -> &'static Value {
    let pointer = reference.strip_prefix('#').expect("a reference into the document");
    DOCUMENT.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
}

/// Panics where the value isn't as the schema says.
fn conforms(schema: &Value, value: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        return conforms(target(reference), value, at);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let chosen = any.iter().find(|one| fits(&one["type"], value));
        return conforms(chosen.unwrap_or_else(|| panic!("{at}: {value}")), value, at);
    }
    assert!(schema.is_object(), "{at} has a schema");
    assert!(fits(&schema["type"], value), "{at} is {}: {value}", schema["type"]);
    if let Some(wanted) = schema.get("const") {
        assert_eq!(value, wanted, "{at}");
    }
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{at} is one of {words:?}: {value}");
    }
    for (at_item, item) in value.as_array().into_iter().flatten().enumerate() {
        if let Some(items) = schema.get("items") {
            conforms(items, item, &format!("{at}[{at_item}]"));
        }
    }
    let Some(fields) = value.as_object() else { return };
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(fields.contains_key(name.as_str().expect("a name")), "{at} has {name}: {value}");
    }
    let others = schema.get("additionalProperties");
    let Some(properties) = schema["properties"].as_object() else {
        if let Some(others) = others {
            fields.values().for_each(|field| conforms(others, field, at));
        }
        return;
    };
    for (name, field) in fields {
        let schema = properties.get(name).unwrap_or_else(|| panic!("{at} has no {name}"));
        conforms(schema, field, &format!("{at}.{name}"));
    }
}

/// Whether the value is of this type, or of one of these; without any, it may be all.
fn fits(types: &Value, value: &Value) -> bool {
    match types {
        Value::Null => true,
        Value::Array(types) => types.iter().any(|one| fits(one, value)),
        one => match one.as_str().expect("a type") {
            "null" => value.is_null(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_u64() || value.is_i64(),
            "number" => value.is_number(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => panic!("{other} isn't known to this checker"),
        },
    }
}

#[test]
fn what_does_not_conform_is_found() {
    let webhook = json!({ "deleted": true });
    let good = json!({ "success": true, "data": webhook });
    let schema = &DOCUMENT["components"]["schemas"]["DeletedReply"];
    conforms(schema, &good, "good");
    for bad in [
        json!({ "success": false, "data": webhook }),
        json!({ "data": webhook }),
        json!({ "success": true, "data": { "deleted": 1 } }),
        json!({ "success": true, "data": { "deleted": true, "more": 1 } }),
        json!([]),
    ] {
        let checked = std::panic::catch_unwind(|| conforms(schema, &bad, "bad"));
        assert!(checked.is_err(), "{bad}");
    }
}
