//! Build time: compiles the seccomp policies, and builds `init` as a static program to be embedded.
//!
//! `init` is built by a cargo of its own with a target folder of its own, since it needs other
//! flags and features than the binary that embeds it (`docs/decisions/0007-init-without-libc.md`).

#[path = "build/seccomp/mod.rs"]
mod seccomp;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program or library that is embedded: how it is built, and how large it may be.
struct Embedded {
    package: &'static str,
    /// `--bin NAME` or `--lib`.
    kind: &'static [&'static str],
    features: &'static [&'static str],
    file: &'static str,
    flags: &'static [&'static str],
    max_bytes: u64,
}

/// A static program with an entry of its own and no C library. The `libc` crate names `libc.a` all the
/// same, so the archive must be there; nothing is taken from it. Each run copies these bytes into a sealed memory
/// file, and they are there once for each sandbox.
const INIT: Embedded = Embedded {
    package: "casemate-init",
    kind: &["--bin", "casemate-init"],
    features: &[],
    file: "casemate-init",
    flags: &[
        "-Ctarget-feature=+crt-static",
        "-Crelocation-model=static",
        "-Cforce-unwind-tables=no",
        "-Clink-arg=-static",
        "-Clink-arg=-nostartfiles",
        "-Clink-arg=-nostdlib",
        "-Clink-arg=-Wl,--build-id=none",
    ],
    max_bytes: 192 << 10,
};

/// A library for a dynamic program of the host's, whose C library it uses.
const ZYGOTE: Embedded = Embedded {
    package: "casemate-zygote",
    kind: &["--lib"],
    features: &["hosted"],
    file: "libcasemate_zygote.so",
    flags: &[
        "-Ctarget-feature=-crt-static",
        "-Cforce-unwind-tables=no",
        "-Clink-arg=-nostartfiles",
        "-Clink-arg=-nostdlib",
        "-Clink-arg=-Wl,--build-id=none",
    ],
    max_bytes: 128 << 10,
};

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("../..");
    let resources = root.join("resources/seccomp");
    println!("cargo::rerun-if-changed={}", resources.display());
    println!("cargo::rerun-if-changed=build");
    for watched in ["crates/init", "crates/sys", "crates/zygote", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", root.join(watched).display());
    }
    seccomp::generate(&root.join("resources"), &out)?;
    build(&INIT, &root, &out)?;
    build(&ZYGOTE, &root, &out)
}

fn build(what: &Embedded, root: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let target = variable("TARGET")?;
    let folder = out.join("embedded-target");
    let mut command = cargo()?;
    command
        .args(["build", "--release", "--quiet"])
        .args(what.kind)
        .args(["--package", what.package, "--no-default-features"])
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
        .env("CARGO_ENCODED_RUSTFLAGS", what.flags.join("\u{1f}"))
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("RUSTFLAGS");
    let omits = variable("CARGO_FEATURE_TEST_OMIT_WALLS").is_ok();
    let omit = if omits && what.package == "casemate-init" {
        &["test-omit-walls"][..]
    } else {
        &[]
    };
    for feature in what.features.iter().chain(omit) {
        command.args(["--features", feature]);
    }
    if !command.status()?.success() {
        return Err(format!(
            "building {} failed; a static libc is needed (Debian and Ubuntu: libc6-dev, Fedora: glibc-static)",
            what.package
        )
        .into());
    }
    let built = folder.join(target).join("release").join(what.file);
    let size = std::fs::metadata(&built)?.len();
    if size > what.max_bytes {
        return Err(format!("{} has {size} bytes, more than {}", what.file, what.max_bytes).into());
    }
    std::fs::copy(&built, out.join(what.file))?;
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
