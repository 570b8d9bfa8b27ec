//! `cargo bench`: what a callback costs. First whole callbacks over real connections, against the
//! same work written natively; then the stages one by one, on one thread.
//!
//! `cargo bench -- cost` prints the first table only, `cargo bench -- stages` the second.

mod adapter;
mod cost;
mod load;
mod native;
mod stages;

/// As in the router itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    if std::env::var_os(load::ROLE).is_some() {
        return load::send();
    }
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if words.is_empty() || words.iter().any(|word| word == "cost") {
        cost::print();
    }
    if words.is_empty() {
        divan::main();
    } else if words.iter().any(|word| word == "stages") {
        divan::Divan::from_args().skip_exact("").run_benches();
    }
}
