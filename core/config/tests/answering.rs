//! Who answers requests, how long they may take, and what is said where they say nothing.

use std::time::Duration;

use super::*;
use crate::config::{Answering, ResponderRef};
use crate::model::{Answer, Decline, DeclineStatus};

const ANSWERS: &str = r#"
answers_keep = "2d"
[plugins.q]
source = "q.wasm"
[limits]
answer_longest = "3s"
answer_breaker_least = "4s"
answer_breaker_most = "5s"
[routes.answers.quote]
responder = "q"
deadline = "2s"
fallback = { answer = { x = [1, "2"] } }
[routes.answers.order]
url = "http://127.0.0.1:9000/orders"
secret = [{ env = "NEW" }, { env = "OLD" }]
fallback = { status = "not-found", reason = "none", customer_reason = "sorry" }
concurrency = 4
[routes.answers.cancel]
url = "https://example.com/"
secret = { env = "MISSING" }
fallback = { status = "unavailable" }
"#;

fn environment(name: &str) -> Option<String> {
    (name != "MISSING").then(|| format!("{name}-0123456789abcdef"))
}

fn check_answers(answers: &str) -> (Option<Settings>, String) {
    let text = format!("{ROUTE}{answers}");
    let (settings, problems) = resolve(&in_memory(&[("config.toml", &text)]), &environment);
    (settings, problems.render(false))
}

#[test]
fn who_answers_and_what_is_said_instead() {
    // [limits] and [plugins] end the route's own table, so its answers come first.
    let (head, answers) = ANSWERS.split_at(ANSWERS.find("[plugins.q]").unwrap());
    let (tables, answers) = answers.split_at(answers.find("[routes.answers").unwrap());
    let (settings, rendered) = check_answers(&format!("{head}{answers}{tables}"));
    let settings = settings.unwrap_or_else(|| panic!("{rendered}"));
    let route = &settings.routes[0];
    assert_eq!(route.answers_keep, Duration::from_secs(2 * 86_400));
    let [quote, order, cancel] = &route.answers[..] else { panic!("{:?}", route.answers) };
    assert!(matches!(quote.responder, ResponderRef::Plugin(0)));
    let answer = Answer { data: r#"{"x":[1,"2"]}"#.to_owned() };
    assert_eq!((&quote.fallback, quote.concurrency), (&Some(Ok(answer)), 64));
    let ResponderRef::Service(service) = &order.responder else { panic!("{order:?}") };
    let secrets: Vec<_> = service.secret.iter().map(|version| version.value.expose()).collect();
    assert_eq!(secrets, ["NEW-0123456789abcdef", "OLD-0123456789abcdef"]);
    assert_eq!(service.url.value, "http://127.0.0.1:9000/orders");
    let decline = |status, reason: &str, customer: Option<&str>| {
        let customer_reason = customer.map(str::to_owned);
        Some(Err(Decline { status, reason: reason.to_owned(), customer_reason }))
    };
    let wanted = decline(DeclineStatus::NotFound, "none", Some("sorry"));
    assert_eq!((&order.fallback, order.concurrency, order.deadline.as_secs()), (&wanted, 4, 5));
    let ResponderRef::Service(service) = &cancel.responder else { panic!("{cancel:?}") };
    assert!(service.secret.is_empty() && service.offline.is_some());
    let wanted = decline(DeclineStatus::Unavailable, "no answer in time", None);
    assert_eq!(cancel.fallback, wanted);
    let seconds = Duration::from_secs;
    let (breaker_least, breaker_most) = (seconds(4), seconds(5));
    let wanted = Answering { longest: seconds(3), breaker_least, breaker_most };
    assert_eq!(settings.router.answering, wanted);
    assert!(rendered.contains("offline until it is there: the service at"), "{rendered}");
}

#[test]
fn each_status_of_a_fallback() {
    use DeclineStatus::{Invalid, NotFound, Unavailable, Unprocessable};
    let cases = [
        ("invalid", Invalid),
        ("not-found", NotFound),
        ("unprocessable", Unprocessable),
        ("unavailable", Unavailable),
    ];
    for (word, status) in cases {
        let answers = format!(
            "[routes.answers.a]\nurl = \"http://h/\"\nfallback = {{ status = \"{word}\", \
             reason = \"r\" }}\n"
        );
        let (settings, rendered) = check_answers(&answers);
        let settings = settings.unwrap_or_else(|| panic!("{rendered}"));
        let wanted = Decline { status, reason: "r".to_owned(), customer_reason: None };
        assert_eq!(settings.routes[0].answers[0].fallback, Some(Err(wanted)));
        assert!(rendered.contains("requests to this service are unsigned"), "{rendered}");
    }
}

#[test]
fn what_is_wrong_with_an_answer() {
    let cases = [
        ("url = \"http://h/\"\nfallback = {}\n", "{ answer = { … } }"),
        ("url = \"http://h/\"\nfallback = { answer = {}, status = \"invalid\" }\n", "{ answer ="),
        ("url = \"h\"\n", "this isn't an http or https URL"),
        ("url = \"http://h/\"\nconcurrency = 0\n", "6:15"),
        ("deadline = \"1s\"\n", "name a plugin"),
        ("responder = \"q\"\nsecret = { env = \"S\" }\n", "a secret is for a url"),
    ];
    for (answer, said) in cases {
        let (_, rendered) = check_answers(&format!("[routes.answers.a]\n{answer}"));
        assert!(rendered.contains(said), "{answer}: {said} isn't in\n{rendered}");
    }
}
