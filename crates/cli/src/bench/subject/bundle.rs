//! What containers are given: a root folder of links into the host's `/usr`, which is mounted read-only,
//! and an OCI bundle around it (OCI runtime specification 1.0.2, `config.md`).

use crate::bench::program::Program;
use anyhow::{Context, Result};
use casemate_sys::credentials;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Folders of a root that links lead to, and those that something is mounted on.
const LINKS: [(&str, &str); 4] = [
    ("bin", "usr/bin"),
    ("sbin", "usr/sbin"),
    ("lib", "usr/lib"),
    ("lib64", "usr/lib64"),
];
const FOLDERS: [&str; 6] = ["usr", "proc", "dev", "tmp", "etc", "sys"];

/// Makes a root folder below `work`.
///
/// # Errors
/// When it cannot be made.
pub fn root(work: &Path) -> Result<PathBuf> {
    let root = work.join("rootfs");
    let make = || -> std::io::Result<()> {
        fs::create_dir(&root)?;
        for folder in FOLDERS {
            fs::create_dir(root.join(folder))?;
        }
        LINKS
            .iter()
            .try_for_each(|(name, target)| symlink(target, root.join(name)))
    };
    make().with_context(|| format!("make {}", root.display()))?;
    Ok(root)
}

/// Makes the bundle of one program below `work`, around a root folder.
///
/// # Errors
/// When it cannot be written.
pub fn make(work: &Path, root: &Path, program: &Program) -> Result<PathBuf> {
    let bundle = work.join(format!("bundle-{}", program.language));
    let make = || -> std::io::Result<()> {
        fs::create_dir_all(&bundle)?;
        fs::write(bundle.join("config.json"), config(root, program).to_string())
    };
    make().with_context(|| format!("make {}", bundle.display()))?;
    Ok(bundle)
}

fn config(root: &Path, program: &Program) -> Value {
    let uid = credentials::effective_uid();
    let mut kinds = vec!["pid", "ipc", "uts", "mount", "network"];
    let mut linux = json!({"maskedPaths": ["/proc/kcore", "/proc/keys"], "readonlyPaths": ["/proc/sys"]});
    if uid != 0 {
        kinds.push("user");
        let map = |host: u32| json!([{"containerID": 0, "hostID": host, "size": 1}]);
        linux["uidMappings"] = map(uid);
        linux["gidMappings"] = map(credentials::effective_gid());
    }
    linux["namespaces"] = kinds.iter().map(|kind| json!({"type": kind})).collect();
    // Without privilege there is but one id to be mapped.
    let id = if uid == 0 { 65_534 } else { 0 };
    json!({
        "ociVersion": "1.0.2",
        "process": {
            "terminal": false,
            "user": {"uid": id, "gid": id},
            "args": [program.interpreter, program.flag, program.code],
            "env": ["PATH=/usr/local/bin:/usr/bin:/bin"],
            "cwd": "/",
            "noNewPrivileges": true,
        },
        "root": {"path": root, "readonly": true},
        "hostname": "sandbox",
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
            {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev"]},
            {"destination": "/usr", "type": "bind", "source": "/usr", "options": ["rbind", "ro", "nosuid"]},
        ],
        "linux": linux,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_runs_the_program_behind_namespaces() {
        let program = Program::example();
        let config = config(Path::new("/root-folder"), &program);
        assert_eq!(
            config["process"]["args"],
            json!(["/usr/bin/python3", "-c", "print(1)"])
        );
        assert_eq!(config["root"]["readonly"], true);
        let kinds: Vec<&str> = config["linux"]["namespaces"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|one| one["type"].as_str())
            .collect();
        for kind in ["pid", "mount", "network"] {
            assert!(kinds.contains(&kind), "{kinds:?}");
        }
        let usr = &config["mounts"][3];
        assert!(usr["options"].as_array().unwrap().contains(&json!("ro")), "{usr}");
    }
}
