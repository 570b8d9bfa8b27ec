//! Secrets: where they come from, what happens where they don't, and that no text ever shows them.

use super::*;

const LITERAL: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLw";

#[test]
fn what_is_not_there_takes_its_users_offline() {
    let text = format!(
        "[secrets]\ngone = {{ env = \"GONE\" }}\nempty = {{ env = \"EMPTY\" }}\n\
         {ROUTE}secrets = {{ a = \"gone\", b = {{ env = \"GOOD\" }} }}\n\
         [[routes]]\nname = \"s\"\npath = \"/s\"\nadapter = \"builtin:r\"\n\
         secrets = {{ a = [\"gone\", \"empty\"] }}\n\
         [[routes]]\nname = \"t\"\npath = \"/t\"\nadapter = \"builtin:r\"\n\
         secrets = {{ a = {{ file = \"no/such\" }} }}\n\
         [routes.answers.q]\nresponder = \"p\"\n\
         [plugins.p]\nsource = \"p.wasm\"\nsecrets = {{ k = \"empty\" }}\n"
    );
    let environment = |name: &str| match name {
        "EMPTY" => Some(String::new()),
        "GOOD" => Some("0123456789abcdef".to_owned()),
        _ => None,
    };
    let (settings, problems) = resolve(&in_memory(&[("config.toml", &text)]), &environment);
    let settings = settings.unwrap();
    let offline: Vec<_> = settings.routes.iter().map(|route| route.offline.as_deref()).collect();
    let gone = Some("the secret a isn't there: the environment variable GONE isn't set");
    let file =
        "the secret a isn't there: the file no/such can't be read: there is no such file or folder";
    assert_eq!(offline, [gone, gone, Some(file)]);
    assert_eq!(settings.routes[0].secrets[1].versions.len(), 1);
    let plugin = settings.plugins[0].offline.as_deref();
    assert_eq!(plugin, Some("the secret k isn't there: the environment variable EMPTY is empty"));
    // Each is told once, where it is defined, with all who use it.
    let rendered = problems.render(false);
    assert_eq!(count(&problems, Severity::Warning), 3, "{rendered}");
    assert!(rendered.contains("config.toml:2:8"), "{rendered}");
    assert!(rendered.contains("offline until it is there: route r, route s"), "{rendered}");
    assert!(rendered.contains("offline until it is there: plugin p, route s"), "{rendered}");
    assert!(settings.files.contains(&PathBuf::from("no/such")));
}

#[test]
fn files_keep_all_but_one_line_end() {
    let folder = Folder::new();
    folder.write("keys/a", "0123456789abcdef\n\n");
    folder.write("keys/b", "0123456789abcdef\r\n");
    folder.write("keys/c", "\u{0}56789abcdef0123 ");
    folder.write("keys/binary", b"\x00\xff56789abcdef0123");
    folder.write("keys/empty", "\n");
    folder.write("keys/large", vec![b'x'; (64 << 10) + 1]);
    let route = "secrets = { all = [{ file = \"../keys/a\" }, { file = \"../keys/b\" }, \
                 { file = \"../keys/c\" }], e = { file = \"../keys/empty\" }, \
                 l = { file = \"../keys/large\" }, d = { file = \"../keys\" }, \
                 b = { file = \"../keys/binary\" } }\n";
    folder.write("routes/r.toml", format!("{ROUTE}{route}"));
    let (settings, problems) = folder.resolve();
    let route = &settings.as_ref().unwrap().routes[0];
    let texts: Vec<_> =
        route.secrets[0].versions.iter().map(|version| version.value.expose()).collect();
    assert_eq!(texts, ["0123456789abcdef\n", "0123456789abcdef", "\u{0}56789abcdef0123 "]);
    let rendered = problems.render(false);
    for shown in [
        "keys/empty is empty",
        "keys/binary is no UTF-8 text",
        "larger than 65536 bytes",
        "it isn't a regular file",
    ] {
        assert!(rendered.contains(shown), "{shown}\n{rendered}");
    }
}

#[test]
fn short_ones_are_told() {
    let text = format!("{ROUTE}secrets = {{ a = {{ env = \"A\" }} }}\n");
    let sources = in_memory(&[("config.toml", &text)]);
    let (settings, problems) = resolve(&sources, &|_| Some("p4ssw0rd-15byte".to_owned()));
    assert!(settings.is_some_and(|settings| settings.routes[0].offline.is_none()));
    let rendered = problems.render(false);
    assert!(rendered.contains("fewer than 16 bytes") && !rendered.contains("p4ss"), "{rendered}");
}

#[test]
fn literals_are_refused_and_never_shown() {
    let (unclosed, multi) = (&LITERAL[..30], LITERAL.replace("KQ", "KQ\n"));
    for text in [
        format!("{ROUTE}secrets = {{ a = \"{LITERAL}\" }}\n"),
        format!(
            "{ROUTE}secrets = {{ a = [\"{LITERAL}\"], b = 5, c = {{ env = \"{LITERAL}==\" }} }}\n"
        ),
        format!("{ROUTE}secrets = {{ a = {{ secret = \"{LITERAL}\" }} }}\n"),
        format!("{ROUTE}secrets = {{ a = {{ file = \"\"\"{multi}\"\"\" }} }}\n"),
        format!("{ROUTE}secrets = {{ a = '{LITERAL}' }} # and then\nodd = 1\n"),
        format!("{ROUTE}secrets = {{ a = \"{unclosed}\n"),
        format!("{ROUTE}secrets = {{ a = {LITERAL} }}\n"),
        format!("{ROUTE}secrets.a = {LITERAL}\n"),
        format!("{ROUTE}secrets = \"{LITERAL}\"\n"),
        format!("[secrets]\na = \"{LITERAL}\"\n{ROUTE}"),
        format!("[secrets]\na = {{ secret = \"{LITERAL}\" }}\n{ROUTE}"),
        format!("{ROUTE}settings = {{ api_secret = \"{LITERAL}\", x = nan }}\n"),
        format!("[destinations.d]\nurl = \"https://u:{LITERAL}@host/\"\n"),
        format!("[admin.keys.a]\nsecret = \"{LITERAL}\"\n"),
        format!("[admin.keys]\na = \"{LITERAL}\"\n"),
        format!("[destinations.d]\nurl = \"http://host/?access_token={LITERAL} x\"\n"),
        format!("a = \"\"\"{LITERAL}\n"),
        format!("[store]\nsecret_key = \"{LITERAL}\"\n"),
    ] {
        let (settings, problems) = check(&text);
        assert!(settings.is_none(), "{text}");
        for said in [problems.render(false), problems.render(true), problems.to_json().to_string()]
        {
            // Colours stand between the letters.
            let parts = said.split('\u{1b}');
            let bare: String =
                parts.map(|part| part.split_once('m').map_or(part, |(_, rest)| rest)).collect();
            assert!(!said.contains("MfKQ") && !bare.contains("MfKQ"), "{text}\n{said}");
        }
    }
    let (_, problems) = check(&format!(
        "[secrets]\na = {{ env = \"A\" }}\n{ROUTE}secrets = {{ a = \"{LITERAL}\", b = \"A\" }}\n"
    ));
    let rendered = problems.render(false);
    assert!(rendered.contains("this isn't the name of a secret"), "{rendered}");
    assert!(rendered.contains("did you mean \"a\"?"), "{rendered}");
}

/// A secret that stands where its variable's name, or its file's, belongs isn't repeated either.
#[test]
fn names_that_look_like_secrets_are_not_said() {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    for key in ["env", "file"] {
        let (settings, problems) =
            check(&format!("{ROUTE}secrets = {{ a = {{ {key} = \"{secret}\" }} }}\n"));
        let said = format!(
            "{}{:?}",
            problems.render(false),
            settings.map(|s| s.routes[0].offline.clone())
        );
        assert!(said.contains("that is named here") && !said.contains("MfKQ"), "{said}");
    }
}

#[test]
fn settings_and_sources_show_no_secret_when_debugged() {
    let text = format!("{ROUTE}secrets = {{ a = {{ env = \"A\" }} }}\n");
    let sources = in_memory(&[("config.toml", &text)]);
    let (settings, problems) = resolve(&sources, &|_| Some(LITERAL.to_owned()));
    assert!(settings.is_some());
    let debugged = format!("{settings:?} {problems:?}");
    assert!(!debugged.contains("MfKQ"), "{debugged}");
    assert!(debugged.contains("value: …"), "{debugged}");
}

#[test]
fn substitution_is_refused_wherever_it_stands() {
    let text = "[listen]\npublic_url = \"${URL}\"\n[secrets]\na = { env = \"${A}\" }\n\
                [[routes]]\nname = \"r\"\npath = \"/r\"\nadapter = 'builtin:${R}'\n\
                settings = { a = [\"x${B_C}y\"] }\n";
    let (_, problems) = check(text);
    let refused = problems.iter().filter(|problem| problem.message.contains("isn't replaced"));
    let lines: Vec<_> =
        refused.filter_map(|problem| Some(problem.place.as_ref()?.line())).collect();
    assert_eq!(lines, [2, 4, 8, 9]);
    let (settings, _) =
        check(&format!("{ROUTE}settings = {{ a = \"$ {{}} ${{1}} \\u0024{{X}}\" }}\n"));
    assert!(settings.is_some());
}

#[test]
fn no_slip_of_a_finger_shows_a_literal() {
    let text = format!(
        "[secrets]\nkey = {{ env = \"K\" }}\nlit = \"{LITERAL}\"\n[[routes]]\n\
         secrets = {{ a = [\"key\", \"{LITERAL}\"], b = {{ secret = \"{LITERAL}\" }} }}\n"
    );
    let check_slip = |slip: String| {
        let said = check(&slip).1.render(false);
        assert!(!said.contains("MfKQ9r8GKYq"), "{slip}\n{said}");
    };
    for at in 0..text.len() {
        check_slip(format!("{}{}", &text[..at], &text[at + 1..]));
        for extra in ["\"", "}", "[", "=", "\n"] {
            check_slip(format!("{}{extra}{}", &text[..at], &text[at..]));
        }
    }
}
