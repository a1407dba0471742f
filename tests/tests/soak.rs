//! Thousands of executions by one service: what it holds in the end is what it held at the start, and
//! the last ones take no longer than the first.
//!
//! `CASEMATE_SOAK_RUNS` (2,000) executions; `make soak` runs 100,000.

use casemate_tests::http::Connection;
use casemate_tests::{Process, Residue, Service, Starting, environment, seconds, until};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Clients at once.
const CLIENTS: u64 = 4;

/// What the processes of a service hold.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    descriptors: usize,
    threads: usize,
    resident_kib: u64,
}

fn held(service: &Service) -> Held {
    let children = ["casemate-server", "casemate-warden"].map(|name| service.child(name).expect(name));
    let all: Vec<Process> = children.into_iter().chain([service.supervisor()]).collect();
    let count =
        |process: &Process, folder: &str| std::fs::read_dir(process.path(folder)).map_or(0, Iterator::count);
    let resident = |process: &Process| -> u64 {
        process
            .field("VmRSS")
            .split_whitespace()
            .next()
            .and_then(|n| n.parse().ok())
            .expect("a size")
    };
    Held {
        descriptors: all.iter().map(|process| count(process, "fd")).sum(),
        threads: all.iter().map(|process| count(process, "task")).sum(),
        resident_kib: all.iter().map(resident).sum(),
    }
}

/// So many executions by several clients; how long each took.
fn batch(service: &Service, count: u64) -> Vec<Duration> {
    let one = |client: u64| {
        let mut connection = Connection::to(service.address());
        let share = (0..count).filter(|n| n % CLIENTS == client);
        share
            .map(|n| {
                let code = match n % 8 {
                    0 => "exit 3",
                    1 => "echo left > file.txt; sleep 600 & exit 0",
                    2 => "head -c 70000 /dev/zero",
                    _ => "echo $RANDOM",
                };
                let body = json!({"language": "bash", "code": code, "outputs": ["*.txt"]}).to_string();
                let begun = Instant::now();
                connection.send(
                    "POST",
                    "/v1/executions",
                    &["Content-Type: application/json"],
                    body.as_bytes(),
                );
                let answer = connection.receive().expect("an answer").expect(200);
                let expected = if n % 8 == 0 { "failed" } else { "succeeded" };
                assert_eq!(answer.text("status"), expected, "{answer}");
                begun.elapsed()
            })
            .collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CLIENTS)
            .map(|client| scope.spawn(move || one(client)))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("a client"))
            .collect()
    })
}

/// How many there are of each kind.
fn count(residue: &Residue) -> BTreeMap<&'static str, usize> {
    residue
        .0
        .iter()
        .map(|(kind, entries)| (*kind, entries.len()))
        .collect()
}

fn p99(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() * 99 / 100]
}

#[test]
fn what_it_holds_does_not_grow() {
    if casemate_tests::rootless() {
        return casemate_tests::skip("counts what root alone may see");
    }
    let runs: u64 =
        environment("CASEMATE_SOAK_RUNS").map_or(2000, |text| text.parse().expect("a number of runs"));
    // As many stand ready at the end as at the start.
    let service = Starting::observing()
        .setting("CASEMATE_POOL_MIN_IDLE", "4")
        .setting("CASEMATE_POOL_MAX_IDLE", "4")
        .start();
    // Caches and pools fill first.
    let mut first = batch(&service, runs / 10);
    let quiet = |what: &str| {
        let status = || service.get("/v1/status").json();
        let idle = until(seconds(10), || (status()["running"] == 0).then_some(()));
        assert!(idle.is_some(), "{what}: {}", status());
        let filled = until(seconds(20), || {
            let pools = service.get("/v1/pools").json();
            let is_full = |row: &serde_json::Value| row["idle"] == row["target"] && row["creating"] == 0;
            pools["pools"].as_array()?.iter().all(is_full).then_some(())
        });
        assert!(filled.is_some(), "{what}: {}", service.get("/v1/pools"));
    };
    quiet("at the start");
    // What stands ready then dies before it is used; its place is taken by others, with other names.
    let (before, residue) = (held(&service), count(&Residue::now()));
    let mut last = batch(&service, runs - runs / 10);
    let tail = last.split_off(last.len() - last.len() / 10);
    quiet("at the end");
    let beyond = || {
        let now = count(&Residue::now());
        let mut more = now.clone();
        more.retain(|kind, number| *number > residue[kind]);
        more
    };
    let same = until(seconds(10), || {
        let more = beyond();
        let now = held(&service);
        (more.is_empty() && now.descriptors <= before.descriptors && now.threads <= before.threads)
            .then_some(now)
    });
    let after =
        same.unwrap_or_else(|| panic!("{:?} and {:?} more than {before:?}", held(&service), beyond()));
    let grown = after.resident_kib.saturating_sub(before.resident_kib);
    let (early, late) = (p99(&mut first), p99(&mut { tail }));
    println!(
        "{runs} executions: {before:?}, then {after:?}; p99 {early:?} of the first, {late:?} of the last"
    );
    assert!(grown <= 10 << 10, "{grown} KiB more resident");
    // Few runs have too few slow ones for a p99 that can be compared to a twentieth.
    let drift = if runs >= 50_000 { early / 20 } else { early };
    assert!(late <= early + drift, "p99 {early:?} at first, {late:?} at last");
}
