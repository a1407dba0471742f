//! Build time: checks the rules of `resources/rules/` and hands them on without their examples, in a form that is quick
//! to read. A broken rule fails the build.

#[path = "src/rules/check.rs"]
#[expect(dead_code, reason = "the crate asks more of it than the build")]
mod check;
#[path = "src/rules/form.rs"]
mod form;

use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let rules = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("../../resources/rules");
    println!("cargo::rerun-if-changed={}", rules.display());
    println!("cargo::rerun-if-changed=src/rules/check.rs");
    println!("cargo::rerun-if-changed=src/rules/form.rs");
    let out = PathBuf::from(variable("OUT_DIR")?).join("rules.json");
    std::fs::write(out, serde_json::to_string(&read(&rules)?)?)?;
    Ok(())
}

fn read(folder: &Path) -> Result<Vec<form::RuleForm>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        files.push(entry?.path());
    }
    files.sort();
    let mut all: Vec<form::RuleForm> = Vec::new();
    for path in files
        .iter()
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
    {
        for mut rule in check::read(&path.display().to_string(), &std::fs::read_to_string(path)?)? {
            if all.iter().any(|other| other.id == rule.id) {
                return Err(format!("{}: rule `{}` is in another file too", path.display(), rule.id).into());
            }
            rule.good.clear();
            rule.bad.clear();
            all.push(rule);
        }
    }
    Ok(all)
}

#[expect(
    clippy::disallowed_methods,
    reason = "cargo hands a build script its inputs this way"
)]
fn variable(name: &str) -> Result<String, Box<dyn Error>> {
    std::env::var(name).map_err(|e| format!("{name}: {e}").into())
}
