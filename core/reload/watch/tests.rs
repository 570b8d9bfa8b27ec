//! What is watched, and what that tells, on a real file system.

use std::fs;
use std::os::unix::fs::symlink;

use tokio::sync::watch;

use super::*;

const RULES: Reloading = Reloading {
    rehearsal: Duration::from_secs(1),
    quiet: Duration::from_millis(100),
    longest: Duration::from_secs(1),
    poll: Duration::from_millis(50),
};

#[tokio::test]
async fn edits_are_waited_for_until_they_stop_but_not_for_ever() {
    // How long it took, and how much of that since the last edit.
    let timed = async |edits: u32| {
        let changed = Arc::new(Notify::new());
        let (edit, last) = watch::channel(Instant::now());
        let editor = Arc::clone(&changed);
        let editing = tokio::spawn(async move {
            for _ in 0..edits {
                edit.send_replace(Instant::now());
                editor.notify_one();
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        let start = Instant::now();
        settle(&changed, &RULES).await;
        editing.abort();
        (start.elapsed(), last.borrow().elapsed())
    };
    assert!(timed(0).await.0 >= RULES.quiet);
    let (took, since) = timed(10).await;
    assert!(since >= RULES.quiet && took > since, "{took:?}, {since:?} after the last edit");
    let (endless, _) = timed(u32::MAX).await;
    assert!(endless >= RULES.longest && endless < Duration::from_secs(30), "{endless:?}");
}

/// Whether this is noticed, once the watch stands.
async fn noticed(watch: &Watch, what: impl FnOnce()) -> bool {
    what();
    tokio::time::timeout(Duration::from_secs(5), watch.changed()).await.is_ok()
}

fn followed(whole: &[PathBuf], paths: &[PathBuf]) -> Watch {
    let mut watch = Watch::new(RULES.poll);
    watch.follow(folders(whole, paths));
    watch
}

#[tokio::test]
async fn files_that_are_written_renamed_deleted_and_swapped_are_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().canonicalize().expect("its path");
    let at = |name: &str| root.join(name);
    fs::create_dir_all(at("config/routes")).expect("folders");
    fs::create_dir_all(at("plugins")).expect("a folder");
    fs::write(at("plugins/a.wasm"), "1").expect("a file");
    // As a mounted ConfigMap lies: a link to a file through a link to a folder.
    fs::create_dir_all(at("mount/v1")).expect("a folder");
    fs::create_dir_all(at("mount/v2")).expect("a folder");
    fs::write(at("mount/v1/key.pem"), "1").expect("a file");
    symlink("v1", at("mount/..data")).expect("a link");
    symlink("..data/key.pem", at("mount/key.pem")).expect("a link");

    let whole = [at("config"), at("config/routes")];
    let paths = [at("config"), at("plugins/a.wasm"), at("mount/key.pem")];
    let steps: [(&str, &dyn Fn()); 6] = [
        ("a new file", &|| fs::write(at("config/routes/a.toml"), "x").expect("written")),
        ("a file renamed into place", &|| {
            fs::write(at("plugins/new"), "2").expect("written");
            fs::rename(at("plugins/new"), at("plugins/a.wasm")).expect("renamed");
        }),
        ("a file written in place", &|| fs::write(at("plugins/a.wasm"), "3").expect("written")),
        ("a deleted file", &|| fs::remove_file(at("config/routes/a.toml")).expect("deleted")),
        ("a swapped link", &|| {
            symlink("v2", at("mount/..new")).expect("a link");
            fs::rename(at("mount/..new"), at("mount/..data")).expect("swapped");
        }),
        ("a deleted folder", &|| fs::remove_dir_all(at("config")).expect("deleted")),
    ];
    for (what, step) in steps {
        let watch = followed(&whole, &paths);
        assert!(noticed(&watch, step).await, "{what}");
    }
    let watch = followed(&whole, &paths);
    assert!(noticed(&watch, || fs::create_dir(at("config")).expect("made")).await, "made anew");
}

#[tokio::test]
async fn a_folder_that_was_made_anew_is_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("config");
    fs::create_dir(&config).expect("a folder");
    let before = folders(std::slice::from_ref(&config), []);
    assert!(before == folders(std::slice::from_ref(&config), []), "nothing has changed");
    fs::rename(&config, folder.path().join("old")).expect("moved");
    fs::create_dir(&config).expect("a folder");
    assert!(before != folders(std::slice::from_ref(&config), []));
}

#[test]
fn only_what_matters_counts() {
    use notify::event::{AccessKind, AccessMode, CreateKind, RemoveKind};
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().canonicalize().expect("its path");
    let (config, plugin) = (root.join("config"), root.join("a.wasm"));
    fs::create_dir(&config).expect("a folder");
    let folders = folders(std::slice::from_ref(&config), [&plugin]);
    let says = |kind: EventKind, path: &Path| {
        concerns(&Event::new(kind).add_path(path.to_owned()), &folders)
    };
    let create = EventKind::Create(CreateKind::File);
    let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
    let read = EventKind::Access(AccessKind::Close(AccessMode::Read));
    assert!(says(create, &config.join("any.toml")));
    assert!(says(create, &plugin) && says(written, &plugin));
    assert!(says(EventKind::Remove(RemoveKind::Folder), &config));
    assert!(!says(create, &root.join("other")), "a neighbour of the plugin");
    assert!(!says(read, &plugin), "our own reading");
}

#[tokio::test]
async fn links_in_a_circle_come_to_an_end() {
    let folder = tempfile::tempdir().expect("a folder");
    symlink("b", folder.path().join("a")).expect("a link");
    symlink("a", folder.path().join("b")).expect("a link");
    assert!(!folders(&[], [&folder.path().join("a/config.toml")]).is_empty());
}
