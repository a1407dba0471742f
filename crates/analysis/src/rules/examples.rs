//! Every rule finds something in each of its bad programs, and nothing in its good ones.

use super::check;
use crate::ir::Language;
use crate::{Bounds, SourceFile, Submission, analyze};
use std::path::Path;

fn found(language: &str, text: &str) -> Vec<String> {
    let submission = Submission {
        files: vec![SourceFile {
            path: "example".to_owned(),
            language: Language::from_word(language),
            bytes: text.as_bytes().to_vec(),
        }],
    };
    let report = analyze(&submission, &Bounds::default());
    let all = report.findings.into_iter().chain(report.vulnerabilities);
    all.map(|finding| finding.rule).collect()
}

#[test]
fn every_example_is_judged_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../resources/rules");
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // Rules for programs that run have a folder of their own beside these.
        if path.extension().is_none_or(|end| end != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for rule in check::read(&path.display().to_string(), &text).unwrap() {
            for (examples, expected) in [(&rule.bad, true), (&rule.good, false)] {
                let all = examples
                    .iter()
                    .flat_map(|(language, texts)| texts.iter().map(move |text| (language, text)));
                for (language, text) in all {
                    let rules = found(language, text);
                    if rules.contains(&rule.id) != expected {
                        wrong.push(format!(
                            "{} (expected: {expected}) {language}: {text:?}\n  found {rules:?}",
                            rule.id
                        ));
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} examples:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
