//! What must work inside: ordinary programs, in every language the host has. A wall that breaks
//! these would be taken down by its users.

use casemate_tests::{Outcome, RESULT_FIELDS, Run, Scratch, programs};

fn source(name: &str) -> String {
    let path = programs().join("works").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[track_caller]
fn prints(run: Run, expected: &str) -> Outcome {
    let outcome = run.go().succeeded();
    assert_eq!(outcome.stdout(), expected, "{outcome}");
    outcome
}

#[track_caller]
fn python_prints(name: &str, expected: &str) {
    prints(Run::python(source(name)).memory("512M"), expected);
}

#[test]
fn python_threads() {
    python_prints("threads.py", "190 20 328350\n");
}

#[test]
fn python_subprocess() {
    python_prints(
        "subprocess.py",
        "plain\nb a\nthrough a pipe 0\n7 -9\ntimeout\nabsent\n",
    );
}

#[test]
fn python_multiprocessing() {
    python_prints(
        "multiprocess.py",
        "40425\n5\n5\nhello\n{'a': 1}\n{'k': 'v'}\n81\n",
    );
}

#[test]
fn python_asyncio() {
    python_prints("asynchronous.py", "190\nby asyncio 0\n3\nUNIX\ntimeout\nthread\n");
}

#[test]
fn python_sockets_on_loopback() {
    prints(
        Run::python(source("loopback.py")).network("loopback"),
        "TCP\nudp\npage\nsix\n['lo']\n",
    );
}

#[test]
fn python_sqlite() {
    python_prints("database.py", "(1000, 500500)\n(1000, 500500)\n(1000, 500500)\n");
}

#[test]
fn python_files() {
    let expected = "temporary True\n/workspace 0o22 /tmp\n['a/b/c/ü 名.txt'] /workspace/a 2\n['hard'] 128\n0o640\n\
                    b'map'\nb'fifo'\n16 b'\\x00\\x00' True\nexecuted\n";
    // It writes a program and starts it, which a profile's default restricts.
    prints(
        Run::python(source("files.py")).memory("512M").observed(),
        expected,
    );
}

#[test]
fn python_signals() {
    let expected = "-9\nSIGUSR2\n['SIGUSR1', 'SIGTERM', 'SIGHUP', 'SIGINT', 'SIGWINCH', 'SIGALRM']\n";
    python_prints("signals.py", expected);
}

#[test]
fn python_sees_a_system() {
    let expected = "True True True\n127.0.0.1 True\nUTC Europe/Berlin\nTrue utf-8 utf-8 UTF-8\nTrue True True\n1\nb'x'\nTrue True\n";
    let outcome = Run::python(source("system.py")).go().succeeded();
    let without_zone = |text: &str| {
        text.lines()
            .filter(|line| !line.contains("Berlin"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        without_zone(outcome.stdout()),
        without_zone(expected),
        "{outcome}"
    );
    assert!(outcome.stdout().contains("Europe/Berlin"), "{outcome}");
}

#[test]
fn python_terminal() {
    let code = "import os, pty, sys\nmaster, slave = os.openpty()\nos.write(slave, b'terminal')\n\
                print(os.read(master, 8).decode(), os.isatty(slave), flush=True)\n\
                sys.exit(pty.spawn(['sh', '-c', 'test -t 0 && exit 7']) >> 8)";
    let outcome = Run::python(code).go().ended("failed", 7);
    assert!(outcome.stdout().starts_with("terminal True"), "{outcome}");
}

#[test]
fn unicode_everywhere() {
    let code = "import os, sys\nprint('ünï 名前 🏰', sys.argv[1:], os.environ['NAME'], sys.stdin.read())\n\
                print(open('dätä 名.txt').read())\nopen('öut.txt', 'w').write('é')";
    let run = Run::python(code)
        .arg("ä 名")
        .arg("")
        .env("NAME", "🏰 = x")
        .stdin("schön")
        .file("dätä 名.txt", "inhält");
    let outcome = run.out("*.txt").go().succeeded();
    assert_eq!(
        outcome.stdout(),
        "ünï 名前 🏰 ['ä 名', ''] 🏰 = x schön\ninhält\n",
        "{outcome}"
    );
    assert_eq!(
        outcome.content("öut.txt").as_deref(),
        Some("é".as_bytes()),
        "{outcome}"
    );
}

#[test]
fn output_up_to_the_limit_is_whole() {
    let outcome = Run::python("import sys\nsys.stdout.write('x' * (1 << 20))")
        .go()
        .succeeded();
    assert_eq!(outcome.stdout().len(), 1 << 20);
    assert!(!outcome.flag("stdout_truncated"));
    let outcome = Run::python("print('y' * (8 << 20), end='')")
        .output_limit("8M")
        .go()
        .succeeded();
    assert_eq!(
        (outcome.stdout().len(), outcome.flag("stdout_truncated")),
        (8 << 20, false)
    );
}

#[test]
fn binary_output_is_exact() {
    let code =
        "import sys\nsys.stdout.buffer.write(bytes(range(256)) * 9)\nsys.stderr.buffer.write(b'\\xff\\xfe')";
    let outcome = Run::python(code).go().succeeded();
    let expected: Vec<u8> = (0..9).flat_map(|_| 0..=255_u8).collect();
    assert!(outcome.field("stdout_base64").is_string(), "{outcome}");
    assert_eq!(outcome.stdout_raw(), expected);
    assert_eq!(outcome.number("stdout_bytes"), 9 * 256);
    assert!(outcome.field("stderr_base64").is_string(), "{outcome}");
    let plain = Run::python("print('text')").go().succeeded();
    assert!(
        plain
            .json
            .get("stdout_base64")
            .is_none_or(serde_json::Value::is_null),
        "{plain}"
    );
}

#[test]
fn nul_and_control_bytes_are_kept() {
    let outcome = Run::python("import sys\nsys.stdout.write('a\\x00b\\x1b[31mc\\r\\n')")
        .go()
        .succeeded();
    assert_eq!(outcome.stdout(), "a\0b\u{1b}[31mc\r\n");
}

#[test]
fn stdin_arrives() {
    let large = "line\n".repeat(400_000);
    let code = "import sys\nprint(len(sys.stdin.read()))";
    prints(Run::python(code).stdin(&large), "2000000\n");
    prints(Run::python(code), "0\n");
    let binary: Vec<u8> = (0..=255).collect();
    let outcome = Run::python("import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())")
        .stdin(&binary)
        .go()
        .succeeded();
    assert_eq!(outcome.stdout_raw(), binary);
}

#[test]
fn unread_stdin_does_no_harm() {
    prints(Run::python("print('done')").stdin(vec![b'x'; 4 << 20]), "done\n");
}

#[test]
fn arguments_and_environment_arrive() {
    let code = "import os, sys\nprint(sys.argv[1:], os.environ['A'], os.environ['B'])";
    let run = Run::python(code)
        .arg("-x")
        .arg("--flag=1")
        .arg("two words")
        .arg("--")
        .arg("'\"$");
    prints(
        run.env("A", "1=2").env("B", ""),
        "['-x', '--flag=1', 'two words', '--', '\\'\"$'] 1=2 \n",
    );
}

#[test]
fn many_arguments_arrive() {
    let run = (0..256).fold(Run::python("import sys\nprint(len(sys.argv) - 1)"), |run, n| {
        run.arg(n.to_string())
    });
    prints(run, "256\n");
}

#[test]
fn pure_package_by_files() {
    let run = Run::python("import pkg\nfrom pkg.sub import deep\nprint(pkg.answer(), deep.name, pkg.text())")
        .file("pkg/__init__.py", "from .first import answer\nfrom .second import text\n")
        .file("pkg/first.py", "from . import second\ndef answer(): return second.base() * 2\n")
        .file("pkg/second.py", "import os\ndef base(): return 21\ndef text():\n  with open(os.path.join(os.path.dirname(__file__), 'data.txt')) as f: return f.read()\n")
        .file("pkg/data.txt", "packaged")
        .file("pkg/sub/__init__.py", "")
        .file("pkg/sub/deep.py", "from ..first import answer\nname = __name__\n");
    prints(run, "42 pkg.sub.deep packaged\n");
}

#[test]
fn installed_package_by_folder() {
    // What `pip install --target` leaves: a package beside its metadata.
    let scratch = Scratch::new();
    scratch.write(
        "site/tiny/__init__.py",
        "from .core import greet\n__version__ = '1.0'\n",
    );
    scratch.write("site/tiny/core.py", "def greet(name): return f'hello {name}'\n");
    scratch.write(
        "site/tiny-1.0.dist-info/METADATA",
        "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
    );
    let code = "import importlib.metadata, sys\nsys.path.insert(0, 'site')\nimport tiny\n\
                print(tiny.greet('you'), importlib.metadata.version('tiny'))";
    let files = ["tiny/__init__.py", "tiny/core.py", "tiny-1.0.dist-info/METADATA"];
    let run = files.iter().fold(Run::python(code), |run, name| {
        run.flag("--file")
            .flag(format!("{}/site/{name}:site/{name}", scratch.path().display()))
    });
    prints(run, "hello you 1.0\n");
}

#[test]
fn modules_beside_the_program() {
    prints(
        Run::python("import helper\nprint(helper.x)").file("helper.py", "x = 'beside'"),
        "beside\n",
    );
}

#[test]
fn every_exit_code_is_exact() {
    for code in [
        0, 1, 2, 3, 42, 100, 123, 124, 125, 126, 127, 128, 130, 137, 139, 200, 254, 255,
    ] {
        let outcome = Run::bash(format!("exit {code}")).go();
        assert_eq!(outcome.exit_code(), Some(code), "{outcome}");
        assert_eq!(i64::from(outcome.code), code, "{outcome}");
        assert_eq!(
            outcome.status(),
            if code == 0 { "succeeded" } else { "failed" },
            "{outcome}"
        );
        assert_eq!(outcome.signal(), None, "{outcome}");
    }
}

#[test]
fn signals_end_with_128_and_more() {
    for (name, number) in [
        ("TERM", 15),
        ("SEGV", 11),
        ("ABRT", 6),
        ("USR1", 10),
        ("PIPE", 13),
        ("FPE", 8),
        ("KILL", 9),
    ] {
        let outcome = Run::python(format!(
            "import os, signal\nsignal.signal(signal.SIG{name}, signal.SIG_DFL) if '{name}' != 'KILL' else None\n\
             os.kill(os.getpid(), signal.SIG{name})\nimport time; time.sleep(9)"
        ));
        let outcome = outcome.observed().go();
        assert_eq!(
            (outcome.status(), outcome.code),
            ("failed", 128 + number),
            "SIG{name}: {outcome}"
        );
        assert_eq!(outcome.exit_code(), None, "{outcome}");
        assert!(!outcome.field("signal").is_null(), "{outcome}");
    }
}

#[test]
fn exit_in_every_manner() {
    Run::python("import sys\nsys.exit('message')")
        .go()
        .ended("failed", 1);
    Run::python("import os\nos._exit(9)").go().ended("failed", 9);
    Run::python("raise SystemExit(4)").go().ended("failed", 4);
    let outcome = Run::python("def f():\n  raise ValueError('broken')\nf()")
        .go()
        .ended("failed", 1);
    assert!(
        outcome.stderr().contains("Traceback") && outcome.stderr().contains("ValueError: broken"),
        "{outcome}"
    );
    let outcome = Run::python("def f(:").go().ended("failed", 1);
    assert!(outcome.stderr().contains("SyntaxError"), "{outcome}");
    Run::python("").go().succeeded();
    Run::bash("no-such-command").go().ended("failed", 127);
}

#[test]
fn outputs_come_back() {
    let code = "import os\nos.makedirs('plots/deep')\nopen('plots/a.png', 'wb').write(b'\\x89PNG')\n\
                open('plots/deep/b.csv', 'w').write('1,2')\nopen('other', 'w').write('no')";
    let scratch = Scratch::new();
    let outcome = Run::python(code)
        .out("plots/**")
        .out_dir(scratch.path())
        .go()
        .succeeded();
    let mut names: Vec<String> = outcome.files().into_iter().map(|(name, _)| name).collect();
    names.sort();
    assert_eq!(names, ["plots/a.png", "plots/deep/b.csv"], "{outcome}");
    assert_eq!(
        std::fs::read(scratch.path().join("plots/a.png")).expect("the file"),
        b"\x89PNG"
    );
    assert_eq!(
        std::fs::read(scratch.path().join("plots/deep/b.csv")).expect("the file"),
        b"1,2"
    );
    let (_, entry) = outcome
        .files()
        .into_iter()
        .find(|(name, _)| name == "plots/deep/b.csv")
        .expect("the entry");
    assert_eq!(
        entry.get("size_bytes").and_then(serde_json::Value::as_u64),
        Some(3)
    );
    // sha256 of "1,2".
    let digest = entry
        .get("sha256")
        .and_then(serde_json::Value::as_str)
        .expect("a digest");
    assert_eq!(digest.len(), 64, "{digest}");
}

#[test]
fn result_has_every_field() {
    let outcome = Run::python("print(1)").go().succeeded();
    for name in RESULT_FIELDS {
        outcome.field(name);
    }
    let id = outcome.field("id").as_str().expect("an id");
    assert!(
        id.len() == 26
            && id
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()),
        "{id}"
    );
    for name in [
        "wall_ms",
        "cpu_user_ms",
        "cpu_system_ms",
        "memory_peak_bytes",
        "disk_peak_bytes",
        "pids_peak",
        "network_bytes",
    ] {
        outcome.usage(name);
    }
    for name in ["queue", "analysis", "lease", "run", "collect", "total"] {
        assert!(
            outcome.field("timing_ms").get(name).is_some(),
            "no timing of {name}: {outcome}"
        );
    }
    assert!(
        outcome.usage("wall_ms").is_some_and(|wall| wall > 0.0),
        "{outcome}"
    );
    for layer in outcome.field("layers").as_array().expect("a list") {
        let state = layer
            .get("state")
            .and_then(serde_json::Value::as_str)
            .expect("a state");
        assert!(["enforced", "partial", "missing"].contains(&state), "{layer}");
    }
}

#[test]
fn usage_is_measured() {
    if let Some(skip) = casemate_tests::need_cgroup() {
        return skip.report();
    }
    let code = "kept = bytearray(b'x') * (50 << 20)\nopen('/tmp/f', 'wb').write(b'y' * (10 << 20))\nx = sum(n * n for n in range(2_000_000))";
    let outcome = Run::python(code).go().succeeded();
    assert!(
        outcome
            .usage("memory_peak_bytes")
            .is_some_and(|peak| peak > 50e6 && peak < 400e6),
        "{outcome}"
    );
    assert!(
        outcome.usage("cpu_user_ms").is_some_and(|cpu| cpu > 10.0),
        "{outcome}"
    );
    assert!(
        outcome.usage("disk_peak_bytes").is_none_or(|disk| disk >= 10e6),
        "{outcome}"
    );
}

#[test]
fn limits_under_the_bound_do_not_bite() {
    let code =
        "kept = bytearray(b'x') * (90 << 20)\nopen('/tmp/f', 'wb').write(b'y' * (30 << 20))\nprint('fits')";
    prints(Run::python(code).memory("128M").disk("32M"), "fits\n");
}
