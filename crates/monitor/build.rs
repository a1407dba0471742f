//! Build time: compiles the program that watches from inside the kernel.
//!
//! It takes clang, and an x86_64 kernel, whose call numbers it knows. Without either the layer is left out, and reported
//! as missing where it is asked for.

use std::path::Path;
use std::process::Command;

#[expect(
    clippy::disallowed_methods,
    reason = "a build script runs on the builder, and cargo speaks through the environment"
)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rustc-check-cfg=cfg(watch_program)");
    println!("cargo::rerun-if-changed=bpf");
    println!("cargo::rerun-if-env-changed=CASEMATE_CLANG");
    if std::env::var("CARGO_CFG_TARGET_ARCH")? != "x86_64" {
        return Ok(());
    }
    let clang = std::env::var("CASEMATE_CLANG").unwrap_or_else(|_| "clang".to_owned());
    let object = Path::new(&std::env::var("OUT_DIR")?).join("watch.o");
    let flags = ["-O2", "-g", "-target", "bpf", "-mcpu=v3", "-Wall", "-Werror"];
    let ran = Command::new(&clang)
        .args(flags)
        .args(["-c", "bpf/watch.c", "-o"])
        .arg(&object)
        // The same bytes wherever the sources lie.
        .arg("-fdebug-compilation-dir=.")
        .status();
    match ran {
        Ok(status) if status.success() => println!("cargo::rustc-cfg=watch_program"),
        Ok(status) => return Err(format!("{clang} cannot compile bpf/watch.c: {status}").into()),
        Err(error) => println!("cargo::warning=no watching from inside the kernel: {clang}: {error}"),
    }
    Ok(())
}
