//! Headers of replies: those that a vector names, and no others.

use super::*;

#[test]
fn only_the_headers_that_are_named_are_compared() {
    let worded = |headers: &[(&str, &str)]| {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let headers = headers.iter().map(owned).collect();
        Scripted { worded: Ok(Reply { status: 200, headers, body: Vec::new() }), ..scripted() }
    };
    let kind = ("content-type", "application/json");
    let beside = ("x-beside", "1");
    let (one, other) = (("set-cookie", "a"), ("set-cookie", "b"));
    let wrong = "outcomes[0] (accepted).headers.";
    for (stated, came, says) in [
        ("content-type = \"application/json\"", &[kind, beside][..], None),
        ("Content-Type = \"application/json\"", &[kind], None),
        ("content-type = [\"application/json\"]", &[kind], None),
        ("set-cookie = [\"a\", \"b\"]", &[one, beside, other], None),
        ("retry-after = []", &[kind], None),
        (
            "content-type = \"application/json\"",
            &[],
            Some("content-type: expected \"application/json\", got none"),
        ),
        (
            "content-type = \"application/jose\"",
            &[kind],
            Some(
                "content-type: expected \"application/jose\", got \"application/json\", first \
             differing at byte 13 (0x6f, got 0x73)",
            ),
        ),
        (
            "set-cookie = \"a\"",
            &[one, other],
            Some("set-cookie: expected [\"a\"], got [\"a\", \"b\"]"),
        ),
        (
            "set-cookie = [\"b\", \"a\"]",
            &[one, other],
            Some("set-cookie: expected [\"b\", \"a\"], got [\"a\", \"b\"]"),
        ),
        ("x-beside = []", &[beside], Some("x-beside: expected [], got [\"1\"]")),
    ] {
        let vector = vector(&format!(
            "[expect]\nverdict = \"genuine\"\n[[outcomes]]\noutcome = \"accepted\"\n\
             status = 200\nheaders = {{ {stated} }}"
        ));
        let wanted: Vec<String> = says.iter().map(|says| format!("{wrong}{says}")).collect();
        assert_eq!(mismatches(&vector, &mut worded(came)), wanted, "{stated}");
    }
}
