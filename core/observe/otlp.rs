//! Spans as OTLP/HTTP wants them in JSON: ids in hexadecimal, whole numbers of 64 bits as strings.

use serde_json::{Value, json};

use super::spans::{Span, SpanKind};
use crate::model::hex;

/// The body of one `ExportTraceServiceRequest`.
pub fn otlp(spans: &[Span]) -> Vec<u8> {
    let attributes = attributes(&[("service.name", json!("hookswitch"))]);
    let scope = json!({ "name": "hookswitch", "version": env!("CARGO_PKG_VERSION") });
    let spans: Vec<Value> = spans.iter().map(span).collect();
    let body = json!({ "resourceSpans": [{
        "resource": { "attributes": attributes },
        "scopeSpans": [{ "scope": scope, "spans": spans }],
    }] });
    body.to_string().into_bytes()
}

fn span(span: &Span) -> Value {
    let kind = match span.kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
    };
    let mut written = json!({
        "traceId": hex::encode(&span.context.trace),
        "spanId": hex::encode(&span.context.span),
        "name": span.name,
        "kind": kind,
        "startTimeUnixNano": span.began_ns.to_string(),
        "endTimeUnixNano": span.ended_ns.to_string(),
        "attributes": attributes(&span.attributes),
        "status": if span.failed { json!({ "code": 2 }) } else { json!({}) },
    });
    if let Some(parent) = &span.parent {
        written["parentSpanId"] = json!(hex::encode(parent));
    }
    written
}

fn attributes(all: &[(&str, Value)]) -> Value {
    let attribute = |(key, value): &(&str, Value)| {
        let value = match value {
            Value::Bool(flag) => json!({ "boolValue": flag }),
            Value::Number(number) => json!({ "intValue": number.to_string() }),
            Value::String(text) => json!({ "stringValue": text }),
            other => json!({ "stringValue": other.to_string() }),
        };
        json!({ "key": key, "value": value })
    };
    all.iter().map(attribute).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TraceContext;

    #[test]
    fn as_the_protocol_wants_it() {
        let span = Span {
            context: TraceContext { trace: [0xab; 16], span: [1; 8], sampled: true },
            parent: Some([2; 8]),
            kind: SpanKind::Client,
            name: "delivery".to_owned(),
            began_ns: 1_767_323_045_678_000_001,
            ended_ns: 1_767_323_045_678_000_002,
            attributes: vec![("a", json!("x")), ("b", json!(503)), ("c", json!(true))],
            failed: true,
        };
        let body: Value = serde_json::from_slice(&otlp(&[span])).expect("JSON");
        assert_eq!(
            body["resourceSpans"][0]["resource"]["attributes"],
            json!([{ "key": "service.name", "value": { "stringValue": "hookswitch" } }])
        );
        let wanted = json!({
            "traceId": "abababababababababababababababab",
            "spanId": "0101010101010101",
            "parentSpanId": "0202020202020202",
            "name": "delivery",
            "kind": 3,
            "startTimeUnixNano": "1767323045678000001",
            "endTimeUnixNano": "1767323045678000002",
            "attributes": [
                { "key": "a", "value": { "stringValue": "x" } },
                { "key": "b", "value": { "intValue": "503" } },
                { "key": "c", "value": { "boolValue": true } },
            ],
            "status": { "code": 2 },
        });
        assert_eq!(body["resourceSpans"][0]["scopeSpans"][0]["spans"], json!([wanted]));
    }
}
