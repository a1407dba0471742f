//! A generated `/etc`: identities, name service, certificates. No host identity, no secret.

use super::root::Draft;
use super::{PROGRAM_ID, Source};
use std::path::{Path, PathBuf};

/// Public host files and folders that are shown as they are when the host has them.
const FROM_HOST: [&str; 10] = [
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust/extracted",
    "/etc/ca-certificates/extracted",
    "/etc/protocols",
    "/etc/services",
    "/etc/mime.types",
];

/// Draws `/etc` with what the language reads besides.
pub(super) fn draw(draft: &mut Draft, extra: &[PathBuf]) {
    let id = PROGRAM_ID;
    let files: [(&str, String); 8] = [
        (
            "passwd",
            format!(
                "root:x:0:0:root:/:/usr/sbin/nologin\nuser:x:{id}:{id}:user:/workspace:/bin/bash\n\
                 nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"
            ),
        ),
        ("group", format!("root:x:0:\nuser:x:{id}:\nnogroup:x:65534:\n")),
        ("hosts", "127.0.0.1 localhost sandbox\n::1 localhost\n".into()),
        ("hostname", "sandbox\n".into()),
        ("host.conf", "multi on\n".into()),
        (
            "nsswitch.conf",
            "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n".into(),
        ),
        (
            "resolv.conf",
            "# no name server can be reached from a sandbox\n".into(),
        ),
        ("timezone", "Etc/UTC\n".into()),
    ];
    for (name, content) in files {
        draft.file(&Path::new("/etc").join(name), content.as_bytes());
    }
    draft.link(Path::new("/etc/localtime"), b"/usr/share/zoneinfo/Etc/UTC");
    draft.link(Path::new("/etc/os-release"), b"../usr/lib/os-release");
    draft.readable.push("/etc".into());
    for path in FROM_HOST
        .iter()
        .map(Path::new)
        .chain(extra.iter().map(PathBuf::as_path))
    {
        from_host(draft, path);
    }
}

fn from_host(draft: &mut Draft, path: &Path) {
    // What is a link on the host is shown as what it leads to; a link that leads nowhere is left out.
    let Ok(real) = std::fs::canonicalize(path) else {
        return;
    };
    if draft.is_covered(path) {
        return;
    }
    draft.parents(path, 0o755);
    draft.host_tree(
        path,
        Source {
            path: real,
            device: false,
        },
    );
}
