//! The API's own description, OpenAPI 3.1: the table of endpoints says what there is,
//! `schemas.json` what it holds.

use serde_json::{Map, Value, json};

use super::endpoint::{Access, Endpoint, Row};
use super::table::ENDPOINTS;

/// Parameters and schemas.
const SCHEMAS: &str = include_str!("schemas.json");

/// What the API is and can, as a document.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for row in ENDPOINTS {
        let path = paths.entry(row.path).or_insert_with(|| json!({}));
        path[row.method.to_ascii_lowercase()] = operation(row);
    }
    let mut components: Value = serde_json::from_str(SCHEMAS).unwrap_or_default();
    components["securitySchemes"] = json!({
        "key_id": { "type": "apiKey", "in": "header", "name": "x-key-id" },
        "secret_key": { "type": "apiKey", "in": "header", "name": "x-secret-key" },
        "bearer": { "type": "http", "scheme": "bearer" },
    });
    components["responses"] = json!({
        "Denied": reply("Not let in, or called too often.", "Denied"),
        "Refused": reply("Not done.", "Refused"),
    });
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Hookswitch", "version": env!("CARGO_PKG_VERSION") },
        "paths": paths,
        "components": components,
    })
}

fn operation(row: &Row) -> Value {
    let (status, schema) = row.reply;
    let mut replies = Map::new();
    replies.insert(status.to_string(), reply("Done.", schema));
    replies.insert("default".to_owned(), json!({ "$ref": "#/components/responses/Refused" }));
    if row.endpoint == Endpoint::Ready {
        replies.insert("503".to_owned(), reply("No; `causes` says why.", schema));
    }
    let mut parameters: Vec<Value> = row
        .query
        .iter()
        .map(|name| json!({ "$ref": format!("#/components/parameters/{name}") }))
        .collect();
    if row.path.contains("{id}") {
        parameters.push(json!({ "$ref": "#/components/parameters/id" }));
    }
    let mut operation = json!({
        "operationId": format!("{:?}", row.endpoint),
        "summary": row.summary,
        "parameters": parameters,
        "security": security(row.access),
    });
    if row.access != Access::Open {
        for denied in ["401", "403", "429"] {
            let denial = json!({ "$ref": "#/components/responses/Denied" });
            replies.insert(denied.to_owned(), denial);
        }
    }
    if !row.body.is_empty() {
        let may_lack = [Endpoint::Token, Endpoint::DeliveryResendAll].contains(&row.endpoint);
        operation["requestBody"] = json!({ "required": !may_lack, "content": content(row.body) });
    }
    operation["responses"] = Value::Object(replies);
    operation
}

fn reply(description: &str, schema: &str) -> Value {
    if schema.is_empty() {
        let text = json!({ "schema": { "type": "string" } });
        let content = json!({ "application/openmetrics-text": text });
        return json!({ "description": description, "content": content });
    }
    json!({ "description": description, "content": content(schema) })
}

fn content(schema: &str) -> Value {
    let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
    json!({ "application/json": { "schema": schema } })
}

/// What has to be shown; scopes are listed as roles.
fn security(access: Access) -> Value {
    if access == Access::Open {
        return json!([]);
    }
    let scopes = access.scopes();
    json!([{ "key_id": scopes, "secret_key": scopes }, { "bearer": scopes }])
}
