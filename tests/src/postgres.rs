//! A PostgreSQL of a test's own, by `scripts/test-postgres.sh`: no system service, a Unix socket only.

use crate::scratch::Scratch;
use crate::{host, skip};
use std::process::Output;

/// A server that ends with the test.
#[derive(Debug)]
pub struct Postgres {
    scratch: Scratch,
    url: String,
}

impl Postgres {
    /// Starts one; `None` where that cannot be, which is said.
    pub fn start() -> Option<Self> {
        let scratch = Scratch::new();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(scratch.path(), mode).expect("the mode of the folder");
        let started = script(&scratch, "start", None);
        if started.status.code() == Some(77) {
            skip::skip(String::from_utf8_lossy(&started.stderr).trim());
            return None;
        }
        assert!(started.status.success(), "{started:?}");
        let url = String::from_utf8_lossy(&started.stdout).trim().to_owned();
        Some(Self { scratch, url })
    }

    /// The address of its database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Restarts it: `fast`, or `immediate`, which tells nobody.
    pub fn restart(&self, mode: &str) {
        let done = script(&self.scratch, "restart", Some(mode));
        assert!(done.status.success(), "{done:?}");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        script(&self.scratch, "stop", None);
    }
}

fn script(scratch: &Scratch, action: &str, more: Option<&str>) -> Output {
    host::command(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../scripts/test-postgres.sh"
    ))
    .arg(action)
    .arg(scratch.path())
    .args(more)
    .output()
    .expect("test-postgres.sh")
}
