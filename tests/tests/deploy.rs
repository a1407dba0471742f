//! The unit for systemd is one that systemd takes, and hardened as far as it says.

use casemate_tests::{Scratch, casemate, command, programs, skip, which};

/// The unit, as if the binary under test were installed where it says.
fn unit(scratch: &Scratch) -> std::path::PathBuf {
    let text = std::fs::read_to_string(programs().join("../../deploy/casemate.service")).expect("the unit");
    let binary = casemate().canonicalize().expect("the binary");
    let text = text.replace("/usr/local/bin/casemate", &binary.to_string_lossy());
    scratch.write("casemate.service", text)
}

#[test]
fn systemd_takes_the_unit() {
    let Some(analyze) = which("systemd-analyze") else {
        return skip("no systemd-analyze");
    };
    let scratch = Scratch::new();
    let output = command(&analyze).arg("verify").arg(unit(&scratch)).output();
    let output = output.expect("systemd-analyze");
    let words =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{words}");
    assert!(!words.contains("casemate.service"), "{words}");
}

/// What the supervisor needs keeps the exposure above that of an ordinary service; it must not grow.
#[test]
fn its_exposure_does_not_grow() {
    let Some(analyze) = which("systemd-analyze") else {
        return skip("no systemd-analyze");
    };
    let scratch = Scratch::new();
    let output = command(&analyze)
        .args(["security", "--offline=true", "--threshold=68"])
        .arg(unit(&scratch))
        .output()
        .expect("systemd-analyze");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}
