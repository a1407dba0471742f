//! The accounts of admission, by hand-made readings.

use super::*;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

fn reading(available_bytes: u64) -> Option<Reading> {
    Some(Reading {
        total_bytes: 10 * GIB,
        available_bytes,
        stalled_basis_points: Some(0),
    })
}

fn work() -> Work {
    Work {
        language: "python",
        step: Step::Program,
        bound_bytes: 384 * MIB,
    }
}

fn admission(available_bytes: u64) -> Admission<u32> {
    let mut admission = Admission::new(Policy::default());
    admission.note_reading(reading(available_bytes));
    admission
}

#[test]
fn a_tenth_of_the_host_stays_free() {
    let now = Instant::now();
    let mut admission = admission(GIB + 100 * MIB);
    for key in 0..4 {
        assert_eq!(admission.admit(&work(), now), Verdict::Admit);
        admission.note_started(key, &work(), now);
    }
    // Four times 24 MiB are charged; four are left above the floor.
    assert_eq!(admission.charged_bytes(now), 96 * MIB);
    assert_eq!(admission.admit(&work(), now), Verdict::Wait(Shortage::Memory));
    assert_eq!(admission.shortage(), Some(Shortage::Memory));
    assert_eq!(
        admission.pool_share(now),
        0.0,
        "what waits comes before what is idle"
    );
    // They turn out to have taken less, and are no longer charged.
    let later = now + MATERIAL_AFTER;
    assert_eq!(admission.charged_bytes(later), 0);
    assert_eq!(admission.admit(&work(), later), Verdict::Admit);
    assert_eq!(admission.shortage(), None);
}

#[test]
fn estimates_follow_what_was_used_and_stay_within_the_limits() {
    let now = Instant::now();
    let mut admission = admission(9 * GIB);
    let small = Work {
        bound_bytes: 17 * MIB,
        ..work()
    };
    assert_eq!(admission.estimate_bytes(&small), 17 * MIB);
    for key in 0..100 {
        admission.note_started(key, &work(), now);
        let peak = if key % 2 == 0 { 40 } else { 60 };
        admission.note_ended(key, &work(), Some(peak * MIB));
    }
    let estimate = admission.estimate_bytes(&work());
    assert!((80 * MIB..110 * MIB).contains(&estimate), "{estimate}");
    admission.note_ended(1000, &work(), None);
    assert_eq!(
        admission.estimate_bytes(&work()),
        estimate,
        "nothing was measured"
    );
    let compiler = Work {
        step: Step::Compile,
        ..work()
    };
    assert_eq!(admission.estimate_bytes(&compiler), FIRST_COMPILER_BYTES);
    assert_eq!(admission.charged_bytes(now), 0);
}

#[test]
fn nothing_starts_while_the_host_cannot_be_read() {
    let now = Instant::now();
    let mut fresh = Admission::<u32>::new(Policy::default());
    assert_eq!(fresh.admit(&work(), now), Verdict::Wait(Shortage::Unknown));
    let mut admission = admission(9 * GIB);
    for _ in 1..MOST_FAILURES {
        admission.note_reading(None);
        assert_eq!(admission.admit(&work(), now), Verdict::Admit);
    }
    admission.note_reading(None);
    assert_eq!(admission.admit(&work(), now), Verdict::Wait(Shortage::Unknown));
    assert_eq!(admission.pool_share(now), 0.0);
    assert!(!admission.is_critical());
    admission.note_reading(reading(9 * GIB));
    assert_eq!(admission.admit(&work(), now), Verdict::Admit);
}

#[test]
fn stalls_count_only_where_memory_is_short() {
    let now = Instant::now();
    let stalled = |available_bytes| {
        Some(Reading {
            stalled_basis_points: Some(9000),
            ..reading(available_bytes).unwrap()
        })
    };
    let mut admission = admission(9 * GIB);
    admission.note_reading(stalled(9 * GIB));
    assert_eq!(admission.admit(&work(), now), Verdict::Admit);
    admission.note_reading(stalled(GIB + 500 * MIB));
    assert_eq!(admission.admit(&work(), now), Verdict::Wait(Shortage::Pressure));
}

#[test]
fn pools_shrink_before_admission_ends() {
    let now = Instant::now();
    let share = |available_bytes| admission(available_bytes).pool_share(now);
    assert_eq!([share(9 * GIB), share(GIB), share(0)], [1.0, 0.0, 0.0]);
    assert!((0.4..0.6).contains(&share(GIB + 256 * MIB)));
}

#[test]
fn the_one_furthest_over_its_estimate_goes_and_one_at_a_time() {
    let now = Instant::now();
    let mut admission = admission(GIB / 4);
    (0..3).for_each(|key| admission.note_started(key, &work(), now));
    let running = |used: [u64; 3]| {
        let all = used.into_iter().zip(0..);
        all.map(|(used, key)| Running {
            key,
            used_bytes: used * MIB,
        })
        .collect::<Vec<_>>()
    };
    assert_eq!(admission.victim(&[], now), None);
    assert_eq!(admission.victim(&running([10, 300, 200]), now), Some(1));
    assert_eq!(
        admission.victim(&running([10, 300, 200]), now),
        None,
        "it has its time to end"
    );
    admission.note_ended(1, &work(), None);
    assert_eq!(admission.victim(&running([10, 0, 200])[..], now), Some(2));
    // One that does not end is not named again.
    let later = now + VICTIM_PAUSE;
    assert_eq!(admission.victim(&running([10, 0, 200])[..1], later), Some(0));
    admission.note_reading(reading(GIB));
    assert_eq!(
        admission.victim(&running([10, 300, 200]), later + VICTIM_PAUSE),
        None
    );
}

#[test]
fn a_large_estimate_may_hold_much() {
    let now = Instant::now();
    let mut admission = admission(GIB / 4);
    let large = Work {
        language: "java",
        ..work()
    };
    admission.note_ended(9, &large, Some(200 * MIB));
    admission.note_started(1, &large, now);
    admission.note_started(2, &work(), now);
    let running = [(1, 250), (2, 60)].map(|(key, used)| Running {
        key,
        used_bytes: used * MIB,
    });
    assert_eq!(admission.victim(&running, now), Some(2));
}
