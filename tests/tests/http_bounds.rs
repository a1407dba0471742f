//! Bad input, huge input and slow clients: a clear answer, bounded memory, and nobody else the worse.

use casemate_tests::http::Connection;
use casemate_tests::{Process, Service, Starting, seconds, until};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[track_caller]
fn refused(service: &Service, body: &[u8], status: u16, field: Option<&str>) {
    let answer = service.call(
        "POST",
        "/v1/executions",
        &["Content-Type: application/json"],
        body,
    );
    let shown = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
    assert_eq!(answer.status, status, "{shown}: {answer}");
    let json = answer.json();
    for name in ["type", "title", "status", "detail"] {
        assert!(
            json.get(name).is_some_and(|value| !value.is_null()),
            "{name}: {shown}: {answer}"
        );
    }
    if let Some(field) = field {
        assert_eq!(json["field"], field, "{shown}: {answer}");
    }
}

#[test]
fn bad_requests_name_field_and_bound() {
    let service = Service::start();
    let full = |extra: &str| format!("{{\"language\":\"bash\",\"code\":\"\"{extra}}}").into_bytes();
    let cases: &[(&str, &str)] = &[
        (r#","color":1"#, "color"),
        (r#","code":"x""#, "code"),
        (r#","limits":{"wall_ms":0}"#, "limits.wall_ms"),
        (r#","limits":{"wall_ms":3600001}"#, "limits.wall_ms"),
        (r#","limits":{"wall_ms":-1}"#, "limits.wall_ms"),
        (r#","limits":{"wall_ms":1.5}"#, "limits.wall_ms"),
        (r#","limits":{"wall_ms":"1"}"#, "limits.wall_ms"),
        (r#","limits":{"wall_ms":1e400}"#, "limits.wall_ms"),
        (
            r#","limits":{"memory_bytes":99999999999999999999}"#,
            "limits.memory_bytes",
        ),
        (r#","limits":{"cpus":0}"#, "limits.cpus"),
        (r#","limits":{"pids":5000}"#, "limits.pids"),
        (r#","limits":{"output_bytes":1}"#, "limits.output_bytes"),
        (r#","limits":{"disk_bytes":1}"#, "limits.disk_bytes"),
        (r#","limits":{"fuel":1}"#, "limits.fuel"),
        (r#","limits":[]"#, "limits"),
        (r#","files":[{"path":"../x","content":""}]"#, "files.path"),
        (r#","files":[{"path":"/x","content":""}]"#, "files.path"),
        (
            r#","files":[{"path":"a","content":"","mode":2541}]"#,
            "files.mode",
        ),
        (
            r#","files":[{"path":"a","content_base64":"?"}]"#,
            "files.content_base64",
        ),
        (r#","env":{"A=B":""}"#, "env"),
        (r#","env":{"A":"\u0000"}"#, "env"),
        (r#","args":["\u0000"]"#, "args"),
        (r#","args":"x""#, "args"),
        (r#","outputs":["/x"]"#, "outputs"),
        (r#","network":"all""#, "network"),
        (r#","profile":"fast""#, "profile"),
        (r#","labels":{"a b":"x"}"#, "labels"),
        (r#","stdin":"","stdin_base64":"""#, "stdin_base64"),
    ];
    for (extra, field) in cases {
        refused(&service, &full(extra), 400, Some(field));
    }
    refused(&service, br#"{"code":""}"#, 400, Some("language"));
    refused(
        &service,
        br#"{"language":"cobol","code":""}"#,
        400,
        Some("language"),
    );
    refused(&service, br#"{"language":null,"code":""}"#, 400, Some("language"));
    for text in [
        "",
        "{",
        "[]",
        "null",
        "{\"language\":\"bash\",\"code\":\"\"}x",
        "{\"a\u{0}\":1}",
    ] {
        refused(&service, text.as_bytes(), 400, None);
    }
    refused(&service, b"{\"language\":\"bash\",\"code\":\"\xff\"}", 400, None);
    let deep = format!(
        "{{\"language\":\"bash\",\"code\":\"\",\"env\":{}",
        "[".repeat(500_000)
    );
    refused(&service, deep.as_bytes(), 400, None);
    service.run("bash", "echo still here");
}

#[test]
fn sizes_are_bounded() {
    let service = Service::start();
    let large = json!({"language": "bash", "code": "x".repeat((1 << 20) + 1)}).to_string();
    refused(&service, large.as_bytes(), 400, Some("code"));
    let head = &["Content-Type: application/json", "Content-Length: 99999999999"];
    let mut connection = Connection::to(service.address());
    let lines = format!(
        "POST /v1/executions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n{}\r\n\r\n",
        service.key(),
        head.join("\r\n")
    );
    connection.send_raw(lines.as_bytes()).expect("sent");
    assert_eq!(connection.receive().expect("an answer").status, 413);
    let mut connection = Connection::to(service.address());
    let _ = connection.send_raw(format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(1 << 20)).as_bytes());
    if let Some(answer) = connection.receive() {
        assert!((400..500).contains(&answer.status), "{answer}");
    }
    service.run("bash", "echo still here");
}

#[test]
fn requests_that_are_no_http_are_dropped() {
    let service = Service::start();
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET\r\n\r\n",
        b"POST /v1/executions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /v1/status HTTP/1.1\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
    ] {
        let mut connection = Connection::to(service.address());
        connection.limit(seconds(15));
        let _ = connection.send_raw(bytes);
        if let Some((status, _)) = connection.head() {
            assert!((400..500).contains(&status), "{status}: {}", String::from_utf8_lossy(bytes));
        }
    }
    service.run("bash", "echo still here");
}

/// The resident memory of the server process, bytes.
fn resident(service: &Service) -> u64 {
    let server: Process = service.child("casemate-server").expect("the server");
    let text = server.field("VmRSS");
    text.split_whitespace()
        .next()
        .and_then(|kib| kib.parse::<u64>().ok())
        .expect("a size")
        * 1024
}

fn p99(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() * 99 / 100]
}

/// Connections that the server has (proc_net(5), `tcp`: state 01 is ESTABLISHED).
fn connected(service: &Service) -> usize {
    let table = std::fs::read_to_string("/proc/net/tcp").expect("the table of connections");
    let port = format!(":{:04X}", service.address().port());
    let is_ours = |line: &&str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.get(1).is_some_and(|local| local.ends_with(&port)) && words.get(3) == Some(&"01")
    };
    table.lines().filter(is_ours).count()
}

#[test]
fn a_thousand_slow_clients_leave_the_others_alone() {
    let service = Starting::new().setting("CASEMATE_MAX_RUNNING", "2").start();
    let asked = |count: usize| -> Vec<Duration> {
        let mut connection = Connection::to(service.address());
        (0..count)
            .map(|_| {
                let begun = Instant::now();
                connection.send("GET", "/v1/status", &[], b"");
                assert_eq!(connection.receive().expect("an answer").status, 200);
                begun.elapsed()
            })
            .collect()
    };
    asked(50);
    let mut alone = asked(300);
    let before = resident(&service);
    let slow: Vec<Connection> = (0..1000)
        .map(|n| {
            let mut connection = Connection::to(service.address());
            let head =
                "POST /v1/executions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
            let sent = match n % 2 {
                0 => head.to_owned(),
                _ => format!("{head}Content-Length: 1000000\r\n\r\n{{\"language\":"),
            };
            connection.send_raw(sent.as_bytes()).expect("sent");
            connection
        })
        .collect();
    let mut among = asked(300);
    let grown = resident(&service).saturating_sub(before);
    let (alone, among) = (p99(&mut alone), p99(&mut among));
    assert!(grown < 64 << 20, "{} KiB for 1,000 slow clients", grown >> 10);
    // On a machine that others use too, single outliers are theirs: a millisecond is always granted.
    let bound = (alone * 3 / 2).max(alone + Duration::from_millis(2));
    assert!(
        among <= bound,
        "p99 {alone:?} alone, {among:?} among slow clients"
    );
    // Their time is over after a while, and their places are free again.
    let gone = until(seconds(45), || (connected(&service) < 10).then_some(()));
    drop(slow);
    assert!(gone.is_some(), "slow clients are still connected");
}

#[test]
fn serving_is_for_this_machine_alone() {
    let (code, words) = Starting::new().listen("0.0.0.0:0").refused();
    assert_eq!(code, 2, "{words}");
    assert!(words.contains("loopback"), "{words}");
    let (code, words) = Starting::new().setting("CASEMATE_MAX_RUNNING", "0").refused();
    assert_eq!(code, 2, "{words}");
    assert!(words.contains("max_running"), "{words}");
}

#[test]
fn one_data_folder_has_one_service() {
    let service = Service::start();
    let (code, words) = Starting::new().after(service.scratch()).refused();
    assert_eq!(code, 2, "{words}");
    assert!(words.contains("another casemate serve"), "{words}");
    let port = service.address().to_string();
    let (code, words) = Starting::new().listen(&port).refused();
    assert_eq!(code, 125, "{words}");
    assert!(words.contains("listen"), "{words}");
}

#[test]
fn told_to_stop_it_ends_well() {
    let service = Service::start();
    let id = service.begin(&json!({"language": "bash", "code": "sleep 0.5; echo done"}));
    service.wait_for(&id, "running");
    let scratch = service.scratch().clone();
    assert_eq!(service.stop(), 0);
    let service = Starting::new().after(&scratch).start();
    let result: Value = service.get(&format!("/v1/executions/{id}")).expect(200).json();
    assert!(
        ["succeeded", "killed"].contains(&result["status"].as_str().unwrap_or("")),
        "{result}"
    );
}
