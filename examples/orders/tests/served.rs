//! The service as it is run: the real binary, signed calls over HTTP, a file that outlives it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PATIENCE: Duration = Duration::from_secs(20);

/// A running service; it is killed with the test.
struct Running {
    child: Child,
    address: SocketAddr,
}

impl Running {
    fn start(db: &Path) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orders"));
        command.arg(db).args(["--listen", "127.0.0.1:0"]).env("ORDERS_SECRET", SECRET);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it runs");
        let mut line = String::new();
        let out = child.stdout.as_mut().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on http://").expect("where it is");
        let address = address.parse().expect("an address");
        Running { child, address }
    }

    /// Whether it ends well when it is told to.
    fn ends(&mut self) -> bool {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
        self.child.wait().expect("it ends").success()
    }

    fn call(&self, head: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        write!(
            stream,
            "{head} HTTP/1.1\r\nhost: orders\r\nconnection: close\r\n\
             content-length: {}\r\n{}\r\n{body}",
            body.len(),
            signed(body),
        )
        .expect("it reads");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("a reply");
        let (head, body) = reply.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        (status.expect("a status"), body.to_owned())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The headers that the router adds, with their line ends.
fn signed(body: &str) -> String {
    #[allow(clippy::disallowed_methods, reason = "the service compares with its own clock")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let webhook = standardwebhooks::Webhook::new(SECRET).expect("a secret");
    let at_s = now.as_secs();
    let signature = webhook.sign("m", at_s.cast_signed(), body.as_bytes()).expect("it signs");
    let kind = if body.contains("externalOrderId") { "cancel-order" } else { "create-order" };
    format!(
        "ce-type: {kind}\r\nidempotency-key: {kind}-1\r\nwebhook-id: m\r\n\
         webhook-timestamp: {at_s}\r\nwebhook-signature: {signature}\r\n"
    )
}

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn an_order_outlives_the_service() {
    let name = format!("served-{}", std::process::id());
    let folder = Folder(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
    std::fs::create_dir_all(&folder.0).expect("a folder");
    let db = folder.0.join("orders.db");
    let order = json!({
        "orderId": "ord_1", "customerId": "cust_7", "type": "ONRAMP", "fromCurrency": "BRL",
        "toCurrency": "SOLANA_USDC", "fromAmount": "250.00", "network": "SOLANA",
        "paymentMethod": "BRA_PIX", "customerPaymentDetailsDataId": "cd_1",
        "customerWalletDataId": "cd_2",
    });
    let order = order.to_string();

    let mut first = Running::start(&db);
    let created = first.call("POST /orders", &order);
    let answer: Value = serde_json::from_str(&created.1).expect("JSON");
    assert_eq!((created.0, &answer["status"]), (200, &json!("AWAITING_FUNDS")));
    let large = "x".repeat((64 << 10) + 1);
    assert_eq!(first.call("POST /orders", &large).0, 413);
    // A connection that is held open and idle doesn't hold the service up.
    let _idle = TcpStream::connect(first.address).expect("it listens");
    assert!(first.ends(), "a clean end");
    let mode = std::fs::metadata(&db).expect("the file").permissions().mode();
    assert_eq!(mode & 0o077, 0, "nobody else reads it");

    let mut second = Running::start(&db);
    assert_eq!(second.call("POST /orders", &order), created, "the same answer");
    let cancel = json!({ "orderId": "ord_1", "externalOrderId": answer["externalOrderId"] });
    for _ in 0..2 {
        let cancelled = second.call("POST /orders/cancel", &cancel.to_string());
        assert_eq!(cancelled, (200, "{}".to_owned()));
    }
    let (status, table) = second.call("GET /orders", "");
    assert!(status == 200 && table.contains("ord_1") && table.contains("CANCELED"), "{table}");
    assert!(second.ends(), "a clean end");
}

#[test]
fn a_secret_that_is_none_stops_it() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orders"));
    command.args([":memory:", "--listen", "127.0.0.1:0"]).env("ORDERS_SECRET", "hunter2");
    let output = command.output().expect("it runs");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains("ORDERS_SECRET: the secret must be"));
    assert!(!error.contains("hunter2"), "{error}");
}
