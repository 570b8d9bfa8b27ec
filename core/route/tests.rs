//! Patterns, conflicts and lookups, each against its rule; and the table against a matcher that
//! knows no tree: it tries every pattern and ranks those that fit.

use proptest::prelude::*;

use super::pattern::Segment;
use super::*;

fn endpoint(pattern: &str, methods: &[&str]) -> Endpoint<String> {
    Endpoint {
        pattern: Pattern::parse(pattern).expect("a pattern"),
        methods: methods.iter().map(ToString::to_string).collect(),
        target: pattern.to_owned(),
    }
}

fn table(patterns: &[&str]) -> Table<String> {
    Table::build(patterns.iter().map(|pattern| endpoint(pattern, &["POST"])).collect())
        .expect("parses or builds")
}

/// `pattern name=value …` of what a POST finds.
fn posted(table: &Table<String>, path: &str) -> String {
    match table.find("POST", path) {
        Found::Match { target, params } => params
            .iter()
            .fold(target.clone(), |text, (name, value)| format!("{text} {name}={value}")),
        Found::NotFound => "none".to_owned(),
        Found::MethodNotAllowed { allow } => format!("allow {}", allow.join(",")),
        Found::BadParam { name } => format!("bad {name}"),
    }
}

#[test]
fn patterns_that_are_none_say_why() {
    for (text, fault) in [
        ("", PatternFault::NoSlash),
        ("a/b", PatternFault::NoSlash),
        ("/a b", PatternFault::Unprintable { at: 2 }),
        ("/é", PatternFault::Unprintable { at: 1 }),
        ("/a\u{7f}", PatternFault::Unprintable { at: 2 }),
        ("/a?b=c", PatternFault::NotPath { character: '?', at: 2 }),
        ("/a#b", PatternFault::NotPath { character: '#', at: 2 }),
        ("/a{b}", PatternFault::Brace { segment: "a{b}".into() }),
        ("/{a}b", PatternFault::Brace { segment: "{a}b".into() }),
        ("/{a}{b}", PatternFault::Brace { segment: "{a}{b}".into() }),
        ("/{a/b}", PatternFault::Brace { segment: "{a".into() }),
        ("/{{a}}", PatternFault::Brace { segment: "{{a}}".into() }),
        ("/{}", PatternFault::Name { segment: "{}".into() }),
        ("/{*}", PatternFault::Name { segment: "{*}".into() }),
        ("/{a*}", PatternFault::Name { segment: "{a*}".into() }),
        ("/{**a}", PatternFault::Name { segment: "{**a}".into() }),
        ("/{a}/{a}", PatternFault::NameTwice { name: "a".into() }),
        ("/{a}/{*a}", PatternFault::NameTwice { name: "a".into() }),
        ("/{*a}/b", PatternFault::RestNotLast { name: "a".into() }),
        ("/{*a}/", PatternFault::RestNotLast { name: "a".into() }),
    ] {
        assert_eq!(Pattern::parse(text), Err(fault), "{text}");
    }
    let long = format!("/{}", "a".repeat(PATTERN_BYTES_MAX));
    assert_eq!(Pattern::parse(&long), Err(PatternFault::TooLong { bytes: long.len() }));
    let braces = Pattern::parse("/a{b}").expect_err("a brace").to_string();
    assert!(braces.contains("`a{b}`") && braces.contains("`{name}`"), "{braces}");
}

#[test]
fn paths_match_as_sent() {
    let table = table(&["/", "/a", "/a/", "/a//b", "/p/{x}", "/caf%C3%A9", "/f/{*rest}"]);
    for (path, found) in [
        ("/", "/"),
        ("/a", "/a"),
        ("/a/", "/a/"),
        ("/A", "none"),
        ("//a", "none"),
        ("/a//b", "/a//b"),
        ("/a/b", "none"),
        ("/./a", "none"),
        ("/p/../a", "none"),
        ("/%61", "none"),
        ("/caf%C3%A9", "/caf%C3%A9"),
        ("/caf%c3%a9", "none"),
        ("/café", "none"),
        ("", "none"),
        ("*", "none"),
        ("a", "none"),
        ("/p/", "none"),
        ("/p", "none"),
        ("/p/x/", "none"),
        ("/p/..", "/p/{x} x=.."),
        ("/f", "none"),
        ("/f/", "none"),
        ("/f//", "/f/{*rest} rest=/"),
        ("/f/a/b/", "/f/{*rest} rest=a/b/"),
    ] {
        assert_eq!(posted(&table, path), found, "{path}");
    }
}

#[test]
fn parameters_are_decoded_once() {
    let table = table(&["/{x}/{y}", "/r/{*rest}"]);
    for (path, found) in [
        ("/a%2Fb/c", "/{x}/{y} x=a/b y=c"),
        ("/%2561/%20", "/{x}/{y} x=%61 y= "),
        ("/+/%zz", "/{x}/{y} x=+ y=%zz"),
        ("/a/%C3%A9", "/{x}/{y} x=a y=é"),
        ("/a/%FF", "bad y"),
        ("/%00/a", "bad x"),
        ("/r/a%2Fb/%2e", "/r/{*rest} rest=a/b/."),
        ("/r/a/%C3", "bad rest"),
    ] {
        assert_eq!(posted(&table, path), found, "{path}");
    }
}

#[test]
fn the_most_specific_pattern_wins_and_a_dead_end_is_left_again() {
    let table =
        table(&["/a/{x}/c", "/a/b/d", "/a/{x}", "/a/{*rest}", "/{x}/b/c", "/{*all}", "/a/b/{*b}"]);
    for (path, found) in [
        ("/a/b/d", "/a/b/d"),
        ("/a/b/c", "/a/b/{*b} b=c"),
        ("/a/z/c", "/a/{x}/c x=z"),
        ("/a/b", "/a/{x} x=b"),
        ("/a/z/z", "/a/{*rest} rest=z/z"),
        ("/z/b/c", "/{x}/b/c x=z"),
        ("/z/b/d", "/{*all} all=z/b/d"),
        ("/a/", "/{*all} all=a/"),
    ] {
        assert_eq!(posted(&table, path), found, "{path}");
    }
    let table = self::table(&["/a/{x}/c", "/a/b/d"]);
    assert_eq!(posted(&table, "/a/b/c"), "/a/{x}/c x=b");
}

#[test]
fn methods_decide_after_the_path() {
    let endpoints = vec![
        endpoint("/{a}", &["PUT", "POST"]),
        endpoint("/{b}", &["GET"]),
        endpoint("/x", &["PUT"]),
    ];
    let table = Table::build(endpoints).expect("no conflicts");
    assert_eq!(posted(&table, "/1"), "/{a} a=1");
    let Found::Match { params, .. } = table.find("GET", "/1") else { panic!("GET has a match") };
    assert_eq!(params, [("b".to_owned(), "1".to_owned())]);
    let allow = vec!["GET".to_owned(), "POST".to_owned(), "PUT".to_owned()];
    assert_eq!(table.find("post", "/1"), Found::MethodNotAllowed { allow });
    assert_eq!(posted(&table, "/x"), "allow PUT");
}

#[test]
fn every_conflict_is_reported() {
    let endpoints = vec![
        endpoint("/a/{x}", &["POST", "GET"]),
        endpoint("/a/{y}", &["GET", "POST", "GET"]),
        endpoint("/a/{x}", &["PUT"]),
        endpoint("/a/{*x}", &["POST"]),
        endpoint("/a/b", &["POST"]),
        endpoint("/a/{z}", &["PUT", "GET"]),
        endpoint("/a/b", &["POST"]),
    ];
    let conflicts = Table::build(endpoints).expect_err("conflicts");
    let seen: Vec<_> = conflicts.iter().map(|c| (c.first, c.second, c.methods.join(" "))).collect();
    let wanted = [(0, 1, "GET POST"), (0, 5, "GET"), (1, 5, "GET"), (2, 5, "PUT"), (4, 6, "POST")];
    assert_eq!(seen, wanted.map(|(first, second, methods)| (first, second, methods.to_owned())));
    assert_eq!(conflicts[0].to_string(), "endpoints 0 and 1 match the same paths with GET, POST");
}

/// What a pattern makes of a path: a rank for each segment, lower first, and the parameters.
type Fit = (Vec<u8>, Vec<(String, String)>);

fn fit(pattern: &Pattern, path: &str) -> Option<Fit> {
    let path: Vec<&str> = path.split('/').skip(1).collect();
    let (mut ranks, mut params) = (Vec::new(), Vec::new());
    for (place, segment) in pattern.segments().iter().enumerate() {
        let (rank, taken) = match segment {
            Segment::Literal(text) => (0, (path.get(place)? == text).then_some(String::new())?),
            Segment::Param(_) => (1, path.get(place)?.to_string()),
            Segment::Rest(_) => (2, path.get(place..)?.join("/")),
        };
        ranks.push(rank);
        if let Segment::Param(name) | Segment::Rest(name) = segment {
            (!taken.is_empty()).then(|| params.push((name.clone(), taken)))?;
        }
    }
    (ranks.last() == Some(&2) || ranks.len() == path.len()).then_some((ranks, params))
}

fn naive<'t>(endpoints: &'t [Endpoint<String>], method: &str, path: &str) -> Found<'t, String> {
    let fits: Vec<_> =
        endpoints.iter().filter_map(|one| Some((one, fit(&one.pattern, path)?))).collect();
    let Some(best) = fits.iter().map(|(_, (ranks, _))| ranks).min() else { return Found::NotFound };
    let best = fits.iter().filter(|(_, (ranks, _))| ranks == best);
    let mut allow: Vec<_> = best.clone().flat_map(|(one, _)| one.methods.clone()).collect();
    for (endpoint, (_, params)) in best {
        if endpoint.methods.iter().any(|own| own == method) {
            return Found::Match { target: &endpoint.target, params: params.clone() };
        }
    }
    allow.sort();
    allow.dedup();
    Found::MethodNotAllowed { allow }
}

fn some_endpoint() -> impl Strategy<Value = Endpoint<String>> {
    let segment = prop_oneof![4 => "[ab]{0,2}", 3 => Just("{}".to_owned())];
    let method = prop::sample::subsequence(vec!["GET", "POST"], 1..=2);
    (prop::collection::vec(segment, 1..5), any::<bool>(), method).prop_map(
        |(parts, rest, methods)| {
            let numbered =
                parts.iter().enumerate().map(|(n, part)| part.replace("{}", &format!("{{p{n}}}")));
            let tail = if rest { "/{*rest}" } else { "" };
            endpoint(&format!("/{}{tail}", numbered.collect::<Vec<_>>().join("/")), &methods)
        },
    )
}

proptest! {
    #[test]
    fn the_table_agrees_with_a_naive_matcher(
        given in prop::collection::vec(some_endpoint(), 0..24),
        paths in prop::collection::vec("(/[ab]{0,2}){1,6}", 1..40),
    ) {
        let conflicts = Table::build(given.clone()).err().unwrap_or_default();
        let out = |index: &usize| conflicts.iter().any(|conflict| conflict.second == *index);
        let kept: Vec<_> = (0..given.len()).filter(|index| !out(index)).collect();
        let kept: Vec<_> = kept.into_iter().map(|index| given[index].clone()).collect();
        let table = Table::build(kept.clone()).expect("no conflicts are left");
        for path in &paths {
            for method in ["GET", "POST", "PUT"] {
                prop_assert_eq!(table.find(method, path), naive(&kept, method, path), "{}", path);
            }
        }
    }

    #[test]
    fn any_text_is_a_pattern_or_a_fault(text in "/?[a-c{}*/?# é]{0,12}") {
        if let Ok(pattern) = Pattern::parse(&text) {
            prop_assert_eq!(pattern.as_str(), text);
        }
    }

    #[test]
    fn any_path_is_looked_up(path in "\\PC{0,40}") {
        let table = table(&["/{a}/{b}", "/{*rest}"]);
        let found = table.find("POST", &path);
        prop_assert_eq!(found == Found::NotFound, !path.starts_with('/') || path == "/");
    }
}
