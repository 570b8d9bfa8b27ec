//! Runs the stand-in until it is ended; see README.md. Loopback unless told otherwise.

use std::net::TcpListener;
use std::process::ExitCode;

fn main() -> ExitCode {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9100".to_owned());
    let stub = TcpListener::bind(&address).and_then(hookswitch_brite_api::Stub::start);
    match stub {
        Ok(stub) => {
            println!("listening on {}", stub.origin());
            loop {
                std::thread::park();
            }
        }
        Err(error) => {
            eprintln!("{address}: {error}");
            ExitCode::FAILURE
        }
    }
}
