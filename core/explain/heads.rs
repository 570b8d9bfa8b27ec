//! What proxies do to a head: another scheme or slash in the URL, another caller, a signature in
//! other letters, a header given twice.

use super::search::Changed;
use crate::model::{Callback, Header};

/// Names of headers that hold signatures have one of these in them.
const SIGNATURES: [&str; 4] = ["sign", "hmac", "digest", "hash"];
/// Headers in which proxies name the caller.
const CALLERS: [&str; 4] = ["x-forwarded-for", "x-real-ip", "cf-connecting-ip", "true-client-ip"];
const ADDRESSES_MAX: usize = 8;

/// The callback with each of these heads.
pub(super) fn changed(callback: &Callback) -> Vec<Changed> {
    let mut changed = urls(callback);
    changed.extend(callers(callback));
    changed.extend(repeats(callback));
    changed.extend(letters(callback));
    changed
}

fn urls(callback: &Callback) -> Vec<Changed> {
    let url = &callback.head.url;
    let (path, query) =
        url.split_once('?').map_or((url.as_str(), ""), |(path, query)| (path, query));
    let tail =
        |path: &str| if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let mut urls = Vec::new();
    if let Some(rest) = url.strip_prefix("http://") {
        urls.push(("as https: set `public_url`", format!("https://{rest}")));
    }
    if let Some(rest) = url.strip_prefix("https://") {
        urls.push(("as http: set `public_url`", format!("http://{rest}")));
    }
    match path.strip_suffix('/') {
        Some(bare) => urls.push(("without the slash at its end", tail(bare))),
        None => urls.push(("with a slash at its end", tail(&format!("{path}/")))),
    }
    if !query.is_empty() {
        urls.push(("without its query", path.to_owned()));
    }
    let change = |(said, url): (&str, String)| {
        let mut changed = callback.clone();
        changed.head.url = url;
        Changed { code: "url", text: format!("with the URL {said}"), callback: changed }
    };
    urls.into_iter().map(change).collect()
}

fn callers(callback: &Callback) -> Vec<Changed> {
    let named =
        callback.head.headers.iter().filter(|header| CALLERS.contains(&header.name.as_str()));
    let addresses = named.flat_map(|header| {
        header.value.split(',').map(|address| (header.name.as_str(), address.trim()))
    });
    let caller = |(name, address): (&str, &str)| {
        let peer: std::net::IpAddr = address.parse().ok()?;
        let mut changed = callback.clone();
        changed.head.peer = peer.to_canonical().to_string();
        let text = format!("had it come from an address in {name}: see `trusted_proxies`");
        Some(Changed { code: "caller", text, callback: changed })
    };
    addresses.filter_map(caller).take(ADDRESSES_MAX).collect()
}

fn repeats(callback: &Callback) -> Vec<Changed> {
    let headers = &callback.head.headers;
    let mut changed = Vec::new();
    for name in signatures(headers) {
        let count = headers.iter().filter(|header| header.name == name).count();
        for only in 0..count {
            if count == 1 {
                break;
            }
            let mut place = 0;
            let mut one = callback.clone();
            one.head.headers.retain(|header| {
                let keep = header.name != name || place == only;
                place += usize::from(header.name == name);
                keep
            });
            let text = format!("with only number {} of the {count} {name} headers", only + 1);
            changed.push(Changed { code: "header_repeated", text, callback: one });
        }
    }
    changed
}

/// What is said of a change, and the change.
type Way = (&'static str, fn(&str) -> String);

fn letters(callback: &Callback) -> Vec<Changed> {
    let mut changed = Vec::new();
    for name in signatures(&callback.head.headers) {
        let ways: [Way; 3] = [
            ("in lower case", |value| value.to_ascii_lowercase()),
            ("without white space and quotes around it", |value| {
                value.trim_matches(|c: char| c.is_whitespace() || c == '"').to_owned()
            }),
            ("with sha256= before it", |value| format!("sha256={value}")),
        ];
        for (said, way) in ways {
            let mut one = callback.clone();
            let ours = |header: &&mut Header| header.name == name;
            one.head
                .headers
                .iter_mut()
                .filter(ours)
                .for_each(|header| header.value = way(&header.value));
            if one.head.headers != callback.head.headers {
                let text = format!("with {name} {said}");
                changed.push(Changed { code: "header_form", text, callback: one });
            }
        }
    }
    changed
}

/// The names of headers that seem to hold signatures, each once.
fn signatures(headers: &[Header]) -> Vec<String> {
    let mut names: Vec<String> = headers
        .iter()
        .filter(|header| SIGNATURES.iter().any(|part| header.name.contains(part)))
        .map(|header| header.name.clone())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}
