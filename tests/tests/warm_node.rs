//! A node that was started ahead of its program runs it as a fresh one does. Each program is run by both; what it writes
//! and how it ends must be the same.

use casemate_tests::{Process, Service, Starting, need_language, seconds, until};
use serde_json::{Value, json};

/// Programs by name.
const ENDINGS: [(&str, &str); 12] = [
    ("value", "console.log(1)"),
    ("exit code", "process.exitCode = 7"),
    ("exit", "console.log('a'); process.exit(3)"),
    ("uncaught", "function f() { throw new TypeError('no') }\nf()"),
    ("uncaught of another kind", "throw { a: 1 }"),
    ("rejection", "Promise.reject(new Error('lost'))"),
    ("syntax", "let a = ;"),
    ("missing module", "require('./nowhere')"),
    (
        "signal",
        "process.kill(process.pid, 'SIGKILL'); setInterval(() => 0, 1000)",
    ),
    (
        "caught signal",
        "process.on('SIGTERM', () => { console.log('term'); process.exit(9) });\n\
      setTimeout(() => process.kill(process.pid, 'SIGTERM'), 1); setInterval(() => 0, 1000)",
    ),
    ("abort", "process.abort()"),
    ("depth", "function f() { f() }\nf()"),
];

const VIEWS: [(&str, &str); 13] = [
    (
        "arguments",
        "console.log(process.argv, process.argv0, process.execPath, process.execArgv, process.title)",
    ),
    ("environment", "console.log(JSON.stringify(process.env))"),
    (
        "module",
        "console.log(require.main === module, module, Object.keys(require.cache), __filename, __dirname,\n\
      Object.keys(require('module')._pathCache), require('module').globalPaths, process.mainModule === module)",
    ),
    (
        "process",
        "console.log(process.cwd(), process.umask(), process._preload_modules, process.eventNames(),\n\
      Object.getOwnPropertyNames(process).sort(), Object.getOwnPropertyNames(globalThis), process.config.variables)",
    ),
    (
        "property",
        "console.log(Object.getOwnPropertyDescriptors(process)._preload_modules)",
    ),
    (
        "descriptors",
        "const fs = require('fs');\n\
      const kind = (f) => { try { return fs.readlinkSync(`/proc/self/fd/${f}`).replace(/[0-9]+/, '') } catch { } };\n\
      console.log(fs.readdirSync('/proc/self/fd').map((f) => `${f} ${kind(f)}`).sort())",
    ),
    (
        "walls",
        "const text = require('fs').readFileSync('/proc/self/status', 'utf8');\n\
      const field = /^(NoNewPrivs|Seccomp|Seccomp_filters|Cap...|Uid|Gid|Groups|Umask|Sig...|Shd...|Threads|NSpid):.*/gm;\n\
      console.log(text.match(field), require('fs').readFileSync('/proc/self/limits', 'utf8'),\n\
        require('fs').readlinkSync('/proc/self/cwd'))",
    ),
    (
        "locale",
        "console.log(new Date(0).toString(), (1.5).toLocaleString(), Intl.DateTimeFormat().resolvedOptions())",
    ),
    (
        "trace",
        "console.trace('here'); console.log(new Error('x').stack)",
    ),
    (
        "timers",
        "setTimeout(() => console.log('b'), 200); setImmediate(() => console.log('a'));\n\
      process.nextTick(() => console.log('0')); queueMicrotask(() => console.log('1'))",
    ),
    (
        "large output",
        "process.stdout.write('x'.repeat(300000)); process.stderr.write('y'.repeat(100000))",
    ),
    (
        "no input",
        "process.stdin.on('data', console.log).on('end', () => console.log('end', process.stdin.constructor.name))",
    ),
    (
        "no input at once",
        "console.log(require('fs').readFileSync(0, 'utf8').length)",
    ),
];

const CHILDREN: [(&str, &str); 5] = [
    (
        "fork",
        "const { fork } = require('child_process');\n\
      if (process.argv[2]) process.send([process.argv, process.execArgv, process.env, process._preload_modules]);\n\
      else fork(__filename, ['child']).on('message', (m) => console.log(JSON.stringify(m)))",
    ),
    (
        "spawn",
        "const { spawnSync } = require('child_process');\n\
      const own = `console.log(process.argv, process.execArgv, process.env)`;\n\
      spawnSync(process.execPath, ['-e', own], { stdio: 'inherit' });\n\
      spawnSync('cat', { stdio: 'inherit' }); console.log(spawnSync('env').stdout.toString())",
    ),
    (
        "thread",
        "const { Worker, isMainThread, threadId } = require('worker_threads');\n\
      if (isMainThread) new Worker(__filename, { argv: ['w'] }).on('exit', (code) => console.log('gone', code));\n\
      else console.log(threadId, process.argv, process.execArgv, process.env, process._preload_modules,\n\
        Object.keys(require.cache), Object.keys(require('module')._pathCache), process.cwd())",
    ),
    (
        "thread with options",
        "const { Worker } = require('worker_threads');\n\
      new Worker('console.log(process.execArgv, process.env)', { eval: true, execArgv: ['--no-warnings'], env: { A: 'b' } })",
    ),
    (
        "cluster",
        "const cluster = require('cluster');\n\
      if (cluster.isPrimary) cluster.fork().on('exit', (code) => console.log(code));\n\
      else { console.log(process.execArgv, process.argv); process.exit(4) }",
    ),
];

/// Whether the program was a worker's: the environment that its process began with says so.
const ORIGIN: &str =
    "console.log(require('fs').readFileSync('/proc/self/environ', 'utf8').includes('/.casemate/node.cjs'))";

struct Both {
    service: Service,
}

impl Both {
    /// `None` where there is no node.
    fn start() -> Option<Self> {
        if let Some(skip) = need_language("javascript", &["node", "nodejs"]) {
            skip.report();
            return None;
        }
        let service = Starting::observing()
            .setting("CASEMATE_POOL_MIN_IDLE", "1")
            .start();
        let both = Self { service };
        both.run(&json!({"code": "1"}));
        Some(both)
    }

    fn run(&self, body: &Value) -> Value {
        let mut body = body.clone();
        body["language"] = "javascript".into();
        self.service.post(&body, &[]).expect(200).json()
    }

    /// By what stands ready.
    #[track_caller]
    fn warm(&self, body: &Value) -> Value {
        let ready = until(seconds(30), || {
            let pools = self.service.get("/v1/pools").expect(200).json();
            let rows = pools["pools"].as_array().expect("pools").clone();
            let is_ready = |row: &Value| row["language"] == "javascript" && row["idle"].as_u64() > Some(0);
            rows.iter().any(is_ready).then_some(())
        });
        assert!(ready.is_some(), "no sandbox stood ready");
        let result = self.run(body);
        assert_eq!(result["path"], "pool", "{result}");
        result
    }

    /// Runs it both ways.
    #[track_caller]
    fn same(&self, name: &str, body: Value) -> Value {
        let mut fresh = body.clone();
        fresh["profile"] = "fresh".into();
        let (cold, warm) = (self.run(&fresh), self.warm(&body));
        assert_eq!(cold["path"], "exec", "{name}: {cold}");
        for field in ["stdout", "stderr", "exit_code", "signal", "status", "files"] {
            assert_eq!(warm[field], cold[field], "{name}: {field}");
        }
        warm
    }

    #[track_caller]
    fn all_same(&self, programs: &[(&str, &str)]) {
        for (name, code) in programs {
            self.same(name, json!({"code": code}));
        }
    }
}

#[test]
fn a_waiting_node_runs_the_program() {
    let Some(both) = Both::start() else { return };
    for held in [
        json!({"code": ORIGIN}),
        // More than a pipe holds.
        json!({"code": ORIGIN, "args": ["x".repeat(100_000)], "env": {"A": "y".repeat(100_000)}, "stdin": "z"}),
        json!({"code": ORIGIN, "limits": {"pids": 40, "cpu_ms": 5000}}),
    ] {
        assert_eq!(both.warm(&held)["stdout"], "true\n");
    }
    let fresh = both.run(&json!({"code": ORIGIN, "profile": "fresh"}));
    assert_eq!(
        (&fresh["stdout"], &fresh["path"]),
        (&json!("false\n"), &json!("exec"))
    );
    // What it began with cannot be changed any more: a new one is executed.
    for odd in [
        json!({"code": ORIGIN, "env": {"NODE_OPTIONS": "--no-warnings"}}),
        json!({"code": ORIGIN, "env": {"LC_ALL": "C"}}),
        json!({"code": ORIGIN, "limits": {"memory_bytes": 200 << 20}}),
    ] {
        let result = both.run(&odd);
        assert_eq!(
            (&result["stdout"], &result["path"]),
            (&json!("false\n"), &json!("exec")),
            "{odd}"
        );
    }
}

#[test]
fn programs_end_alike() {
    let Some(both) = Both::start() else { return };
    both.all_same(&ENDINGS);
}

#[test]
fn programs_see_alike() {
    let Some(both) = Both::start() else { return };
    both.all_same(&VIEWS);
    let view = "console.log(process.argv, JSON.stringify(process.env), new Date(0).toString())";
    let odd = json!({
        "code": view,
        "args": ["--inspect", "", "a b", "ü\n\"", "--"],
        "env": {"TZ": "America/New_York", "A": "b=c", "EMPTY": "", "U": "ö\n", "__proto__": "x", "PATH": "/usr/bin"},
    });
    let seen = both.same("arguments and environment", odd);
    assert!(
        seen["stdout"]
            .as_str()
            .is_some_and(|out| out.contains("America") || out.contains("GMT-0500"))
    );
    // More than a pipe holds.
    let long = json!({"code": view, "args": ["x".repeat(100_000)], "env": {"LONG": "y".repeat(100_000)}});
    both.same("long words", long);
    let input = "z".repeat(200_000);
    let reads =
        "let n = 0; process.stdin.on('data', (d) => { n += d.length }).on('end', () => console.log(n))";
    let result = both.same("input", json!({"code": reads, "stdin": input}));
    assert_eq!(result["stdout"], "200000\n");
}

#[test]
fn modules_load_alike() {
    let Some(both) = Both::start() else { return };
    let file = |path: &str, content: &str| json!({"path": path, "content": content});
    let esm = "import fs from 'fs'; import { x } from './lib.mjs';\n\
        console.log(import.meta.url, x, typeof require, fs.existsSync('main.js'), await Promise.resolve(2));\n\
        throw new Error('end')";
    let files = [
        file("package.json", r#"{"type": "module"}"#),
        file("lib.mjs", "export const x = import.meta.url"),
    ];
    let result = both.same("modules of ECMAScript", json!({"code": esm, "files": files}));
    assert!(
        result["stdout"]
            .as_str()
            .is_some_and(|out| out.starts_with("file:///workspace/main.js")),
        "{result}"
    );
    let common =
        "console.log(require('./lib'), require('pkg'), require.resolve('pkg'), module.children.length)";
    let files = [
        file(
            "lib.js",
            "exports.main = require.main.filename; exports.parent = module.parent === require.main",
        ),
        file("node_modules/pkg/package.json", r#"{"main": "a.js"}"#),
        file("node_modules/pkg/a.js", "module.exports = 'pkg'"),
    ];
    both.same("modules of CommonJS", json!({"code": common, "files": files}));
    both.same("import", json!({"code": "import('./lib.mjs').then(console.log)", "files": [file("lib.mjs", "export default 1")]}));
}

#[test]
fn children_start_alike() {
    let Some(both) = Both::start() else { return };
    both.all_same(&CHILDREN);
}

#[test]
fn outputs_and_limits_are_the_program_s_own() {
    let Some(both) = Both::start() else { return };
    let code = "require('fs').writeFileSync('out/a.txt', 'A'); console.log(require('fs').readFileSync('in.txt', 'utf8'))";
    let files = json!([{"path": "in.txt", "content": "I"}, {"path": "out/b", "content": ""}]);
    let result = both.same(
        "files",
        json!({"code": code, "files": files, "outputs": ["out/*.txt"]}),
    );
    assert_eq!(result["files"][0]["path"], "out/a.txt");
    let limits = json!({"pids": 40, "cpu_ms": 5000});
    let code = "console.log(require('fs').readFileSync('/proc/self/limits', 'utf8'))";
    both.same("limits", json!({"code": code, "limits": limits}));
}

#[test]
fn no_two_share_their_randomness() {
    let Some(both) = Both::start() else { return };
    let code = "console.log(require('crypto').randomUUID(), Math.random())";
    let mut seen: Vec<String> = (0..4)
        .flat_map(|_| {
            let result = both.warm(&json!({"code": code}));
            let out = result["stdout"].as_str().expect("text").to_owned();
            out.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(seen.len(), 8);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 8, "{seen:?}");
}

#[test]
fn one_that_died_is_no_loss() {
    let Some(both) = Both::start() else { return };
    let supervisor = both.service.supervisor().pid.to_string();
    both.warm(&json!({"code": "1"}));
    let waits = |process: &Process| {
        let environ = std::fs::read(process.path("environ")).unwrap_or_default();
        let line = std::fs::read(process.path("cmdline")).unwrap_or_default();
        let has = |bytes: &[u8], word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
        has(&environ, b"/.casemate/node.cjs")
            && has(&line, b"/workspace/main.js")
            && descends(process, &supervisor)
    };
    let found = until(seconds(10), || {
        let all: Vec<Process> = Process::all().into_iter().filter(waits).collect();
        (!all.is_empty()).then_some(all)
    });
    let Some(found) = found else {
        // Only root may read the environment of another user's process.
        return casemate_tests::skip("no waiting node can be told from others");
    };
    found.iter().for_each(Process::kill);
    let gone = until(seconds(10), || {
        found.iter().all(|process| !process.exists()).then_some(())
    });
    assert!(gone.is_some());
    assert_eq!(both.warm(&json!({"code": "console.log(5)"}))["stdout"], "5\n");
}

/// Whether a process is below another.
fn descends(process: &Process, ancestor: &str) -> bool {
    let mut pid = process.pid.to_string();
    for _ in 0..8 {
        let Ok(number) = pid.parse() else { return false };
        let above = Process { pid: number }
            .status()
            .get("PPid")
            .cloned()
            .unwrap_or_default();
        if above == ancestor {
            return true;
        }
        pid = above;
    }
    false
}
