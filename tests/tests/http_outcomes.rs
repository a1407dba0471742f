//! Every outcome and every language over HTTP, and the events of a run.

use casemate_tests::http::{Event, EventStream};
use casemate_tests::{Service, seconds, until};
use serde_json::{Value, json};

#[track_caller]
fn ends(service: &Service, mut body: Value, status: &str) -> Value {
    let limits = json!({"wall_ms": 20_000 * casemate_tests::slowness()});
    if body.get("limits").is_none() {
        body["limits"] = limits;
    }
    let result = service.post(&body, &[]).expect(200).json();
    assert_eq!(result["status"], status, "{result}");
    result
}

#[test]
fn programs_end_as_the_contract_says() {
    let service = Service::observing();
    let bash = |code: &str| json!({"language": "bash", "code": code});
    let with = |code: &str, limits: Value| json!({"language": "bash", "code": code, "limits": limits});
    let result = ends(&service, bash("echo out; echo err >&2"), "succeeded");
    assert_eq!(
        (&result["stdout"], &result["stderr"]),
        (&json!("out\n"), &json!("err\n"))
    );
    assert_eq!(
        (&result["exit_code"], &result["signal"]),
        (&json!(0), &Value::Null)
    );
    assert_eq!(ends(&service, bash("exit 3"), "failed")["exit_code"], 3);
    assert_eq!(ends(&service, bash("kill -SEGV $$"), "failed")["signal"], 11);
    ends(&service, with("sleep 60", json!({"wall_ms": 200})), "timed_out");
    let spin = "while :; do :; done";
    ends(
        &service,
        with(spin, json!({"cpu_ms": 200, "wall_ms": 60_000})),
        "cpu_exceeded",
    );
    let fill = "head -c 8M /dev/zero > f || exit 1";
    ends(
        &service,
        with(fill, json!({"disk_bytes": 1 << 20})),
        "disk_exceeded",
    );
    let flood = with("yes", json!({"output_bytes": 1024, "wall_ms": 60_000}));
    let result = ends(&service, flood, "output_exceeded");
    assert_eq!(result["stdout"].as_str().map(str::len), Some(1024));
    assert_eq!(result["stdout_truncated"], true);
    assert!(result["stdout_bytes"].as_u64() > Some(16 * 1024));
}

#[test]
fn memory_is_bounded() {
    if let Some(skip) = casemate_tests::need_cgroup() {
        return skip.report();
    }
    let service = Service::observing();
    let eater = json!({
        "language": "python", "code": "x = []\nwhile True: x.append(bytearray(1 << 20))",
        "limits": {"memory_bytes": 32 << 20},
    });
    ends(&service, eater, "memory_exceeded");
}

#[test]
fn output_that_is_no_text_is_kept_whole() {
    let service = Service::observing();
    let code = "import sys\nsys.stdout.buffer.write(bytes(range(256)) * 256)";
    let result = ends(&service, json!({"language": "python", "code": code}), "succeeded");
    let encoded = result["stdout_base64"].as_str().expect("base64");
    assert_eq!(encoded.len(), 65_536_usize.div_ceil(3) * 4);
    assert_eq!(result["stdout_bytes"], 65_536);
    let id = result["id"].as_str().expect("an id");
    let again = service.get(&format!("/v1/executions/{id}")).expect(200).json();
    assert_eq!(again["stdout_base64"], result["stdout_base64"]);
}

/// The example of each language, where the service has the language.
#[test]
fn every_language_runs() {
    let service = Service::observing();
    let folder = casemate_tests::programs().join("../../examples/languages");
    let list = service.get("/v1/languages").expect(200).json();
    let rows = list["languages"].as_array().expect("languages");
    let mut ran = 0;
    for row in rows.iter().filter(|row| row["available"] == true) {
        let name = row["name"].as_str().expect("a name");
        let extensions = row["extensions"].as_array().expect("extensions");
        let paths = extensions
            .iter()
            .filter_map(|e| Some(folder.join(format!("hello.{}", e.as_str()?))));
        let Some(code) = paths.filter_map(|path| std::fs::read_to_string(path).ok()).next() else {
            continue;
        };
        let body =
            json!({"language": name, "code": code, "limits": {"wall_ms": 60_000, "memory_bytes": 1 << 30}});
        let result = ends(&service, body, "succeeded");
        assert!(
            result["stdout"].as_str().is_some_and(|out| !out.is_empty()),
            "{name}: {result}"
        );
        ran += 1;
    }
    assert!(ran >= 2, "{list}");
}

#[test]
fn a_compile_error_is_the_programs_failure() {
    if let Some(skip) = casemate_tests::need_language("c", &["gcc"]) {
        return skip.report();
    }
    let service = Service::observing();
    let result = ends(
        &service,
        json!({"language": "c", "code": "int main( {"}),
        "failed",
    );
    assert_eq!(result["reason"], "compile");
    assert!(
        result["stderr"]
            .as_str()
            .is_some_and(|text| text.contains("error")),
        "{result}"
    );
}

#[track_caller]
fn output(events: &[Event], name: &str) -> String {
    let text = |event: &Event| event.data["text"].as_str().map(str::to_owned);
    events
        .iter()
        .filter(|event| event.name == name)
        .filter_map(text)
        .collect()
}

#[test]
fn events_come_as_they_happen_and_again() {
    let service = Service::observing();
    let code = "echo one; sleep 0.3; echo err >&2; sleep 0.3; echo two; sleep 0.3";
    let id = service.begin(&json!({"language": "bash", "code": code}));
    let stream = EventStream::open(service.address(), &id, None);
    let mut live = Vec::new();
    for event in stream {
        if event.name == "stdout" && live.iter().all(|e: &Event| e.name != "stdout") {
            // The first output is here while the program goes on.
            let now = service.get(&format!("/v1/executions/{id}")).expect(200).json();
            assert_eq!(now["status"], "running", "{now}");
        }
        live.push(event);
    }
    assert_eq!(output(&live, "stdout"), "one\ntwo\n");
    assert_eq!(output(&live, "stderr"), "err\n");
    let last = live.last().expect("an event");
    assert_eq!(
        (last.name.as_str(), &last.data["status"]),
        ("result", &json!("succeeded"))
    );
    let ids: Vec<u64> = live.iter().filter_map(|event| event.id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    // From the record, with the same numbers; and from any of them on.
    let replay: Vec<Event> = EventStream::open(service.address(), &id, None).collect();
    assert_eq!(replay, live);
    let (half, rest) = live.split_at(live.len() / 2);
    let resumed: Vec<Event> =
        EventStream::open(service.address(), &id, half.last().and_then(|e| e.id)).collect();
    assert_eq!(resumed, rest);
}

#[test]
fn many_follow_one_execution() {
    let service = Service::observing();
    let code = "for i in $(seq 200); do echo $i; done; sleep 0.2; echo end";
    let id = service.begin(&json!({"language": "bash", "code": code}));
    let all: Vec<String> = std::thread::scope(|scope| {
        let follow = || {
            let events: Vec<Event> = EventStream::open(service.address(), &id, None).collect();
            output(&events, "stdout")
        };
        let threads: Vec<_> = (0..20).map(|_| scope.spawn(follow)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("events"))
            .collect()
    });
    let expected: String = (1..=200)
        .map(|i| format!("{i}\n"))
        .chain(["end\n".into()])
        .collect();
    assert!(all.iter().all(|text| *text == expected));
}

/// Whoever follows slowly or not at all holds nobody up.
#[test]
fn a_follower_that_reads_nothing_holds_nobody_up() {
    let service = Service::observing();
    let body = json!({"language": "bash", "code": "head -c 8M /dev/zero | tr '\\0' x; sleep 0.2",
                      "limits": {"output_bytes": 16 << 20}});
    let id = service.begin(&body);
    let _deaf = EventStream::open(service.address(), &id, None);
    let done = until(seconds(30), || {
        let json = service.get(&format!("/v1/executions/{id}")).expect(200).json();
        (json["status"] == "succeeded").then_some(json)
    });
    assert_eq!(done.expect("an end")["stdout_bytes"], 8 << 20);
}
