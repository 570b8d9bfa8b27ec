//! What of a quote is plugins' own work, and what of that is the signature's: each by itself, with
//! nothing to wait for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hookswitch::model::{Callback, Content, Context, Outcome};
use hookswitch::plugin::{Binding, Duty, KeyVersion, Keyring, Scheme, SecretText, Signed};

use crate::{adapter, cost};

/// Quotes that are measured.
const QUOTES: usize = 1000;
const VERIFICATIONS: u32 = 2000;

/// Prints medians of each step, one quote after the other in kept instances.
pub(super) async fn show(
    (adapter, responder): (&Arc<Binding>, &Arc<Binding>),
    callbacks: &[Callback],
) {
    let mut parts: [Vec<f64>; 4] = Default::default();
    for callback in callbacks.iter().take(QUOTES) {
        let one = quote((adapter, responder), callback).await;
        for (part, time) in parts.iter_mut().zip(one) {
            part.push(time.as_secs_f64() * 1e6);
        }
    }
    let [verify, parse, compute, word] = parts.map(|part| cost::median(part.into_iter()));
    println!(
        "plugins' own part of a quote, alone: verify {verify:.0} µs (RS256 in it), parse \
         {parse:.0} µs, compute {compute:.0} µs, word {word:.0} µs; of `router` at one connection \
         on tmpfs, the rest is the router's and the store's own"
    );
}

/// How long verifying, parsing, computing and wording take.
async fn quote(
    (adapter, responder): (&Arc<Binding>, &Arc<Binding>),
    callback: &Callback,
) -> [Duration; 4] {
    let mut start = Instant::now();
    let mut lap = || std::mem::replace(&mut start, Instant::now()).elapsed();
    let mut instance = adapter.take(Duty::Verify).await.expect("an instance");
    instance.verify(callback).await.expect("a verdict");
    let verify = lap();
    let content = instance.parse(callback).await.expect("no fault").expect("it is parsed");
    instance.give_back();
    let parse = lap();
    let Content::Request(request) = content else { panic!("a quote is asked for") };
    let context = Context {
        now_ms: callback.head.received_at_ms,
        route: "brij".to_owned(),
        attempt: 1,
        deadline_ms: callback.head.received_at_ms + 10_000,
        idempotency_key: "bench".to_owned(),
    };
    lap();
    let mut instance = responder.take(Duty::Compute).await.expect("an instance");
    let answer = instance.compute(&request, &context).await.expect("no fault").expect("a price");
    instance.give_back();
    let compute = lap();
    let mut instance = adapter.take(Duty::Respond).await.expect("an instance");
    let worded = instance.respond(&callback.head, &Outcome::Answered(answer)).await;
    assert!(worded.expect("no fault").is_ok(), "it is worded");
    instance.give_back();
    [verify, parse, compute, lap()]
}

/// Prints the CPU time of one signature check, as the host does it for an adapter.
pub(super) fn show_verification() {
    let (private, public) = adapter::keys("brij");
    let ring = |key: String| {
        let version = KeyVersion::new("bench", None, SecretText::new(key));
        Keyring::new(vec![("signing-key".to_owned(), vec![version])])
    };
    // As long as the signed part of BRIJ's token.
    let message = [b'x'; 420];
    let tag = ring(private).sign_rsa_sha256("signing-key", &message).expect("a signature");
    let (keyring, signed) = (ring(public), Signed { message: &message, tag: &tag });
    let before = cost::cpu();
    for _ in 0..VERIFICATIONS {
        let scheme = Scheme::RsaPkcs1Sha256;
        let matched = keyring.verify_signature("signing-key", None, scheme, signed);
        assert!(std::hint::black_box(matched).is_some(), "it is genuine");
    }
    let each = (cost::cpu() - before).as_secs_f64() * 1e6 / f64::from(VERIFICATIONS);
    println!("one RS256 verification in the host, RSA 2048: {each:.1} µs of CPU");
}
