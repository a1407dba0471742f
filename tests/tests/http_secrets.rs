//! What a service knows stays with it: a program looks for the secrets that `scripts/http-tests.sh`
//! plants in the service's environment and files.

use casemate_tests::{Run, Service, Starting, environment};
use serde_json::json;

/// Looks everywhere a program can: every environment and command line, every file it may read.
const SEEKER: &str = r#"
import os
needle = b'planted' + b'-secret'
hits = []
def look(path):
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return
    try:
        if needle in os.read(fd, 1 << 20):
            hits.append(path)
    except OSError:
        pass
    finally:
        os.close(fd)
for pid in filter(str.isdigit, os.listdir('/proc')):
    for name in ('environ', 'cmdline', 'maps', 'cgroup', 'mountinfo', 'status'):
        look(f'/proc/{pid}/{name}')
    try:
        for fd in os.listdir(f'/proc/{pid}/fd'):
            if int(fd) > 2:
                look(f'/proc/{pid}/fd/{fd}')
    except OSError:
        pass
for top in ('/tmp', '/workspace', '/dev', '/etc', '/run', '/var', '/root', '/home'):
    for folder, _, files in os.walk(top):
        for name in files:
            if not (folder == '/workspace' and name.endswith('.py')):
                look(os.path.join(folder, name))
if needle in repr(dict(os.environ)).encode():
    hits.append('own environment')
print('HELD: nothing was found' if not hits else f'ESCAPED: {hits}')
"#;

#[test]
fn no_program_finds_a_secret_of_the_service() {
    let result = if environment("CASEMATE_TEST_SERVER").is_some() {
        Run::python(SEEKER).observed().go().stdout().to_owned()
    } else {
        let service = Starting::observing()
            .setting("SECRET_OF_THE_SERVER", "planted-secret")
            .start();
        service.scratch().write("data/secret", "planted-secret");
        service.run("python", SEEKER)["stdout"]
            .as_str()
            .unwrap_or("")
            .to_owned()
    };
    assert_eq!(result, "HELD: nothing was found\n");
}

/// Proof that the seeker can find something: what the caller hands in itself.
#[test]
fn the_seeker_finds_what_is_there() {
    let service = Service::observing();
    let body = json!({"language": "python", "code": SEEKER, "files": [{"path": "note", "content": "planted-secret"}]});
    let result = service.post(&body, &[]).expect(200).json();
    assert_eq!(result["stdout"], "ESCAPED: ['/workspace/note']\n", "{result}");
}

/// One program leaves nothing for the next one of the same service.
#[test]
fn the_next_program_finds_nothing_of_the_one_before() {
    let service = Service::observing();
    let leave = "for d in /tmp /workspace /dev/shm; do echo planted-secret > $d/left; done; export L=planted-secret; sleep 60 &";
    for _ in 0..3 {
        assert_eq!(service.run("bash", leave)["status"], "succeeded");
        assert_eq!(
            service.run("python", SEEKER)["stdout"],
            "HELD: nothing was found\n"
        );
    }
}
