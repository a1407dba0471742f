//! Every route over real HTTP: what a client asks, and what it is told.

use casemate_tests::http::Connection;
use casemate_tests::{RESULT_FIELDS, Service, Starting, need_language};
use serde_json::{Value, json};

#[track_caller]
fn complete(result: &Value) {
    for field in RESULT_FIELDS {
        assert!(result.get(field).is_some(), "{field} is missing: {result}");
    }
}

#[test]
fn a_program_runs_and_its_result_can_be_asked_for_again() {
    let service = Service::start();
    let body = json!({
        "language": "python",
        "code": "import sys, os\nprint(sys.stdin.read() + sys.argv[1] + os.environ['A'] + open('d/f').read())\n\
                 open('out.txt', 'w').write('kept')",
        "stdin": "in ", "args": ["arg "], "env": {"A": "env "},
        "files": [{"path": "d/f", "content": "file"}], "outputs": ["*.txt"],
        "labels": {"team": "a"}, "profile": "default", "network": "none",
        "limits": {"wall_ms": 20000, "cpu_ms": 5000, "cpus": 0.5, "memory_bytes": 134217728,
                   "disk_bytes": 16777216, "pids": 16, "output_bytes": 4096},
    });
    let result = service.post(&body, &[]).expect(200).json();
    complete(&result);
    assert_eq!(result["status"], "succeeded", "{result}");
    assert_eq!(result["stdout"], "in arg env file\n");
    assert_eq!(result["files"][0]["path"], "out.txt");
    assert_eq!(result["files"][0]["content_base64"], "a2VwdA==");
    assert!(result["usage"]["wall_ms"].as_f64().is_some_and(|ms| ms > 0.0));
    let id = result["id"].as_str().expect("an id");
    let again = service.get(&format!("/v1/executions/{id}")).expect(200).json();
    complete(&again);
    for field in [
        "status",
        "stdout",
        "exit_code",
        "files",
        "usage",
        "layers",
        "sandbox_id",
        "timing_ms",
    ] {
        assert_eq!(again[field], result[field], "{field}");
    }
}

#[test]
fn ids_that_are_none_of_yours_do_not_exist() {
    let service = Service::start();
    for id in [
        "01m83fzf45nhwe24caeb8cpbe2",
        "x",
        "..",
        "01M83FZF45NHWE24CAEB8CPBE2",
        "%00",
    ] {
        for (method, tail) in [
            ("GET", ""),
            ("DELETE", ""),
            ("GET", "/events"),
            ("GET", "/files/a"),
        ] {
            let answer = service.call(method, &format!("/v1/executions/{id}{tail}"), &[], b"");
            assert_eq!(answer.status, 404, "{method} {id}{tail}: {answer}");
            let kind = answer.headers.get("content-type").map_or("", String::as_str);
            assert!(kind.starts_with("application/problem+json"), "{answer}");
            assert_eq!(answer.json()["status"], 404);
        }
    }
}

#[test]
fn methods_and_types_that_do_not_fit_are_named() {
    let service = Service::start();
    let put = service.call("PUT", "/v1/executions", &[], b"{}").expect(405);
    assert!(
        put.headers
            .get("allow")
            .is_some_and(|allow| allow.contains("POST")),
        "{put}"
    );
    let text = &["Content-Type: text/plain"];
    service.call("POST", "/v1/executions", text, b"{}").expect(415);
    service.call("POST", "/v1/executions", &[], b"{}").expect(415);
    service.get("/nowhere").expect(404);
}

#[test]
fn an_asynchronous_program_is_followed_to_its_end() {
    let service = Service::start();
    let id =
        service.begin(&json!({"language": "bash", "code": "sleep 0.5; echo done", "labels": {"n": "1"}}));
    let now = service.get(&format!("/v1/executions/{id}")).expect(200).json();
    complete(&now);
    assert!(
        ["queued", "running"].contains(&now["status"].as_str().unwrap_or("")),
        "{now}"
    );
    assert!(now["exit_code"].is_null() && now["ended_at"].is_null(), "{now}");
    let result = service.wait_for(&id, "succeeded");
    assert_eq!(result["stdout"], "done\n");
}

#[test]
fn lists_are_paged_and_filtered() {
    let service = Service::start();
    for n in 0..5 {
        let body =
            json!({"language": "bash", "code": format!("exit {}", n % 2), "labels": {"n": n.to_string()}});
        service.post(&body, &[]).expect(200);
    }
    let list = |query: &str| service.get(&format!("/v1/executions{query}")).expect(200).json();
    let ids = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().expect("items");
        items
            .iter()
            .map(|item| item["id"].as_str().expect("an id").to_owned())
            .collect()
    };
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for _ in 0..5 {
        let page = list(&format!("?limit=2{cursor}"));
        seen.extend(ids(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted_by(|a, b| a > b), "newest first: {seen:?}");
    assert_eq!(ids(&list("?status=failed")).len(), 2);
    assert_eq!(ids(&list("?label=n%3D3")), [seen[1].clone()]);
    assert_eq!(ids(&list("?language=python")).len(), 0);
    assert_eq!(ids(&list("?created_after=2100-01-01T00:00:00Z")).len(), 0);
    for bad in [
        "?limit=0",
        "?limit=201",
        "?limit=x",
        "?status=good",
        "?cursor=x",
        "?created_after=today",
        "?other=1",
    ] {
        let answer = service.get(&format!("/v1/executions{bad}")).expect(400);
        assert!(answer.json()["field"].is_string(), "{answer}");
    }
}

#[test]
fn files_come_back_as_attachments() {
    let service = Service::start();
    let code = "import os\nos.mkdir('d')\nopen('d/a b.html', 'w').write('<script>' * 20000)\nopen('small', 'w').write('x')";
    let body = json!({"language": "python", "code": code, "outputs": ["**"]});
    let result = service.post(&body, &[]).expect(200).json();
    let files = result["files"].as_array().expect("files");
    let large = files
        .iter()
        .find(|file| file["path"] == "d/a b.html")
        .expect("the large file");
    assert!(large.get("content_base64").is_none_or(Value::is_null), "{large}");
    let href = large["href"].as_str().expect("a link");
    let answer = service.get(href).expect(200);
    assert_eq!(answer.body.len(), 160_000);
    let header = |name: &str| answer.headers.get(name).map_or("", String::as_str).to_owned();
    assert!(
        header("content-disposition").starts_with("attachment"),
        "{answer}"
    );
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("content-security-policy").contains("sandbox"), "{answer}");
    let id = result["id"].as_str().expect("an id");
    service
        .get(&format!("/v1/executions/{id}/files/none"))
        .expect(404);
    service
        .get(&format!("/v1/executions/{id}/files/../small"))
        .expect(404);
}

/// Names that are no UTF-8 may come to look alike: one is returned, the others are counted, and it ends.
#[test]
fn odd_names_of_files_leave_nothing_open() {
    let service = Service::start();
    let code = "import os\nfor name in (b'a\\xff', b'a\\xfe', b'b' + b'\\xff' * 200): os.close(os.open(name, os.O_CREAT, 0o644))";
    let result = service
        .post(
            &json!({"language": "python", "code": code, "outputs": ["a*", "b*"]}),
            &[],
        )
        .expect(200)
        .json();
    assert_eq!(result["status"], "succeeded", "{result}");
    assert_eq!(result["files"].as_array().map(Vec::len), Some(2), "{result}");
    assert_eq!(result["files_left_out"], 1);
}

/// Results that are larger than what the store takes at once are recorded all the same.
#[test]
fn many_large_results_are_all_recorded() {
    let service = Starting::new().setting("CASEMATE_MAX_RUNNING", "12").start();
    let body = json!({"language": "bash", "code": "head -c 16M /dev/zero; head -c 16M /dev/zero >&2",
                      "limits": {"output_bytes": 16 << 20, "wall_ms": 120_000}});
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                let result = service.post(&body, &[]).expect(200).json();
                assert_eq!(result["stdout_bytes"], 16 << 20);
            });
        }
    });
}

#[test]
fn the_service_tells_of_itself() {
    let service = Service::start();
    service.get("/healthz").expect(200);
    service.get("/readyz").expect(200);
    service.run("bash", "echo one");
    let status = service.get("/v1/status").expect(200).json();
    for field in ["running", "queued", "finished_total"] {
        assert!(status[field].is_u64(), "{field}: {status}");
    }
    assert!(status["finished_total"].as_u64() >= Some(1), "{status}");
    let known = casemate_tests::until(casemate_tests::seconds(30), || {
        let languages = service.get("/v1/languages").expect(200).json();
        let rows = languages["languages"].as_array().expect("languages").clone();
        let bash = rows.into_iter().find(|row| row["name"] == "bash").expect("bash");
        bash["version"].is_string().then_some(bash)
    });
    assert_eq!(known.expect("the version of bash")["available"], true);
    let metrics = service.get("/metrics").expect(200);
    assert!(
        String::from_utf8_lossy(&metrics.body).contains("# TYPE casemate_"),
        "{metrics}"
    );
    let pools = service.get("/v1/pools").expect(200).json();
    let rows = pools["pools"].as_array().expect("pools");
    let bash = rows.iter().find(|row| row["language"] == "bash").expect("bash");
    let served = ["pool", "fork", "exec"].map(|path| bash["served"][path].as_u64().expect("a number"));
    assert!(served.iter().sum::<u64>() >= 1, "{bash}");
    let openapi = service.get("/openapi.json").expect(200).json();
    assert!(openapi["openapi"].as_str().is_some_and(|v| v.starts_with("3.1")));
    for path in [
        "/v1/executions",
        "/v1/executions/{id}",
        "/v1/executions/{id}/events",
        "/v1/languages",
        "/v1/pools",
    ] {
        assert!(openapi["paths"].get(path).is_some(), "{path}");
    }
    let docs = service.get("/docs").expect(200);
    assert!(docs.headers["content-type"].starts_with("text/html"), "{docs}");
}

#[test]
fn a_web_page_cannot_use_it() {
    let service = Service::start();
    let body = json!({"language": "bash", "code": "echo x"}).to_string();
    let post = |headers: &[&str]| {
        let all = [&["Content-Type: application/json"], headers].concat();
        service.call("POST", "/v1/executions", &all, body.as_bytes())
    };
    post(&["Origin: https://evil.example"]).expect(403);
    post(&["Origin: null"]).expect(403);
    post(&["Sec-Fetch-Site: cross-site"]).expect(403);
    post(&["Host: evil.example"]).expect(403);
    post(&["Host: 127.0.0.1.evil.example"]).expect(403);
    for good in ["localhost", "localhost:8484", "127.0.0.1", "[::1]", "[::1]:1"] {
        let answer = post(&[&format!("Host: {good}")]).expect(200);
        assert!(
            !answer
                .headers
                .keys()
                .any(|name| name.starts_with("access-control")),
            "{answer}"
        );
    }
    let options = service.call(
        "OPTIONS",
        "/v1/executions",
        &["Origin: https://evil.example"],
        b"",
    );
    assert!(
        options.status >= 400 && !options.headers.contains_key("access-control-allow-origin"),
        "{options}"
    );
}

#[test]
fn the_same_key_means_the_same_execution() {
    let service = Service::start();
    let body = json!({"language": "bash", "code": "date +%s%N"});
    let key = &["Idempotency-Key: k-1"];
    let first = service.post(&body, key).expect(200).json();
    let second = service.post(&body, key).expect(200).json();
    assert_eq!(
        (&first["id"], &first["stdout"]),
        (&second["id"], &second["stdout"])
    );
    let other = json!({"language": "bash", "code": "echo other"});
    service.post(&other, key).expect(422);
    let third = service.post(&body, &["Idempotency-Key: k-2"]).expect(200).json();
    assert_ne!(first["id"], third["id"]);
}

#[test]
fn two_at_once_with_one_key_run_once() {
    let service = Service::start();
    let body = json!({"language": "bash", "code": "sleep 0.3; date +%s%N"});
    let ids: Vec<Value> = std::thread::scope(|scope| {
        let one = || service.post(&body, &["Idempotency-Key: same"]).expect(200).json()["id"].clone();
        let all: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
        all.into_iter()
            .map(|thread| thread.join().expect("an answer"))
            .collect()
    });
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
    assert_eq!(
        service.get("/v1/executions").json()["items"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
}

#[test]
fn cancelling_works_at_every_stage() {
    let service = Starting::new().setting("CASEMATE_MAX_RUNNING", "1").start();
    let sleeper = json!({"language": "bash", "code": "echo begun; sleep 600"});
    let running = service.begin(&sleeper);
    service.wait_for(&running, "running");
    let queued = service.begin(&sleeper);
    for id in [&queued, &running] {
        let answer = service.call("DELETE", &format!("/v1/executions/{id}"), &[], b"");
        assert!([200, 202].contains(&answer.status), "{answer}");
        service.wait_for(id, "cancelled");
    }
    let never_ran = service.wait_for(&queued, "cancelled");
    assert!(
        never_ran["started_at"].is_null() && never_ran["exit_code"].is_null(),
        "{never_ran}"
    );
    // Again, when it is over: nothing changes.
    let answer = service
        .call("DELETE", &format!("/v1/executions/{running}"), &[], b"")
        .expect(200);
    assert_eq!(answer.json()["status"], "cancelled");
}

#[test]
fn a_compiler_can_be_cancelled() {
    if let Some(skip) = need_language("c", &["gcc"]) {
        return skip.report();
    }
    let service = Service::start();
    let bomb = "#define A(x) x x x x x x x x\nint main(){A(A(A(A(A(A(A(A(int y;))))))))}";
    let id = service.begin(&json!({"language": "c", "code": bomb}));
    service.wait_for(&id, "running");
    service.call("DELETE", &format!("/v1/executions/{id}"), &[], b"");
    service.wait_for(&id, "cancelled");
}

/// A client that leaves a synchronous call has no use for the result.
#[test]
fn leaving_a_synchronous_call_ends_the_program() {
    let service = Service::start();
    let body = json!({"language": "bash", "code": "sleep 600", "labels": {"left": "1"}}).to_string();
    let mut connection = Connection::to(service.address());
    connection.send(
        "POST",
        "/v1/executions",
        &["Content-Type: application/json"],
        body.as_bytes(),
    );
    let find = || {
        let page = service.get("/v1/executions?label=left%3D1").expect(200).json();
        page["items"][0]["id"].as_str().map(str::to_owned)
    };
    let id = casemate_tests::until(casemate_tests::seconds(20), find).expect("the execution");
    service.wait_for(&id, "running");
    drop(connection);
    service.wait_for(&id, "cancelled");
}

#[test]
fn two_hundred_at_once_all_end_well() {
    let service = Service::start();
    std::thread::scope(|scope| {
        for n in 0..200 {
            let service = &service;
            scope.spawn(move || {
                let result = service.run("bash", &format!("echo {n}"));
                assert_eq!(result["status"], "succeeded", "{result}");
                assert_eq!(result["stdout"], format!("{n}\n"));
            });
        }
    });
    let status = service.get("/v1/status").json();
    assert_eq!(
        (&status["running"], &status["queued"]),
        (&json!(0), &json!(0)),
        "{status}"
    );
}

#[test]
fn a_full_queue_answers_at_once() {
    let service = Starting::new()
        .setting("CASEMATE_MAX_RUNNING", "1")
        .setting("CASEMATE_MAX_QUEUED", "1")
        .start();
    let sleeper = json!({"language": "bash", "code": "sleep 600"});
    let (first, second) = (service.begin(&sleeper), service.begin(&sleeper));
    let answer = service.post(&sleeper, &[]).expect(429);
    assert!(
        answer
            .headers
            .get("retry-after")
            .is_some_and(|s| s.parse::<u32>().is_ok()),
        "{answer}"
    );
    for id in [second, first] {
        service.call("DELETE", &format!("/v1/executions/{id}"), &[], b"");
        service.wait_for(&id, "cancelled");
    }
    service.run("bash", "echo again");
}

#[test]
fn the_command_line_is_a_client_of_it() {
    let service = Service::start();
    let run = |arguments: &[&str], stdin: &str| {
        let url = service.url();
        let all = [&["run", "--server", &url], arguments].concat();
        casemate_tests::raw_with(&all, Some(stdin.as_bytes()), |_| ())
    };
    let output = run(
        &["--language", "python", "-"],
        "print('out')\nimport sys\nsys.exit(7)",
    );
    assert_eq!((output.code, output.stdout.as_str()), (7, "out\n"), "{output:?}");
    let output = run(&["--json", "--language", "bash", "-"], "printf '\\xff'; exit 0");
    let json: Value = serde_json::from_str(&output.stdout).expect("a result");
    complete(&json);
    assert_eq!(json["stdout_base64"], "/w==");
    let output = run(&["--timeout", "300ms", "--language", "bash", "-"], "sleep 60");
    assert_eq!(output.code, 124, "{output:?}");
    let output = run(&["--language", "cobol", "-"], "x");
    assert_eq!(output.code, 2, "{output:?}");
    assert!(output.stderr.contains("language"), "{output:?}");
    let nobody = casemate_tests::raw_with(
        &["run", "--server", "http://127.0.0.1:1", "--language", "bash", "-"],
        Some(b"echo x"),
        |_| (),
    );
    assert_eq!(nobody.code, 125, "{nobody:?}");
}
