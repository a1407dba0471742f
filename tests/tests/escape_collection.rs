//! Escape tests: the collection of output files. What a program leaves for `--out` is as hostile
//! as the program: no link is followed, nothing but regular files is opened, and the host's folder
//! receives nothing outside itself (the class of CVE-2024-28185).

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use casemate_tests::{Outcome, Run, Scratch, marker, rootless, seconds};

/// Runs the program, collects `globs` into a folder of the host and checks that folder.
#[track_caller]
fn collect(code: &str, globs: &[&str]) -> (Outcome, Scratch) {
    let scratch = Scratch::new();
    let folder = scratch.folder("out");
    let run = Run::python(format!("import os, socket, sys\n{code}")).out_dir(&folder);
    let outcome = globs.iter().fold(run, |run, glob| run.out(glob)).observed().go();
    check_tree(&folder);
    let beside: Vec<_> = std::fs::read_dir(scratch.path())
        .expect("the scratch folder")
        .flatten()
        .collect();
    assert_eq!(
        beside.len(),
        1,
        "something was written beside the folder: {beside:?}"
    );
    (outcome, scratch)
}

/// What arrives on the host: folders and regular files, without setuid bits, none of them a link.
fn check_tree(folder: &Path) {
    for entry in std::fs::read_dir(folder).expect("the folder").flatten() {
        let path = entry.path();
        let kind = entry.file_type().expect("a type");
        assert!(kind.is_file() || kind.is_dir(), "{} is {kind:?}", path.display());
        let mode = entry.metadata().expect("metadata").permissions().mode();
        assert_eq!(mode & 0o7000, 0, "{} has mode {mode:o}", path.display());
        if kind.is_dir() {
            check_tree(&path);
        }
    }
}

/// What the program made: the program's own file matches wide globs too.
fn made(outcome: &Outcome) -> Vec<String> {
    outcome
        .files()
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| path != "main.py")
        .collect()
}

/// Nothing is collected, whether the run counts as a success or says why not.
#[track_caller]
fn collects_nothing(code: &str, globs: &[&str]) -> Outcome {
    let (outcome, scratch) = collect(code, globs);
    assert!(made(&outcome).is_empty(), "{outcome}");
    let entries = std::fs::read_dir(scratch.path().join("out"))
        .expect("the folder")
        .flatten();
    let arrived: Vec<_> = entries
        .map(|entry| entry.file_name())
        .filter(|name| name != "main.py")
        .collect();
    assert!(arrived.is_empty(), "{arrived:?} {outcome}");
    outcome
}

macro_rules! not_collected {
    ($($(#[doc = $claim:literal])+ $name:ident => $code:literal;)+) => {
        $($(#[doc = $claim])+ #[test] fn $name() { collects_nothing($code, &["**/*", "*", "*.txt"]); })+
    };
}

not_collected! {
    /// A link to a file of the system is not followed.
    link_to_passwd_is_left => "os.symlink('/etc/passwd', 'a.txt')";
    /// A relative link that climbs out is not followed.
    climbing_link_is_left => "os.symlink('../' * 20 + 'etc/passwd', 'a.txt')";
    /// A link through /proc is not followed.
    link_through_proc_is_left => "os.symlink('/proc/self/root/etc/passwd', 'a.txt'); os.symlink('/proc/1/environ', 'b.txt')";
    /// A link to a folder is not entered.
    linked_folder_is_left => "os.symlink('/etc', 'd'); os.symlink('/proc/self/fd', 'e')";
    /// A link to itself does not turn the collection in circles.
    circle_is_left => "os.symlink('a.txt', 'a.txt'); os.symlink('.', 'd')";
    /// A FIFO is not opened: it would block.
    fifo_is_left => "os.mkfifo('a.txt')";
    /// A socket is not opened.
    socket_is_left => "s = socket.socket(socket.AF_UNIX); s.bind('a.txt'); s.listen()";
    /// A link to a device is not followed.
    link_to_device_is_left => "os.symlink('/dev/zero', 'a.txt'); os.symlink('/dev/random', 'b.txt')";
    /// A link that dangles is nothing.
    dangling_link_is_left => "os.symlink('/nowhere', 'a.txt')";
}

/// A hard link to a file of the system cannot even be made; one to its own file is that file.
#[test]
fn hard_links_stay_inside() {
    let code = "open('own.txt', 'w').write('own')\nos.link('own.txt', 'twin.txt')\n\
                for t in ('/etc/passwd', '/usr/bin/env', '/proc/self/environ'):\n  try: os.link(t, 'stolen.txt'); print('linked', t)\n  \
                except OSError: pass";
    let (outcome, _scratch) = collect(code, &["*.txt"]);
    assert!(!outcome.stdout().contains("linked"), "{outcome}");
    assert!(
        outcome
            .files()
            .iter()
            .all(|(path, _)| path == "own.txt" || path == "twin.txt"),
        "{outcome}"
    );
}

/// A link of the program into the collecting folder of the host changes nothing there.
#[test]
fn host_folder_is_out_of_reach() {
    let scratch = Scratch::new();
    let victim = scratch.write("victim", "untouched");
    let folder = scratch.folder("out");
    let code = "import os, sys\nos.symlink(sys.argv[1], 'victim')\nos.makedirs('d')\nopen('d/victim', 'w').write('changed')";
    Run::python(code)
        .out("**/*")
        .out_dir(&folder)
        .arg(&victim)
        .observed()
        .go();
    assert_eq!(std::fs::read_to_string(victim).expect("the victim"), "untouched");
    check_tree(&folder);
}

/// A link that lies in the collecting folder of the host already is not written through.
#[test]
fn links_in_the_host_folder_are_not_followed() {
    let scratch = Scratch::new();
    let victim = scratch.write("victim", "untouched");
    let folder = scratch.folder("out");
    std::os::unix::fs::symlink(&victim, folder.join("a.txt")).expect("a link");
    std::os::unix::fs::symlink(scratch.path(), folder.join("d")).expect("a link");
    let code = "import os\nopen('a.txt', 'w').write('changed')\nos.mkdir('d')\nopen('d/victim', 'w').write('changed')";
    let output = Run::python(code)
        .out("*.txt")
        .out("d/*")
        .out_dir(&folder)
        .start()
        .output();
    assert!([0, 125].contains(&output.code), "{output:?}");
    assert_eq!(std::fs::read_to_string(victim).expect("the victim"), "untouched");
}

/// A tree deeper than any path may be long is bounded.
#[test]
fn deep_tree_is_bounded() {
    let code = "for _ in range(2000):\n  os.mkdir('d')\n  os.chdir('d')\nopen('a.txt', 'w').write('deep')";
    let (outcome, _scratch) = collect(code, &["**/*.txt"]);
    assert!(outcome.elapsed < seconds(20), "{outcome}");
    assert!(outcome.files().is_empty(), "{outcome}");
}

/// Ten thousand files are bounded in number by the contract's 1,000.
#[test]
fn many_files_are_bounded() {
    let code = "for n in range(10_000): open(f'{n}.txt', 'w').write('x')";
    let (outcome, scratch) = collect(code, &["*.txt"]);
    assert!(outcome.files().len() <= 1000, "{} files", outcome.files().len());
    let arrived = std::fs::read_dir(scratch.path().join("out"))
        .expect("the folder")
        .count();
    assert!(arrived <= 1000, "{arrived} files on the host");
}

/// A file without any permission is left or collected, but ends nothing.
#[test]
fn closed_file_ends_nothing() {
    let code = "open('a.txt', 'w').write('closed')\nos.chmod('a.txt', 0)\nos.mkdir('d')\nopen('d/b.txt', 'w').write('x')\n\
                os.chmod('d', 0)\nopen('c.txt', 'w').write('open')";
    let (outcome, _scratch) = collect(code, &["**/*.txt", "*.txt"]);
    assert_eq!(
        outcome.content("c.txt").as_deref(),
        Some(&b"open"[..]),
        "{outcome}"
    );
}

/// A sparse file of a size that nobody has is bounded.
#[test]
fn huge_sparse_file_is_bounded() {
    let code = "f = open('a.txt', 'wb')\ntry: f.truncate(1 << 40)\nexcept OSError: f.truncate(64 << 20)";
    let (outcome, scratch) = collect(code, &["*.txt"]);
    assert!(outcome.elapsed < seconds(20), "{outcome}");
    let arrived = scratch
        .path()
        .join("out/a.txt")
        .metadata()
        .map_or(0, |file| file.len());
    assert!(arrived <= 16 << 20, "{arrived} bytes on the host");
}

/// All files together are bounded by the contract's 16 MiB.
#[test]
fn size_of_all_files_is_bounded() {
    let code = "for n in range(40): open(f'{n}.txt', 'wb').write(os.urandom(1 << 20))";
    let (_outcome, scratch) = collect(code, &["*.txt"]);
    let files = std::fs::read_dir(scratch.path().join("out"))
        .expect("the folder")
        .flatten();
    let total: u64 = files.map(|file| file.metadata().expect("metadata").len()).sum();
    assert!(total <= 16 << 20, "{total} bytes on the host");
}

/// A process that goes on writing after the end does not change what is collected.
#[test]
fn files_are_still_when_collected() {
    let code = "import subprocess\nopen('a.txt', 'w').write('a' * 1000)\n\
                subprocess.Popen([sys.executable, '-c', 'while True:\\n f = open(\"a.txt\", \"r+\"); f.truncate(0); \
                f.write(\"b\" * 500_000); f.close()'], start_new_session=True)\nimport time; time.sleep(0.3)";
    let (outcome, scratch) = collect(code, &["a.txt"]);
    let host = std::fs::read(scratch.path().join("out/a.txt")).expect("the file");
    let (_, entry) = outcome.files().remove(0);
    assert_eq!(
        entry.get("size_bytes").and_then(serde_json::Value::as_u64),
        Some(host.len() as u64),
        "{outcome}"
    );
}

/// Files swapped for links by a racing process are never followed.
#[test]
fn racing_links_are_not_followed() {
    let code = "import subprocess, time\nos.mkdir('d')\nopen('d/passwd', 'w').write('own')\n\
                subprocess.Popen([sys.executable, '-c', 'import os\\nos.symlink(\"/etc\", \"e\")\\nwhile True:\\n \
                os.rename(\"d\", \"t\"); os.rename(\"e\", \"d\"); os.rename(\"d\", \"e\"); os.rename(\"t\", \"d\")'], \
                start_new_session=True)\ntime.sleep(0.3)";
    for _ in 0..5 {
        let (outcome, scratch) = collect(code, &["**/passwd"]);
        for (path, _) in outcome.files() {
            let text = std::fs::read_to_string(scratch.path().join("out").join(&path)).expect("the file");
            assert_eq!(text, "own", "{path} holds another file");
        }
    }
}

/// Names with newlines, quotes, dashes, stars and terminal codes arrive as they are or not at all.
#[test]
fn odd_names_do_no_harm() {
    let code = "for n in ('a\\nb', '-rf', '--out', '*', '?', '$(id)', '`id`', '\\x1b[2J', ' ', '...', '~', 'a\\\\b', '\"', 'ü'):\n  \
                open(n, 'w').write('odd')\nopen(b'\\xff\\xfe', 'w').write('odd')\nopen('plain', 'w').write('plain')";
    let (outcome, scratch) = collect(code, &["*"]);
    assert_eq!(
        outcome.content("plain").as_deref(),
        Some(&b"plain"[..]),
        "{outcome}"
    );
    for entry in std::fs::read_dir(scratch.path().join("out"))
        .expect("the folder")
        .flatten()
    {
        let size = entry.metadata().expect("metadata").len();
        assert!(
            size <= 5 || entry.path().extension().is_some(),
            "{:?} has {size} bytes",
            entry.file_name()
        );
    }
}

/// A glob that climbs out of the workspace is refused before anything runs.
#[test]
fn climbing_globs_are_refused() {
    for glob in ["../*", "/etc/passwd", "a/../../b", "/proc/self/environ"] {
        let scratch = Scratch::new();
        let word = marker();
        let output = Run::python("print('ran')")
            .out(glob)
            .out_dir(scratch.path())
            .arg(&word)
            .start()
            .output();
        assert!(
            output.code == 125 || output.code == 2,
            "{glob}: {} {}",
            output.code,
            output.stdout
        );
        assert!(!output.stdout.contains("ran"), "{glob} ran");
    }
}

/// A workspace that is itself taken away or replaced does not lead elsewhere.
#[test]
fn replaced_workspace_leads_nowhere() {
    let code = "import shutil\nfor n in os.listdir('.'):\n  (shutil.rmtree if os.path.isdir(n) else os.unlink)(n)\n\
                try: os.rename('/workspace', '/tmp/moved'); os.symlink('/etc', '/workspace')\nexcept OSError as e: print(e)";
    let (outcome, _scratch) = collect(code, &["**/*"]);
    assert!(made(&outcome).is_empty(), "{outcome}");
}

/// Ownership on the host is the caller's: nothing of the sandbox's user id remains.
#[test]
fn collected_files_belong_to_the_caller() {
    use std::os::unix::fs::MetadataExt;
    let (_outcome, scratch) = collect(
        "open('a.txt', 'w').write('x')\nos.chmod('a.txt', 0o4777)",
        &["a.txt"],
    );
    let own = scratch.path().metadata().expect("the scratch folder").uid();
    let file = scratch.path().join("out/a.txt").metadata().expect("the file");
    assert_eq!(file.uid(), own, "rootless: {}", rootless());
}

/// A program that ended badly still gives its files, and a time limit does not let them be read early.
#[test]
fn files_of_a_failed_program_are_collected() {
    let (outcome, _scratch) = collect("open('a.txt', 'w').write('kept')\nsys.exit(3)", &["a.txt"]);
    assert_eq!((outcome.status(), outcome.code), ("failed", 3), "{outcome}");
    assert_eq!(
        outcome.content("a.txt").as_deref(),
        Some(&b"kept"[..]),
        "{outcome}"
    );
}
