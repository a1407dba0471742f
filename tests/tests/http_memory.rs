//! A service and the memory of its host: what starts, what waits, and what is told of it.

use casemate_tests::{Service, Starting, seconds, until};
use serde_json::{Value, json};

#[test]
fn executions_wait_while_the_host_lacks_memory_and_it_is_told_why() {
    // No host has so much free.
    let service = Starting::new().setting("CASEMATE_FREE_PERCENT", "99").start();
    let id = service.begin(&json!({"language": "bash", "code": "echo x"}));
    let waits = until(seconds(10), || {
        let status = service.get("/v1/status").expect(200).json();
        (status["waiting_for"] == "host_memory").then_some(status)
    });
    let status = waits.expect("what it waits for");
    assert_eq!((&status["queued"], &status["running"]), (&json!(1), &json!(0)));
    let metrics = service.get("/metrics").expect(200);
    let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
    assert!(
        metrics.contains("casemate_admission_waits{reason=\"host_memory\"} 1\n"),
        "{metrics}"
    );
    assert!(
        metrics.contains("casemate_host_memory_available_bytes "),
        "{metrics}"
    );
    assert_eq!(
        service
            .get(&format!("/v1/executions/{id}"))
            .expect(200)
            .text("status"),
        "queued"
    );
    // What waits can be cancelled, and then nothing waits.
    service.call("DELETE", &format!("/v1/executions/{id}"), &[], b"");
    service.wait_for(&id, "cancelled");
    let over = until(seconds(10), || {
        let status = service.get("/v1/status").expect(200).json();
        (status["waiting_for"] == Value::Null).then_some(())
    });
    assert!(over.is_some(), "it still says that something waits");
}

#[test]
fn executions_start_while_the_host_has_memory() {
    let service = Service::start();
    assert_eq!(service.run("bash", "echo x")["status"], "succeeded");
    let metrics = service.get("/metrics").expect(200);
    let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
    for part in ["queue", "lease", "create", "run", "teardown", "total"] {
        let count = format!("casemate_{part}_seconds_count{{language=\"bash\",path=\"");
        assert!(metrics.contains(&count), "{part}: {metrics}");
    }
}

#[test]
fn the_free_share_has_bounds() {
    for bad in ["0", "100", "x"] {
        let (code, words) = Starting::new().setting("CASEMATE_FREE_PERCENT", bad).refused();
        assert_eq!(code, 2, "{words}");
        assert!(words.contains("free_percent"), "{words}");
    }
}
