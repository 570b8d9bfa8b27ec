//! `cargo bench`: what a callback costs. First whole callbacks over real connections, against the
//! same work written natively, and a guest that does none of it; then what guests that mean harm do
//! to others; then the stages one by one, on one thread.
//!
//! `cargo bench -- cost` prints the first table only, `-- hostile` the second, `-- stages` the
//! last. Between them, by name: `durable`, what an acknowledgement costs that is on the disk;
//! `deliver`, a queue on its way out; `history`, pages of a million callbacks. These write
//! gigabytes, so they are printed only where they are named; so are `languages`, the same
//! responder in each of them, which wants the plugins of all languages built, and `soak`, two
//! million callbacks and what the process holds meanwhile.

mod adapter;
mod cost;
mod deliver;
mod durable;
#[path = "../support/guest.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod guest;
#[path = "../support/hostile.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod guests;
mod history;
mod hostile;
mod languages;
mod load;
mod native;
#[path = "../support/prices.rs"]
mod prices;
mod rows;
mod soak;
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
    if std::env::var_os(deliver::ROLE).is_some() {
        return deliver::take();
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    let tables =
        ["cost", "hostile", "durable", "deliver", "history", "languages", "soak", "stages"];
    let named = |table: &str| words.iter().any(|word| word == table);
    let none_named = !tables.into_iter().any(named);
    let wanted = |table: &str| none_named || named(table);
    if wanted("cost") {
        cost::print();
    }
    if wanted("hostile") {
        hostile::print();
    }
    if named("durable") {
        durable::print();
    }
    if named("deliver") {
        deliver::print();
    }
    if named("history") {
        history::print();
    }
    if named("languages") {
        languages::print();
    }
    if named("soak") {
        soak::print();
    }
    if wanted("stages") {
        divan::main();
    }
}
