//! Who is believed: tables of what came and what follows.

use super::*;

fn proxies(trusted: &str, header: ForwardedHeader) -> Proxies {
    let trusted = trusted.split_whitespace().map(|text| text.parse().expect(text)).collect();
    Proxies { trusted, header, ..Proxies::default() }
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        map.append(*name, value.parse().expect("a header value"));
    }
    map
}

#[test]
fn only_trusted_proxies_name_the_caller() {
    use ForwardedHeader::{Forwarded, XForwardedFor};
    const XFF: &str = "x-forwarded-for";
    const FWD: &str = "forwarded";
    const UNREADABLE: &str = "";
    /// Who is trusted, by which header; the socket's peer, the headers; and who called: nobody
    /// knows where it is `UNREADABLE`.
    type Case = (&'static str, ForwardedHeader, &'static str, Given, &'static str);
    type Given = &'static [(&'static str, &'static str)];
    const CASES: &[Case] = &[
        ("", XForwardedFor, "9.9.9.9", &[(XFF, "1.1.1.1")], "9.9.9.9"),
        ("10.0.0.0/8", XForwardedFor, "10.0.0.1", &[], "10.0.0.1"),
        ("10.0.0.0/8", XForwardedFor, "10.0.0.1", &[(XFF, "1.1.1.1")], "1.1.1.1"),
        (
            "10.0.0.0/8",
            XForwardedFor,
            "10.0.0.1",
            &[(XFF, "6.6.6.6, 1.1.1.1, 10.0.0.2")],
            "1.1.1.1",
        ),
        ("10.0.0.0/8", XForwardedFor, "10.0.0.1", &[(XFF, "6.6.6.6"), (XFF, "1.1.1.1")], "1.1.1.1"),
        ("10.0.0.0/8", XForwardedFor, "10.0.0.1", &[(XFF, "1.1.1.1, nonsense")], UNREADABLE),
        ("10.0.0.0/8", XForwardedFor, "10.0.0.1", &[(XFF, "1.1.1.1:4711")], "1.1.1.1"),
        ("10.0.0.0/8", XForwardedFor, "10.0.0.1", &[("forwarded", "for=6.6.6.6")], "10.0.0.1"),
        ("10.0.0.0/8", Forwarded, "10.0.0.1", &[(XFF, "6.6.6.6")], "10.0.0.1"),
        ("10.0.0.0/8", XForwardedFor, "10.0.0.1", &[(XFF, "\", 1.1.1.1")], "1.1.1.1"),
        ("10.0.0.0/8", Forwarded, "10.0.0.1", &[(FWD, "for=\"x, for=1.1.1.1")], "1.1.1.1"),
        ("10.0.0.0/8", XForwardedFor, "10.0.0.1", &[(XFF, "é, 1.1.1.1")], "1.1.1.1"),
        ("10.0.0.0/8", XForwardedFor, "10.0.0.1", &[(XFF, "6.6.6.6, é, 10.0.0.2")], UNREADABLE),
        (
            "10.0.0.0/8",
            Forwarded,
            "10.0.0.1",
            &[(FWD, "for=1.1.1.1;host=\"x;for=6.6.6.6\"")],
            "1.1.1.1",
        ),
        (
            "10.0.0.0/8",
            Forwarded,
            "10.0.0.1",
            &[(FWD, "for=1.1.1.1;host=\"x,for=6.6.6.6\"")],
            "1.1.1.1",
        ),
        ("10.0.0.0/8", Forwarded, "10.0.0.1", &[(FWD, "for=1.1.1.1;for=6.6.6.6")], UNREADABLE),
        ("10.0.0.0/8", Forwarded, "10.0.0.1", &[(FWD, "for=6.6.6.6, for=\"1.1.1.1")], UNREADABLE),
        ("10.0.0.0/8", XForwardedFor, "10.0.0.1", &[(XFF, "")], UNREADABLE),
        ("10.0.0.0/8", XForwardedFor, "10.0.0.1", &[(XFF, "1.1.1.1,")], UNREADABLE),
        ("10.0.0.0/8", XForwardedFor, "10.0.0.1", &[(XFF, "unknown, 10.0.0.2")], UNREADABLE),
        ("10.0.0.0/8", XForwardedFor, "10.0.0.1", &[(XFF, "unknown, 1.1.1.1")], "1.1.1.1"),
        ("10.0.0.0/8", XForwardedFor, "10.0.0.1", &[(XFF, "10.0.0.3, 10.0.0.2")], "10.0.0.3"),
        ("10.0.0.0/8", XForwardedFor, "9.9.9.9", &[(XFF, "nonsense")], "9.9.9.9"),
        ("10.0.0.0/8", Forwarded, "10.0.0.1", &[(FWD, "for=unknown")], UNREADABLE),
        ("10.0.0.0/8", Forwarded, "10.0.0.1", &[(FWD, "for=_hidden, for=10.0.0.2")], UNREADABLE),
        ("10.0.0.0/8", Forwarded, "10.0.0.1", &[(FWD, "proto=https")], UNREADABLE),
        ("10.0.0.0/8", Forwarded, "10.0.0.1", &[], "10.0.0.1"),
        (
            "10.0.0.0/8",
            Forwarded,
            "10.0.0.1",
            &[("forwarded", "for=\"[2001:db8::1]:80\";proto=https")],
            "2001:db8::1",
        ),
        ("10.0.0.0/8", XForwardedFor, "::ffff:10.0.0.1", &[(XFF, "::ffff:1.1.1.1")], "1.1.1.1"),
    ];
    for (trusted, header, socket, given, wanted) in CASES {
        let caller =
            proxies(trusted, *header).caller(socket.parse().expect(socket), &headers(given));
        let caller = caller.map_or_else(String::new, |caller| caller.to_string());
        assert_eq!(caller, *wanted, "{trusted:?} {socket} {given:?}");
    }
}

#[test]
fn the_url_is_the_callers() {
    let head = |pairs: &[(&'static str, &str)]| {
        let (mut parts, ()) =
            hyper::Request::get("/a/b?c=d").body(()).expect("a request").into_parts();
        parts.headers = headers(pairs);
        parts
    };
    let trusted = proxies("10.0.0.0/8", ForwardedHeader::XForwardedFor);
    let url = |socket: &str, pairs: &[(&'static str, &str)]| {
        trusted.url(socket.parse().expect(socket), &head(pairs))
    };
    let forwarded = [
        ("host", "in.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "out.example"),
    ];
    assert_eq!(url("9.9.9.9", &forwarded).as_deref(), Some("http://in.example/a/b?c=d"));
    assert_eq!(url("10.0.0.1", &forwarded).as_deref(), Some("https://out.example/a/b?c=d"));
    let appended = [
        ("host", "in.example"),
        ("x-forwarded-for", "6.6.6.6, 1.1.1.1"),
        ("x-forwarded-proto", "http, https"),
        ("x-forwarded-host", "evil.example, out.example"),
    ];
    assert_eq!(url("10.0.0.1", &appended).as_deref(), Some("https://out.example/a/b?c=d"));
    let standard = proxies("10.0.0.0/8", ForwardedHeader::Forwarded);
    let spoofed = head(&[
        ("host", "in.example"),
        ("forwarded", "for=6.6.6.6;host=evil.example, for=1.1.1.1;host=out.example;proto=https"),
    ]);
    let url_of = standard.url("10.0.0.1".parse().expect("an address"), &spoofed);
    assert_eq!(url_of.as_deref(), Some("https://out.example/a/b?c=d"));
    assert_eq!(url("10.0.0.1", &[]), None);
    assert_eq!(url("10.0.0.1", &[("host", "a"), ("host", "b")]), None);
    assert_eq!(url("10.0.0.1", &[("host", "user@a")]), None);
    let public =
        Proxies { public_url: Some("https://hooks.example.com".into()), ..Proxies::default() };
    let url = public.url("9.9.9.9".parse().expect("an address"), &head(&[("host", "x")]));
    assert_eq!(url.as_deref(), Some("https://hooks.example.com/a/b?c=d"));
}
