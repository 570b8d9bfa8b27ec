//! Where two pieces of JSON differ. White space and the order of keys don't count; what does is
//! named by its place, so that nobody has to search two long lines for it.

use serde_json::Value;

use crate::Mismatch;

/// Places that are told of one text; more would hide the first.
const TOLD_MAX: usize = 5;

/// JSON against JSON.
pub(crate) fn compare_json(
    what: impl Into<String>,
    expected: Option<&Value>,
    got: Option<&str>,
    found: &mut Vec<Mismatch>,
) {
    let Some(expected) = expected else { return };
    let Some(got) = got else {
        return found.push(Mismatch::plain(what, expected.to_string(), "none"));
    };
    match serde_json::from_str::<Value>(got) {
        Ok(got) => {
            let mut differing = Vec::new();
            compare(what.into(), expected, &got, &mut differing);
            found.extend(differing.into_iter().take(TOLD_MAX));
        }
        Err(error) => {
            found.push(Mismatch::plain(what, expected.to_string(), format!("no JSON: {error}")));
        }
    }
}

/// Goes down as long as both sides are of one shape.
fn compare(place: String, expected: &Value, got: &Value, found: &mut Vec<Mismatch>) {
    match (expected, got) {
        (expected, got) if expected == got => {}
        (Value::Object(expected), Value::Object(got)) => {
            let added = got.keys().filter(|key| !expected.contains_key(*key));
            for key in expected.keys().chain(added) {
                let place = format!("{place}.{key}");
                match (expected.get(key), got.get(key)) {
                    (Some(expected), Some(got)) => compare(place, expected, got, found),
                    (expected, got) => {
                        found.push(Mismatch::plain(place, shown(expected), shown(got)));
                    }
                }
            }
        }
        (Value::Array(expected), Value::Array(got)) if expected.len() == got.len() => {
            for (at, (expected, got)) in expected.iter().zip(got).enumerate() {
                compare(format!("{place}[{at}]"), expected, got, found);
            }
        }
        (Value::String(expected), Value::String(got)) => {
            found.push(Mismatch::text(place, expected.as_bytes(), got.as_bytes()));
        }
        (expected, got) => {
            found.push(Mismatch::plain(place, shown(Some(expected)), shown(Some(got))))
        }
    }
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), Value::to_string)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_is_named_by_its_place() {
        let expected = json!({ "a": 1, "b": { "c": ["x", "long"] }, "d": [1], "e": "1" });
        for (got, said) in [
            (r#"{ "e":"1", "d": [1], "b": {"c": ["x", "long"]}, "a": 1 }"#, vec![]),
            (
                r#"{"a":1,"b":{"c":["x","lone"]},"d":[1],"e":1}"#,
                vec![
                    "v.b.c[1]: expected \"long\", got \"lone\", first differing at byte 3 \
                     (0x67, got 0x65)",
                    "v.e: expected \"1\", got 1",
                ],
            ),
            (
                r#"{"a":1,"b":{},"d":[1,2],"e":"1","f":null}"#,
                vec![
                    "v.b.c: expected [\"x\",\"long\"], got nothing",
                    "v.d: expected [1], got [1,2]",
                    "v.f: expected nothing, got null",
                ],
            ),
            ("[]", vec![r#"v: expected {"a":1,"b":{"c":["x","long"]},"d":[1],"e":"1"}, got []"#]),
        ] {
            let mut found = Vec::new();
            compare_json("v", Some(&expected), Some(got), &mut found);
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found, said, "{got}");
        }
    }

    #[test]
    fn a_text_that_differs_everywhere_is_told_shortly() {
        let (expected, got) = (json!((0..100).collect::<Vec<_>>()), json!(vec![-1; 100]));
        let mut found = Vec::new();
        compare_json("v", Some(&expected), Some(&got.to_string()), &mut found);
        assert_eq!(found.len(), TOLD_MAX);
    }
}
