//! The `hookswitch` command. Exit codes: 0 done, 1 the answer is no, 2 wrong use.

use std::process::ExitCode;

/// See `Cargo.toml` for why it isn't the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    hookswitch::cli::main()
}
