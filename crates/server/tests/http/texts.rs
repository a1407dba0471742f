//! What the service says of itself.

use crate::server::Server;

#[test]
fn health_status_and_languages_are_told() {
    let server = Server::start();
    assert_eq!(server.get("/healthz").status, 200);
    server.queue();
    let status = server.get("/v1/status").json();
    assert_eq!(
        (status["queued"].as_u64(), status["running"].as_u64()),
        (Some(1), Some(0))
    );
    assert_eq!(status["components"]["warden"]["health"], "down");
    assert_eq!(status["components"]["store"]["health"], "healthy");
    assert_eq!(status["waiting_for"], serde_json::Value::Null);
    server.service.kinds().learn_version("bash", "5.2.1".to_owned());
    let languages = server.get("/v1/languages").json();
    let bash = languages["languages"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["name"] == "bash");
    let bash = bash.unwrap();
    assert_eq!(
        (&bash["available"], &bash["version"]),
        (&true.into(), &"5.2.1".into())
    );
    // Nothing can run without a warden.
    let ready = server.get("/readyz");
    assert_eq!((ready.status, ready.header("retry-after")), (503, Some("1")));
}

#[test]
fn the_kinds_of_sandboxes_are_told() {
    let server = Server::start();
    let pools = server.get("/v1/pools").json();
    let rows = pools["pools"].as_array().unwrap();
    let bash = rows.iter().find(|row| row["language"] == "bash").unwrap();
    let expected = serde_json::json!({
        "language": "bash", "network": "none", "disk_bytes": 128 << 20,
        "idle": 0, "target": 0, "creating": 0, "served": {"pool": 0, "fork": 0, "exec": 0},
    });
    assert_eq!(*bash, expected);
    assert_eq!(server.get("/v1/pools?x=1").status, 400);
}

#[test]
fn figures_are_in_the_form_of_prometheus() {
    let server = Server::start();
    server.get("/healthz");
    let id = server.queue();
    server.delete(&format!("/v1/executions/{id}"));
    crate::server::eventually("it is counted", || {
        let text = server.get("/metrics").text();
        text.contains("casemate_executions_total{language=\"bash\",status=\"cancelled\"} 1\n")
    });
    let answer = server.get("/metrics");
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("text/plain; version=0.0.4")
    );
    let text = answer.text();
    assert!(
        text.contains("casemate_http_requests_total{route=\"/healthz\",code=\"200\"} 1\n"),
        "{text}"
    );
    let total = "casemate_total_seconds_bucket{language=\"bash\",path=\"exec\",le=\"+Inf\"} 1\n";
    assert!(text.contains(total), "{text}");
    // It never ran.
    assert!(!text.contains("casemate_lease_seconds_bucket"), "{text}");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(
            name.starts_with("casemate_") && value.parse::<f64>().is_ok(),
            "{line}"
        );
    }
}

#[test]
fn the_description_is_that_of_this_machine() {
    let server = Server::start();
    let whole = server.get("/openapi.json").json();
    assert_eq!(whole["openapi"], "3.1.0");
    let languages = whole["components"]["schemas"]["LanguageName"]["enum"]
        .as_array()
        .unwrap();
    assert!(languages.iter().any(|name| name == "bash"));
    let page = server.get("/docs");
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let html = page.text();
    for part in [
        "POST /v1/executions",
        "Idempotency-Key",
        "limits",
        "output_exceeded",
        "urn:casemate:problem:queue-full",
    ] {
        assert!(html.contains(part), "{part}");
    }
    for part in ["src=", "http://", "https://", "@import", "<script"] {
        let own = html.replace("http://localhost:8484", "");
        assert!(!own.contains(part), "{part} comes from elsewhere");
    }
}
