//! Whatever stands in a config file: no panic, and every error has its place.

use proptest::prelude::*;

use super::*;

/// Pieces that configs are made of, right and wrong.
const PIECES: &[&str] = &[
    "[listen]\n",
    "[store]\n",
    "[limits]\n",
    "[outbound]\n",
    "[admin.keys.a]\n",
    "[secrets]\n",
    "[plugins.p]\n",
    "[[routes]]\n",
    "[routes.answers.q]\n",
    "[destinations.d]\n",
    "[routes",
    "]\n",
    "name = ",
    "path = ",
    "adapter = ",
    "secrets = ",
    "settings = ",
    "responder = ",
    "source = ",
    "memory = ",
    "deadline = ",
    "methods = ",
    "url = ",
    "env = ",
    "file = ",
    "a.b.c = ",
    "events = ",
    "retry = ",
    "fallback = ",
    "public = ",
    "tls = ",
    "secret = ",
    "scopes = ",
    "body_bytes = ",
    "\"p\"\n",
    "\"/p\"\n",
    "\"builtin:p\"\n",
    "\"1s\"\n",
    "\"1KiB\"\n",
    "{ env = \"A\" }\n",
    "{ file = \"f\" }\n",
    "{ secret = \"a\" }\n",
    "[",
    "{",
    "}",
    ",",
    "\"",
    "'",
    "\"\"\"",
    "\n",
    "=",
    "1\n",
    "-1\n",
    "1.5\n",
    "nan\n",
    "true\n",
    "2026-01-01\n",
    "${A}",
    "é",
    "\u{2028}",
    "\r",
    "\t",
    "\u{0}",
    "\u{1b}",
    "😀",
    "#",
    "99999999999999999999\n",
    "0x",
    "_",
    ".",
    " ",
];

/// All that is ever done with a text, short of serving.
fn survive(text: &str) -> Result<(), TestCaseError> {
    let sources = in_memory(&[("config.toml", text), ("routes/r.toml", text)]);
    let (settings, problems) = resolve(&sources, &|_| None);
    prop_assert_eq!(settings.is_none(), problems.has_errors());
    let escapes = problems.render(false).matches('\u{1b}').count();
    prop_assert_eq!(escapes, 0);
    problems.render(true);
    problems.to_json();
    for problem in problems.iter().filter(|problem| problem.severity == Severity::Error) {
        let place = problem.place.as_ref();
        prop_assert!(place.is_some_and(|place| place.line() > 0 && place.column() > 0));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_text_is_survived(text in any::<String>()) {
        survive(&text)?;
    }

    #[test]
    fn any_order_of_pieces_is_survived(picks in prop::collection::vec(0..PIECES.len(), 0..40)) {
        let text: String = picks.into_iter().map(|at| PIECES[at]).collect();
        survive(&text)?;
    }
}
