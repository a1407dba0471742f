//! Programs in a control group of their own, watched from inside the kernel.
//!
//! Needs root, clang at build time and a v2 tree; what is missing is said, and with CASEMATE_TEST_NO_SKIP a failure.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use casemate_sys::{event, host, socket};

use super::collector::{Collector, Stream};
use super::{Begin, Registrar, missing};
use crate::event::{Access, Address, Class, Event, Family, What};

static NEXT: AtomicU64 = AtomicU64::new(1);
/// One program in the kernel at a time: loading is not cheap.
static ONE: Mutex<()> = Mutex::new(());

/// A v2 group; its folder goes with it.
struct Group(PathBuf);

impl Group {
    fn new() -> Option<Self> {
        let trees = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"];
        let tree = trees
            .iter()
            .find(|tree| Path::new(tree).join("cgroup.procs").exists())?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let dir = Path::new(tree).join(format!("casemate-test-{}-{number}", std::process::id()));
        std::fs::create_dir(&dir).ok()?;
        Some(Self(dir))
    }

    fn id(&self) -> u64 {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata(&self.0).unwrap().ino()
    }

    /// Runs a line of shell in it.
    fn run(&self, line: &str) {
        let enter = format!("echo $$ > {}/cgroup.procs; {line}", self.0.display());
        let status = host::command("/bin/sh").args(["-c", &enter]).output();
        status.unwrap();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.0);
    }
}

struct Watching {
    stream: Stream,
    registrar: Registrar,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Watching {
    fn start() -> Result<Self, String> {
        if let Some(why) = missing() {
            return Err(why.to_owned());
        }
        let (ours, theirs) = socket::pair().unwrap();
        let thread = std::thread::spawn(move || {
            if let Ok(collector) = Collector::start(theirs) {
                collector.run().unwrap();
            }
        });
        let (stream, registrar) = Stream::open(ours).map_err(|error| error.to_string())?;
        Ok(Self {
            stream,
            registrar,
            thread: Some(thread),
        })
    }

    /// All events until `enough` says so, or until a limit.
    fn until(&mut self, enough: impl Fn(&[Event]) -> bool) -> Vec<Event> {
        let mut events = Vec::new();
        let limit = Instant::now() + Duration::from_secs(5);
        while !enough(&events) && Instant::now() < limit {
            let _ = event::wait_one(
                self.stream.socket(),
                casemate_sys::libc::POLLIN,
                Some(Duration::from_millis(20)),
            );
            while self.stream.take(&mut |_, event| events.push(event)).unwrap() {}
        }
        events
    }
}

fn skip(why: &str) {
    assert!(host::env("CASEMATE_TEST_NO_SKIP").is_none(), "skipped: {why}");
    eprintln!("skipped: {why}");
}

/// An event that is to be there, and its word.
type Wanted<'a> = (&'a str, &'a dyn Fn(&Event) -> bool);
/// What a run did, and how many events of which class were dropped.
type Seen = (Vec<Event>, Vec<(Class, u64)>);

/// Runs `line` watched, up to the end of its shell; what it did, and what was dropped.
fn watched(line: &str) -> Option<Seen> {
    let _one = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let Some(group) = Group::new() else {
        skip("no v2 tree of control groups that can be written");
        return None;
    };
    let mut watching = match Watching::start() {
        Ok(watching) => watching,
        Err(why) => {
            skip(&why);
            return None;
        }
    };
    watching
        .registrar
        .watch(group.id(), 77, Begin::At(event::monotonic()))
        .unwrap();
    group.run(line);
    let is_end = |event: &Event| matches!(event.what, What::Exit { .. });
    let events = watching.until(|events| events.last().is_some_and(is_end));
    let dropped = watching.registrar.forget(group.id()).unwrap();
    let Watching {
        stream,
        registrar,
        thread,
    } = watching;
    drop((stream, registrar));
    thread.unwrap().join().unwrap();
    Some((events, Registrar::by_class(&dropped)))
}

fn has(events: &[Event], one: impl Fn(&Event) -> bool) -> bool {
    events.iter().any(one)
}

#[test]
fn processes_files_and_refusals_are_told() {
    let dir = std::env::temp_dir().join(format!("casemate-monitor-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let line = format!(
        "cd {0}; echo a > one; mv one two; chmod 600 two; rm two; cat /proc/self/status > /dev/null; /bin/echo hi there",
        dir.display()
    );
    let Some((events, dropped)) = watched(&line) else {
        return;
    };
    assert_eq!(dropped, []);
    let real = std::fs::canonicalize(&dir).unwrap();
    std::fs::remove_dir_all(&dir).unwrap();
    let name = |end: &str| real.join(end).to_string_lossy().into_owned();
    assert!(
        has(&events, |e| !e.evidence
            && matches!(&e.what, What::Open { path, access: Access::Truncate, result: 0.. } if **path == *name("one"))),
        "{events:#?}"
    );
    assert!(
        has(&events, |e| e.evidence
            && matches!(&e.what, What::Rename { path, to, result: 0 } if &**path == "one" && &**to == "two")),
        "{events:#?}"
    );
    assert!(has(
        &events,
        |e| matches!(&e.what, What::Chmod { path, mode: 0o600, result: 0 } if &**path == "two")
    ));
    assert!(has(
        &events,
        |e| matches!(&e.what, What::Unlink { path, result: 0 } if &**path == "two")
    ));
    assert!(
        has(
            &events,
            |e| matches!(&e.what, What::Open { path, access: Access::Read, .. } if path.starts_with("/proc/") || path.ends_with("/status"))
        ),
        "{events:#?}"
    );
    let told = ["/bin/echo", "hi", "there"];
    assert!(
        has(&events, |e| !e.evidence
            && matches!(&e.what, What::Exec { path, argv, nameless: false }
        if path.ends_with("/echo") && argv.iter().map(|text| &**text).eq(told))),
        "{events:#?}"
    );
    let forks = events
        .iter()
        .filter(|e| matches!(e.what, What::Fork { .. }))
        .count();
    assert!(forks >= 4, "{events:#?}");
    assert!(
        events
            .windows(2)
            .all(|pair| pair[0].at_ns <= pair[1].at_ns + 50_000_000)
    );
    assert!(events.iter().all(|e| e.at_ns < 60_000_000_000), "{events:#?}");
}

const SOCKETS: &str = r#"
import ctypes, mmap, os, socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
c = socket.create_connection(s.getsockname())
try: socket.create_connection(("127.0.0.1", 1), 0.2)
except OSError: pass
os.dup2(c.fileno(), 0)
mmap.mmap(-1, 8192, prot=7)
libc = ctypes.CDLL(None, use_errno=True)
m = mmap.mmap(-1, 4096)
libc.mprotect(ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(m))), 4096, 5)
libc.memfd_create(b"payload", 0)
libc.personality(0xffffffff)
for _ in range(70): libc.mmap(None, 1 << 20, 3, 0x22, -1, 0)
os.kill(os.getpid(), 10)
"#;

#[test]
fn sockets_memory_and_signals_are_told() {
    if !Path::new("/usr/bin/python3").exists() {
        return skip("no python3");
    }
    let Some((events, _)) = watched(&format!("exec /usr/bin/python3 -c '{SOCKETS}'")) else {
        return;
    };
    let local = |address: &Address, wanted: Option<u16>| matches!(address, Address::Net { ip, port } if ip.is_loopback() && wanted.is_none_or(|w| w == *port));
    let wanted: [Wanted<'_>; 12] = [
        ("socket", &|e| {
            matches!(
                e.what,
                What::Socket {
                    family: Family::Inet,
                    kind: 1,
                    ..
                }
            )
        }),
        (
            "bind",
            &|e| matches!(&e.what, What::Bind { address, result: 0 } if local(address, Some(0))),
        ),
        ("listen", &|e| e.what == What::Listen { result: 0 }),
        ("connect", &|e| {
            !e.evidence && matches!(&e.what, What::Connect { address, result: 0 } if local(address, None))
        }),
        (
            "refused",
            &|e| matches!(&e.what, What::Connect { address, result: -111 | -115 } if local(address, Some(1))),
        ),
        ("redirect", &|e| e.what == What::Redirect { to: 0, socket: true }),
        ("write_exec", &|e| {
            e.what
                == What::WriteExec {
                    bytes: 8192,
                    result: 0,
                }
        }),
        ("became_exec", &|e| {
            e.what
                == What::BecameExec {
                    bytes: 4096,
                    result: 0,
                }
        }),
        (
            "memfd",
            &|e| matches!(&e.what, What::Memfd { name, .. } if &**name == "payload"),
        ),
        ("call", &|e| matches!(e.what, What::Call { call: 135, .. })),
        ("spray", &|e| {
            e.what
                == What::Spray {
                    bytes: 1 << 20,
                    count: 64,
                }
        }),
        ("signal", &|e| {
            matches!(
                e.what,
                What::Signal {
                    number: 10,
                    result: 0,
                    ..
                }
            )
        }),
    ];
    for (word, one) in wanted {
        assert!(has(&events, one), "no {word}: {events:#?}");
    }
    assert!(
        matches!(events.last().unwrap().what, What::Exit { signal: 10, .. }),
        "{events:#?}"
    );
}

#[test]
fn a_flood_loses_its_own_kind_only() {
    let line = "i=0; while [ $i -lt 3000 ]; do : > /dev/null; i=$((i+1)); done; exec /bin/echo end";
    let Some((events, dropped)) = watched(line) else {
        return;
    };
    assert!(
        dropped
            .iter()
            .any(|(class, count)| *class == Class::File && *count > 1000),
        "{dropped:?}"
    );
    assert!(
        dropped.iter().all(|(class, _)| *class == Class::File),
        "{dropped:?}"
    );
    assert!(has(
        &events,
        |e| matches!(&e.what, What::Exec { path, .. } if path.ends_with("/echo"))
    ));
}
