//! `cargo bench`: what a callback costs. First whole callbacks over real connections, against the
//! same work written natively; then what guests that mean harm do to others; then the stages one by
//! one, on one thread.
//!
//! `cargo bench -- cost` prints the first table only, `-- hostile` the second, `-- stages` the
//! third.

mod adapter;
mod cost;
#[path = "../support/guest.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod guest;
#[path = "../support/hostile.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod guests;
mod hostile;
mod load;
mod native;
#[path = "../support/store.rs"]
mod store;
mod stages;

/// As in the router itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    if std::env::var_os(load::ROLE).is_some() {
        return load::send();
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |table: &str| {
        let named = ["cost", "hostile", "stages"].map(|name| words.iter().any(|word| word == name));
        !named.contains(&true) || words.iter().any(|word| word == table)
    };
    if wanted("cost") {
        cost::print();
    }
    if wanted("hostile") {
        hostile::print();
    }
    if wanted("stages") {
        divan::main();
    }
}
