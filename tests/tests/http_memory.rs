//! A service and the memory of its host: what starts, what waits, who must go, and what is told of it.

use casemate_tests::{Service, Starting, need_root, seconds, until};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[test]
fn executions_wait_while_the_host_lacks_memory_and_it_is_told_why() {
    // No host has so much free.
    let service = Starting::observing()
        .setting("CASEMATE_FREE_PERCENT", "99")
        .start();
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
    let service = Service::observing();
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
        let (code, words) = Starting::observing()
            .setting("CASEMATE_FREE_PERCENT", bad)
            .refused();
        assert_eq!(code, 2, "{words}");
        assert!(words.contains("free_percent"), "{words}");
    }
}

/// A control group with a limit, in place of a host; removed when dropped.
struct SmallHost(PathBuf);

impl SmallHost {
    fn make(bytes: u64) -> Option<Self> {
        let own = std::fs::read_to_string("/proc/self/cgroup").expect("our own groups");
        let line = own.lines().find(|line| line.contains(":memory:"));
        let v1 = line.and_then(|line| line.splitn(3, ':').nth(2));
        let (base, file) = match v1 {
            Some(path) => (format!("/sys/fs/cgroup/memory{path}"), "memory.limit_in_bytes"),
            None => {
                let _ = std::fs::write("/sys/fs/cgroup/cgroup.subtree_control", "+memory +pids +cpu");
                ("/sys/fs/cgroup".to_owned(), "memory.max")
            }
        };
        let group = Path::new(&base).join(format!("casemate-tests-{}", std::process::id()));
        std::fs::create_dir(&group).ok()?;
        let made = Self(group);
        std::fs::write(made.0.join(file), bytes.to_string()).ok()?;
        Some(made)
    }
}

impl Drop for SmallHost {
    fn drop(&mut self) {
        // The groups of the service's own are gone a moment after it; v2 leaves its empty leaves.
        let removed = until(seconds(5), || {
            for leaf in ["casemate-self", "casemate"] {
                let _ = std::fs::remove_dir(self.0.join(leaf));
            }
            std::fs::remove_dir(&self.0).ok()
        });
        if removed.is_none() {
            eprintln!("{} is left", self.0.display());
        }
    }
}

#[test]
fn the_one_that_takes_more_than_its_like_goes_and_no_other() {
    if let Some(skip) = need_root() {
        return skip.report();
    }
    let Some(host) = SmallHost::make(300 << 20) else {
        return casemate_tests::skip("no control group with a memory limit can be made here");
    };
    let service = Starting::observing().within(&host.0).start();
    let innocent =
        service.begin(&json!({"language": "bash", "code": "sleep 50", "limits": {"wall_ms": 60_000}}));
    // Slow enough to be seen before the kernel sees it, and bounded by more than there is.
    let greedy = json!({
        "language": "bash",
        "code": "head -c 160M /dev/zero > /tmp/a; head -c 400M /dev/zero | while head -c 1M; do sleep 0.03; done > /tmp/b",
        "limits": {"wall_ms": 60_000, "memory_bytes": 64 << 20, "disk_bytes": 512 << 20},
    });
    let result = service.post(&greedy, &[]).expect(200).json();
    assert_eq!(
        (&result["status"], &result["reason"]),
        (&json!("killed"), &json!("host_memory")),
        "{result}"
    );
    let state = service
        .get(&format!("/v1/executions/{innocent}"))
        .expect(200)
        .json();
    assert_ne!(state["status"], "killed", "{state}");
    let metrics = service.get("/metrics").expect(200);
    let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
    assert!(
        metrics.contains("casemate_host_memory_victims_total 1\n"),
        "{metrics}"
    );
    assert!(service.child("casemate-warden").is_some() && service.child("casemate-server").is_some());
    service.call("DELETE", &format!("/v1/executions/{innocent}"), &[], b"");
    service.wait_for(&innocent, "cancelled");
    assert_eq!(service.stop(), 0);
}

#[test]
fn programs_go_before_the_service_when_the_kernel_chooses() {
    let service = Service::observing();
    let score = |process: casemate_tests::Process| -> i32 {
        let text = std::fs::read_to_string(process.path("oom_score_adj")).expect("the score");
        text.trim().parse().expect("a number")
    };
    let own_score = score(casemate_tests::Process {
        pid: std::process::id(),
    });
    let own = ["casemate-server", "casemate-warden"].map(|name| service.child(name).expect(name));
    for process in own.into_iter().chain([service.supervisor()]) {
        let name = process.name();
        // Where the tests' own is above 0, nobody may be allowed to lower it.
        assert!(score(process) <= own_score.max(0), "{name}");
    }
    let result = service.run(
        "bash",
        "cat /proc/self/oom_score_adj; echo 0 > /proc/self/oom_score_adj; cat /proc/self/oom_score_adj",
    );
    assert_eq!(result["stdout"], "900\n900\n", "{result}");
}
