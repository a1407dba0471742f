//! Every route, every role, the own tenant and another: what is answered. A route without a row fails.

use crate::client;
use crate::server::{Server, body, key_of};
use casemate_engine::service::store::Owner;
use casemate_types::{PrincipalId, ProjectId, Role, TenantId};

/// Method and path; who gets something of the own project, in the order of the roles; what they get.
type Row = (&'static str, &'static str, [u16; 5]);

/// Of admin, operator, developer, auditor and viewer.
const ROWS: [Row; 14] = [
    ("POST", "/v1/executions", [202, 202, 202, 403, 403]),
    ("GET", "/v1/executions", [200, 200, 200, 403, 200]),
    ("GET", "/v1/executions/{id}", [200, 200, 200, 403, 200]),
    ("DELETE", "/v1/executions/{id}", [200, 200, 200, 403, 403]),
    ("GET", "/v1/executions/{id}/events", [200, 200, 200, 403, 200]),
    (
        "GET",
        "/v1/executions/{id}/files/{path}",
        [200, 200, 200, 403, 200],
    ),
    // What is no program is refused after the decision: nothing reads programs here.
    ("POST", "/v1/analyses", [400, 400, 400, 403, 403]),
    ("GET", "/v1/languages", [200; 5]),
    ("GET", "/v1/pools", [200; 5]),
    ("GET", "/v1/status", [200; 5]),
    ("GET", "/metrics", [200, 200, 403, 200, 403]),
    ("GET", "/healthz", [200; 5]),
    ("GET", "/openapi.json", [200; 5]),
    ("GET", "/docs", [200; 5]),
];
/// Answered without a caller, and 503 where there is no warden.
const APART: (&str, &str) = ("GET", "/readyz");

fn ask(server: &Server, key: &str, method: &str, path: &str) -> u16 {
    let authorization = format!("Bearer {key}");
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Content-Type", "application/json"),
        ("Prefer", "respond-async"),
    ];
    let content = match path {
        "/v1/executions" => body(""),
        _ => "{}".to_owned(),
    };
    let sent = if method == "POST" { content.as_bytes() } else { b"" };
    client::send(server.address, method, path, &headers, sent).status
}

#[test]
fn every_route_has_a_row() {
    let server = Server::start();
    let described = server.get("/openapi.json").json();
    for (path, methods) in described["paths"].as_object().unwrap() {
        for method in methods
            .as_object()
            .unwrap()
            .keys()
            .filter(|word| *word != "parameters")
        {
            let method = method.to_uppercase();
            let has_row = ROWS.iter().any(|row| (row.0, row.1) == (&*method, path));
            assert!(
                has_row || (&*method, path.as_str()) == APART,
                "{method} {path} has no row"
            );
        }
    }
}

#[test]
fn roles_get_what_their_row_says_and_nothing_of_others() {
    let server = Server::start();
    let own = Owner::BUILT_IN;
    let other = Owner {
        tenant_id: TenantId::from_value(2),
        project_id: ProjectId::from_value(2),
        principal_id: PrincipalId::from_value(2),
    };
    let [mine, foreign] = [own, other].map(|owner| server.record_of(owner, b"x", b"", &[("a", vec![1])], 10));
    for (index, role) in Role::ALL.into_iter().enumerate() {
        let key = key_of(&server, role);
        for (method, path, expected) in ROWS {
            let of = |id: &str| path.replace("{id}", id).replace("{path}", "a");
            let got = ask(&server, &key, method, &of(&mine.to_string()));
            assert_eq!(got, expected[index], "{role}: {method} {path}");
            if path.contains("{id}") {
                let got = ask(&server, &key, method, &of(&foreign.to_string()));
                let unknown = ask(&server, &key, method, &of("01arz3ndektsv4rrffq69g5fav"));
                let wanted = if expected[index] == 403 { 403 } else { 404 };
                assert_eq!(
                    (got, unknown),
                    (wanted, wanted),
                    "{role}: {method} {path} of others"
                );
            }
        }
    }
}
