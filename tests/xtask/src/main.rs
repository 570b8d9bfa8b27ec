//! `cargo xtask`: the few commands that take a fresh clone to a built, tested or running router.
//!
//! Each brings what it needs, says what it does, and ends with 0 (done), 1 (it failed, and this
//! step of it) or 2 (wrong use).

mod build;
mod demo;
mod dist;
mod languages;
mod progress;
mod test;
mod toolchain;
mod workspace;

use std::process::ExitCode;

use workspace::Workspace;

const USAGE: &str = "\
Usage: cargo xtask <command>

  build           the router at target/release/hookswitch, example plugins at target/plugins
  plugins         only the example plugins
  dist            one static, stripped binary at target/dist/hookswitch, checked; prints its size
                  and how long it takes from the start to the first answered callback
  dist --binary PATH   that for a binary that is there already
  test            formatting, lints and all tests, with plugins in Rust, JavaScript, C and Zig
  demo [--once]   build, run the router with three providers, send it genuine and forged callbacks
                  and show what it said; --once ends then, else it stays up until Ctrl-C

These three take --all-languages: example plugins in all languages. Their tools are brought into
target/tools; what can't be brought is skipped, by name, or fails it all where
HOOKSWITCH_SKIP_NOTHING is set.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["build"] => Workspace::find().and_then(|workspace| build::run(&workspace, false)),
        ["build", "--all-languages"] => {
            Workspace::find().and_then(|workspace| build::run(&workspace, true))
        }
        ["plugins"] => Workspace::find().and_then(|workspace| build::only(&workspace, &[])),
        ["plugins", "--all-languages"] => {
            Workspace::find().and_then(|workspace| build::only(&workspace, languages::ALL))
        }
        ["test"] => Workspace::find().and_then(|workspace| test::run(&workspace, languages::QUICK)),
        ["test", "--all-languages"] => {
            Workspace::find().and_then(|workspace| test::run(&workspace, languages::ALL))
        }
        ["dist"] => Workspace::find().and_then(|workspace| dist::run(&workspace)),
        ["dist", "--binary", path] => {
            Workspace::find().and_then(|workspace| dist::of(&workspace, path.as_ref()))
        }
        ["demo"] => Workspace::find().and_then(|workspace| demo::run(&workspace, false)),
        ["demo", "--once"] => Workspace::find().and_then(|workspace| demo::run(&workspace, true)),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("\nxtask: {fault:#}");
            ExitCode::FAILURE
        }
    }
}
