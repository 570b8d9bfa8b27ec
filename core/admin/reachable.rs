//! Where a registered webhook may be: https at an address that may be dialled, or plain http only
//! where every address lies in a network that the config opens. This tells whoever registers it in
//! time; what holds is the guard, which looks at every address that is dialled.

use std::net::IpAddr;
use std::time::Duration;

use hyper::Uri;
use tokio::time::timeout;

use super::reply::Refusal;
use crate::generation::Generation;
use crate::model::{Network, address, is_public};
use crate::outbound::Target;

/// Characters of a URL.
const URL_MOST: usize = 2048;
/// How long a name is looked up.
const PATIENCE: Duration = Duration::from_secs(5);

/// Is this a URL that a webhook may have?
pub(super) async fn check(url: &str, generation: &Generation) -> Result<(), Refusal> {
    let allowed = &generation.allow_networks;
    let refuse = |why: &str| Refusal::Invalid(format!("url {why}"));
    let uri = url.parse::<Uri>().ok().filter(|_| url.len() <= URL_MOST);
    let target = uri.as_ref().and_then(Target::of);
    let target = target.ok_or_else(|| refuse("has to be an https URL without user info"))?;
    let found = timeout(PATIENCE, generation.names.addresses(&target.host, target.port)).await;
    let addresses: Vec<IpAddr> = match found {
        Ok(Ok(found)) => found.iter().map(|at| address::bare(at.ip())).collect(),
        Ok(Err(_)) | Err(_) => Vec::new(),
    };
    judge(target.tls, &addresses, allowed).map_err(refuse)
}

fn judge(tls: bool, addresses: &[IpAddr], allowed: &[Network]) -> Result<(), &'static str> {
    let is_allowed = |ip: &IpAddr| allowed.iter().any(|network| network.contains(ip));
    if addresses.is_empty() {
        return Err("names a host that has no address");
    }
    if !tls && !addresses.iter().all(is_allowed) {
        return Err("has to be https: http is only for networks in allow_networks");
    }
    match addresses.iter().any(|ip| is_public(*ip) || is_allowed(ip)) {
        true => Ok(()),
        false => Err("leads to a private address outside allow_networks"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GenerationId;
    use crate::route::Table;

    #[test]
    fn addresses() {
        let allowed = ["10.0.0.0/8".parse().expect("a network")];
        for (tls, addresses, fine) in [
            (true, &["8.8.8.8"][..], true),
            (true, &["8.8.8.8", "192.168.0.1"], true),
            (true, &["10.1.2.3"], true),
            (true, &["192.168.0.1", "127.0.0.1", "::1"], false),
            (true, &[], false),
            (false, &["10.1.2.3", "10.9.9.9"], true),
            (false, &["10.1.2.3", "8.8.8.8"], false),
            (false, &["10.1.2.3", "192.168.0.1"], false),
            (false, &["8.8.8.8"], false),
            (false, &[], false),
        ] {
            let parsed: Vec<_> = addresses.iter().map(|ip| ip.parse().expect("an IP")).collect();
            let judged = judge(tls, &parsed, &allowed);
            assert_eq!(judged.is_ok(), fine, "{tls} {addresses:?} {judged:?}");
        }
    }

    #[tokio::test]
    async fn urls() {
        let table = Table::build(Vec::new()).expect("no routes");
        let mut generation = Generation::new(GenerationId(1), table);
        generation.allow_networks = vec!["127.0.0.0/8".parse().expect("a network")];
        let long = format!("https://8.8.8.8/{}", "x".repeat(URL_MOST));
        for (url, fine) in [
            ("https://8.8.8.8/in?x=1", true),
            ("https://[2606:4700::1111]:8443/", true),
            ("https://127.0.0.1/", true),
            ("http://127.0.0.1:8080/in", true),
            ("http://[::ffff:127.0.0.1]/in", true),
            ("http://8.8.8.8/in", false),
            ("http://[::1]/in", false),
            ("https://[::1]/in", false),
            ("https://10.0.0.1/in", false),
            ("https://169.254.169.254/latest", false),
            ("https://user:pass@8.8.8.8/in", false),
            ("https://no-such-name.invalid/in", false),
            ("ftp://8.8.8.8/in", false),
            ("8.8.8.8", false),
            ("/in", false),
            ("", false),
            (long.as_str(), false),
        ] {
            let checked = check(url, &generation).await;
            assert_eq!(checked.is_ok(), fine, "{url} {checked:?}");
        }
    }
}
