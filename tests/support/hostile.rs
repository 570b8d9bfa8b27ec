//! Guests that mean harm, as one table: what each does, in which phase, and the fault that it
//! has to end as.

use std::net::SocketAddr;

use bytes::Bytes;
use hookswitch::model::{Callback, Context, Head, Outcome, Request};
use hookswitch::plugin::{Binding, Duty, Fault};

use super::guest::Guest;

/// One of them.
pub(crate) struct Hostile {
    /// What it does.
    pub(crate) does: &'static str,
    pub(crate) phase: Phase,
    pub(crate) module: Vec<u8>,
    /// The fault's word.
    pub(crate) ends: &'static str,
}

/// Where it does that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Verify,
    Respond,
    Compute,
}

const SPIN: &str = "(loop $l (br $l))";
const GROW: &str =
    "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable";
const RECURSE: &str = "(func $deeper (param i64) (result i64)
    (i64.add (i64.const 1) (call $deeper (i64.add (local.get 0) (i64.const 1)))))";
const GROW_TABLE: &str =
    "(loop $l (br_if $l (i32.ne (table.grow (ref.null func) (i32.const 1000)) (i32.const -1))))
     unreachable";
const REVEAL: &str = r#"(import "hookswitch:plugin/secrets@0.1.0" "reveal"
    (func $reveal (param i32 i32 i32)))"#;
const SIGN: &str = r#"(import "hookswitch:plugin/signing@0.1.0" "sign-mac"
    (func $sign (param i32 i32 i32 i32 i32 i32 i32)))"#;
const HASH: &str = r#"(import "hookswitch:plugin/crypto@0.1.0" "sha256"
    (func $sha256 (param i32 i32 i32)))"#;
const EQUAL: &str = r#"(import "hookswitch:plugin/crypto@0.1.0" "equal"
    (func $equal (param i32 i32 i32 i32) (result i32)))"#;
const LOG: &str = r#"(import "hookswitch:plugin/log@0.1.0" "write"
    (func $log (param i32 i32 i32)))"#;

fn verify(does: &'static str, ends: &'static str, verify: &'static str) -> Hostile {
    guest(does, ends, &Guest { verify, ..Guest::default() })
}

fn importing(
    (does, ends): (&'static str, &'static str),
    imports: &'static str,
    verify: &'static str,
) -> Hostile {
    guest(does, ends, &Guest { imports, verify, ..Guest::default() })
}

fn guest(does: &'static str, ends: &'static str, guest: &Guest<'_>) -> Hostile {
    let phase = if guest.respond.is_empty() { Phase::Verify } else { Phase::Respond };
    Hostile { does, phase, module: guest.module(), ends }
}

fn responding(does: &'static str, ends: &'static str, respond: &'static str) -> Hostile {
    guest(does, ends, &Guest { respond, ..Guest::default() })
}

/// All of them. `endless` is where a server answers without end.
pub(crate) fn all(endless: SocketAddr) -> Vec<Hostile> {
    let recurse = "(drop (call $deeper (i64.const 1)))";
    let recurse = Guest { verify: recurse, functions: RECURSE, ..Guest::default() };
    let grow_table =
        Guest { verify: GROW_TABLE, functions: "(table 1 funcref)", ..Guest::default() };
    vec![
        verify("spins for ever", "deadline", SPIN),
        verify("grows its memory", "memory", GROW),
        guest("grows its table", "table", &grow_table),
        verify("traps", "trap", "unreachable"),
        guest("recurses", "stack", &recurse),
        responding(
            "replies with a body of 1 GiB",
            "trap",
            "(i32.store (i32.const 2068) (i32.const 0x40000000))",
        ),
        responding(
            "replies with more than it may",
            "returned",
            "(i32.store (i32.const 2068) (i32.const 0x30000))",
        ),
        responding(
            "replies with a status that is none",
            "returned",
            "(i32.store (i32.const 2052) (i32.const 42))",
        ),
        importing(
            ("logs for ever", "deadline"),
            LOG,
            "(loop $l (call $log (i32.const 3) (i32.const 0) (i32.const 1000)) (br $l))",
        ),
        importing(
            ("has the host hash for ever", "forbidden"),
            HASH,
            "(loop $l (call $sha256 (i32.const 0) (i32.const 131072) (i32.const 3072)) (br $l))",
        ),
        importing(
            ("has the host compare for ever", "forbidden"),
            EQUAL,
            "(loop $l
                (drop (call $equal (i32.const 0) (i32.const 131072)
                    (i32.const 0) (i32.const 131072)))
                (br $l))",
        ),
        importing(
            ("reveals a secret in verify", "forbidden"),
            REVEAL,
            "(call $reveal (i32.const 0) (i32.const 0) (i32.const 3072))",
        ),
        importing(
            ("signs in verify", "forbidden"),
            SIGN,
            "(call $sign (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
                (i32.const 0) (i32.const 3072))",
        ),
        computing("spins in compute", SPINNING.to_owned()),
        computing("reads an endless HTTP response in compute", reading(endless)),
    ]
}

const SPINNING: &str = include_str!("../guests/spinning-responder.wat");
const READING: &str = include_str!("../guests/reading-responder.wat");

fn reading(endless: SocketAddr) -> String {
    let authority = endless.to_string();
    READING.replace("LENGTH", &authority.len().to_string()).replace("AUTHORITY", &authority)
}

fn computing(does: &'static str, text: String) -> Hostile {
    let module = wat::parse_str(text).expect("the guest's text");
    Hostile { does, phase: Phase::Compute, module, ends: "deadline" }
}

/// A callback with nothing in it.
pub(crate) fn callback() -> Callback {
    let head = Head {
        id: "0198c0de-0000-7000-8000-000000000000".into(),
        method: "POST".into(),
        url: "https://hooks.example.com/x".into(),
        params: Vec::new(),
        headers: Vec::new(),
        peer: "203.0.113.9".into(),
        received_at_ms: 1_790_000_000_000,
    };
    Callback { head, body: Bytes::from_static(b"{}") }
}

/// Has one do its harm, once.
pub(crate) async fn harm(
    binding: &std::sync::Arc<Binding>,
    phase: Phase,
    callback: &Callback,
) -> Result<(), Fault> {
    match phase {
        Phase::Verify => {
            binding.take(Duty::Verify).await?.verify(callback).await?;
        }
        Phase::Respond => {
            let mut instance = binding.take(Duty::Verify).await?;
            instance.respond(&callback.head, &Outcome::Accepted).await?.expect("worded");
        }
        Phase::Compute => {
            let request = Request { id: "1".into(), kind: "quote".into(), data: "{}".into() };
            let context = Context {
                now_ms: callback.head.received_at_ms,
                route: "hostile".into(),
                attempt: 1,
                deadline_ms: callback.head.received_at_ms + 1000,
                idempotency_key: "1".into(),
            };
            let computed = binding.take(Duty::Compute).await?.compute(&request, &context).await?;
            computed.expect("an answer");
        }
    }
    Ok(())
}

/// A server on this machine whose responses never end.
pub(crate) async fn endless() -> SocketAddr {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = socket.local_addr().expect("its address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = socket.accept().await {
            tokio::spawn(async move {
                let mut head = [0; 1024];
                let _ = stream.read(&mut head).await;
                let mut next: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
                while stream.write_all(next).await.is_ok() {
                    next = b"1\r\nx\r\n";
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
            });
        }
    });
    address
}
