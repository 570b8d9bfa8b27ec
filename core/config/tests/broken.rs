//! Broken configs, and what is said of each: the place, what is wrong, what would be right.

use super::*;

/// A config, how many errors it has, and what the user reads.
struct Case(&'static str, usize, &'static [&'static str]);

fn run(cases: &[Case]) {
    for Case(text, errors, shows) in cases {
        let (settings, problems) = check(text);
        let rendered = problems.render(false);
        assert_eq!(count(&problems, Severity::Error), *errors, "{text}\n{rendered}");
        assert_eq!(settings.is_some(), *errors == 0, "{text}\n{rendered}");
        for shown in *shows {
            assert!(rendered.contains(shown), "{text}\nlacks: {shown}\n{rendered}");
        }
    }
}

#[test]
fn toml_itself() {
    run(&[
        Case(
            "[listen]\npublic = 127.0.0.1:8080\n",
            1,
            &["config.toml:2:15", "if it is text, write \"…\" around it"],
        ),
        Case("[plugins.x\nsource = \"x\"\n", 1, &["config.toml:1:11", "unclosed table"]),
        Case(
            "[[routes]]\nname = \"a\npath = \"/a\"\nadapter = \"builtin:a\"\n",
            1,
            &["config.toml:2:10", "name = \"*"],
        ),
        Case(
            "[limits]\nevents = 1\nstreams = 2\nevents = 3\n",
            1,
            &["config.toml:4:1", "duplicate key", "2 | events = 1", "first written here"],
        ),
        Case(
            "[secrets]\na = { env = \"A\" }\n[secrets]\n",
            1,
            &["config.toml:3:2", "1 | [secrets]", "first written here"],
        ),
        // Whatever follows an open bracket is no further error.
        Case(
            "[[routes]]\nmethods = [\"GET\",\nname = \"x\"\npath = \"/x\"\nodd = 1\n\
             [listen]\nodd = 1\n",
            1,
            &["config.toml:2:11", "this [ is never closed"],
        ),
        Case("[limits]\nevents = 99999999999999999999\n", 1, &["2:10", "too large"]),
        Case("x = \"\u{1b}[31m\"\n", 1, &["config.toml:1:6"]),
    ]);
}

#[test]
fn keys_and_kinds() {
    run(&[
        Case(
            "[listen]\npubic = \"127.0.0.1:8080\"\n",
            1,
            &["config.toml:2:1", "unknown key \"pubic\" in [listen]", "did you mean \"public\"?"],
        ),
        Case("[lsten]\n", 1, &["config.toml:1:2", "did you mean \"listen\"?"]),
        Case(
            "[outbound]\nnameservers = [\"10.0.0.2\", \"[::1]:5353\", \"10.0.0.2:0\", \"dns\"]\n",
            2,
            &["2:42", "2:56", "this isn't a name server's IP address", "10.0.0.2:53"],
        ),
        Case(
            "[listen]\nadmin_tls = true\n",
            1,
            &["2:13", "this should be a table, and is true or false"],
        ),
        Case("[traces]\nsample = 0.5\n", 1, &["[traces] has no endpoint", "4318"]),
        Case("[traces]\nendpoint = \"collector:4318\"\n", 1, &["2:12", "http or https URL"]),
        Case(
            "[traces]\nendpoint = \"http://a/\"\nsample = 5\nbelieve_parents = true\n",
            2,
            &["3:10", "a share from 0 to 1", "0.01 is one", "\"believe_parent\"?"],
        ),
        Case("[outbound]\nxyz = 1\n", 1, &["known keys: allow_networks, nameservers"]),
        Case("listen = 5\n", 1, &["1:10", "this should be a table, and is an integer"]),
        Case("routes = 5\n", 1, &["1:10", "each under [[routes]]"]),
        Case("[routes]\nname = \"x\"\n", 1, &["1:1", "a list of tables", "and is a table"]),
        Case(
            "[[routes]]\nname = 5\npath = \"/\"\nadapter = \"builtin:x\"\n",
            1,
            &["2:8", "this should be a string, and is an integer"],
        ),
        Case(
            "[[routes]]\npath = \"/\"\n",
            2,
            &["1:1", "[[routes]] has no name", "[[routes]] has no adapter"],
        ),
        // One slip is one error.
        Case(
            "[[routes]]\nname = \"x\"\npath = \"/\"\nadaptor = \"builtin:x\"\n",
            1,
            &["4:1", "did you mean \"adapter\"?"],
        ),
        Case(
            "[[routes]]\nname = \"x\"\npath = \"/\"\nadapter = \"builtin:x\"\nmethods = \"GET\"\n",
            1,
            &["5:11", "this should be a list of strings, and is a string", "write [\"…\"]"],
        ),
        Case("[plugins.x]\nmemory = true\n", 2, &["2:10", "[plugins.*] has no source"]),
    ]);
}

#[test]
fn forms() {
    run(&[
        Case("[listen]\npublic = \"localhost:8080\"\n", 1, &["2:10", "write \"127.0.0.1:8080\""]),
        Case("[listen]\npublic = \":8080\"\n", 1, &["for all addresses write \"0.0.0.0:8080\""]),
        Case("[listen]\npublic = \"127.0.0.1\"\n", 1, &["write \"127.0.0.1:8080\", \"0.0.0.0"]),
        Case("[listen]\npublic_url = \"hooks.example.com\"\n", 1, &["2:14", "https://host"]),
        Case("[listen]\npublic_url = \"https://a.example/?x=1\"\n", 1, &["a query can't be"]),
        Case("[listen]\ntrusted_proxies = [\"10.0.0.0/33\"]\n", 1, &["2:20", "isn't a network"]),
        Case("[listen]\nforwarded_header = \"forwaded\"\n", 1, &["did you mean \"forwarded\"?"]),
        Case(
            "[listen]\npublic = \"127.0.0.1:1\"\nadmin = \"127.0.0.1:1\"\n",
            1,
            &["3:9", "can't be the same address"],
        ),
        Case("[limits]\nhead_timeout = 5\n", 1, &["2:16", "write \"5s\" or \"5ms\""]),
        Case("[limits]\nhead_timeout = \"5 minutes\"\n", 1, &["2:16", "500ms, 2s, 5m, 1h or 3d"]),
        Case("[limits]\nhead_timeout = \"0s\"\n", 1, &["must be from 1ms to 1h"]),
        Case("[limits]\ncall_timeout = \"99999999999999d\"\n", 1, &["2:16", "too long"]),
        Case("[limits]\nbody_bytes = \"1MB\"\n", 1, &["2:14", "32MiB"]),
        Case("[limits]\nbody_bytes = -1\n", 1, &["body_bytes must be from 1 byte to 1GiB"]),
        Case("[limits]\nhead_bytes = \"1KiB\"\n", 1, &["head_bytes must be from 8KiB to 1MiB"]),
        Case("[limits]\nconnections = 0\n", 1, &["connections must be from 1 to 1000000"]),
        Case("[limits]\ninstances = 4\nplugin_instances = 5\n", 1, &["3:20", "which is 4"]),
        Case("[store]\nurl = \"postgres://u:hidden@h/d\"\n", 1, &["2:7", "a shared store can't"]),
    ]);
    let (_, problems) = check("[store]\nurl = \"postgres://u:hidden@h/d\"\n");
    assert!(!problems.render(false).contains("hidden"));
}

#[test]
fn routes_and_names() {
    run(&[
        Case(
            "[[routes]]\nname = \"Ä b\"\npath = \"/\"\nadapter = \"builtin:x\"\n",
            1,
            &["2:8", "a-z, 0-9"],
        ),
        Case(
            "[[routes]]\nname = \"a\"\npath = \"x\"\nadapter = \"builtin:x\"\n",
            1,
            &["3:8", "write \"/…\""],
        ),
        Case(
            "[[routes]]\nname = \"a\"\npath = \"/\"\nadapter = \"quotes.wasm\"\n",
            1,
            &["4:11", "define it under"],
        ),
        Case(
            "[[routes]]\nname = \"a\"\npath = \"/\"\nadapter = \"builtin:x\"\n\
             methods = [\"post\"]\n",
            1,
            &["5:12", "did you mean \"POST\"?"],
        ),
        Case(
            "[[routes]]\nname = \"a\"\npath = \"/\"\nadapter = \"builtin:x\"\nmethods = []\n",
            1,
            &["5:11", "takes no call"],
        ),
        Case(
            "[plugins.quotes]\nsource = \"q.wasm\"\n[[routes]]\nname = \"a\"\npath = \"/\"\n\
             adapter = \"builtin:x\"\n[routes.answers.quote]\nresponder = \"qoutes\"\n",
            1,
            &["8:13", "there is no plugin \"qoutes\"", "did you mean \"quotes\"?"],
        ),
        Case(
            "[[routes]]\nname = \"a\"\npath = \"/\"\nadapter = \"builtin:x\"\ndeliver = [\"x\"]\n",
            1,
            &["5:12", "there is no destination \"x\"", "there are no destinations in the config"],
        ),
    ]);
}

#[test]
fn answers_and_grants() {
    run(&[
        Case(
            "[[routes]]\nname = \"a\"\npath = \"/\"\nadapter = \"builtin:x\"\n[routes.answers.q]\n\
             responder = \"builtin:x\"\nurl = \"http://h\"\n",
            2,
            &["5:17", "not both", "6:13", "a plugin of one's own"],
        ),
        Case(
            "[[routes]]\nname = \"a\"\npath = \"/\"\nadapter = \"builtin:x\"\n[routes.answers.q]\n\
             url = \"http://h\"\nfallback = { status = \"nope\" }\n",
            1,
            &["7:23", "unavailable"],
        ),
        Case(
            "[[routes]]\nname = \"a\"\npath = \"/\"\nadapter = \"builtin:x\"\nreveal = [\"key\"]\n",
            1,
            &["5:11", "\"key\" is no key of secrets here"],
        ),
        Case(
            "[[routes]]\nname = \"a\"\npath = \"/\"\nadapter = \"builtin:x\"\n\
             allow_http = [\"https://api.example.com/v1\", \"*.example.com\", \"a b\"]\n",
            3,
            &["write \"api.example.com\"", "name every host", "this isn't a host"],
        ),
        Case(
            "[[routes]]\nname = \"a\"\npath = \"/\"\nadapter = \"builtin:x\"\n\
             settings = { a = nan }\n",
            1,
            &["5:18", "no form in JSON"],
        ),
        Case(
            "[plugins.p]\nsource = \"p.wasm\"\nmemory = \"1GiB\"\n[[routes]]\nname = \"a\"\n\
             path = \"/\"\nadapter = \"p\"\n",
            1,
            &["3:10", "which is 32MiB"],
        ),
    ]);
}

#[test]
fn one_run_shows_all() {
    let text = "[listen]\npublic = \"localhost:1\"\ntls = { key = \"k.pem\" }\n\
                [limits]\nevents = 0\ncallz = 1\n\
                [plugins.p]\nsource = \"\"\nreuse = 0\n\
                [[routes]]\nname = \"a\"\npath = \"a\"\nadapter = \"q\"\nmethods = [\"GETT\"]\n\
                settings = { a = \"${A}\" }\n[[routes]]\nname = \"a\"\n\
                [destinations.d]\nurl = \"ftp://x\"\nretry = [\"1m\", \"0s\"]\n";
    let (settings, problems) = check(text);
    assert!(settings.is_none());
    let lines: Vec<usize> = problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .filter_map(|problem| problem.place.as_ref().map(crate::config::Place::line))
        .collect();
    assert_eq!(lines, [2, 3, 5, 6, 8, 9, 12, 13, 14, 15, 16, 16, 17, 19, 20]);
    let json = problems.to_json();
    assert_eq!(json.as_array().unwrap().len(), problems.len());
    let first = &json[0];
    assert_eq!(first["file"], "config.toml");
    assert_eq!((&first["line"], &first["column"]), (&2.into(), &10.into()));
    assert_eq!(first["severity"], "error");
    assert_eq!(first["help"], "write \"127.0.0.1:1\"");
}

#[test]
fn what_follows_from_unreadable_text_is_not_shown() {
    let broken = "[secrets]\nkey = { env = \"KEY\" }\n[plugins.p\nsource = \"p.wasm\"\n";
    let routes = format!(
        "{ROUTE}secrets = {{ a = \"other\" }}\nodd = 1\n[routes.answers.q]\nresponder = \"p\"\n"
    );
    let sources = in_memory(&[("config/router.toml", broken), ("config/routes/r.toml", &routes)]);
    let (_, problems) = resolve(&sources, &|_| None);
    let told: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("unclosed table"), "{told:?}");
    assert_eq!(told[1], "unknown key \"odd\" in [[routes]]");
}

#[test]
fn much_that_is_wrong_is_bounded() {
    let many: String = (0..1000).map(|at| format!("key{at} = 1\n")).collect();
    let (_, problems) = check(&many);
    assert_eq!(problems.len(), 1001);
    let rendered = problems.render(true);
    assert!(rendered.contains("and 801 more problems"), "{}", rendered.len());
    assert_eq!(problems.to_json().as_array().map(Vec::len), Some(201));
    let (_, problems) = check(&format!("{} = 1\n", "k".repeat(100_000)));
    let rendered = problems.render(false);
    assert!(rendered.len() < 2000 && rendered.contains("config.toml:1:1"), "{}", rendered.len());
}
