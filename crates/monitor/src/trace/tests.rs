//! Runs are what was written, and what is none is refused by its line.

use super::*;
use crate::event::{Event, What};
use std::io::Write;

fn run(body: Body) -> Run {
    Run {
        id: "a".into(),
        source: "made".into(),
        category: "c".into(),
        family: "f".into(),
        label: Label::Attack,
        held_kind: "category".into(),
        split: String::new(),
        reached: false,
        shown: vec!["network".into()],
        body,
    }
}

#[test]
fn what_was_written_is_read_packed_or_not() {
    let runs = [
        run(Body::Calls(vec![3, 4, 65535])),
        run(Body::Events(vec![
            Event::new(7, 2, What::Fork { child: 3 }),
            Event::new(
                9,
                3,
                What::Memfd {
                    name: "x".into(),
                    result: -1,
                },
            )
            .as_evidence(),
        ])),
    ];
    let mut plain = Vec::new();
    for run in &runs {
        write(run, &mut plain).unwrap();
    }
    assert_eq!(read_bytes(&plain).unwrap(), runs);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(&plain).unwrap();
    assert_eq!(read_bytes(&packer.finish().unwrap()).unwrap(), runs);
}

#[test]
fn what_is_no_run_is_refused_by_its_line() {
    for (text, expected) in [
        (
            "\n{\"source\": \"s\", \"label\": \"normal\"}",
            "line 2: it has neither",
        ),
        (
            "{\"source\": \"s\", \"label\": \"normal\", \"code\": \"3 x\"}",
            "line 1: `code`: `x`",
        ),
        (
            "{\"label\": \"normal\", \"code\": \"3\"}",
            "line 1: missing field `source`",
        ),
        ("\u{1f}\u{8b}", "line 1"),
    ] {
        let error = read_bytes(text.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    assert!(
        read_bytes(&[0x1f, 0x8b, 8])
            .unwrap_err()
            .to_string()
            .contains("gzip")
    );
}
