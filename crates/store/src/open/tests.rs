//! Tests of opening: modes, settings, and every file that must not be written to.

use super::*;
use crate::testing::{Scratch, id, new};
use crate::{Health, Store};
use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::time::Duration;

fn error(scratch: &Scratch) -> StoreError {
    Store::open(&scratch.options()).expect_err("a refusal")
}

#[test]
fn files_are_nobody_elses() {
    let scratch = Scratch::new();
    let folder = scratch.path().join("a/b");
    let store = Store::open(&Options::new(&folder)).unwrap();
    store.accept_now(new(id(1))).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&folder), 0o700);
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(mode(&entry.path()), 0o600, "{:?}", entry.path());
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["state.db", "state.db-shm", "state.db-wal", "state.lock"]);
    drop(store);
    // A mode that was widened is narrowed again; a closed store leaves one file.
    fs::set_permissions(folder.join("state.db"), fs::Permissions::from_mode(0o644)).unwrap();
    drop(Store::open(&Options::new(&folder)).unwrap());
    assert_eq!(mode(&folder.join("state.db")), 0o600);
    assert!(!folder.join("state.db-wal").exists());
}

#[test]
fn settings_are_in_force() {
    let scratch = Scratch::new();
    let opened = Opened::open(&scratch.options()).unwrap();
    let reader = connection::reading(&scratch.database(), Duration::ZERO).unwrap();
    for connection in [&opened.connection, &reader] {
        let check = |pragma: &str, expected: &str| {
            let value: rusqlite::types::Value = connection
                .pragma_query_value(None, pragma, |row| row.get(0))
                .unwrap();
            let value = match value {
                rusqlite::types::Value::Text(text) => text,
                rusqlite::types::Value::Integer(number) => number.to_string(),
                other => panic!("{pragma}: {other:?}"),
            };
            assert_eq!(value, expected, "{pragma}");
        };
        check("journal_mode", "wal");
        check("foreign_keys", "1");
        check("trusted_schema", "0");
        check("cell_size_check", "1");
        check("auto_vacuum", "2");
        check("page_size", "4096");
        check("application_id", &schema::APPLICATION_ID.to_string());
        check("user_version", &schema::known_version().to_string());
        assert!(connection.db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE).unwrap());
        assert!(
            connection
                .prepare("SELECT \"no_such_column\" FROM executions")
                .is_err()
        );
    }
    assert!(reader.execute("DELETE FROM executions", []).is_err());
}

#[test]
fn a_newer_file_is_refused_untouched() {
    let scratch = Scratch::new();
    drop(scratch.store());
    let raw = Connection::open(scratch.database()).unwrap();
    raw.pragma_update(None, "user_version", schema::known_version() + 1)
        .unwrap();
    drop(raw);
    let before = fs::read(scratch.database()).unwrap();
    let error = error(&scratch);
    assert!(
        matches!(error, StoreError::Newer { found, known, .. } if found == known + 1),
        "{error:?}"
    );
    assert!(error.to_string().contains("use the newer program"), "{error}");
    assert!(fs::read(scratch.database()).unwrap() == before);
}

#[test]
fn a_file_of_another_program_is_refused_untouched() {
    let scratch = Scratch::new();
    let raw = Connection::open(scratch.database()).unwrap();
    raw.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(raw);
    let before = fs::read(scratch.database()).unwrap();
    let error = error(&scratch);
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
    assert!(fs::read(scratch.database()).unwrap() == before);
}

#[test]
fn what_is_no_database_is_refused_untouched() {
    let scratch = Scratch::new();
    let text = "not a database ".repeat(1000);
    fs::write(scratch.database(), &text).unwrap();
    let error = error(&scratch);
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    let said = error.to_string();
    assert!(
        said.contains("restore a backup") && said.contains("move it away"),
        "{said}"
    );
    assert!(!error.public().contains("state.db"), "{}", error.public());
    assert_eq!(fs::read_to_string(scratch.database()).unwrap(), text);
}

#[test]
fn a_damaged_page_makes_it_read_only() {
    let scratch = Scratch::new();
    let store = scratch.store();
    for n in 0..30 {
        store.ended(n, vec![b'x'; 60_000]);
    }
    drop(store);
    // A server that died: its last writes are in the log only.
    let store = scratch.store();
    store.ended(30, vec![b'y'; 10]);
    let dead = Scratch::new();
    let log = |scratch: &Scratch| scratch.path().join("state.db-wal");
    fs::copy(scratch.database(), dead.database()).unwrap();
    fs::copy(log(&scratch), log(&dead)).unwrap();
    // A page of a content, which begins with the number of the next: all else can be read.
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(dead.database())
        .unwrap();
    let pages = file.metadata().unwrap().len() / 4096;
    let is_content = |page: &u64| {
        let mut bytes = [0; 4096];
        file.read_exact_at(&mut bytes, page * 4096).unwrap();
        bytes[4..].iter().all(|byte| *byte == b'x')
    };
    let page = (0..pages).find(is_content).expect("a page of a content");
    file.write_all_at(&[0xee; 4096], page * 4096).unwrap();
    let files = || (fs::read(dead.database()).unwrap(), fs::read(log(&dead)).unwrap());
    let before = files();

    let store = dead.store();
    let Health::ReadOnly { reason } = store.health() else {
        panic!("{:?}", store.health())
    };
    assert!(!reason.is_empty());
    assert_eq!(store.counts().unwrap().total, 31);
    assert!(store.summary(id(30)).unwrap().is_some());
    let refused = store.accept_now(new(id(100))).unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused:?}");
    drop(store);
    assert!(files() == before);
}

#[test]
fn a_check_ends_in_time() {
    let scratch = Scratch::new();
    let store = scratch.store();
    for n in 0..8 {
        store.ended(n, vec![b'x'; 4 << 20]);
    }
    drop(store);
    let raw = Connection::open(scratch.database()).unwrap();
    assert_eq!(
        check::check(&raw, Duration::from_secs(60)).unwrap(),
        Verdict::Sound
    );
    assert_eq!(check::check(&raw, Duration::ZERO).unwrap(), Verdict::Unfinished);
    // The interrupt leaves nothing behind.
    assert_eq!(
        check::check(&raw, Duration::from_secs(60)).unwrap(),
        Verdict::Sound
    );
}

#[test]
fn one_instance_has_the_folder() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let options = Options {
        lock_limit: Duration::from_millis(50),
        ..scratch.options()
    };
    let error = Store::open(&options).expect_err("a second instance");
    assert!(matches!(error, StoreError::InUse { .. }), "{error:?}");
    drop(store);
    Store::open(&options).unwrap();
}

#[test]
fn links_and_unusable_folders_are_refused() {
    let scratch = Scratch::new();
    let target = scratch.path().join("target");
    fs::write(&target, "").unwrap();
    symlink(&target, scratch.database()).unwrap();
    assert!(matches!(error(&scratch), StoreError::Open { .. }));
    let below = Options::new(target.join("x"));
    assert!(matches!(Store::open(&below), Err(StoreError::Open { .. })));
    // A link on the way to the folder is the administrator's affair.
    let (real, link) = (scratch.path().join("real"), scratch.path().join("link"));
    fs::create_dir(&real).unwrap();
    symlink(&real, &link).unwrap();
    Store::open(&Options::new(&link)).unwrap();
}
