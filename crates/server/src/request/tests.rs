//! What is refused, and that the refusal names field and bound.

use super::parse;
use crate::problem::{Kind, Problem};
use casemate_types::{Cpus, ExecutionRequest, Maxima, Network};
use proptest::prelude::*;
use std::time::Duration;

fn read(body: &str) -> Result<ExecutionRequest, Problem> {
    parse(body.as_bytes(), &Maxima::of_host(2))
}

/// A body with the required fields and these.
fn with(fields: &str) -> String {
    format!(r#"{{"language":"python","code":""{fields}}}"#)
}

fn check(fields: &str, kind: Kind, field: &str) {
    let body = with(&format!(",{fields}"));
    let problem = read(&body).expect_err("it is refused");
    assert_eq!(
        (problem.kind, problem.field.as_deref()),
        (kind, Some(field)),
        "{body:.100}: {:.300}",
        format!("{problem:?}")
    );
    let named = problem.bound.is_some() || kind == Kind::DuplicateField;
    assert!(named, "no bound for {body:.100}");
    assert!(
        problem.detail.len() < 1000,
        "{} bytes of detail",
        problem.detail.len()
    );
}

#[test]
fn everything_of_the_contract_is_read() {
    let body = r#"{"language":"python","code":"print(1)\n","stdin_base64":"/w==","args":["a","\u00e9"],
        "env":{"A":"1"},"files":[{"path":"a/b","content":"x"},{"path":"c","content_base64":"AAE=","mode":493}],
        "outputs":["*.txt"],"network":"loopback","profile":"default","labels":{"k":"v"},
        "limits":{"wall_ms":1500,"cpu_ms":1,"cpus":0.5,"memory_bytes":16777216,"disk_bytes":1048576,"pids":1,
        "output_bytes":1024}}"#;
    let request = read(body).unwrap();
    assert_eq!(
        (request.code.as_slice(), request.stdin.as_slice()),
        (&b"print(1)\n"[..], &[0xff][..])
    );
    assert_eq!(request.args, ["a", "é"]);
    assert_eq!(
        request.files.iter().map(|f| f.mode).collect::<Vec<_>>(),
        [0o644, 0o755]
    );
    assert_eq!(request.files[1].content, [0, 1]);
    assert_eq!(request.network, Network::Loopback);
    assert_eq!(
        (request.limits.wall, request.limits.cpus),
        (Duration::from_millis(1500), Cpus { millis: 500 })
    );
    assert_eq!(request.labels["k"], "v");
    assert_eq!(read(&with("")).unwrap().limits, casemate_types::Limits::default());
    // An integer is a number without a fraction, however it is written.
    let same = read(&with(r#","limits":{"pids":7.0,"wall_ms":1e3}"#))
        .unwrap()
        .limits;
    assert_eq!((same.pids, same.wall), (7, Duration::from_secs(1)));
}

#[test]
fn fields_are_known_and_there_once() {
    check(r#""x":1"#, Kind::UnknownField, "x");
    check(r#""session":"a""#, Kind::UnknownField, "session");
    check(r#""limits":{"wall":1}"#, Kind::UnknownField, "limits.wall");
    check(
        r#""files":[{"path":"a","content":"","link":"b"}]"#,
        Kind::UnknownField,
        "files.link",
    );
    check(r#""code":"""#, Kind::DuplicateField, "code");
    check(r#""c\u006fde":"""#, Kind::DuplicateField, "code");
    check(
        r#""limits":{"pids":1,"pids":1}"#,
        Kind::DuplicateField,
        "limits.pids",
    );
    check(r#""env":{"A":"1","A":"1"}"#, Kind::DuplicateField, "env");
    check(
        r#""labels":{"a":"1","\u0061":"2"}"#,
        Kind::DuplicateField,
        "labels",
    );
    check(
        r#""files":[{"path":"a","path":"a","content":""}]"#,
        Kind::DuplicateField,
        "files.path",
    );
    for (body, field) in [
        (r#"{"code":""}"#, "language"),
        (r#"{"language":"python"}"#, "code"),
    ] {
        assert_eq!(read(body).unwrap_err().field.as_deref(), Some(field));
    }
    check(r#""files":[{"content":""}]"#, Kind::InvalidField, "files.path");
    check(r#""files":[{"path":"a"}]"#, Kind::InvalidField, "files.content");
    check(
        r#""stdin":"","stdin_base64":"""#,
        Kind::InvalidField,
        "stdin_base64",
    );
    check(
        r#""files":[{"path":"a","content":"","content_base64":""}]"#,
        Kind::InvalidField,
        "files.content_base64",
    );
}

#[test]
fn types_are_exact() {
    for field in ["stdin", "stdin_base64", "network", "profile"] {
        for value in ["1", "1.5", "null", "true", "[]", "{}", "[[1]]", r#"{"a":{}}"#] {
            check(&format!(r#""{field}":{value}"#), Kind::InvalidField, field);
        }
    }
    for field in ["args", "outputs", "files", "env", "labels", "limits"] {
        for value in ["1", "null", r#""a""#, "true"] {
            check(&format!(r#""{field}":{value}"#), Kind::InvalidField, field);
        }
    }
    check(r#""args":[1]"#, Kind::InvalidField, "args");
    check(r#""args":{}"#, Kind::InvalidField, "args");
    check(r#""env":[]"#, Kind::InvalidField, "env");
    check(r#""env":{"A":1}"#, Kind::InvalidField, "env");
    check(r#""env":{"A":null}"#, Kind::InvalidField, "env");
    check(r#""files":["a"]"#, Kind::InvalidField, "files");
    check(r#""limits":{"pids":"1"}"#, Kind::InvalidField, "limits.pids");
    check(r#""limits":{"pids":1.5}"#, Kind::InvalidField, "limits.pids");
    check(r#""limits":{"pids":null}"#, Kind::InvalidField, "limits.pids");
    check(r#""limits":{"cpus":"1"}"#, Kind::InvalidField, "limits.cpus");
    let problem = read("[1]").unwrap_err();
    assert_eq!(
        (problem.kind, problem.bound.as_deref()),
        (Kind::InvalidField, Some("an object"))
    );
}

#[test]
fn bounds_are_told() {
    for (field, low, high) in [
        ("wall_ms", "0", "3600001"),
        ("cpu_ms", "0", "3600001"),
        ("cpus", "0.04", "2.01"),
        ("memory_bytes", "16777215", "8589934593"),
        ("disk_bytes", "1048575", "4294967297"),
        ("pids", "0", "4097"),
        ("output_bytes", "1023", "16777217"),
    ] {
        for value in [
            low,
            high,
            "-1",
            "18446744073709551616",
            "1e300",
            "1e999",
            "-1e999",
        ] {
            check(
                &format!(r#""limits":{{"{field}":{value}}}"#),
                Kind::OutOfRange,
                &format!("limits.{field}"),
            );
        }
    }
    let problem = read(&with(r#","limits":{"pids":0}"#)).unwrap_err();
    assert_eq!(problem.bound.as_deref(), Some("1 to 4096"));
    check(
        r#""files":[{"path":"a","content":"","mode":512}]"#,
        Kind::OutOfRange,
        "files.mode",
    );
    let many = |item: &str, n: usize| vec![item; n].join(",");
    check(
        &format!(r#""args":[{}]"#, many("\"\"", 257)),
        Kind::OutOfRange,
        "args",
    );
    check(
        &format!(r#""args":["{}"]"#, "a".repeat((128 << 10) + 1)),
        Kind::OutOfRange,
        "args",
    );
    check(
        &format!(r#""outputs":[{}]"#, many("\"a\"", 65)),
        Kind::OutOfRange,
        "outputs",
    );
    check(
        &format!(r#""stdin":"{}""#, "a".repeat((8 << 20) + 1)),
        Kind::OutOfRange,
        "stdin",
    );
    check(
        &format!(r#""stdin_base64":"{}""#, "AAAA".repeat((8 << 20) / 3 + 1)),
        Kind::OutOfRange,
        "stdin_base64",
    );
    let env: Vec<_> = (0..257).map(|n| format!(r#""A{n}":"""#)).collect();
    check(
        &format!(r#""env":{{{}}}"#, env.join(",")),
        Kind::OutOfRange,
        "env",
    );
    let files: Vec<_> = (0..1001)
        .map(|n| format!(r#"{{"path":"{n}","content":""}}"#))
        .collect();
    check(
        &format!(r#""files":[{}]"#, files.join(",")),
        Kind::OutOfRange,
        "files",
    );
    let labels: Vec<_> = (0..17).map(|n| format!(r#""{n}":"""#)).collect();
    check(
        &format!(r#""labels":{{{}}}"#, labels.join(",")),
        Kind::OutOfRange,
        "labels",
    );
}

#[test]
fn forms_are_told() {
    for path in [
        "",
        "/etc/passwd",
        "../x",
        "a/../b",
        "a//b",
        "a/",
        "./a",
        "a\\u0000b",
    ] {
        check(
            &format!(r#""files":[{{"path":"{path}","content":""}}]"#),
            Kind::InvalidField,
            "files.path",
        );
    }
    check(
        r#""files":[{"path":"a","content":""},{"path":"a/b","content":""}]"#,
        Kind::InvalidField,
        "files.path",
    );
    check(r#""outputs":["../*"]"#, Kind::InvalidField, "outputs");
    check(r#""env":{"1A":""}"#, Kind::InvalidField, "env");
    check(r#""env":{"A":"\u0000"}"#, Kind::InvalidField, "env");
    check(r#""args":["\u0000"]"#, Kind::InvalidField, "args");
    check(r#""network":"host""#, Kind::InvalidField, "network");
    check(r#""profile":"open""#, Kind::InvalidField, "profile");
    for bad in ["A", "AA", "A===", "AA=A", "A A=", "_-==", "AAAA\\n"] {
        check(
            &format!(r#""stdin_base64":"{bad}""#),
            Kind::InvalidField,
            "stdin_base64",
        );
    }
    assert_eq!(read(&with(r#","stdin_base64":"AB==""#)).unwrap().stdin, [0]);
}

#[test]
fn what_is_no_json_is_told_so() {
    let deep = "[".repeat(1 << 20);
    let surrogate = with(r#","stdin":"\ud800""#);
    let trailing = format!("{}x", with(""));
    for body in [
        "",
        " ",
        "{",
        "{\"code\"",
        &deep[..0],
        "nul",
        "{'code':1}",
        "{\"code\":\"a",
        &surrogate,
        &trailing,
    ] {
        assert_eq!(read(body).unwrap_err().kind, Kind::MalformedJson, "{body:.40}");
    }
    let utf8 = [br#"{"language":"a"#.as_slice(), &[0xff], br#"","code":""}"#].concat();
    assert_eq!(
        parse(&utf8, &Maxima::of_host(2)).unwrap_err().kind,
        Kind::MalformedJson
    );
    // Depth is never followed, wherever it is.
    assert_eq!(read(&deep).unwrap_err().kind, Kind::InvalidField);
    check(&format!(r#""stdin":{deep}"#), Kind::InvalidField, "stdin");
    check(&format!(r#""env":{{"A":{deep}"#), Kind::InvalidField, "env");
    check(&format!(r#""x":{deep}"#), Kind::UnknownField, "x");
    check(
        &format!(r#""args":{}"#, "{\"a\":".repeat(1 << 18)),
        Kind::InvalidField,
        "args",
    );
}

proptest! {
    #[test]
    fn any_bytes_are_survived(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&body, &Maxima::of_host(2));
    }

    #[test]
    fn any_fields_are_survived(name in "[a-z_]{1,12}", value in r#"[-0-9eE."\\{}\[\]a-z,:]{0,40}"#) {
        if let Err(problem) = read(&with(&format!(r#","{name}":{value}"#))) {
            prop_assert_eq!(problem.status(), 400);
        }
    }

    #[test]
    fn numbers_agree_with_the_limits(pids: i64, memory: u64, wall in -5i64..4_000_000) {
        let body = with(&format!(r#","limits":{{"pids":{pids},"memory_bytes":{memory},"wall_ms":{wall}}}"#));
        let within = (1..=4096).contains(&pids)
            && (16 << 20..=8 << 30).contains(&memory)
            && (1..=3_600_000).contains(&wall);
        prop_assert_eq!(read(&body).is_ok(), within);
    }

    #[test]
    fn texts_arrive_as_they_were(code in ".{0,80}", stdin in ".{0,80}", arg in "[^\\x00]{0,20}") {
        let body = serde_json::json!({"language": "python", "code": code, "stdin": stdin, "args": [arg]});
        let request = read(&body.to_string()).unwrap();
        prop_assert_eq!(request.code, code.into_bytes());
        prop_assert_eq!(request.stdin, stdin.into_bytes());
        prop_assert_eq!(&request.args[0], &arg);
    }
}
