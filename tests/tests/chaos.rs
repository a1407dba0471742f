//! kill -9 of every process of a service at random moments, with programs in flight: what was accepted
//! gets exactly one end, nothing is left on the host, and it serves again soon.
//!
//! `CASEMATE_CHAOS_ROUNDS` (50, on PostgreSQL 10) rounds; `make chaos` runs 1,000.

use casemate_tests::http::Connection;
use casemate_tests::{Postgres, Random, Residue, Service, Starting, environment, seconds, until};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Programs in flight when a process is killed.
const IN_FLIGHT: usize = 50;
const WORDS: [&str; 10] = [
    "succeeded",
    "failed",
    "timed_out",
    "cpu_exceeded",
    "memory_exceeded",
    "disk_exceeded",
    "output_exceeded",
    "killed",
    "denied",
    "cancelled",
];

/// What clients were told: the id of each accepted execution, and the end that some of them heard.
type Told = Mutex<BTreeMap<String, Option<String>>>;

/// Sends one asynchronous request; what is not answered was not accepted as far as the client knows.
fn submit(address: std::net::SocketAddr, number: u64, told: &Told) {
    let code = match number % 4 {
        0 => "echo quick",
        1 => "sleep 0.2; echo slow",
        2 => "sleep 600",
        _ => "head -c 100000 /dev/zero; sleep 0.1",
    };
    let body = json!({"language": "bash", "code": code, "limits": {"wall_ms": 2000}}).to_string();
    let attempt = || -> Option<String> {
        let mut connection = Connection::try_to(address)?;
        let headers = &["Content-Type: application/json", "Prefer: respond-async"];
        connection
            .try_send("POST", "/v1/executions", headers, body.as_bytes())
            .ok()?;
        let answer = connection.receive_whole()?;
        (answer.status == 202).then(|| answer.text("id"))
    };
    if let Some(id) = attempt() {
        told.lock().expect("what was told").insert(id, None);
    }
}

/// Asks for everything that was accepted until it has ended; the times it took to end.
#[track_caller]
fn settle(service: &Service, told: &Told) {
    let ids: Vec<String> = told.lock().expect("what was told").keys().cloned().collect();
    for id in ids {
        let ended = until(seconds(20), || {
            let answer = service.get(&format!("/v1/executions/{id}"));
            assert_eq!(
                answer.status, 200,
                "an accepted execution is lost: {id}: {answer}"
            );
            let status = answer.text("status");
            WORDS.contains(&status.as_str()).then_some(status)
        });
        let status = ended.unwrap_or_else(|| panic!("{id} has no end"));
        let before = told
            .lock()
            .expect("what was told")
            .insert(id.clone(), Some(status.clone()));
        if let Some(Some(before)) = before {
            assert_eq!(before, status, "{id} has a second end");
        }
    }
}

#[track_caller]
fn round(
    service: &mut Service,
    random: &mut Random,
    told: &Told,
    victim: &str,
    postgres: Option<&Postgres>,
) -> Duration {
    let address = service.address();
    std::thread::scope(|scope| {
        for n in 0..IN_FLIGHT as u64 {
            scope.spawn(move || submit(address, n, told));
        }
        // Anywhere between the first request and the ends of most programs.
        std::thread::sleep(Duration::from_millis(random.below(400)));
        if victim == "casemate" {
            service.supervisor().kill();
        } else if let (Some(postgres), "postgres") = (postgres, victim) {
            postgres.restart(if random.below(2) == 0 { "fast" } else { "immediate" });
        } else if let Some(process) = service.child(victim) {
            process.kill();
        }
    });
    let begun = Instant::now();
    if victim == "casemate" {
        service.restart(address);
    }
    service.wait_ready(seconds(20));
    begun.elapsed()
}

/// One of these tests counts all that is on the host: they run one after the other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// How many rounds, and where the moments come from.
fn asked(default: usize) -> (usize, Random) {
    let rounds = environment("CASEMATE_CHAOS_ROUNDS");
    let seed = environment("CASEMATE_CHAOS_SEED");
    (
        rounds.map_or(default, |text| text.parse().expect("a number of rounds")),
        Random::seeded(seed.map_or(1, |text| text.parse().expect("a seed"))),
    )
}

#[test]
fn nothing_accepted_is_lost_and_nothing_is_left() {
    let _alone = alone();
    let (rounds, random) = asked(50);
    let p99 = kill_in_rounds(Starting::observing(), None, rounds, random);
    assert!(p99 <= seconds(2), "ready again after {p99:?} (p99)");
}

/// The same on PostgreSQL, which is restarted as well, every other time without a farewell.
#[test]
fn nothing_accepted_is_lost_on_postgresql() {
    let _alone = alone();
    let Some(postgres) = Postgres::start() else { return };
    let (rounds, random) = asked(10);
    let starting = Starting::observing().setting("CASEMATE_DATABASE", postgres.url());
    let p99 = kill_in_rounds(starting, Some(&postgres), rounds, random);
    assert!(p99 <= seconds(5), "ready again after {p99:?} (p99)");
}

/// Kills in rounds, and counts; the time until it is ready again, of 99 in 100 rounds at most.
#[track_caller]
fn kill_in_rounds(
    starting: Starting,
    postgres: Option<&Postgres>,
    rounds: usize,
    mut random: Random,
) -> Duration {
    const VICTIMS: [&str; 5] = [
        "casemate-server",
        "casemate-warden",
        "casemate",
        "postgres",
        "casemate-connector",
    ];
    let before = Residue::now();
    let mut service = starting.setting("CASEMATE_MAX_RUNNING", "64").start();
    let told = Told::default();
    let mut times = Vec::new();
    for number in 0..rounds {
        let victim = VICTIMS[number % if postgres.is_some() { 5 } else { 3 }];
        times.push(round(&mut service, &mut random, &told, victim, postgres));
        // Everything is asked for now and then, and in the end again.
        if number % 10 == 9 || number + 1 == rounds {
            settle(&service, &told);
        }
    }
    settle(&service, &told);
    every_end_is_one(&service, &told);
    times.sort();
    let p99 = times[(times.len() * 99).div_ceil(100) - 1];
    println!(
        "{rounds} rounds, ready again after: median {:?}, p99 {p99:?}",
        times[times.len() / 2]
    );
    assert_eq!(service.stop(), 0);
    let clean = until(seconds(5), || {
        Residue::now().beyond(&before).is_empty().then_some(())
    });
    assert!(clean.is_some(), "left: {:#?}", Residue::now().beyond(&before));
    p99
}

/// The list holds no execution that is still open, and none twice.
#[track_caller]
fn every_end_is_one(service: &Service, told: &Told) {
    let (mut seen, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let page = service
            .get(&format!("/v1/executions?limit=200{cursor}"))
            .expect(200)
            .json();
        for item in page["items"].as_array().expect("items") {
            let id = item["id"].as_str().expect("an id").to_owned();
            let status = item["status"].as_str().expect("a status").to_owned();
            assert!(WORDS.contains(&status.as_str()), "{item} is still open");
            assert!(seen.insert(id, status).is_none(), "{item} is there twice");
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    for (id, status) in told.lock().expect("what was told").iter() {
        assert_eq!(seen.get(id), status.as_ref(), "{id}");
    }
}

/// What a dead server left behind says so.
#[test]
fn what_a_dead_server_left_is_killed_with_its_reason() {
    let _alone = alone();
    let service = Service::observing();
    let id = service.begin(&json!({"language": "bash", "code": "sleep 600"}));
    service.wait_for(&id, "running");
    service.child("casemate-server").expect("the server").kill();
    service.wait_ready(seconds(10));
    let result = service.wait_for(&id, "killed");
    assert_eq!(result["reason"], "server_died");
    let id = service.begin(&json!({"language": "bash", "code": "sleep 600"}));
    service.wait_for(&id, "running");
    service.child("casemate-warden").expect("the warden").kill();
    let result: Value = service.wait_for(&id, "killed");
    assert_eq!(result["reason"], "warden_died");
    service.wait_ready(seconds(10));
    service.run("bash", "echo again");
}

/// Nobody reads what the service says: that is no reason to end.
#[test]
fn a_broken_standard_error_is_survived() {
    let _alone = alone();
    let service = Starting::observing().deaf().start();
    for victim in ["casemate-server", "casemate-warden", "casemate-server"] {
        service.child(victim).expect(victim).kill();
        service.wait_ready(seconds(10));
        service.run("bash", "echo again");
    }
    assert_eq!(service.stop(), 0);
}

/// A look from another process namespace must not take our groups for those of the dead.
#[test]
fn others_in_another_pid_namespace_leave_us_alone() {
    let _alone = alone();
    let (Some(unshare), None) = (casemate_tests::which("unshare"), casemate_tests::need_root()) else {
        return casemate_tests::skip("needs unshare(1) and root");
    };
    let service = Service::observing();
    let id = service.begin(&json!({"language": "bash", "code": "sleep 1; echo lived"}));
    service.wait_for(&id, "running");
    let scratch = casemate_tests::Scratch::new();
    let program = scratch.write("p.sh", "echo other");
    let output = casemate_tests::command(unshare)
        .args(["--pid", "--fork", "--mount-proc"])
        .arg(casemate_tests::casemate())
        .args(["run", "--quiet"])
        .arg(program)
        .env("CASEMATE_DATA_DIR", scratch.folder("data"))
        .output()
        .expect("unshare");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "other\n", "{output:?}");
    assert_eq!(service.wait_for(&id, "succeeded")["stdout"], "lived\n");
}
