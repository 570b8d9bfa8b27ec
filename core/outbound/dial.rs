//! From a name to a connection. The name is resolved once, and what was looked at is what is
//! dialled, so an answer that changes in between can't get past the guard.

use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpStream;

use super::{Names, OutboundFault, Reach, Target};
use crate::model::address;

/// A connection to the first of the target's addresses that may be dialled and answers.
pub(super) async fn dial(
    target: &Target,
    names: &Names,
    reach: Reach<'_>,
) -> Result<TcpStream, OutboundFault> {
    let found = names.addresses(&target.host, target.port).await;
    let found = found.map_err(OutboundFault::Unresolved)?;
    let open: Vec<SocketAddr> = found.into_iter().filter(|at| may_dial(at.ip(), reach)).collect();
    if open.is_empty() {
        return Err(OutboundFault::Private);
    }
    TcpStream::connect(open.as_slice()).await.map_err(OutboundFault::Refused)
}

fn may_dial(ip: IpAddr, reach: Reach<'_>) -> bool {
    match reach {
        Reach::Anywhere => true,
        Reach::Public(allowed) => {
            let ip = address::bare(ip);
            address::is_public(ip) || allowed.iter().any(|network| network.contains(&ip))
        }
    }
}
