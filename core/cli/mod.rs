//! The command line: one file a command. What a machine may read goes to standard output, as JSON
//! where `--json` asks for it; all else to standard error.

mod check;
mod grants;
mod send;
mod serve;
mod setup;
mod events;
mod answers;
mod deliveries;
mod plugin;
mod asking;
mod explain;
mod plan;
mod rehearsal;
mod tail;
mod each;
mod listing;
mod table;
mod api;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Problems;

/// A callback router: every provider call is verified, parsed and answered by a plugin.
#[derive(Debug, Parser)]
#[command(name = "hookswitch", version, arg_required_else_help = true)]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the router.
    Serve(serve::Serve),
    /// Check config and plugins without serving.
    Check(check::Check),
    /// Show what a running router would change if it read its config again.
    Plan(plan::Plan),
    /// Have a running router read its config again, now.
    Reload(plan::Reload),
    /// Send one correctly signed callback, as its provider would.
    Send(send::Send),
    /// Show what to register at the provider for a route.
    Setup(setup::Setup),
    /// See what a running router recorded, over its admin API, and replay it.
    Events(events::Events),
    /// Watch callbacks, answers and deliveries as they happen.
    Tail(tail::Tail),
    /// Tell why a callback isn't genuine, and by how little.
    Explain(explain::Explain),
    /// See what a running router delivers, over its admin API, and resend it.
    Deliveries(deliveries::Deliveries),
    /// Write a plugin: begin one, run its vectors, see what it asks for.
    Plugin(plugin::Plugin),
}

/// How many tasks a thread goes on with before it looks at its timers and sockets. Tasks that run a
/// guest take long, and a deadline that is over mustn't wait for many of them.
const EVENT_INTERVAL: u32 = 16;

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let command = Command::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .event_interval(EVENT_INTERVAL)
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return failed(&anyhow::Error::new(error).context("no runtime")),
    };
    let done = runtime.block_on(async {
        match command.verb {
            Verb::Serve(serve) => serve.run().await,
            Verb::Check(check) => check.run().await,
            Verb::Plan(plan) => plan.run().await,
            Verb::Reload(reload) => reload.run().await,
            Verb::Send(send) => send.run().await,
            Verb::Setup(setup) => setup.run().await,
            Verb::Events(events) => events.run().await,
            Verb::Tail(tail) => tail.run().await,
            Verb::Explain(explain) => explain.run().await,
            Verb::Deliveries(deliveries) => deliveries.run().await,
            Verb::Plugin(plugin) => plugin.run().await,
        }
    });
    // A guest that is still compiling, or a name that is still being resolved, is nobody's now.
    runtime.shutdown_background();
    match done {
        Ok(code) => code,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    // Whoever read our output has seen enough, as `head` has.
    let unread = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
    if error.downcast_ref().is_some_and(unread) {
        return ExitCode::SUCCESS;
    }
    eprintln!("hookswitch: {error:#}");
    if error.is::<Misuse>() { ExitCode::from(2) } else { ExitCode::FAILURE }
}

/// The command line itself is wrong: nothing was tried.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Misuse(String);

/// Shows problems to a person.
fn show(problems: &Problems) {
    if !problems.is_empty() {
        let colour = std::io::IsTerminal::is_terminal(&std::io::stderr());
        eprint!("{}", problems.render(colour));
    }
}
