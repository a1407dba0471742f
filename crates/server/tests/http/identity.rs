//! Nobody gets anything without a credential that counts, but for what everybody may know.

use crate::client;
use crate::server::{Server, admin_key, body};
use casemate_policy::identity::ApiKey;
use casemate_types::KeyId;

const TEMPLATE_ID: &str = "01arz3ndektsv4rrffq69g5fav";

/// Every path with its methods, as the description of the API has them.
fn operations(server: &Server) -> Vec<(String, String)> {
    let described = server.get("/openapi.json").json();
    let mut all = Vec::new();
    for (path, methods) in described["paths"].as_object().unwrap() {
        let path = path.replace("{id}", TEMPLATE_ID).replace("{path}", "a");
        let words = ["get", "head", "post", "put", "patch", "delete"];
        let methods = methods
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| words.contains(&name.as_str()));
        all.extend(methods.map(|method| (method.to_uppercase(), path.clone())));
    }
    all
}

#[test]
fn every_route_wants_a_credential_that_counts() {
    let server = Server::start();
    let public = ["/healthz", "/readyz", "/openapi.json", "/docs"];
    let unknown = ApiKey::new(KeyId::from_value(99), &[1; 32]).reveal().to_string();
    let wrong = ApiKey::new(KeyId::from_value(1), &[2; 32]).reveal().to_string();
    let mistyped = admin_key().replace("csm_0", "csm_1");
    for (method, path) in operations(&server) {
        let ask = |credential: &str| {
            let headers = [
                ("Content-Type", "application/json"),
                ("Authorization", credential),
            ];
            client::send(server.address, &method, &path, &headers, body("").as_bytes())
        };
        let none = ask("");
        if public.contains(&path.as_str()) {
            assert_ne!(none.status, 401, "{method} {path}");
            continue;
        }
        assert_eq!(none.status, 401, "{method} {path}");
        assert_eq!(
            none.header("www-authenticate"),
            Some("Bearer realm=\"casemate\""),
            "{method} {path}"
        );
        for bad in [&unknown, &wrong, &mistyped, "x", "csm_"] {
            let got = ask(&format!("Bearer {bad}"));
            let challenge = "Bearer realm=\"casemate\", error=\"invalid_token\"";
            assert_eq!(
                (got.status, got.header("www-authenticate")),
                (401, Some(challenge)),
                "{method} {path}"
            );
            assert!(
                !got.text().contains(bad) || bad == "csm_" || bad == "x",
                "{}",
                got.text()
            );
        }
        // Which of a key's parts is wrong is not told.
        if method != "HEAD" {
            let bodies = [&unknown, &wrong].map(|key| ask(&format!("Bearer {key}")).text());
            assert_eq!(bodies[0], bodies[1], "{method} {path}");
        }
    }
    assert_eq!(server.service.load().queued, 0);
}

#[test]
fn a_body_is_not_read_of_who_is_unknown() {
    let server = Server::start();
    let head = "POST /v1/executions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n";
    // None of the body is sent, and none is waited for.
    assert_eq!(client::raw(server.address, head.as_bytes()).status, 401);
}
