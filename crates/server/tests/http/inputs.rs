//! What is refused, with which status and which field.

use crate::client;
use crate::server::{Server, body};

#[test]
fn bad_bodies_name_their_field() {
    let server = Server::start();
    let deep = "[".repeat(200_000);
    let table: &[(&str, u16, Option<&str>)] = &[
        ("", 400, None),
        ("{", 400, None),
        ("[]", 400, None),
        (&deep, 400, None),
        (r#"{"code":""}"#, 400, Some("language")),
        (r#"{"language":"cobol","code":""}"#, 400, Some("language")),
        (r#"{"language":1,"code":""}"#, 400, Some("language")),
        (&body(r#","code":"""#), 400, Some("code")),
        (&body(r#","timeout":1"#), 400, Some("timeout")),
        (&body(r#","limits":{"pids":0}"#), 400, Some("limits.pids")),
        (&body(r#","limits":{"pids":1e99}"#), 400, Some("limits.pids")),
        (
            &body(r#","files":[{"path":"../x","content":""}]"#),
            400,
            Some("files.path"),
        ),
        (&body(r#","network":"host""#), 400, Some("network")),
        (&body(r#","profile":"trusted""#), 400, Some("profile")),
        (
            &body(r#","stdin":"","stdin_base64":"""#),
            400,
            Some("stdin_base64"),
        ),
    ];
    for (bad, status, field) in table {
        let answer = server.post(bad, &[]);
        let problem = answer.json();
        assert_eq!(
            (answer.status, problem["field"].as_str()),
            (*status, *field),
            "{bad:.60}: {problem}"
        );
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        assert_eq!(problem["status"].as_u64(), Some(u64::from(*status)));
        for text in ["type", "title", "detail"] {
            assert!(
                problem[text].as_str().is_some_and(|text| !text.is_empty()),
                "{text} of {problem}"
            );
        }
        assert_eq!(problem.as_object().unwrap().len(), 6, "{problem}");
    }
    assert_eq!(server.service.load().queued, 0, "nothing was accepted");
}

#[test]
fn media_types_methods_and_paths_are_checked() {
    let server = Server::start();
    let post = |headers: &[(&str, &str)]| {
        client::send(
            server.address,
            "POST",
            "/v1/executions",
            headers,
            body("").as_bytes(),
        )
    };
    assert_eq!(post(&[]).status, 415);
    assert_eq!(post(&[("Content-Type", "text/plain")]).status, 415);
    assert_eq!(
        post(&[("Content-Type", "application/json; charset=latin1")]).status,
        415
    );
    let zipped = post(&[("Content-Type", "application/json"), ("Content-Encoding", "gzip")]);
    assert_eq!(
        (zipped.status, zipped.json()["field"].as_str()),
        (415, Some("Content-Encoding"))
    );
    for (method, path, allow) in [
        ("PUT", "/v1/executions", "GET, HEAD, POST"),
        ("OPTIONS", "/v1/executions", "GET, HEAD, POST"),
        ("POST", "/v1/executions/x", "DELETE, GET, HEAD"),
        ("PATCH", "/healthz", "GET, HEAD"),
        ("BREW", "/docs", "GET, HEAD"),
    ] {
        let answer = client::send(server.address, method, path, &[], b"");
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some(allow)),
            "{method} {path}"
        );
        assert!(answer.header("access-control-allow-origin").is_none());
    }
    for path in [
        "/",
        "/v1",
        "/v1/executions/",
        "/v2/executions",
        "/docs/x",
        "/%2e%2e/etc/passwd",
    ] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    for path in [
        "/v1/status?x=1",
        "/v1/executions?order=up",
        "/v1/executions?limit=0",
        "/v1/executions?cursor=x",
    ] {
        assert_eq!(server.get(path).status, 400, "{path}");
    }
    assert_eq!(
        client::send(server.address, "HEAD", "/v1/status", &[], b"").status,
        200
    );
}

#[test]
fn what_is_no_http_gets_an_answer_of_http() {
    let server = Server::start();
    assert_eq!(client::raw(server.address, b"hello\r\n\r\n").status, 400);
    let long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(20_000));
    assert!(matches!(
        client::raw(server.address, long.as_bytes()).status,
        414 | 431
    ));
    let headers = "X: y\r\n".repeat(200);
    let many = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
    assert_eq!(client::raw(server.address, many.as_bytes()).status, 431);
    let twice =
        b"POST /v1/executions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n";
    assert_eq!(client::raw(server.address, twice).status, 400);
}
