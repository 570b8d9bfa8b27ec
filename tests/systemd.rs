//! Sockets that somebody else opened, as systemd passes them, and what is told back.

use std::io::Read as _;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::router::{Reply, SECRET_OF_OPS, hookswitch};
use crate::support::{Ended, brz, waited};

const PATIENCE: Duration = Duration::from_secs(30);

/// Puts standard input and output where passed sockets are, and becomes the router. The process id
/// has to be its own, so it is written down by the process itself.
const PASS: &str = "exec 3<&0 4>&1 </dev/null >/dev/null; \
    export LISTEN_PID=${OTHER_PID:-$$}; exec \"$0\" serve --config \"$1\"";

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a port")
}

/// Starts the router with two sockets under these names.
fn pass(config: &Path, sockets: [TcpListener; 2], names: &str, more: &[(&str, &str)]) -> Ended {
    let [third, fourth] = sockets.map(OwnedFd::from);
    let child = Command::new("sh")
        .args(["-c", PASS, env!("CARGO_BIN_EXE_hookswitch")])
        .arg(config)
        .env("LISTEN_FDS", "2")
        .env("LISTEN_FDNAMES", names)
        .envs(more.iter().copied())
        .stdin(Stdio::from(third))
        .stdout(Stdio::from(fourth))
        .stderr(Stdio::piped())
        .spawn();
    Ended(child.expect("a shell"))
}

fn config(folder: &Path, listen: &str) -> std::path::PathBuf {
    std::fs::write(folder.join("brz.secret"), brz::SECRET).expect("a file");
    std::fs::write(folder.join("ops.secret"), SECRET_OF_OPS).expect("a file");
    let path = folder.join("router.toml");
    let text = format!(
        "[listen]\n{listen}\n[[routes]]\nname = \"brz\"\npath = \"/brz\"\nadapter = \"builtin:brz\"\n\
         secrets = {{ signing-secret = {{ file = \"brz.secret\" }} }}\n\
         [store]\npath = \"data/hookswitch.db\"\n"
    );
    std::fs::write(&path, text).expect("a file");
    path
}

/// What a GET brings from who listens there.
fn get(address: std::net::SocketAddr, path: &str) -> Reply {
    use std::io::Write as _;
    let mut stream = std::net::TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it is sent");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("a reply");
    Reply::parse(&reply)
}

#[test]
fn passed_sockets_are_listened_on_and_readiness_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    // What the config names is taken, and would be refused.
    let taken = listener();
    let address = taken.local_addr().expect("its address");
    let config = config(folder.path(), &format!("public = \"{address}\""));
    let place = folder.path().join("notify");
    let manager = UnixDatagram::bind(&place).expect("a socket");
    manager.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let told = || {
        let mut said = [0; 64];
        let length = manager.recv(&mut said).expect("it is told");
        String::from_utf8_lossy(&said[..length]).into_owned()
    };
    for (names, public_first) in [("public:admin", true), ("admin:public", false)] {
        let sockets = [listener(), listener()];
        let [one, two] = sockets.each_ref().map(|socket| socket.local_addr().expect("its address"));
        let (public, admin) = if public_first { (one, two) } else { (two, one) };
        let notify = [("NOTIFY_SOCKET", place.to_str().expect("text"))];
        let mut router = pass(&config, sockets, names, &notify);
        // The call is made before the router is there, and answered once it is.
        assert_eq!(get(public, "/brz").status, 405, "{names}");
        assert_eq!(get(admin, "/healthz").status, 200, "{names}");
        assert_eq!(told(), "READY=1");
        let pid = rustix::process::Pid::from_child(&router.0);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it is told");
        assert_eq!(told(), "STOPPING=1");
        assert!(router.0.wait().expect("its end").success());
    }
}

#[test]
fn sockets_of_another_process_or_under_other_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = config(folder.path(), "public = \"127.0.0.1:0\"");
    let mut router = pass(&config, [listener(), listener()], "public:metrics", &[]);
    let mut said = String::new();
    router.0.stderr.take().expect("its log").read_to_string(&mut said).expect("text");
    assert!(!router.0.wait().expect("its end").success());
    assert!(said.contains("their names are public:metrics, not public and admin"), "{said}");

    // LISTEN_PID names somebody else: nothing was passed to this one.
    let log = std::fs::File::create(folder.path().join("log")).expect("a file");
    let output = || std::fs::read_to_string(folder.path().join("log")).expect("the log");
    let child = Command::new("sh")
        .args(["-c", PASS, env!("CARGO_BIN_EXE_hookswitch")])
        .arg(&config)
        .envs([("LISTEN_FDS", "1"), ("LISTEN_FDNAMES", "public"), ("OTHER_PID", "1")])
        .stdin(Stdio::from(OwnedFd::from(listener())))
        .stdout(Stdio::null())
        .stderr(log)
        .spawn();
    let _router = Ended(child.expect("a shell"));
    let said = waited("an address", || output().contains("listening on").then(output));
    let (_, address) = said.split_once("listening on http://").expect("the address");
    let address = address.split_whitespace().next().expect("it").parse().expect("an address");
    assert_eq!(get(address, "/brz").status, 405);
}

#[test]
fn the_examples_config_and_units_belong_together() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/systemd");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("it is there");
    let (service, socket) = (read("hookswitch.service"), read("hookswitch.socket"));
    for name in ["public", "admin"] {
        let socket =
            read(if name == "admin" { "hookswitch-admin.socket" } else { "hookswitch.socket" });
        assert!(socket.contains(&format!("FileDescriptorName={name}\n")), "{name}");
        assert!(socket.contains("Service=hookswitch.service\n"), "{name}");
    }
    assert!(service.contains("Sockets=hookswitch.socket hookswitch-admin.socket\n"));
    assert!(service.contains("Type=notify\n") && !socket.is_empty());
    // Compiling plugins makes memory that is written first and executed then.
    assert!(!service.contains("\nMemoryDenyWriteExecute=yes"));
    let verified = Command::new("systemd-analyze").arg("--version").output();
    if verified.is_ok_and(|output| output.status.success()) {
        verify(&folder);
    }
    assert_eq!(hookswitch(&["serve", "--help"]).status.code(), Some(0));
}

/// Where systemd is, it has to understand every line.
fn verify(folder: &Path) {
    let units = tempfile::tempdir().expect("a folder");
    for name in ["hookswitch.service", "hookswitch.socket", "hookswitch-admin.socket"] {
        let text = std::fs::read_to_string(folder.join(name)).expect("it is there");
        let program = env!("CARGO_BIN_EXE_hookswitch");
        let text = text.replace("/usr/local/bin/hookswitch", program);
        std::fs::write(units.path().join(name), text).expect("a file");
    }
    let output = Command::new("systemd-analyze")
        .arg("verify")
        .arg(units.path().join("hookswitch.service"))
        .env("SYSTEMD_UNIT_PATH", format!("{}:", units.path().display()))
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("hookswitch")).collect();
    assert!(ours.is_empty(), "{said}");
}
