//! Files that aren't what they should be: each is refused with what is wrong, and left alone.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rusqlite::Connection;

use super::*;

fn refused(folder: &Path) -> OpenFault {
    match Embedded::open(options(folder), Clock::manual(NOW)) {
        Ok(_) => panic!("it opened"),
        Err(fault) => fault,
    }
}

async fn filled(callbacks: usize) -> Bench {
    let bench = Bench::open();
    for n in 0..callbacks {
        new(bench.store.record(recording(vec![event(&n.to_string(), 1)])).await.expect("recorded"));
    }
    bench
}

#[tokio::test]
async fn a_store_has_one_owner() {
    let bench = filled(1).await;
    assert!(matches!(refused(bench.folder.path()), OpenFault::InUse(_)));
    let bench = bench.reopen();
    assert_eq!(due(&*bench.store, NOW).await.len(), 1);
}

#[tokio::test]
async fn a_store_has_one_owner_by_whatever_name() {
    let bench = filled(1).await;
    let other = tempfile::tempdir().expect("a folder");
    let link = other.path().join("link");
    std::os::unix::fs::symlink(bench.folder.path(), &link).expect("a link");
    assert!(matches!(refused(&link), OpenFault::InUse(_)));
}

#[tokio::test]
async fn nothing_is_acknowledged_into_a_file_that_was_moved_away() {
    for name in ["store.db", "store.db-wal"] {
        let bench = filled(1).await;
        let (path, away) = (bench.folder.path().join(name), bench.folder.path().join("away"));
        fs::rename(&path, &away).expect("it is moved");
        let refused = bench.store.record(recording(vec![event("lost", 1)])).await;
        assert!(matches!(refused, Err(StoreFault::Failing(_))), "{name}: {refused:?}");
        assert!(!bench.store.health().takes(), "{name}");
        // Back in its place, it goes on by itself.
        fs::rename(&away, &path).expect("it is moved back");
        let patience = std::time::Instant::now() + Duration::from_secs(30);
        while !bench.store.health().takes() {
            assert!(std::time::Instant::now() < patience, "{name}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let found = bench.store.record(recording(vec![event("kept", 1)])).await;
        assert_eq!(new(found.expect("recorded")).len(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_newer_or_foreign_file_is_left_untouched() {
    for (sql, newer) in [
        ("PRAGMA application_id = 1212902260; PRAGMA user_version = 99;", true),
        ("CREATE TABLE somebodys (x);", false),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store.db");
        let db = Connection::open(&path).expect("a database");
        let sql = sql.replace("1212902260", &0x486b_5377.to_string());
        db.execute_batch(&sql).expect("it is written");
        drop(db);
        let before = fs::read(&path).expect("the file");
        match refused(folder.path()) {
            OpenFault::Newer { version: 99, .. } => assert!(newer),
            OpenFault::Foreign(_) => assert!(!newer),
            other => panic!("{other}"),
        }
        assert_eq!(fs::read(&path).expect("the file"), before);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let text = "this is no database, but a text that is longer than a header. ".repeat(20);
    fs::write(folder.path().join("store.db"), &text).expect("a file");
    assert!(matches!(refused(folder.path()), OpenFault::Foreign(_)));
    assert_eq!(fs::read(folder.path().join("store.db")).expect("the file"), text.as_bytes());
}

#[tokio::test]
async fn a_lost_key_is_said_and_a_rotated_one_works() {
    let bench = filled(1).await;
    let webhook = NewWebhook {
        url: "https://a.example/".to_owned(),
        events: vec![pattern("*")],
        secret: "whsec_kept".to_owned(),
        now_ms: NOW,
    };
    bench.store.register(webhook).await.expect("registered");
    let Bench { store, clock, folder } = bench;
    drop(store);
    let file = fs::read(folder.path().join("store.db")).expect("the file");
    assert!(!file.windows(10).any(|bytes| bytes == b"whsec_kept"), "it is sealed");
    let key = folder.path().join("store.db.key");
    let mode = fs::metadata(&key).expect("the key file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let old = fs::read(&key).expect("the key");
    fs::remove_file(&key).expect("it goes");
    assert!(matches!(refused(folder.path()), OpenFault::WrongKey { .. }));
    fs::write(&key, &old).expect("it is back");
    drop(Embedded::open(options(folder.path()), clock.clone()).expect("the old key"));
    // From a key of the config's to a newer one.
    let with = |secrets: &[&str]| Options {
        path: folder.path().join("other.db"),
        secrets: secrets.iter().map(|secret| (*secret).to_owned()).collect(),
        ..options(folder.path())
    };
    for (secrets, opens) in
        [(&["one"][..], true), (&["two", "one"], true), (&["two"], true), (&["one"], false)]
    {
        let opened = Embedded::open(with(secrets), clock.clone());
        assert_eq!(opened.is_ok(), opens, "{secrets:?}");
    }
}

#[tokio::test]
async fn a_damaged_file_is_said_and_never_acknowledged() {
    let Bench { store, clock, folder } = filled(300).await;
    drop(store);
    let path = folder.path().join("store.db");
    let good = fs::read(&path).expect("the file");
    for (from, to) in [(1, 1000), (4, 12), (20, 1000), (40, 60)] {
        let mut bad = good.clone();
        let end = bad.len().min(to * 4096);
        bad[from * 4096..end].fill(0x5a);
        fs::write(&path, &bad).expect("it is damaged");
        match Embedded::open(options(folder.path()), clock.clone()) {
            Err(OpenFault::Damaged { .. }) => {}
            Err(other) => panic!("{other}"),
            Ok(store) => {
                let one = recording(vec![event("new", 1)]);
                let recorded = store.record(one).await;
                let filter = EventFilter { limit: 1000, ..EventFilter::default() };
                let listed = store.events(filter).await;
                let said = |fault: &StoreFault| matches!(fault, StoreFault::Failing(_));
                assert!(recorded.as_ref().is_err_and(said) || listed.as_ref().is_err_and(said));
                assert!(recorded.is_ok() || store.health().failing.is_some());
            }
        }
    }
}

#[tokio::test]
async fn a_folder_that_cant_be_written_is_named() {
    let fault = refused(Path::new("/proc/hookswitch"));
    assert!(fault.to_string().contains("/proc/hookswitch"), "{fault}");
}
