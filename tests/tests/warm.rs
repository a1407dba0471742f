//! Sandboxes that stand ready: which way programs get theirs, that late limits hold, that nobody meets the last user,
//! and what follows when a zygote or its template dies.

use casemate_tests::{Process, Service, Starting, rootless, seconds, skip, until};
use serde_json::{Value, json};
use std::collections::HashSet;

/// The row of `GET /v1/pools` for a language and nothing special.
fn pool(service: &Service, language: &str) -> Value {
    let listed = service.get("/v1/pools").expect(200).json();
    let rows = listed["pools"].as_array().cloned().unwrap_or_default();
    let usual = |row: &Value| row["language"] == language && row["network"] == "none";
    rows.into_iter().find(usual).unwrap_or_default()
}

/// Waits until a sandbox stands ready.
#[track_caller]
fn await_idle(service: &Service, language: &str) {
    let ready = until(seconds(20), || {
        (pool(service, language)["idle"].as_u64()? > 0).then_some(())
    });
    assert!(ready.is_some(), "none stands ready: {}", pool(service, language));
}

#[track_caller]
fn python(service: &Service, code: &str, more: Value) -> Value {
    let mut body = json!({"language": "python", "code": code});
    for (key, value) in more.as_object().into_iter().flatten() {
        body[key] = value.clone();
    }
    service.post(&body, &[]).expect(200).json()
}

#[test]
fn each_way_is_taken_and_named() {
    if rootless() {
        return skip("with one id alone nothing is forked");
    }
    let service = Service::observing();
    await_idle(&service, "python");
    let code = "import os\nprint(os.getpid(), os.getppid(), __file__)";
    let pooled = python(&service, code, json!({}));
    assert_eq!(pooled["path"], "pool", "{pooled}");
    assert_eq!(pooled["stdout"], "3 1 /workspace/main.py\n");
    for more in [
        json!({"profile": "fresh"}),
        json!({"env": {"PYTHONHASHSEED": "1"}}),
        json!({"env": {"LC_ALL": "C"}}),
    ] {
        let fresh = python(&service, "import sys\nprint(sys.argv)", more);
        assert_ne!(fresh["path"], "fork", "{fresh}");
        assert_eq!(fresh["stdout"], "['/workspace/main.py']\n");
    }
    let fresh = python(&service, "print(1)", json!({"profile": "fresh"}));
    assert_eq!(fresh["path"], "exec", "{fresh}");
    let forked = Starting::observing()
        .setting("CASEMATE_POOL_MAX_IDLE", "0")
        .setting("CASEMATE_POOL_MIN_IDLE", "0")
        .start();
    let result = python(&forked, code, json!({}));
    assert_eq!(result["path"], "fork", "{result}");
    assert_eq!(result["stdout"], "3 1 /workspace/main.py\n");
}

#[test]
fn limits_that_come_late_hold() {
    let service = Service::observing();
    await_idle(&service, "python");
    let meminfo = "print(open('/proc/meminfo').readline().split()[1])";
    let seen = python(&service, meminfo, json!({"limits": {"memory_bytes": 100 << 20}}));
    assert_eq!(seen["stdout"], "102400\n", "{seen}");
    if rootless() {
        return skip("the other limits are those of a control group");
    }
    let hog = "b = bytearray(96 << 20)\nprint('held')";
    await_idle(&service, "python");
    let big = python(
        &service,
        hog,
        json!({"limits": {"memory_bytes": 48 << 20, "disk_bytes": 134217728}}),
    );
    // Over the limit, below what memory and disk may hold together: seen by a look, or by the kernel.
    let grow = "x = []\nwhile True: x.append(bytearray(1 << 20))";
    await_idle(&service, "python");
    let grown = python(&service, grow, json!({"limits": {"memory_bytes": 48 << 20}}));
    assert_eq!(grown["status"], "memory_exceeded", "{grown} after {big}");
    await_idle(&service, "python");
    let forks = "import os, time\nn = 0\ntry:\n    while n < 64:\n        if os.fork() == 0: time.sleep(5); os._exit(0)\n        \
                 n += 1\nexcept OSError: pass\nprint(n < 12)";
    let few = python(&service, forks, json!({"limits": {"pids": 10}}));
    assert_eq!(few["stdout"], "True\n", "{few}");
    await_idle(&service, "python");
    let spin = python(&service, "while True: pass", json!({"limits": {"wall_ms": 300}}));
    assert_eq!(spin["status"], "timed_out", "{spin}");
    await_idle(&service, "python");
    let burn = python(&service, "while True: pass", json!({"limits": {"cpu_ms": 200}}));
    assert_eq!(burn["status"], "cpu_exceeded", "{burn}");
}

#[test]
fn a_sandbox_is_used_once_and_nothing_of_its_user_stays() {
    let service = Service::observing();
    await_idle(&service, "python");
    // A socket without a network namespace's help, names in it, and files in every place that can be written.
    let leave = "import os, socket\n\
                 a, b = socket.socketpair(); a.send(b'left')\n\
                 for d in ('/tmp', '/workspace', '/dev/shm'):\n    open(d + '/left', 'w').write('x')\n\
                 try:\n    s = socket.socket(socket.AF_UNIX); s.bind(chr(0) + 'left'); s.listen()\nexcept OSError: pass\n\
                 print('left')";
    // Of unix sockets the names: init's own pair may be seen closing. What counts for the whole host is left out.
    let look = "import os\n\
                for d in ('/tmp', '/workspace', '/dev/shm'):\n    print(sorted(os.listdir(d)))\n\
                print([l.split()[7:] for l in open('/proc/self/net/unix').readlines()[1:] if l.split()[7:]])\n\
                for f in ('dev', 'snmp', 'snmp6', 'netstat', 'route', 'if_inet6', 'packet', 'udp', 'tcp'):\n\
                \x20   try: print(f, open('/proc/self/net/' + f).read())\n    except OSError as e: print(f, e.errno)";
    let mut seen = HashSet::new();
    let first = python(&service, look, json!({}));
    for _ in 0..6 {
        let left = python(&service, leave, json!({}));
        assert_eq!(left["stdout"], "left\n", "{left}");
        let after = python(&service, look, json!({}));
        assert_eq!(after["stdout"], first["stdout"]);
        for result in [left, after] {
            let id = result["sandbox_id"].as_str().unwrap_or_default().to_owned();
            assert!(seen.insert(id), "a sandbox was used twice: {result}");
        }
    }
    // The same as in a network namespace that nobody was in before.
    let fresh = Service::observing();
    let fresh = python(&fresh, look, json!({"profile": "fresh"}));
    assert_eq!(fresh["stdout"], first["stdout"]);
}

/// Every process whose executable is the interpreter of a zygote, and which is root in its user namespace.
fn zygotes(service: &Service) -> Vec<Process> {
    let warden = service.child("casemate-warden").map(|warden| warden.pid);
    let parent = |process: &Process| process.field("PPid").parse::<u32>().unwrap_or_default();
    let masons: Vec<u32> = Process::all()
        .into_iter()
        .filter(|process| {
            process.exists() && process.name() == "casemate-mason" && Some(parent(process)) == warden
        })
        .map(|process| process.pid)
        .collect();
    let of_mason = |process: &Process| {
        process.exists() && process.name().starts_with("python") && masons.contains(&parent(process))
    };
    Process::all().into_iter().filter(of_mason).collect()
}

#[test]
fn a_zygote_that_dies_is_replaced_and_nobody_notices() {
    if rootless() {
        return skip("with one id alone there is no zygote");
    }
    let service = Service::observing();
    await_idle(&service, "python");
    let running =
        service.begin(&json!({"language": "python", "code": "import time\ntime.sleep(2)\nprint('through')"}));
    service.wait_for(&running, "running");
    let zygote = zygotes(&service).pop().expect("a zygote");
    zygote.kill();
    for _ in 0..10 {
        let result = python(&service, "print(1)", json!({}));
        assert_eq!(result["stdout"], "1\n", "{result}");
    }
    let replaced = until(seconds(20), || {
        let path = python(&service, "print(1)", json!({}))["path"].clone();
        (path == "pool").then_some(())
    });
    assert!(replaced.is_some(), "no program is forked any more");
    let ended = service.wait_for(&running, "succeeded");
    assert_eq!(ended["stdout"], "through\n");
}

#[test]
fn a_template_that_dies_takes_its_sandboxes_and_is_replaced() {
    if rootless() {
        return skip("with one id alone there is no zygote");
    }
    let service = Service::observing();
    await_idle(&service, "python");
    let running = service.begin(&json!({"language": "python", "code": "import time\ntime.sleep(60)"}));
    service.wait_for(&running, "running");
    let zygote = zygotes(&service).pop().expect("a zygote");
    let mason = zygote.field("PPid").parse().expect("a pid");
    Process { pid: mason }.kill();
    let ended = service.wait_for(&running, "killed");
    assert_eq!(ended["reason"], "sandbox_died", "{ended}");
    let result = until(seconds(20), || {
        let answer = service.post(&json!({"language": "python", "code": "print(1)"}), &[]);
        let result = (answer.status == 200).then(|| answer.json())?;
        (result["stdout"] == "1\n" && result["path"] == "pool").then_some(())
    });
    assert!(result.is_some(), "nothing stands ready any more");
}
