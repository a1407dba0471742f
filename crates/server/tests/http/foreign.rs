//! A web page in the user's browser must not be able to run code, whatever it tries.

use crate::client;
use crate::server::{Server, body};

#[test]
fn pages_and_names_of_others_get_nothing() {
    let server = Server::start();
    let json = ("Content-Type", "application/json");
    for (header, value) in [
        ("Host", "evil.example"),
        ("Host", "127.0.0.1.nip.io:8484"),
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
    ] {
        let answer = client::send(
            server.address,
            "POST",
            "/v1/executions",
            &[json, (header, value)],
            body("").as_bytes(),
        );
        assert_eq!(
            (answer.status, answer.json()["field"].as_str()),
            (403, Some(header)),
            "{header}: {value}"
        );
        assert!(
            !answer
                .headers
                .iter()
                .any(|(name, _)| name.starts_with("access-control"))
        );
        for path in ["/v1/status", "/v1/executions", "/docs", "/metrics", "/none"] {
            let answer = client::send(server.address, "GET", path, &[(header, value)], b"");
            assert_eq!(answer.status, 403, "{path} {header}: {value}");
        }
    }
    // What a form of a page can send without being asked for leave is no JSON.
    for media in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ] {
        let answer = client::send(
            server.address,
            "POST",
            "/v1/executions",
            &[("Content-Type", media)],
            b"{}",
        );
        assert_eq!(answer.status, 415, "{media}");
    }
    assert_eq!(
        client::raw(server.address, b"GET /v1/status HTTP/1.0\r\n\r\n").status,
        403
    );
    assert_eq!(
        client::raw(
            server.address,
            b"GET http://evil.example/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
        )
        .status,
        403
    );
    assert_eq!(server.service.load().queued, 0);
    let own = [
        ("Host", "[::1]:8484"),
        ("Origin", "http://localhost:3000"),
        ("Sec-Fetch-Site", "same-origin"),
    ];
    assert_eq!(
        client::send(server.address, "GET", "/v1/status", &own, b"").status,
        200
    );
}
