//! Build time: compiles the seccomp policies, and builds `init` as a static program to be embedded.
//!
//! `init` is built by a cargo of its own with a target folder of its own, since it needs other
//! flags and features than the binary that embeds it (`docs/decisions/0007-init-without-libc.md`).

#[path = "build/seccomp/mod.rs"]
mod seccomp;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each run copies these bytes into a sealed memory file, and they are there once for each sandbox.
const MAX_INIT_BYTES: u64 = 160 << 10;

/// A static program with an entry of its own and no C library. The `libc` crate names `libc.a` all the
/// same, so the archive must be there; nothing is taken from it.
const FLAGS: [&str; 7] = [
    "-Ctarget-feature=+crt-static",
    "-Crelocation-model=static",
    "-Cforce-unwind-tables=no",
    "-Clink-arg=-static",
    "-Clink-arg=-nostartfiles",
    "-Clink-arg=-nostdlib",
    "-Clink-arg=-Wl,--build-id=none",
];

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("../..");
    let resources = root.join("resources/seccomp");
    println!("cargo::rerun-if-changed={}", resources.display());
    println!("cargo::rerun-if-changed=build");
    seccomp::generate(&root.join("resources"), &out)?;
    build_init(&root, &out)
}

fn build_init(root: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    for watched in ["crates/init", "crates/sys", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", root.join(watched).display());
    }
    let target = variable("TARGET")?;
    let folder = out.join("init-target");
    let mut command = cargo()?;
    command
        .args([
            "build",
            "--release",
            "--quiet",
            "--bin",
            "casemate-init",
            "--package",
            "casemate-init",
            "--no-default-features",
        ])
        .args(["--target", &target])
        .arg("--manifest-path")
        .arg(root.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&folder)
        // Small before fast: these pages are there once for each sandbox.
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "s")
        .env("CARGO_PROFILE_RELEASE_LTO", "fat")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
        .env("CARGO_PROFILE_RELEASE_STRIP", "true")
        .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}"))
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("RUSTFLAGS");
    if variable("CARGO_FEATURE_TEST_OMIT_WALLS").is_ok() {
        command.args(["--features", "test-omit-walls"]);
    }
    if !command.status()?.success() {
        return Err("building casemate-init failed; a static libc is needed \
                    (Debian and Ubuntu: libc6-dev, Fedora: glibc-static)"
            .into());
    }
    let built = folder.join(target).join("release/casemate-init");
    let size = std::fs::metadata(&built)?.len();
    if size > MAX_INIT_BYTES {
        return Err(format!("casemate-init has {size} bytes, more than {MAX_INIT_BYTES}").into());
    }
    std::fs::copy(&built, out.join("casemate-init"))?;
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "cargo hands a build script its inputs this way"
)]
fn variable(name: &str) -> Result<String, Box<dyn Error>> {
    std::env::var(name).map_err(|e| format!("{name}: {e}").into())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a build script starts the cargo that runs it"
)]
fn cargo() -> Result<Command, Box<dyn Error>> {
    Ok(Command::new(variable("CARGO")?))
}
