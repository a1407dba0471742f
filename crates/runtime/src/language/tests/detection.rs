//! Detection on hosts made of temporary folders: order, links, shims, version managers, refusals.

use super::super::detect::existing;
use super::super::testing::{FakeHost, row};
use super::super::{Host, LanguageError, PlaceFault, detect};
use std::ffi::OsString;
use std::time::{Duration, Instant};

const PYENV_SHIM: &str = "#!/usr/bin/env bash\nset -e\nprogram=\"${0##*/}\"\nexec \"/h/.pyenv/libexec/pyenv\" exec \"$program\" \"$@\"\n";
const ASDF_SHIM: &str =
    "#!/usr/bin/env bash\n# asdf-plugin: python 3.11.4\nexec /h/.asdf/bin/asdf exec \"python3\" \"$@\"\n";

#[test]
fn system_folders_come_before_path_and_managers() {
    let mut fake = FakeHost::new();
    fake.path(&["opt/py/bin"]);
    fake.file("home/user/.pyenv/version", "3.12.1\n")
        .programs(&["home/user/.pyenv/versions/3.12.1/bin/python3"]);
    fake.check(
        "python",
        "home/user/.pyenv/versions/3.12.1/bin/python3",
        &["home/user/.pyenv/versions/3.12.1"],
    );
    fake.programs(&["opt/py/bin/python3", "opt/py/lib/x"]);
    fake.check("python", "opt/py/bin/python3", &["opt/py"]);
    fake.programs(&["usr/local/bin/python3"]);
    fake.check("python", "usr/local/bin/python3", &[]);
    fake.programs(&["usr/bin/python3"]);
    fake.check("python", "usr/bin/python3", &[]);
}

#[test]
fn a_name_is_kept_while_the_chain_stays_inside() {
    let fake = FakeHost::new();
    fake.programs(&["usr/bin/lua5.4", "usr/bin/ld"])
        .link("usr/bin/lua", "lua5.4");
    fake.check("lua", "usr/bin/lua", &[]);
    fake.programs(&["usr/bin/x86_64-linux-gnu-gcc-12"])
        .link("usr/bin/gcc-12", "x86_64-linux-gnu-gcc-12");
    fake.link("usr/bin/gcc", "gcc-12")
        .link("etc/alternatives/cc", "//usr/bin/gcc");
    fake.check("c", "usr/bin/gcc", &[]);
}

#[test]
fn a_chain_through_etc_is_resolved_past_it() {
    let fake = FakeHost::new();
    fake.programs(&["usr/lib/jvm/17/bin/java", "usr/lib/jvm/17/bin/javac"]);
    fake.link("etc/alternatives/java", "//usr/lib/jvm/17/bin/java")
        .link("usr/bin/java", "//etc/alternatives/java");
    fake.check("java", "usr/lib/jvm/17/bin/java", &[]);
    let tools = fake.detect("java").unwrap().tools;
    assert_eq!(tools, [("javac", fake.at("usr/lib/jvm/17/bin/javac"))]);
}

#[test]
fn a_system_link_to_a_tree_elsewhere_mounts_that_tree() {
    let fake = FakeHost::new();
    fake.programs(&["opt/node-20/bin/node", "opt/node-20/lib/x"]);
    fake.link("usr/local/bin/node", "//opt/node-20/bin/node");
    fake.check("javascript", "usr/local/bin/node", &["opt/node-20"]);
}

#[test]
fn loops_and_dangling_links_are_absent() {
    let fake = FakeHost::new();
    fake.link("usr/bin/perl", "perl")
        .link("usr/bin/ruby", "/nonexistent/ruby")
        .link("usr/bin/php", "..");
    fake.file("usr/bin/python3", "not executable")
        .file("usr/bin/lua/x", "a folder");
    for language in ["perl", "ruby", "php", "python", "lua"] {
        assert!(
            matches!(fake.detect(language), Err(LanguageError::NotInstalled { .. })),
            "{language}"
        );
    }
}

/// Only the stand-in exists: it must be named, and never taken.
fn check_only_shim(fake: &FakeHost, language: &str, expected: &str) {
    match fake.detect(language) {
        Err(LanguageError::OnlyShim { shim, .. }) => assert_eq!(shim, fake.at(expected)),
        other => panic!("{language}: {other:?}"),
    }
}

#[test]
fn shims_are_never_taken() {
    let mut fake = FakeHost::new();
    fake.path(&["home/user/.pyenv/shims", "home/user/bin", "snap/bin"]);
    fake.programs(&["home/user/.pyenv/shims/python3"]);
    check_only_shim(&fake, "python", "home/user/.pyenv/shims/python3");
    // A script that hands over, wherever it is, also in a system folder.
    fake.program("usr/local/bin/ruby", &PYENV_SHIM.replace("pyenv", "rbenv"));
    check_only_shim(&fake, "ruby", "usr/local/bin/ruby");
    fake.program("home/user/bin/perl", ASDF_SHIM);
    check_only_shim(&fake, "perl", "home/user/bin/perl");
    fake.programs(&["usr/bin/snap"])
        .link("snap/bin/node", "//usr/bin/snap");
    check_only_shim(&fake, "javascript", "snap/bin/node");
    fake.programs(&["home/user/.local/bin/mise"])
        .link("home/user/bin/php", "//home/user/.local/bin/mise");
    check_only_shim(&fake, "php", "home/user/bin/php");
}

#[test]
fn an_ordinary_script_is_no_shim() {
    let fake = FakeHost::new();
    fake.program("usr/bin/perl", "#!/bin/sh\nexec /usr/lib/perl/perl \"$@\"\n");
    fake.check("perl", "usr/bin/perl", &[]);
}

#[test]
fn rustup_proxies_lead_to_the_default_toolchain() {
    let mut fake = FakeHost::new();
    fake.path(&["home/user/.cargo/bin"])
        .programs(&["usr/bin/gcc", "home/user/.cargo/bin/rustup"]);
    fake.link("home/user/.cargo/bin/rustc", "rustup");
    check_only_shim(&fake, "rust", "home/user/.cargo/bin/rustc");
    let toolchains = "home/user/.rustup/toolchains";
    for name in ["nightly-x86_64", "stable-x86_64", "1.80.0-x86_64"] {
        fake.programs(&[&format!("{toolchains}/{name}/bin/rustc")]);
    }
    let folder = |name: &str| format!("{toolchains}/{name}");
    let check = |name: &str| {
        fake.check(
            "rust",
            &format!("{toolchains}/{name}/bin/rustc"),
            &[&folder(name)],
        )
    };
    check("stable-x86_64");
    fake.file(
        "home/user/.rustup/settings.toml",
        "default_toolchain = \"1.80.0-x86_64\"\nversion = \"12\"\n",
    );
    check("1.80.0-x86_64");
    fake.file(
        "home/user/.rustup/settings.toml",
        "default_toolchain = \"nightly\"\n",
    );
    check("nightly-x86_64");
    // A toolchain that is a link is mounted where it really is.
    fake.link(&folder("mine"), "stable-x86_64");
    fake.file(
        "home/user/.rustup/settings.toml",
        "default_toolchain = \"mine\"\n",
    );
    check("stable-x86_64");
}

#[test]
fn hard_links_to_and_copies_of_rustup_are_shims() {
    let mut fake = FakeHost::new();
    fake.path(&["home/user/.cargo/bin"])
        .programs(&["usr/bin/gcc", "home/user/.cargo/bin/rustup"]);
    let rustc = fake.at("home/user/.cargo/bin/rustc");
    std::fs::hard_link(fake.at("home/user/.cargo/bin/rustup"), &rustc).unwrap();
    check_only_shim(&fake, "rust", "home/user/.cargo/bin/rustc");
    std::fs::remove_file(&rustc).unwrap();
    let binary = "x".repeat(1 << 20);
    fake.program("home/user/.cargo/bin/rustup", &binary)
        .program("home/user/.cargo/bin/rustc", &binary);
    check_only_shim(&fake, "rust", "home/user/.cargo/bin/rustc");
}

#[test]
fn pyenv_takes_its_global_version_or_the_newest() {
    let fake = FakeHost::new();
    let versions = "home/user/.pyenv/versions";
    for version in ["3.9.18", "3.11.7", "3.13.0rc1"] {
        fake.programs(&[&format!("{versions}/{version}/bin/python3.x")]);
        fake.link(&format!("{versions}/{version}/bin/python3"), "python3.x");
    }
    let check = |version: &str| {
        fake.check(
            "python",
            &format!("{versions}/{version}/bin/python3"),
            &[&format!("{versions}/{version}")],
        );
    };
    check("3.11.7");
    fake.file("home/user/.pyenv/version", "3.9.18\n3.11.7\n");
    check("3.9.18");
    for odd in ["system\n", "3.8\n", "../../../../opt\n", "\n", "\u{1}\u{2}"] {
        fake.file("home/user/.pyenv/version", odd);
        check("3.11.7");
    }
    // A virtual environment among the versions leads back to the version it was made from.
    fake.link(
        &format!("{versions}/mine/bin/python3"),
        "../../3.9.18/bin/python3",
    );
    fake.programs(&[&format!("{versions}/3.9.18/lib/x")])
        .file("home/user/.pyenv/version", "mine\n");
    check("3.9.18");
}

#[test]
fn nvm_follows_its_aliases() {
    let fake = FakeHost::new();
    for version in ["v18.20.1", "v20.11.1", "v22.1.0"] {
        fake.programs(&[&format!("home/user/.nvm/versions/node/{version}/bin/node")]);
    }
    let check = |alias: &str, version: &str| {
        fake.file("home/user/.nvm/alias/default", alias);
        let folder = format!("home/user/.nvm/versions/node/{version}");
        fake.check("javascript", &format!("{folder}/bin/node"), &[&folder]);
    };
    fake.file("home/user/.nvm/alias/lts/*", "lts/iron\n")
        .file("home/user/.nvm/alias/lts/iron", "v20.11.1\n");
    check("18\n", "v18.20.1");
    check("v18.20.1\n", "v18.20.1");
    check("lts/*\n", "v20.11.1");
    check("node\n", "v22.1.0");
    check("../../secret\n", "v22.1.0");
    // Aliases in a circle end.
    fake.file("home/user/.nvm/alias/a", "b\n")
        .file("home/user/.nvm/alias/b", "a\n");
    check("a\n", "v22.1.0");
}

#[test]
fn asdf_and_links_as_defaults() {
    let fake = FakeHost::new();
    fake.file(
        "home/user/.tool-versions",
        "python 3.11.1\nnodejs 18.1.0 16.0.0\n",
    );
    for version in ["16.0.0", "18.1.0", "20.0.0"] {
        fake.programs(&[&format!("home/user/.asdf/installs/nodejs/{version}/bin/node")]);
    }
    let folder = "home/user/.asdf/installs/nodejs/18.1.0";
    fake.check("javascript", &format!("{folder}/bin/node"), &[folder]);
    let java = "home/user/.sdkman/candidates/java";
    for version in ["17.0.1-tem", "21.0.1-tem"] {
        fake.programs(&[
            &format!("{java}/{version}/bin/java"),
            &format!("{java}/{version}/bin/javac"),
        ]);
    }
    fake.link(&format!("{java}/current"), "17.0.1-tem");
    fake.check(
        "java",
        &format!("{java}/17.0.1-tem/bin/java"),
        &[&format!("{java}/17.0.1-tem")],
    );
}

#[test]
fn a_missing_tool_is_named() {
    let fake = FakeHost::new();
    fake.programs(&["usr/bin/rustc", "usr/bin/java"]);
    let check = |language: &str, tool: &str| match fake.detect(language) {
        Err(error @ LanguageError::MissingTool { .. }) => {
            assert!(error.to_string().contains(tool), "{error}")
        }
        other => panic!("{other:?}"),
    };
    check(
        "rust",
        "needs gcc or clang or cc; install it with `apt-get install rustc`",
    );
    check(
        "java",
        "usr/bin/javac; install it with `apt-get install default-jdk-headless`",
    );
    // A JDK further on is better than the runtime found first.
    fake.programs(&["usr/local/bin/java", "usr/local/bin/javac"]);
    fake.check("java", "usr/local/bin/java", &[]);
}

#[test]
fn what_is_missing_is_told_with_its_package() {
    let text = FakeHost::new().detect("python").unwrap_err().to_string();
    for part in [
        "python is not installed",
        "python3 in ",
        "usr/bin",
        "pyenv",
        "apt-get install python3",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn relative_entries_of_path_are_passed_over() {
    let mut fake = FakeHost::new();
    // The tests' own folder is the working directory: a relative entry must not be joined to it.
    fake.path(&["", ".", "./usr/bin"]);
    let found: Vec<_> = fake.host.path_folders().collect();
    assert!(found.is_empty(), "{found:?}");
    let many = vec!["x"; 1000];
    fake.path(&many);
    assert_eq!(fake.host.path_folders().count(), 64);
}

fn check_refused(fake: &FakeHost, expected: &PlaceFault) {
    match fake.detect("python") {
        Err(LanguageError::Unusable { cause, .. }) => assert_eq!(cause, *expected),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_place_that_shows_more_than_an_installation_is_refused() {
    for (program, prefix) in [
        ("home/user/bin/python3", "home/user"),
        ("home/user/.local/bin/python3", "home/user/.local"),
        ("home/user/.local/python3", "home/user/.local"),
        ("home/bin/python3", "home"),
        ("home/user/project/bin/python3", "home/user/project"),
    ] {
        let mut fake = FakeHost::new();
        fake.path(&[program.rsplit_once('/').unwrap().0])
            .programs(&[program]);
        fake.file("home/user/project/src", "")
            .file("home/user/.local/lib/x", "")
            .file("home/user/lib/x", "");
        check_refused(&fake, &PlaceFault::TooWide(fake.at(prefix)));
    }
    let mut fake = FakeHost::new();
    fake.path(&["home/user/p/bin"])
        .programs(&["home/user/p/bin/python3"])
        .file("home/user/p/lib/x", "");
    fake.check("python", "home/user/p/bin/python3", &["home/user/p"]);
    fake.file("home/user/p/.git/config", "");
    check_refused(&fake, &PlaceFault::TooWide(fake.at("home/user/p")));
}

#[test]
fn a_version_that_is_a_link_to_the_home_is_refused() {
    let fake = FakeHost::new();
    fake.programs(&["home/user/bin/python3"])
        .link("home/user/.pyenv/versions/3.1.1", "//home/user");
    check_refused(&fake, &PlaceFault::TooWide(fake.at("home/user")));
}

#[test]
fn what_others_can_write_is_not_run() {
    let mut fake = FakeHost::new();
    fake.path(&["opt/py/bin"])
        .programs(&["opt/py/bin/python3", "opt/py/lib/x"]);
    fake.check("python", "opt/py/bin/python3", &["opt/py"]);
    fake.mode("opt/py/bin/python3", 0o777);
    check_refused(&fake, &PlaceFault::Untrusted(fake.at("opt/py/bin/python3")));
    fake.mode("opt/py/bin/python3", 0o755).mode("opt/py/bin", 0o1777);
    check_refused(&fake, &PlaceFault::Untrusted(fake.at("opt/py/bin")));
    fake.mode("opt/py/bin", 0o755);
    // Root trusts its own files only, everybody else root's too: make the file a stranger's.
    if fake.host.uid == 0 {
        std::os::unix::fs::chown(fake.at("opt/py/bin/python3"), Some(12_345), None).unwrap();
    } else {
        fake.host.uid += 1;
    }
    check_refused(&fake, &PlaceFault::Untrusted(fake.at("opt/py/bin/python3")));
}

#[test]
fn mounts_are_those_that_exist() {
    let fake = FakeHost::new();
    fake.file("etc/java-17-openjdk/x", "")
        .file("etc/java-21-openjdk/x", "")
        .file("etc/java-x/x", "");
    fake.file("etc/.java-9-openjdk/x", "")
        .file("etc/php/8.2/cli/x", "")
        .file("etc/php/8.2/fpm/x", "");
    let check = |pattern: &str, expected: &[&str]| {
        let found = existing(fake.at(pattern).to_str().unwrap());
        assert_eq!(
            found,
            expected.iter().map(|path| fake.at(path)).collect::<Vec<_>>(),
            "{pattern}"
        );
    };
    check(
        "etc/java-*-openjdk",
        &["etc/java-17-openjdk", "etc/java-21-openjdk"],
    );
    check("etc/php/*/cli", &["etc/php/8.2/cli"]);
    check(
        "etc/*",
        &[
            "etc/java-17-openjdk",
            "etc/java-21-openjdk",
            "etc/java-x",
            "etc/php",
        ],
    );
    check("etc/nothing/*/x", &[]);
    check("etc/java-17-openjdk", &["etc/java-17-openjdk"]);
    check("etc/java-18-openjdk", &[]);
}

#[test]
fn detection_is_quick() {
    // Budget: 200 us on the hot path. Ten times that here, for debug builds on busy machines; the
    // best of many runs is taken, so that only the code can make it fail.
    let host = Host::new(None, OsString::new(), None, 0);
    let time = |_| {
        let start = Instant::now();
        _ = detect(row("bash"), &host);
        start.elapsed()
    };
    let best = (0..100).map(time).min().unwrap();
    assert!(best < Duration::from_millis(2), "{best:?}");
}
