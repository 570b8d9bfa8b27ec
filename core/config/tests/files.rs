//! Folders and single files on disk.

use super::*;

#[test]
fn a_folder_is_read_by_name_and_dot_files_are_not() {
    let folder = Folder::new();
    folder.write("router.toml", "[limits]\nevents = 7\n");
    for name in ["b", "a"] {
        folder
            .write(&format!("routes/{name}.toml"), ROUTE.replace("\"r\"", &format!("\"{name}\"")));
    }
    folder.write("routes/.hidden.toml", "not TOML");
    folder.write("routes/a.toml.bak", "not TOML");
    folder.write("routes/a.toml~", "not TOML");
    folder.write("routes/deeper/c.toml", "not TOML");
    let (settings, problems) = folder.resolve();
    let settings = settings.unwrap_or_else(|| panic!("{}", problems.render(false)));
    assert!(problems.is_empty(), "{}", problems.render(false));
    let names: Vec<&str> = settings.routes.iter().map(|route| route.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(settings.router.plugin.events, 7);
    assert_eq!(settings.files.len(), 3);
    let beside = folder.0.parent().unwrap().join("data/hookswitch.db");
    assert_eq!(settings.router.store.path, beside);
}

#[test]
fn one_file_holds_both() {
    let folder = Folder::new();
    let path = folder.write("all.toml", format!("[listen]\npublic = \"[::1]:9\"\n{ROUTE}"));
    let (settings, problems) = resolve(&read(&path).unwrap(), &|_| None);
    let settings = settings.unwrap_or_else(|| panic!("{}", problems.render(false)));
    assert_eq!(settings.router.public.to_string(), "[::1]:9");
    assert_eq!(settings.routes.len(), 1);
    assert_eq!(settings.router.store.path, folder.0.join("data/hookswitch.db"));
}

#[test]
fn names_are_global_over_files() {
    let folder = Folder::new();
    let shared = "[secrets]\nk = { env = \"K\" }\n[plugins.p]\nsource = \"p.wasm\"\n";
    folder.write("router.toml", shared);
    folder.write("routes/a.toml", format!("{shared}{ROUTE}"));
    folder.write("routes/b.toml", format!("{ROUTE}secrets = {{ a = \"k\" }}\n"));
    let (settings, problems) = folder.resolve();
    assert!(settings.is_none());
    let rendered = problems.render(false);
    for (what, first, second) in [
        ("the secret \"k\" is defined twice", "router.toml:2:1", "routes/a.toml:2:1"),
        ("the plugin \"p\" is defined twice", "router.toml:3:10", "routes/a.toml:3:10"),
        ("the route \"r\" is defined twice", "routes/a.toml:6:8", "routes/b.toml:2:8"),
    ] {
        let one = rendered.split("Error: ").find(|one| one.starts_with(what));
        let one = one.unwrap_or_else(|| panic!("{what}\n{rendered}"));
        assert!(one.contains(first) && one.contains(second) && one.contains("first here"), "{one}");
    }
}

#[test]
fn what_needs_a_restart_stays_out_of_routes() {
    let folder = Folder::new();
    folder.write("routes/a.toml", format!("{ROUTE}[listen]\npublic = \"127.0.0.1:1\"\n"));
    let (settings, problems) = folder.resolve();
    assert!(settings.is_none());
    let rendered = problems.render(false);
    assert!(rendered.contains("[listen] belongs in router.toml"), "{rendered}");
    assert!(rendered.contains("routes/a.toml:5:1"), "{rendered}");
}

#[test]
fn what_is_not_there_is_told() {
    let folder = Folder::new();
    let problems = read(&folder.0.join("none")).err().unwrap();
    let rendered = problems.render(false);
    assert!(rendered.contains("none can't be read: there is no such file or folder"), "{rendered}");
    assert_eq!(problems.to_json()[0]["line"], serde_json::Value::Null);
    let (settings, problems) = folder.resolve();
    assert!(settings.is_some_and(|settings| settings.routes.is_empty()));
    assert!(problems.render(false).contains("there are no routes in"));
}

#[test]
fn files_that_cannot_be_read_are_told_with_all_else() {
    let folder = Folder::new();
    folder.write("router.toml", b"a = 1\nb = \"\xff\"\n");
    folder.write("stray.toml", ROUTE);
    folder.write("routes/large.toml", vec![b'#'; (1 << 20) + 1]);
    folder.write("routes/odd.toml", "odd = 1\n");
    std::fs::create_dir(folder.0.join("routes/folder.toml")).unwrap();
    let (settings, problems) = folder.resolve();
    assert!(settings.is_none());
    let rendered = problems.render(false);
    for shown in [
        "router.toml: line 2 isn't UTF-8 text",
        "stray.toml isn't read",
        "large.toml: it is larger than 1048576 bytes",
        "folder.toml: it isn't a regular file",
        "unknown key \"odd\"",
    ] {
        assert!(rendered.contains(shown), "{shown}\n{rendered}");
    }
    assert!(!rendered.contains("there are no routes"), "{rendered}");
}

#[test]
fn a_stray_file_hides_no_problem() {
    let folder = Folder::new();
    folder.write("stray.toml", ROUTE);
    folder.write("routes/a.toml", ROUTE.replace("builtin:r", "none"));
    let (settings, problems) = folder.resolve();
    assert!(settings.is_none());
    let rendered = problems.render(false);
    assert!(rendered.contains("there is no plugin \"none\""), "{rendered}");
}

#[test]
fn links_are_followed_as_mounted_volumes_need() {
    let folder = Folder::new();
    folder.write("..data/a.toml", ROUTE);
    std::fs::create_dir(folder.0.join("routes")).unwrap();
    std::os::unix::fs::symlink("../..data/a.toml", folder.0.join("routes/a.toml")).unwrap();
    let (settings, problems) = folder.resolve();
    assert!(
        settings.is_some_and(|settings| settings.routes.len() == 1),
        "{}",
        problems.render(false)
    );
    std::os::unix::fs::symlink("nowhere", folder.0.join("routes/b.toml")).unwrap();
    let (settings, problems) = folder.resolve();
    assert!(settings.is_none());
    assert!(problems.render(false).contains("b.toml: there is no such file"));
}
