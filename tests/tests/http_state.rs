//! The state of a service when its disk is full, its file is locked, damaged, or of a newer version: clear
//! answers, reads go on, and it recovers by itself where it can.

use casemate_tests::{Service, Skip, Starting, command, need_root, seconds, until};
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

fn body() -> serde_json::Value {
    json!({"language": "bash", "code": "echo x"})
}

fn database(service: &Service) -> PathBuf {
    service.scratch().path().join("data/server/state.db")
}

/// SQLite in a language of the host; the tests bring none of their own.
fn sqlite(database: &Path, code: &str) -> std::process::Command {
    let mut python = command("/usr/bin/python3");
    let program =
        format!("import sqlite3, sys\ndb = sqlite3.connect(sys.argv[1], isolation_level=None)\n{code}");
    python.arg("-c").arg(program).arg(database);
    python
}

fn need_sqlite() -> Option<Skip> {
    let found = command("/usr/bin/python3")
        .args(["-c", "import sqlite3"])
        .status();
    (!found.is_ok_and(|status| status.success()))
        .then(|| Skip::because("needs /usr/bin/python3 with sqlite3"))
}

#[test]
fn results_outlive_the_service() {
    let service = Service::start();
    let result = service.run("bash", "echo kept");
    let id = result["id"].as_str().expect("an id").to_owned();
    let scratch = service.scratch().clone();
    assert_eq!(service.stop(), 0);
    let service = Starting::new().after(&scratch).start();
    let again = service.get(&format!("/v1/executions/{id}")).expect(200).json();
    assert_eq!(
        (&again["stdout"], &again["status"]),
        (&json!("kept\n"), &json!("succeeded"))
    );
}

/// A small disk of its own, unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(folder: PathBuf) -> Option<Self> {
        let mounted = command("mount")
            .args(["-t", "tmpfs", "-o", "size=24m,mode=0755", "tmpfs"])
            .arg(&folder)
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then_some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = command("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_told_and_survived() {
    if let Some(skip) = need_root() {
        return skip.report();
    }
    let starting = Starting::new();
    let Some(disk) = SmallDisk::mount(starting.data()) else {
        return casemate_tests::skip("no tmpfs can be mounted here");
    };
    let service = starting.start();
    let before = service.post(&body(), &[]).expect(200).text("id");
    let ballast = disk.0.join("ballast");
    let filled = std::fs::File::create(&ballast).map(|mut file| while file.write_all(&[0; 4096]).is_ok() {});
    filled.expect("the ballast");
    // Until what was preallocated is used up, writes may still work.
    let refused = until(seconds(30), || {
        let answer = service.post(
            &json!({"language": "bash", "code": "head -c 900000 /dev/zero"}),
            &[],
        );
        (answer.status != 200).then_some(answer)
    });
    let answer = refused.expect("a refusal").expect(503);
    assert!(answer.headers.contains_key("retry-after"), "{answer}");
    // Which step meets it first is chance: the record of the request, or that of its end.
    let detail = answer.text("detail");
    let told = ["room", "full", "recorded"]
        .iter()
        .any(|word| detail.contains(word));
    assert!(told, "{answer}");
    service.get(&format!("/v1/executions/{before}")).expect(200);
    let status = service.get("/v1/status").expect(200).json();
    assert_eq!(status["components"]["store"]["health"], "full", "{status}");
    std::fs::remove_file(&ballast).expect("the ballast goes");
    let recovered = until(seconds(5), || {
        (service.post(&body(), &[]).status == 200).then_some(())
    });
    assert!(recovered.is_some(), "{}", service.get("/v1/status"));
    drop(service);
}

#[test]
fn a_locked_file_answers_503_in_the_end() {
    if let Some(skip) = need_root().or_else(need_sqlite) {
        return skip.report();
    }
    let service = Service::start();
    let before = service.post(&body(), &[]).expect(200).text("id");
    let code = "db.execute('BEGIN IMMEDIATE')\nprint('locked', flush=True)\nsys.stdin.read()\ndb.execute('ROLLBACK')";
    let mut holder = sqlite(&database(&service), code)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3");
    let mut line = String::new();
    let _ = BufReader::new(holder.stdout.take().expect("a pipe")).read_line(&mut line);
    assert_eq!(line, "locked\n");
    let answer = service.post(&body(), &[]).expect(503);
    assert!(answer.headers.contains_key("retry-after"), "{answer}");
    service.get(&format!("/v1/executions/{before}")).expect(200);
    drop(holder.stdin.take());
    let _ = holder.wait();
    let again = until(seconds(10), || {
        (service.post(&body(), &[]).status == 200).then_some(())
    });
    assert!(again.is_some(), "{}", service.get("/v1/status"));
}

#[test]
fn a_damaged_file_is_read_and_never_written() {
    if let Some(skip) = need_root() {
        return skip.report();
    }
    let service = Service::start();
    for _ in 0..20 {
        service.run("python", "print('x' * 50000)");
    }
    let (scratch, path) = (service.scratch().clone(), database(&service));
    assert_eq!(service.stop(), 0);
    let mut bytes = std::fs::read(&path).expect("the database");
    let (from, to) = (bytes.len() / 3, bytes.len() / 2);
    bytes[from..to].fill(0x5a);
    std::fs::write(&path, &bytes).expect("damage");
    let service = Starting::new().after(&scratch).start();
    let refused = service.post(&body(), &[]).expect(500);
    assert!(refused.text("detail").contains("damaged"), "{refused}");
    service.get("/healthz").expect(200);
    let status = service.get("/v1/status").expect(200).json();
    assert_eq!(status["components"]["store"]["health"], "read_only", "{status}");
    assert!(
        service.words().contains("restore a backup"),
        "{}",
        service.words()
    );
    drop(service);
    assert_eq!(
        std::fs::read(&path).expect("the database"),
        bytes,
        "the damaged file was written"
    );
}

#[test]
fn a_file_of_a_newer_version_is_refused() {
    if let Some(skip) = need_root().or_else(need_sqlite) {
        return skip.report();
    }
    let service = Service::start();
    let (scratch, path) = (service.scratch().clone(), database(&service));
    assert_eq!(service.stop(), 0);
    let status = sqlite(&path, "db.execute('PRAGMA user_version = 999')").status();
    assert!(status.expect("python3").success());
    let (code, words) = Starting::new().after(&scratch).refused();
    assert_eq!(code, 125, "{words}");
    assert!(words.contains("newer"), "{words}");
}
