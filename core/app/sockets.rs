//! Where the listeners' sockets come from: those that systemd opened and passed, by their names
//! there, else those that the config names. The word to systemd that all is ready goes back from
//! here too. Nobody but systemd is ever waited for, and where it isn't there, none of this shows.

use std::io;
use std::net::SocketAddr;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr as UnixAddress, UnixDatagram};

use listenfd::ListenFd;
use tokio::net::TcpListener;

use super::StartFault;
use crate::config::Router;

/// The names that `FileDescriptorName=` gives the sockets; without names they come in this order.
const PUBLIC: &str = "public";
const ADMIN: &str = "admin";

/// What is listened on.
pub(super) struct Sockets {
    pub(super) public: TcpListener,
    pub(super) admin: Option<TcpListener>,
}

/// A socket that was passed is used as it is, whatever address the config names.
pub(super) async fn open(router: &Router) -> Result<Sockets, StartFault> {
    // Read, and left as it is: no other thread can be told apart from here.
    let names = std::env::var("LISTEN_FDNAMES").ok();
    // None where LISTEN_PID is another process: then the names aren't for this one either.
    let mut passed = ListenFd::from_env();
    let (mut public, mut admin) = (None, None);
    for (at, name) in names_of(names.as_deref(), passed.len())?.into_iter().enumerate() {
        let place = if name == PUBLIC { &mut public } else { &mut admin };
        let socket = passed.take_tcp_listener(at).and_then(|socket| socket.map(adopt).transpose());
        *place = socket.map_err(|error| StartFault::Passed(format!("{name}: {error}")))?;
    }
    let public = match public {
        Some(socket) => socket,
        None => bind(router.public).await?,
    };
    let admin = match (admin, router.admin) {
        (Some(socket), _) => Some(socket),
        (None, Some(address)) => Some(bind(address).await?),
        (None, None) => None,
    };
    Ok(Sockets { public, admin })
}

/// What each of `count` sockets is for.
fn names_of(names: Option<&str>, count: usize) -> Result<Vec<&'static str>, StartFault> {
    let order = [PUBLIC, ADMIN];
    if count == 0 {
        return Ok(Vec::new());
    }
    if count > order.len() {
        let why = format!("{count} sockets, and there are two listeners");
        return Err(StartFault::Passed(why));
    }
    // What systemd writes for sockets without a name of their own is the unit's.
    let Some(names) = names.filter(|names| names.split(':').any(|name| order.contains(&name)))
    else {
        return Ok(order[..count].to_vec());
    };
    let known = |name: &str| order.into_iter().find(|known| *known == name);
    let found: Option<Vec<_>> = names.split(':').map(known).collect();
    match found {
        Some(found) if found.len() == count && (count < 2 || found[0] != found[1]) => Ok(found),
        _ => Err(StartFault::Passed(format!("their names are {names}, not public and admin"))),
    }
}

fn adopt(socket: std::net::TcpListener) -> io::Result<TcpListener> {
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket)
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartFault> {
    TcpListener::bind(address).await.map_err(|error| StartFault::Bind { address, error })
}

/// Tells the service manager, where there is one that wants to know: `READY=1`, `STOPPING=1`.
pub(super) fn tell(state: &str) {
    let Some(place) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let address = match place.as_bytes() {
        [b'@', name @ ..] => UnixAddress::from_abstract_name(name),
        path => UnixAddress::from_pathname(std::ffi::OsStr::from_bytes(path)),
    };
    // A manager that has gone away needs no word.
    let _ = address
        .and_then(|address| UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (names, count, wanted) in [
            (None, 0, Some(&[][..])),
            (Some("public:admin"), 0, Some(&[])),
            (None, 1, Some(&["public"])),
            (None, 2, Some(&["public", "admin"])),
            (None, 3, None),
            (Some("hookswitch.socket"), 1, Some(&["public"])),
            (Some("hookswitch.socket:hookswitch.socket"), 2, Some(&["public", "admin"])),
            (Some("public"), 1, Some(&["public"])),
            (Some("admin"), 1, Some(&["admin"])),
            (Some("admin:public"), 2, Some(&["admin", "public"])),
            (Some("public:public"), 2, None),
            (Some("public:metrics"), 2, None),
            (Some("public:admin"), 1, None),
        ] {
            let found = names_of(names, count).ok();
            assert_eq!(found.as_deref(), wanted, "{names:?} {count}");
        }
    }
}
