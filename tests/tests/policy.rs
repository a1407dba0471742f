//! `casemate policy`: what is wrong with policies, and which of them decide.

use casemate_tests::{Scratch, raw};
use serde_json::Value;

#[track_caller]
fn json(words: &[&str], code: i32) -> Value {
    let output = raw(words);
    assert_eq!(output.code, code, "{output:?}");
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[track_caller]
fn explain(flags: &str, code: i32) -> String {
    let mut words = vec!["policy", "explain"];
    words.extend(flags.split(' '));
    let output = raw(&words);
    assert_eq!(output.code, code, "{flags}: {output:?}");
    output.stdout
}

#[test]
fn good_policies_pass() {
    let scratch = Scratch::new();
    let text = "@id(\"no-bash\")\nforbid (principal, action, resource is Casemate::Execution)\n\
                when { resource.language == \"bash\" };\n";
    scratch.write("site.cedar", text);
    scratch.write("notes.txt", "not a policy");
    let folder = scratch.path().display().to_string();
    let output = raw(&["policy", "check", &folder]);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:?}");
    assert!(output.stdout.ends_with("policies, all valid\n"), "{output:?}");
    let answer = json(&["policy", "check", "--json", &folder], 0);
    assert_eq!(answer["valid"], true);
    let own = answer["policies"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["id"] == "no-bash");
    assert_eq!(
        own.map(|row| (&row["effect"], &row["line"])),
        Some((&"forbid".into(), &1.into()))
    );
    let alone = json(&["policy", "check", "--json", "--no-default", &folder], 0);
    assert_eq!(alone["policies"].as_array().map(Vec::len), Some(1));
    assert_ne!(alone["digest"], answer["digest"]);
}

#[test]
fn problems_name_file_line_and_column() {
    let scratch = Scratch::new();
    let text = "// a site\npermit (principal, action == Casemate::Action::\"execution:read\", resource)\n\
                when { resource.languag == \"c\" };\n";
    let path = scratch.write("site.cedar", text).display().to_string();
    let output = raw(&["policy", "check", &path]);
    assert_eq!(output.code, 2, "{output:?}");
    assert!(output.stdout.starts_with(&format!("{path}:3:8: ")), "{output:?}");
    assert!(output.stdout.contains("did you mean `language`"), "{output:?}");
    let answer = json(&["policy", "check", "--json", &path], 2);
    let problem = &answer["problems"][0];
    assert_eq!(
        (&problem["line"], &problem["column"]),
        (&3.into(), &8.into()),
        "{answer}"
    );
    let output = raw(&[
        "policy",
        "explain",
        "--role",
        "admin",
        "--action",
        "administer",
        "--policy",
        &path,
    ]);
    assert_eq!((output.code, output.stdout.as_str()), (2, ""), "{output:?}");
    let missing = raw(&["policy", "check", "/nowhere.cedar"]);
    assert!(
        missing.code == 2 && missing.stderr.contains("/nowhere.cedar"),
        "{missing:?}"
    );
}

#[test]
fn an_explanation_shows_the_policies_that_decide() {
    let said = explain("--role developer --action execution:create", 0);
    assert!(
        said.starts_with("allowed by project-developer\n") && said.contains("permit ("),
        "{said}"
    );
    let said = explain("--role viewer --action execution:create", 126);
    assert_eq!(said.trim_end(), "denied: no policy permits it");
    explain("--role admin --action policy:write", 126);
    explain("--role admin --action policy:write --tenant built-in", 0);
    explain(
        "--role developer --action execution:read --of-project 00000000000000000000000009",
        126,
    );
    explain(
        "--role operator --action execution:read --of-project 00000000000000000000000009",
        0,
    );
    explain(
        "--role operator --action execution:read --of-tenant 00000000000000000000000009",
        126,
    );
    let said = explain("--role admin --action audit:read --scopes execution:read", 126);
    assert!(said.contains("the credential is not for this action"), "{said}");
    for action in [
        "status:read",
        "metrics:read",
        "usage:read",
        "audit:export",
        "key:manage",
        "tenant:manage",
    ] {
        explain(&format!("--role admin --tenant built-in --action {action}"), 0);
    }
}

#[test]
fn a_site_opens_and_closes_by_name() {
    let scratch = Scratch::new();
    let text = "@id(\"example\")\npermit (principal, action == Casemate::Action::\"network:connect\", resource)\n\
                when { resource.host == \"example.org\" && resource.port == 443 };\n\
                @id(\"small\")\nforbid (principal, action == Casemate::Action::\"execution:create\", resource)\n\
                when { context.limits.memoryBytes > 268435456 };\n";
    let path = scratch.write("site.cedar", text).display().to_string();
    let flags = |rest: &str| format!("--role developer --policy {path} {rest}");
    let connect = "--action network:connect --resource destination=https://";
    let said = explain(&flags(&format!("{connect}example.org:443")), 0);
    assert!(said.starts_with("allowed by example\n"), "{said}");
    explain(&flags(&format!("{connect}example.org:80")), 126);
    explain(&flags("--action execution:create --memory 256M"), 0);
    let words = [
        "policy",
        "explain",
        "--json",
        "--role",
        "developer",
        "--policy",
        &path,
    ];
    let rest = ["--action", "execution:create", "--memory", "257M"];
    let answer = json(&[&words[..], &rest[..]].concat(), 126);
    assert_eq!(
        (&answer["allowed"], &answer["ground"]),
        (&false.into(), &"forbidden".into())
    );
    let policy = &answer["policies"][0];
    assert_eq!(
        (&policy["id"], &policy["line"], &policy["effect"]),
        (&"small".into(), &4.into(), &"forbid".into())
    );
}

#[test]
fn wrong_words_are_told() {
    for (flags, word) in [
        ("--role root --action administer", "not a role"),
        ("--role admin --action execution:fly", "not an action"),
        (
            "--role admin --action administer --resource moon",
            "is no resource",
        ),
        ("--role admin --action network:connect", "is no resource"),
        (
            "--role admin --action network:connect --resource destination=a",
            "PROTOCOL://HOST:PORT",
        ),
        ("--role admin --action administer --tenant me", "not an id"),
    ] {
        let mut words = vec!["policy", "explain"];
        words.extend(flags.split(' '));
        let output = raw(&words);
        assert!(
            output.code == 2 && output.stderr.contains(word),
            "{flags}: {output:?}"
        );
    }
}
