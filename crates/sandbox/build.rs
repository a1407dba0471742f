//! Build time: compiles the seccomp policies, and builds `init` as a static program to be embedded.
//!
//! `init` is built by a cargo of its own with a target folder of its own, since it needs other
//! flags (`+crt-static`) than the binary that embeds it.

#[path = "build/seccomp/mod.rs"]
mod seccomp;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

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
        .env(
            "CARGO_ENCODED_RUSTFLAGS",
            "-Ctarget-feature=+crt-static\u{1f}-Crelocation-model=static",
        )
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
    // Each run copies these bytes into a sealed memory file.
    if size > 1 << 20 {
        return Err(format!("casemate-init has {size} bytes, more than 1 MiB").into());
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
