//! The `hookswitch` command. Exit codes: 0 done, 1 the answer is no, 2 wrong use.

use std::process::ExitCode;

fn main() -> ExitCode {
    hookswitch::cli::main()
}
