//! What is normal is learned, kept, and not moved by one who wants it moved.

use super::*;
use crate::threat::counters::METRICS;

fn key() -> Key {
    Key {
        language: "python".into(),
        tenant: "1".into(),
        template: "t".into(),
    }
}

fn metrics(opens: f32) -> Metrics {
    let mut all = [0.0; METRICS];
    all[2] = opens;
    Metrics(all)
}

fn learned() -> Baseline {
    let mut baseline = Baseline::new();
    for run in 0..200_u32 {
        let who = Who {
            principal: u64::from(run % 10),
            day: run / 40,
        };
        let opens = 3.0 + (run % 5) as f32 * 0.1;
        assert!(baseline.learn(&key(), who, &metrics(opens), &[1, 2, 3]));
    }
    baseline
}

fn unlike(baseline: &Baseline, opens: f32, pairs: &[u32]) -> Unlike {
    baseline
        .compare(&key(), &metrics(opens), pairs.iter().copied())
        .unwrap()
}

#[test]
fn what_is_usual_is_like_and_what_is_not_is_unlike() {
    let baseline = learned();
    let usual = unlike(&baseline, 3.2, &[1, 2]);
    assert_eq!((usual.metrics, usual.words), (0.0, 0.0));
    let odd = unlike(&baseline, 8.0, &[1, 7, 8, 9]);
    assert!(odd.metrics > 0.7 && odd.words == 0.75, "{odd:?}");
    assert!(odd.score > 0.95 && usual.score < 0.6, "{odd:?} {usual:?}");
    assert_eq!(unlike(&baseline, 0.0, &[]).metrics, 0.0);
}

#[test]
fn what_is_not_known_narrowly_is_asked_of_the_wider() {
    let baseline = learned();
    let other = Key {
        tenant: "2".into(),
        ..key()
    };
    assert!(baseline.compare(&other, &metrics(3.0), [].into_iter()).is_some());
    let language = Key {
        language: "ruby".into(),
        ..key()
    };
    assert!(
        baseline
            .compare(&language, &metrics(3.0), [].into_iter())
            .is_none()
    );
}

#[test]
fn one_principal_cannot_make_its_own_normal_in_a_month() {
    let mut baseline = learned();
    for day in 10..40 {
        for run in 0..500 {
            let who = Who { principal: 99, day };
            let counted = baseline.learn(&key(), who, &metrics(8.0), &[77]);
            assert_eq!(counted, run < 8);
        }
        // The others go on.
        for principal in 0..10 {
            let opens = 3.0 + principal as f32 * 0.05;
            baseline.learn(&key(), Who { principal, day }, &metrics(opens), &[1, 2, 3]);
        }
    }
    assert!(
        unlike(&baseline, 8.0, &[]).metrics > 0.3,
        "{:?}",
        unlike(&baseline, 8.0, &[])
    );
    assert_eq!(unlike(&baseline, 3.2, &[]).metrics, 0.0);
}

#[test]
fn a_pair_is_known_when_three_have_shown_it() {
    let mut baseline = learned();
    for (principal, day, expected) in [(1, 50, 1.0), (1, 50, 1.0), (2, 50, 1.0), (3, 50, 0.0)] {
        baseline.learn(&key(), Who { principal, day }, &metrics(3.0), &[55]);
        assert_eq!(unlike(&baseline, 3.0, &[55]).words, expected);
    }
}

#[test]
fn it_is_kept_as_text_and_what_is_none_is_refused() {
    let baseline = learned();
    let text = baseline.export().unwrap();
    let again = Baseline::import(&text).unwrap();
    assert_eq!(again.export().unwrap(), text);
    assert_eq!(unlike(&again, 8.0, &[7]), unlike(&baseline, 8.0, &[7]));
    let newer = text.replace("\"version\":1", "\"version\":2");
    assert!(matches!(
        Baseline::import(&newer),
        Err(BaselineError::Version { found: 2 })
    ));
    assert!(matches!(Baseline::import("{}"), Err(BaselineError::Form(_))));
    let bad = text.replacen("\"deviation\":", "\"deviation\":-", 1);
    assert!(Baseline::import(&bad).is_err());
}

#[test]
fn profiles_are_bounded() {
    let mut baseline = Baseline::new();
    for tenant in 0..3000 {
        let key = Key {
            tenant: tenant.to_string(),
            ..key()
        };
        baseline.learn(&key, Who { principal: 1, day: 1 }, &metrics(1.0), &[]);
    }
    assert!(baseline.len() <= MAX_PROFILES);
}
