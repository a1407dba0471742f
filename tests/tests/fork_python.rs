//! A forked Python program behaves as an executed one: the cases of `tests/programs/python/` are run both ways by one
//! service, and their output, exit code and signal are compared byte for byte. What differs by design is in
//! `docs/python.md` and in no case.

use casemate_tests::{Service, Skip, Starting, need_language, programs, seconds, slowness, until};
use serde_json::{Value, json};

/// A program, and what it is given.
struct Case {
    name: String,
    given: Value,
    code: String,
}

/// `#: name` opens a case; behind the name arguments may stand (a list), variables (an object) or standard input (a
/// text).
fn cases(file: &str) -> Vec<Case> {
    let path = programs().join("python").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let read = |part: &str| {
        let (head, code) = part.split_once('\n').unwrap_or((part, ""));
        let (name, given) = head.split_once(' ').unwrap_or((head, "null"));
        Case {
            name: name.to_owned(),
            given: serde_json::from_str(given).unwrap_or_else(|error| panic!("{file}: {name}: {error}")),
            code: code.to_owned(),
        }
    };
    let text = text.strip_prefix("#: ").expect("a file opens with a case");
    text.split("\n#: ")
        .map(|part| read(&format!("{part}\n")))
        .collect()
}

fn body(case: &Case, profile: &str) -> Value {
    let field = match case.given {
        Value::Array(_) => "args",
        Value::Object(_) => "env",
        _ => "stdin",
    };
    let given = match &case.given {
        Value::Null => json!(""),
        given => given.clone(),
    };
    json!({
        "language": "python", "code": case.code, "profile": profile, field: given,
        "limits": {"wall_ms": 30_000 * slowness(), "pids": 64},
    })
}

/// What of a result must be equal. Addresses are not.
fn seen(result: &Value) -> Value {
    let text = |name: &str| without_addresses(result[name].as_str().unwrap_or_default());
    json!({
        "status": result["status"], "reason": result["reason"],
        "exit_code": result["exit_code"], "signal": result["signal"],
        "stdout": text("stdout"), "stderr": text("stderr"),
    })
}

/// `0x` and at least six digits become `0x`.
fn without_addresses(text: &str) -> String {
    let mut parts = text.split("0x");
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.chars().take_while(char::is_ascii_hexdigit).count();
        let kept = if digits >= 6 { &part[digits..] } else { part };
        all += "0x";
        all += kept;
    }
    all
}

#[track_caller]
fn run(service: &Service, case: &Case, profile: &str, paths: &[&str]) -> Value {
    let result = service.post(&body(case, profile), &[]).expect(200).json();
    let path = result["path"].as_str().unwrap_or_default();
    assert!(
        paths.contains(&path),
        "{}: {path:?} is none of {paths:?}: {result}",
        case.name
    );
    result
}

/// Why nothing is forked here, if so.
fn need_zygote(service: &Service) -> Option<Skip> {
    if let Some(skip) = need_language("python", &["python3"]) {
        return Some(skip);
    }
    // The zygote may be on its way yet.
    let forked = until(seconds(5), || {
        (service.run("python", "print(1)")["path"] != "exec").then_some(())
    });
    forked
        .is_none()
        .then(|| Skip::because("the service forks no Python here"))
}

/// No sandbox stands ready with a program's process in it: every Python run is forked on demand.
fn unpooled() -> Starting {
    Starting::observing()
        .setting("CASEMATE_POOL_MAX_IDLE", "0")
        .setting("CASEMATE_POOL_MIN_IDLE", "0")
}

fn compare(service: &Service, file: &str) {
    if let Some(skip) = need_zygote(service) {
        return skip.report();
    }
    let mut different = Vec::new();
    let all = cases(file);
    for case in &all {
        let executed = seen(&run(service, case, "fresh", &["exec"]));
        let forked = seen(&run(service, case, "default", &["fork", "pool"]));
        if executed != forked {
            different.push(format!(
                "{}\n  executed: {executed}\n  forked:   {forked}",
                case.name
            ));
        }
    }
    assert!(
        different.is_empty(),
        "{} of {}:\n{}",
        different.len(),
        all.len(),
        different.join("\n")
    );
}

#[test]
fn what_a_program_sees_is_the_same() {
    compare(&unpooled().start(), "module.cases");
}

#[test]
fn exit_codes_and_tracebacks_are_the_same() {
    compare(&unpooled().start(), "exits.cases");
}

#[test]
fn the_end_of_a_program_is_the_same() {
    compare(&unpooled().start(), "finish.cases");
}

#[test]
fn processes_threads_and_signals_are_the_same() {
    compare(&unpooled().start(), "processes.cases");
}

#[test]
fn a_child_that_waited_is_the_same() {
    let service = Service::observing();
    compare(&service, "exits.cases");
    compare(&service, "finish.cases");
}

/// Modules that draw random numbers, or keep what was drawn.
const RANDOM_MODULES: &str =
    "random,secrets,uuid,tempfile,ssl,multiprocessing.synchronize,hashlib,numpy.random";

/// One value of each source, as `name value` lines.
const DRAW: &str = r#"
import importlib, os, random, secrets, sys, tempfile, uuid
print('loaded', len(sys.modules)) if len(sys.argv) > 1 else None
print('random', random.random())
print('random.instance', random.Random().random())
print('system', random.SystemRandom().random())
print('secrets', secrets.token_hex())
print('urandom', os.urandom(16).hex())
print('uuid1', uuid.uuid1())
print('uuid1.fields', uuid.uuid1().node, uuid.uuid1().clock_seq)
print('uuid4', uuid.uuid4())
print('tempfile', tempfile.mktemp())
print('tempfile.name', next(tempfile._get_candidate_names()))
import multiprocessing, multiprocessing.synchronize
print('authkey', bytes(multiprocessing.current_process().authkey).hex())
print('semaphore', next(multiprocessing.synchronize.SemLock._rand))
try:
    import ssl
    print('ssl', ssl.RAND_bytes(16).hex())
    a, b = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(a, b, server_hostname='x')
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        print('hello', b.read()[11:43].hex())
except ImportError:
    pass
try:
    import numpy
    print('numpy', numpy.random.random())
    print('numpy.generator', numpy.random.default_rng().random())
except ImportError:
    pass
"#;

/// The modules of the list that this host's Python has, or none.
fn preloads(service: &Service) -> String {
    let code = format!(
        "import importlib\nfor n in '{RANDOM_MODULES}'.split(','):\n    try:\n        importlib.import_module(n); print(n)\n    \
         except ImportError: pass\n"
    );
    let found = service.run("python", &code)["stdout"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    found.lines().collect::<Vec<_>>().join(",")
}

#[track_caller]
fn draws_differ(service: &Service, paths: &[&str]) {
    let case = Case {
        name: "draw".into(),
        given: Value::Null,
        code: DRAW.into(),
    };
    let mut all: Vec<String> = (0..4).map(|_| draw(service, &case, paths)).collect();
    // And side by side.
    std::thread::scope(|scope| {
        let both: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| draw(service, &case, paths)))
            .collect();
        all.extend(both.into_iter().map(|one| one.join().expect("a run")));
    });
    let mut lines: Vec<&str> = all.iter().flat_map(|text| text.lines()).collect();
    let total = lines.len();
    assert!(total >= 8 * 12, "{all:?}");
    lines.sort_unstable();
    let shared: Vec<&[&str]> = lines.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(shared.is_empty(), "two children share: {shared:?}");
    assert_eq!(lines.len(), total);
}

fn draw(service: &Service, case: &Case, paths: &[&str]) -> String {
    let result = run(service, case, "default", paths);
    assert_eq!(result["status"], "succeeded", "{result}");
    result["stdout"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn two_children_never_share_what_is_random() {
    for starting in [unpooled(), Starting::observing()] {
        let service = starting.start();
        if let Some(skip) = need_zygote(&service) {
            return skip.report();
        }
        draws_differ(&service, &["fork", "pool"]);
    }
}

#[test]
fn nor_when_the_zygote_had_loaded_the_sources() {
    let service = unpooled().start();
    if let Some(skip) = need_zygote(&service) {
        return skip.report();
    }
    let preloads = preloads(&service);
    if !preloads.contains("numpy") {
        Skip::because("numpy is not installed: its generator is not looked at").report();
    }
    drop(service);
    for starting in [unpooled(), Starting::observing()] {
        let service = starting.setting("CASEMATE_PYTHON_PRELOAD", &preloads).start();
        let loaded = "import sys\nprint('ssl' in sys.modules, 'uuid' in sys.modules)";
        assert_eq!(service.run("python", loaded)["stdout"], "True True\n");
        draws_differ(&service, &["fork", "pool"]);
    }
}

#[test]
fn a_preload_that_is_not_there_costs_the_zygote_only() {
    let service = unpooled()
        .setting("CASEMATE_PYTHON_PRELOAD", "no_such_module")
        .start();
    let result = service.run("python", "print(1)");
    assert_eq!(result["stdout"], "1\n", "{result}");
    assert_eq!(result["path"], "exec", "{result}");
}

#[test]
fn preloads_that_are_no_names_are_refused() {
    let (code, words) = Starting::observing()
        .setting("CASEMATE_PYTHON_PRELOAD", "os; import x")
        .refused();
    assert_eq!(code, 2, "{words}");
    assert!(words.contains("python_preload"), "{words}");
}
