//! `cargo bench`: what a callback costs. First whole callbacks over real connections, against the
//! same work written natively, and a guest that does none of it; then what guests that mean harm do
//! to others; then the stages one by one, on one thread.
//!
//! `cargo bench -- cost` prints the first table only, `-- hostile` the second, `-- stages` the
//! last. The others are printed only where they are named, since they take long, write gigabytes or
//! want what `cargo xtask plugins` makes: `durable`, what an acknowledgement costs that is on the
//! disk; `deliver`, a queue on its way out; `history`, pages of a million callbacks; `languages`,
//! the same responder in each of them (`--all-languages`); `quotes`, how long whoever asks for a
//! quote waits, on the disk and without one; `soak`, two million callbacks and what the process
//! holds meanwhile.

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
mod inline;
mod languages;
mod load;
mod native;
#[path = "../support/prices.rs"]
mod prices;
mod quotes;
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
    let named = |table: &str| words.iter().any(|word| word == table);
    let any = TABLES.iter().any(|table| named(table.name));
    for table in TABLES {
        if named(table.name) || (table.always && !any) {
            (table.print)();
        }
    }
}

/// What can be printed.
struct Table {
    name: &'static str,
    /// Whether it is, where none is named.
    always: bool,
    print: fn(),
}

const TABLES: [Table; 9] = [
    Table { name: "cost", always: true, print: cost::print },
    Table { name: "hostile", always: true, print: hostile::print },
    Table { name: "durable", always: false, print: durable::print },
    Table { name: "deliver", always: false, print: deliver::print },
    Table { name: "history", always: false, print: history::print },
    Table { name: "languages", always: false, print: languages::print },
    Table { name: "quotes", always: false, print: quotes::print },
    Table { name: "soak", always: false, print: soak::print },
    Table { name: "stages", always: true, print: divan::main },
];
