//! Figures are those of the decisions, and protocols keep what is judged apart from what is learned from.

use super::cross::fold;
use super::figures::{auc, recall_at};
use super::*;
use crate::trace::Label;

fn calls(id: usize, label: Label, category: &str, calls: Vec<u16>) -> Run {
    Run {
        id: id.to_string(),
        source: "made".into(),
        category: category.into(),
        family: category.into(),
        label,
        held_kind: String::new(),
        split: String::new(),
        reached: true,
        shown: Vec::new(),
        body: Body::Calls(calls),
    }
}

/// Normal rows are a few turns one after the other, attacks hold something odd between them.
fn rows() -> Vec<Run> {
    const TURNS: [&[u16]; 4] = [&[1, 2, 3], &[4, 2], &[5, 6, 7, 6], &[8, 1]];
    let usual = |id: usize| -> Vec<u16> {
        (0..18)
            .flat_map(|at| TURNS[(id * 31 + at * at * (id % 7 + 1) + at / 3) % 4])
            .copied()
            .collect()
    };
    let mut rows = Vec::new();
    for id in 0..120 {
        rows.push(calls(id, Label::Normal, "usual", usual(id)));
    }
    for id in 120..150 {
        let mut odd = usual(id);
        let last = 92 + id as u16 % 3;
        odd.splice(
            id % 20..id % 20,
            [90, 91, 90, last, 91, 90, 90, last, 93, 90, 91, last],
        );
        rows.push(calls(id, Label::Attack, if id % 2 == 0 { "a" } else { "b" }, odd));
    }
    rows
}

#[test]
fn figures_are_those_of_the_decisions() {
    let mut counts = Counts::default();
    let empty = counts.ratios(1);
    assert_eq!((empty.n, empty.recall, empty.youden), (0, None, None));
    for (is_positive, is_called) in [(true, true), (true, false), (false, true), (false, false)] {
        counts.add(is_positive, is_called);
    }
    let ratios = counts.ratios(2);
    assert_eq!(
        (ratios.n, ratios.recall, ratios.youden),
        (2, Some(0.5), Some(0.0))
    );
    let mut scores = [(0.1, false), (0.4, true), (0.4, false), (0.9, true)];
    assert_eq!(auc(&mut scores), Some(0.875));
    assert_eq!(recall_at(&scores, 0.05), Some(0.5));
    assert_eq!(auc(&mut []), None);
}

#[test]
fn folds_are_fair_and_fixed() {
    let counts = (0..5000).fold([0; 5], |mut counts, group| {
        counts[fold(group, 1, 5) as usize] += 1;
        counts
    });
    assert!(
        counts.iter().all(|count| (900..1100).contains(count)),
        "{counts:?}"
    );
    assert_eq!(fold(7, 3, 5), fold(7, 3, 5));
}

#[test]
fn sequences_are_judged_by_what_has_not_seen_them() {
    let rows = rows();
    for train in [Train::All, Train::Normal] {
        let report = evaluate(&rows, train, 3).unwrap();
        assert_eq!(report.overall.n, 150);
        assert!(report.auc > Some(0.9), "{train:?}: {report:?}");
        assert_eq!(
            report.by_unseen_family.len(),
            if train == Train::All { 2 } else { 0 }
        );
        let again = evaluate(&rows, train, 3).unwrap();
        assert_eq!((report.overall, report.auc), (again.overall, again.auc));
    }
}

#[test]
fn rows_that_are_held_out_are_judged_by_the_others() {
    let mut rows = rows();
    for row in rows.iter_mut().step_by(3) {
        row.held_kind = "category".into();
    }
    let report = evaluate(&rows, Train::All, 0).unwrap();
    assert_eq!(report.overall.n, 50);
    assert!(
        report.protocol.contains("learned from 100"),
        "{}",
        report.protocol
    );
    assert_eq!(report.by_held_kind.keys().collect::<Vec<_>>(), ["category"]);
}

#[test]
fn too_few_and_mixed_rows_are_refused() {
    let mut rows = rows();
    rows.truncate(40);
    assert!(matches!(
        evaluate(&rows, Train::All, 0),
        Err(EvaluateError::TooFew { have: 0, .. })
    ));
    rows.push(Run {
        body: Body::Events(Vec::new()),
        ..rows[0].clone()
    });
    assert!(matches!(
        evaluate(&rows, Train::All, 0),
        Err(EvaluateError::Mixed)
    ));
}

#[test]
fn runs_with_events_are_judged_and_those_that_never_acted_told_apart() {
    let rules = crate::threat::rules::Rules::shipped().unwrap();
    let mut runs = Vec::new();
    for rule in rules.all() {
        for (trips, events) in rule.examples() {
            runs.push(Run {
                label: if trips { Label::Attack } else { Label::Normal },
                body: Body::Events(events),
                ..calls(runs.len(), Label::Normal, &rule.id, Vec::new())
            });
        }
    }
    runs.push(Run {
        reached: false,
        body: Body::Events(Vec::new()),
        ..calls(900, Label::Attack, "x", Vec::new())
    });
    let report = evaluate(&runs, Train::All, 9).unwrap();
    assert!(report.overall.recall > Some(0.85), "{report:?}");
    assert_eq!(report.uncounted["malicious that never reached its action"].n, 1);
}
