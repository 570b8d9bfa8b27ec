//! The example plugins of every language, as built components: the quotes of all of them answer
//! the same vectors alike. `cargo xtask test` builds them first and says which languages it has;
//! without it, what lies in `target/plugins` is run.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hookswitch::model::{self, Answer, Decline, DeclineStatus};
use hookswitch::plugin::{Binding, Duty, Fault, Grant, HostRule, Limits, Source};
use hookswitch_vectors::{self as vectors, Computed, Question, Recorded, compare_answer};

use crate::adapters;
use crate::support::callback;
use crate::support::guest::{Bench, Guest, tight};
use crate::support::hostile::{Phase, harm};
use crate::support::prices::Prices;

/// The built plugins that this run has to have, by name; unset: none has to be there.
const WANTED: &str = "HOOKSWITCH_PLUGINS";

/// Where a plugin is; `None`, said aloud, where its language was skipped.
fn built(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("target/plugins").join(format!("{name}.wasm"));
    let wanted = match std::env::var(WANTED) {
        Ok(names) => names.split(',').any(|wanted| wanted == name),
        Err(_) => path.exists(),
    };
    if !wanted {
        println!("skipped: {name} isn't built; `cargo xtask plugins --all-languages` does it");
        return None;
    }
    assert!(path.exists(), "{name} was to be built, and isn't there");
    Some(path)
}

/// Time enough on a machine that does much else; everything else as config has it.
fn patient() -> Limits {
    Limits { deadline: Duration::from_secs(20), ..Limits::default() }
}

/// The one folder of questions that all quotes are asked.
fn questions() -> Vec<Question> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quotes/vectors");
    let all = vectors::load_all(&folder).unwrap_or_else(|fault| panic!("{fault}"));
    let asked = all.into_iter().map(|vector| match vector {
        Recorded::Question(question) => *question,
        other => panic!("{other:?} is no question"),
    });
    asked.collect()
}

async fn quotes(name: &str) {
    let Some(path) = built(name) else { return };
    let (bench, prices) = (Bench::new(), Prices::start().await);
    let plugin = bench.host.load(name, &Source::File(path), &patient()).await.expect("it loads");
    let questions = questions();
    assert!(questions.len() > 40, "{} questions", questions.len());
    let mut problems = String::new();
    for question in &questions {
        let grant = grant(name, question, &format!("http://{}", prices.address));
        let binding = bench.host.bind(Arc::clone(&plugin), grant);
        let came = ask(&binding, question).await.map(|came| Computed {
            answer: came.map(|answer| answer.data).map_err(decline),
            problems: Vec::new(),
            state: Vec::new(),
        });
        let came = came.map_err(|fault| fault.to_string());
        for mismatch in compare_answer(question, came).err().into_iter().flatten() {
            problems.push_str(&format!("{}: {mismatch}\n", question.name));
        }
    }
    assert!(problems.is_empty(), "{name}\n{problems}");
}

async fn ask(
    binding: &Arc<Binding>,
    question: &Question,
) -> Result<Result<Answer, Decline>, Fault> {
    let vectors::Request { id, kind, data } = question.request.clone();
    let context = model::Context {
        now_ms: question.now_ms,
        route: question.route.clone(),
        attempt: question.attempt,
        deadline_ms: question.deadline_ms,
        idempotency_key: id.clone(),
    };
    let mut instance = binding.take(Duty::Compute).await?;
    instance.compute(&model::Request { id, kind, data }, &context).await
}

fn decline(no: Decline) -> vectors::Decline {
    let status = match no.status {
        DeclineStatus::Invalid => vectors::DeclineStatus::Invalid,
        DeclineStatus::NotFound => vectors::DeclineStatus::NotFound,
        DeclineStatus::Unprocessable => vectors::DeclineStatus::Unprocessable,
        DeclineStatus::Unavailable => vectors::DeclineStatus::Unavailable,
    };
    vectors::Decline { status, reason: no.reason, customer_reason: no.customer_reason }
}

/// The question's settings. The one that fetches its prices is told from where, and may.
fn grant(name: &str, question: &Question, service: &str) -> Grant {
    let mut settings = question.settings.clone();
    let fetches = name == "quotes-typescript";
    if fetches {
        settings["price_service"] = service.into();
    }
    let host = HostRule { host: "127.0.0.1".into(), port: None };
    Grant {
        scope: format!("responder {name}"),
        settings: settings.to_string(),
        allow_http: if fetches { vec![host] } else { Vec::new() },
        allow_networks: vec!["127.0.0.0/8".parse().expect("a network")],
        ..Grant::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotes_in_rust() {
    quotes("quotes").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotes_in_javascript() {
    quotes("quotes-javascript").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotes_in_c() {
    quotes("quotes-c").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotes_in_zig_as_a_bare_module() {
    quotes("quotes-zig").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotes_in_python() {
    quotes("quotes-python").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotes_in_typescript_that_fetch_their_prices() {
    quotes("quotes-typescript").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_price_service_that_is_not_allowed_is_not_reached() {
    let Some(path) = built("quotes-typescript") else { return };
    let (bench, prices) = (Bench::new(), Prices::start().await);
    let plugin = bench.host.load("ts", &Source::File(path), &patient()).await.expect("it loads");
    let questions = questions();
    let question = questions.iter().find(|question| question.name == "buy-usdc").expect("it");
    let service = format!("http://{}", prices.address);
    let mut grant = grant("quotes-typescript", question, &service);
    grant.allow_http.clear();
    let binding = bench.host.bind(plugin, grant);
    let no = ask(&binding, question).await.expect("no fault").expect_err("no price");
    assert_eq!(no.status, DeclineStatus::Unavailable);
    assert_eq!(no.reason, "the price service can't be reached");
}

#[test]
fn failures_of_the_price_service_are_what_vectors_say() {
    let Some(path) = built("quotes-typescript") else { return };
    adapters::run(&path.display().to_string(), "examples/quotes-typescript/vectors", 5);
}

#[test]
fn standard_webhooks_vectors_hold() {
    let Some(path) = built("standard-webhooks") else { return };
    adapters::run(&path.display().to_string(), "examples/standard-webhooks/vectors", 30);
}

/// What an engine does that its language runs out of, and how that ends.
async fn ends_as(name: &str, word: &str, limits: Limits) {
    let Some(path) = built(name) else { return };
    let bench = Bench::new();
    let plugin = bench.host.load(name, &Source::File(path), &limits).await.expect("it loads");
    let binding = bench.host.bind(plugin, Grant { scope: "hostile".into(), ..Grant::default() });
    for _ in 0..2 {
        let fault = harm(&binding, Phase::Compute, &callback()).await.expect_err(name);
        assert_eq!(fault.word(), word, "{name}: {fault}");
        let good = bench.bind(Guest::default(), &tight()).await;
        let verdict = good.take(Duty::Verify).await.expect("an instance").verify(&callback()).await;
        assert!(verdict.is_ok(), "after {name}: {verdict:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loop_in_javascript_ends_by_its_deadline() {
    ends_as("hostile-loop", "deadline", Limits::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_allocation_bomb_in_python_ends_by_its_memory() {
    ends_as("hostile-bomb", "memory", patient()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stack_smash_in_c_ends_as_a_trap() {
    ends_as("hostile-smash", "trap", patient()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_recursion_in_c_ends_by_its_stack() {
    ends_as("hostile-recursion", "stack", patient()).await;
}
