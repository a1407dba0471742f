//! Executions: accepted, found, listed, ended, recorded.

use crate::client;
use crate::server::{Server, body, eventually};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::io::Write;

const ASYNC: (&str, &str) = ("Prefer", "wait=3, Respond-Async");

#[test]
fn an_accepted_execution_is_found_until_it_is_ended() {
    let server = Server::start();
    let answer = server.post(&body(r#","labels":{"a":"b"}"#), &[ASYNC]);
    assert_eq!(answer.status, 202, "{}", answer.text());
    let (id, status) = (answer.json()["id"].clone(), answer.json()["status"].clone());
    let id = id.as_str().unwrap();
    assert_eq!(status, "queued");
    assert_eq!(
        answer.header("location"),
        Some(format!("/v1/executions/{id}").as_str())
    );
    let found = server.get(&format!("/v1/executions/{id}"));
    let live = found.json();
    assert_eq!((found.status, live["status"].as_str()), (200, Some("queued")));
    for unknown in [
        "stdout",
        "stdout_bytes",
        "exit_code",
        "ended_at",
        "files",
        "layers",
        "path",
        "audit_id",
    ] {
        assert!(
            live[unknown].is_null() && live.get(unknown).is_some(),
            "{unknown}"
        );
    }
    assert!(live["usage"]["wall_ms"].is_null() && live["timing_ms"]["total"].is_null());

    let ended = server.delete(&format!("/v1/executions/{id}"));
    assert!(matches!(ended.status, 200 | 202), "{}", ended.text());
    eventually("its end is recorded", || {
        server.service.live(id.parse().unwrap()).is_none()
    });
    let again = server.delete(&format!("/v1/executions/{id}"));
    assert_eq!(
        (again.status, again.json()["status"].as_str()),
        (200, Some("cancelled"))
    );
    assert_eq!(server.get(&format!("/v1/executions/{id}")).json(), again.json());
}

#[test]
fn whoever_waits_gets_the_result() {
    let server = Server::start();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| server.post(&body(""), &[]));
        eventually("it is queued", || server.service.load().queued == 1);
        let id = server.service.all_live()[0].id;
        server.service.cancel(id);
        let answer = waiting.join().unwrap();
        let result = answer.json();
        assert_eq!(
            (answer.status, result["status"].as_str()),
            (200, Some("cancelled"))
        );
        assert_eq!(result["id"], id.to_string());
        assert_eq!(
            (result["stdout"].as_str(), result["stdout_bytes"].as_u64()),
            (Some(""), Some(0))
        );
    });
}

/// It is known to others before the engine has the order to run it: a word in between is not lost.
#[test]
fn it_may_be_cancelled_before_it_waits() {
    let server = Server::start();
    for _ in 0..12 {
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| server.post(&body(""), &[]));
            let live = loop {
                if let [execution] = &server.service.all_live()[..] {
                    break execution.id;
                }
                std::hint::spin_loop();
            };
            server.service.cancel(live);
            let answer = waiting.join().unwrap();
            assert_eq!(answer.json()["status"], "cancelled", "{}", answer.text());
        });
        eventually("its place is free", || server.service.all_live().is_empty());
    }
}

#[test]
fn a_client_that_leaves_ends_its_execution() {
    let server = Server::start();
    let body = body("");
    let mut stream = client::connect(server.address);
    let head = format!(
        "POST /v1/executions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(&client::with_key(head.as_bytes())).unwrap();
    eventually("it is queued", || server.service.load().queued == 1);
    let id = server.service.all_live()[0].id;
    drop(stream);
    eventually("it is ended", || server.service.live(id).is_none());
    let result = server.get(&format!("/v1/executions/{id}")).json();
    assert_eq!(result["status"], "cancelled");
}

#[test]
fn a_key_stands_for_one_execution() {
    let server = Server::start();
    let key = ("Idempotency-Key", "order-66");
    let first = server.post(&body(""), &[ASYNC, key]);
    let second = server.post(&body(""), &[ASYNC, key]);
    assert_eq!((first.status, second.status), (202, 202), "{}", second.text());
    assert_eq!(first.json()["id"], second.json()["id"]);
    let other = server.post(&body(r#","stdin":"x""#), &[ASYNC, key]);
    assert_eq!(
        (other.status, other.json()["field"].as_str()),
        (422, Some("Idempotency-Key"))
    );
    // Another writing of the same is another body.
    assert_eq!(server.post(&format!("{} ", body("")), &[key]).status, 422);
    let id = first.json()["id"].as_str().unwrap().to_owned();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| server.post(&body(""), &[key]));
        // Whether it waits already or not: it gets this result.
        server.delete(&format!("/v1/executions/{id}"));
        let answer = waiting.join().unwrap();
        assert_eq!(
            (answer.status, answer.json()["id"].as_str()),
            (200, Some(id.as_str()))
        );
    });
    assert_eq!(server.post(&body(""), &[key]).json()["status"], "cancelled");
    for bad in ["", "a b", &"k".repeat(256)] {
        let answer = server.post(&body(""), &[("Idempotency-Key", bad)]);
        assert_eq!(
            (answer.status, answer.json()["field"].as_str()),
            (400, Some("Idempotency-Key")),
            "{bad:.9}"
        );
    }
}

#[test]
fn lists_are_filtered_and_paged() {
    let server = Server::start();
    for n in 0..5 {
        let labels = format!(r#","labels":{{"n":"{n}","all":"yes"}}"#);
        assert_eq!(server.post(&body(&labels), &[ASYNC]).status, 202);
    }
    server.record(b"x", b"", &[]);
    let ids = |answer: &Value| -> Vec<String> {
        let items = answer["items"].as_array().unwrap().iter();
        items
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let mut all = Vec::new();
    let mut path = "/v1/executions?limit=2".to_owned();
    loop {
        let page = server.get(&path).json();
        all.extend(ids(&page));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/executions?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(all.len(), 6);
    assert!(all.is_sorted_by(|a, b| a > b), "newest first");
    let count = |query: &str| ids(&server.get(&format!("/v1/executions?{query}")).json()).len();
    assert_eq!(count("status=queued"), 5);
    assert_eq!(count("status=succeeded&language=sh"), 1);
    assert_eq!(count("label=all%3Dyes"), 5);
    assert_eq!(count("label=all=yes&label=n=3"), 1);
    assert_eq!(count("label=n=2&label=n=3"), 0);
    assert_eq!(count("created_after=2100-01-01T00:00:00Z"), 0);
    assert_eq!(count("created_before=2100-01-01T00:00:00Z"), 6);
    let item = server.get("/v1/executions?status=succeeded").json()["items"][0].clone();
    assert_eq!(
        (item["stdout_bytes"].as_u64(), item["labels"]["made"].as_str()),
        (Some(1), Some("by hand"))
    );
}

#[test]
fn results_of_any_size_are_the_same_object() {
    let server = Server::start();
    // The first is answered from memory, the others in slices.
    for size in [1000, 300_000, 3_000_000] {
        let text: String = "aé\"\n\u{1}😀".chars().cycle().take(size / 2).collect();
        let bytes: Vec<u8> = (0..size).map(|n| (n * 7 % 256) as u8).collect();
        let small = vec![1u8, 2, 3];
        let large = vec![9u8; (64 << 10) + 1];
        let files = [("a b/small", small.clone()), ("large", large.clone())];
        let id = server.record(text.as_bytes(), &bytes, &files);
        let answer = server.get(&format!("/v1/executions/{id}"));
        let result = answer.json();
        assert_eq!(answer.status, 200);
        assert_eq!(result["stdout"].as_str().unwrap(), text);
        assert!(result.get("stdout_base64").is_none());
        assert_eq!(
            result["stderr"].as_str().unwrap(),
            String::from_utf8_lossy(&bytes)
        );
        assert_eq!(
            STANDARD
                .decode(result["stderr_base64"].as_str().unwrap())
                .unwrap(),
            bytes
        );
        assert_eq!(result["stderr_bytes"].as_u64(), Some(size as u64));
        assert_eq!(
            result["files"][0]["content_base64"].as_str().unwrap(),
            STANDARD.encode(&small)
        );
        assert!(
            result["files"][0].get("href").is_none() && result["files"][1].get("content_base64").is_none()
        );
        let href = result["files"][1]["href"].as_str().unwrap();
        assert_eq!(server.get(href).body, large);
    }
}

#[test]
fn files_are_attachments_that_no_browser_opens() {
    let server = Server::start();
    let html = b"<script>alert(1)</script>".to_vec();
    let id = server.record(
        b"",
        b"",
        &[("out/p \u{e9}.html", html.clone()), ("empty", Vec::new())],
    );
    let path = format!("/v1/executions/{id}/files/out/p%20%C3%A9.html");
    let answer = server.get(&path);
    assert_eq!((answer.status, &answer.body), (200, &html));
    let tag = format!("\"{}\"", "ab".repeat(32));
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        (
            "content-disposition",
            "attachment; filename*=UTF-8''p%20%C3%A9.html",
        ),
        ("content-length", "25"),
        ("etag", tag.as_str()),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    let known = client::send(server.address, "GET", &path, &[("If-None-Match", &tag)], b"");
    assert_eq!((known.status, known.body.len()), (304, 0));
    let head = client::send(server.address, "HEAD", &path, &[], b"");
    assert_eq!((head.status, head.header("content-length")), (200, Some("25")));
    assert_eq!(
        server.get(&format!("/v1/executions/{id}/files/empty")).status,
        200
    );
    for none in ["out", "out/../empty", "%2e%2e/empty", "/etc/passwd", "%00", "%ff"] {
        assert_eq!(
            server.get(&format!("/v1/executions/{id}/files/{none}")).status,
            404,
            "{none}"
        );
    }
}

#[test]
fn ids_that_nobody_has_are_told_alike() {
    let server = Server::start();
    let mut seen = Vec::new();
    for id in [
        "01arz3ndektsv4rrffq69g5fav",
        "x",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "%00",
        "%ff",
        "8zzzzzzzzzzzzzzzzzzzzzzzzz",
    ] {
        for below in ["", "/events", "/files/a"] {
            let answer = server.get(&format!("/v1/executions/{id}{below}"));
            assert_eq!(answer.status, 404, "{id}{below}");
            seen.push(answer.body);
        }
        assert_eq!(server.delete(&format!("/v1/executions/{id}")).status, 404, "{id}");
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "one answer for all of them");
}
