//! The cache of versions: hits, misses, and files that must not be trusted.

use super::super::cache::{self, FILE, Key};
use super::super::testing::FakeHost;
use std::fs::{self, File, FileTimes};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

fn key(fake: &FakeHost) -> Key {
    Key::of("python", &fake.at("usr/bin/python3")).unwrap()
}

/// A host with a program and its version in the cache.
fn cached() -> FakeHost {
    let fake = FakeHost::new();
    fake.programs(&["usr/bin/python3"]).mode("cache", 0o700);
    cache::write(&fake.host, &key(&fake), "3.11.2");
    assert_eq!(cache::read(&fake.host, &key(&fake)).as_deref(), Some("3.11.2"));
    fake
}

fn text(fake: &FakeHost) -> String {
    fs::read_to_string(fake.at("cache").join(FILE)).unwrap()
}

#[test]
fn the_file_is_private_and_no_draft_stays() {
    let fake = cached();
    assert_eq!(
        fs::metadata(fake.at("cache/versions"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o600
    );
    assert_eq!(fs::read_dir(fake.at("cache")).unwrap().count(), 1);
    let fresh = FakeHost::new();
    fresh.programs(&["usr/bin/python3"]);
    fs::remove_dir(fresh.at("cache")).unwrap();
    cache::write(&fresh.host, &key(&fresh), "1.0");
    assert_eq!(
        fs::metadata(fresh.at("cache")).unwrap().permissions().mode() & 0o777,
        0o700
    );
}

#[test]
fn a_changed_program_is_a_miss() {
    let fake = cached();
    let old = key(&fake);
    let file = File::options()
        .write(true)
        .open(fake.at("usr/bin/python3"))
        .unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::new(1_000_000_000, 1);
    file.set_times(FileTimes::new().set_modified(time)).unwrap();
    assert_eq!(cache::read(&fake.host, &key(&fake)), None);
    let earlier = key(&fake);
    file.set_times(FileTimes::new().set_modified(time + Duration::from_nanos(1)))
        .unwrap();
    assert_ne!(earlier, key(&fake));
    assert_eq!(cache::read(&fake.host, &old).as_deref(), Some("3.11.2"));
    // Its new version takes the place of the old one.
    cache::write(&fake.host, &key(&fake), "3.12.0");
    assert_eq!(cache::read(&fake.host, &key(&fake)).as_deref(), Some("3.12.0"));
    assert_eq!(cache::read(&fake.host, &old), None);
}

#[test]
fn two_languages_of_one_program_do_not_meet() {
    let fake = cached();
    let other = Key::of("cpp", &fake.at("usr/bin/python3")).unwrap();
    assert_eq!(cache::read(&fake.host, &other), None);
    cache::write(&fake.host, &other, "1.0");
    assert_eq!(cache::read(&fake.host, &other).as_deref(), Some("1.0"));
    assert_eq!(cache::read(&fake.host, &key(&fake)).as_deref(), Some("3.11.2"));
}

#[test]
fn a_corrupt_file_is_passed_over_and_rewritten() {
    let good = text(&cached());
    let fault = |text: &str| text.replace("3.11.2", "3.11.2 \u{1b}[31m");
    for bad in [
        String::new(),
        "\0\0\0".into(),
        good.replace("versions 1", "versions 2"),
        good[..good.len() - 3].to_owned(),
        format!("{good}half a line\n"),
        fault(&good),
        format!("{good}{}", "x".repeat(40_000)),
    ] {
        let fake = cached();
        let own = text(&fake);
        // The key must be this host's, so that only the fault can make it a miss.
        fake.file(
            "cache/versions",
            &bad.replace(good.lines().nth(1).unwrap_or("-"), own.lines().nth(1).unwrap()),
        );
        assert_eq!(cache::read(&fake.host, &key(&fake)), None, "{bad:?}");
        cache::write(&fake.host, &key(&fake), "3.11.9");
        assert_eq!(
            cache::read(&fake.host, &key(&fake)).as_deref(),
            Some("3.11.9"),
            "{bad:?}"
        );
    }
}

#[test]
fn a_foreign_or_open_cache_is_passed_over() {
    let check = |change: &dyn Fn(&mut FakeHost)| {
        let mut fake = cached();
        change(&mut fake);
        assert_eq!(cache::read(&fake.host, &key(&fake)), None);
    };
    check(&|fake| fake.host.uid += 1);
    check(&|fake| _ = fake.mode("cache/versions", 0o620));
    check(&|fake| _ = fake.mode("cache/versions", 0o602));
    check(&|fake| _ = fake.mode("cache", 0o777));
    check(&|fake| fake.host.cache_dir = None);
    check(&|fake| {
        fs::rename(fake.at("cache/versions"), fake.at("cache/real")).unwrap();
        fake.link("cache/versions", "real");
    });
}

#[test]
fn nothing_is_written_into_a_foreign_or_open_folder() {
    let mut fake = FakeHost::new();
    fake.programs(&["usr/bin/python3"]).mode("cache", 0o777);
    cache::write(&fake.host, &key(&fake), "1.0");
    fake.mode("cache", 0o700);
    fake.host.uid += 1;
    cache::write(&fake.host, &key(&fake), "1.0");
    assert_eq!(fs::read_dir(fake.at("cache")).unwrap().count(), 0);
}

#[test]
fn a_draft_of_the_dead_is_removed_and_one_of_the_living_is_left() {
    let fake = cached();
    fake.file("cache/versions.new", "another process writes this");
    let inode = fs::metadata(fake.at("cache/versions.new")).unwrap().ino();
    cache::write(&fake.host, &key(&fake), "3.11.9");
    assert_eq!(cache::read(&fake.host, &key(&fake)).as_deref(), Some("3.11.2"));
    assert_eq!(fs::metadata(fake.at("cache/versions.new")).unwrap().ino(), inode);
    let file = File::options()
        .write(true)
        .open(fake.at("cache/versions.new"))
        .unwrap();
    file.set_times(FileTimes::new().set_modified(SystemTime::now() - Duration::from_secs(60)))
        .unwrap();
    cache::write(&fake.host, &key(&fake), "3.11.9");
    assert_eq!(cache::read(&fake.host, &key(&fake)).as_deref(), Some("3.11.9"));
    assert!(!fake.at("cache/versions.new").exists());
}

#[test]
fn the_number_of_entries_is_bounded() {
    let fake = cached();
    for number in 0..100 {
        let program = format!("usr/bin/p{number}");
        fake.programs(&[&program]);
        cache::write(&fake.host, &Key::of("python", &fake.at(&program)).unwrap(), "1.0");
    }
    assert_eq!(text(&fake).lines().count(), 65);
    assert_eq!(cache::read(&fake.host, &key(&fake)), None);
    let last = Key::of("python", &fake.at("usr/bin/p99")).unwrap();
    assert_eq!(cache::read(&fake.host, &last).as_deref(), Some("1.0"));
}

#[test]
fn a_version_is_asked_for_once() {
    let mut fake = FakeHost::new();
    // The real bash, found by a link: every host that runs these tests has one.
    fake.link("usr/bin/bash", "/bin/bash").mode("cache", 0o700);
    fake.host.mounted.extend(["/usr".into(), "/bin".into()]);
    let found = fake.detect("bash").unwrap().versioned(&fake.host).unwrap();
    let version = found.version.unwrap();
    assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{version}");
    assert_eq!(found.program, fake.at("usr/bin/bash"));
    let changed = text(&fake).replace(&version, "0.0.1");
    fake.file("cache/versions", &changed);
    let again = fake.detect("bash").unwrap().versioned(&fake.host).unwrap();
    assert_eq!(again.version.as_deref(), Some("0.0.1"));
    assert!(Path::new("/bin/bash").exists());
}
