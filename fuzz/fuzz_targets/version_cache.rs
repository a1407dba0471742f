//! The kept versions of interpreters: a file of the caller's own, which may be cut, old or broken.
//!
//! Whatever it holds, an answer is a plain version of a bounded length; and after a write, what was
//! written is what is read.
#![no_main]
#![expect(
    dead_code,
    reason = "compiled in by path, for no crate shows it; parts of each file go unused"
)]

#[path = "../../crates/runtime/src/language/cache.rs"]
mod cache;
#[path = "../../crates/runtime/src/language/host.rs"]
mod host;

use std::ffi::OsString;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// A private folder, and the key of a program that is there for as long as we run.
static PLACE: LazyLock<(PathBuf, host::Host, cache::Key)> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("casemate-fuzz-{}", std::process::id()));
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .expect("make a folder");
    let host = host::Host::new(
        None,
        OsString::new(),
        Some(folder.clone()),
        casemate_sys::credentials::effective_uid(),
    );
    let key = cache::Key::of("python", Path::new("/proc/self/exe")).expect("look at our own program");
    (folder, host, key)
});

fn put(folder: &Path, text: &[u8]) {
    let file = folder.join(cache::FILE);
    let mut options = std::fs::OpenOptions::new();
    let mut out = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)
        .expect("open the file");
    std::io::Write::write_all(&mut out, text).expect("write the file");
}

libfuzzer_sys::fuzz_target!(|input: (bool, &[u8])| {
    let (is_framed, bytes) = input;
    let (folder, host, key) = &*PLACE;
    // With the header and our key before it, the bytes are what is read as the version and what follows.
    let text = match is_framed {
        true => {
            put(folder, b"");
            cache::write(host, key, "1.0");
            let kept = std::fs::read(folder.join(cache::FILE)).expect("read the file");
            [
                kept.strip_suffix(b"1.0\n").expect("the version comes last"),
                bytes,
            ]
            .concat()
        }
        false => bytes.to_vec(),
    };
    put(folder, &text);
    if let Some(version) = cache::read(host, key) {
        assert!(!version.is_empty() && version.len() <= 64 && !version.contains(char::is_whitespace));
        assert!(text.windows(version.len()).any(|w| w == version.as_bytes()));
    }
    cache::write(host, key, "3.11.2");
    assert_eq!(cache::read(host, key).as_deref(), Some("3.11.2"));
});
