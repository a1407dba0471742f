//! Both directions: what is written reads back, and no number out of range does.

use super::*;
use proptest::prelude::*;

fn create() -> Create {
    Create {
        key: 1,
        name: u128::MAX - 7,
        blueprint: 2,
        memory_bytes: 3,
        disk_bytes: 4,
        pids: 5,
        cpu_millis: 6,
        wall: Duration::from_millis(7),
        cpu: None,
        grace: Duration::from_millis(8),
        loopback: true,
        parked: true,
        template: false,
    }
}

fn bind() -> Bind {
    Bind {
        key: 1,
        memory_bytes: 2,
        pids: 3,
        cpu_millis: 4,
        wall: Duration::from_millis(5),
        cpu: Some(Duration::from_millis(6)),
        grace: Duration::ZERO,
    }
}

#[test]
fn a_limit_out_of_range_cannot_be_bound() {
    let wrong = [
        Bind {
            memory_bytes: 0,
            ..bind()
        },
        Bind {
            pids: MAX_PIDS + 1,
            ..bind()
        },
        Bind {
            cpu_millis: 0,
            ..bind()
        },
        Bind {
            wall: MAX_WALL * 2,
            ..bind()
        },
        Bind {
            grace: MAX_GRACE * 2,
            ..bind()
        },
    ];
    for bind in wrong {
        let bytes = Request::Bind(bind).encode();
        assert_eq!(Request::decode(&bytes), Err(Malformed::Range), "{bind:?}");
    }
}

#[test]
fn requests_read_back_and_numbers_out_of_range_are_refused() {
    for request in [
        Request::Create(create()),
        Request::Bind(bind()),
        Request::Blueprint,
        Request::Image,
        Request::Measure,
        Request::Arm { key: 9 },
        Request::Settle { key: 11 },
        Request::End { key: 10 },
    ] {
        let bytes = request.encode();
        assert!(bytes.len() <= MAX_REQUEST_BYTES);
        assert_eq!(Request::decode(&bytes), Ok(request));
    }
    let out_of_range = [
        Create {
            memory_bytes: 0,
            ..create()
        },
        Create {
            disk_bytes: 0,
            ..create()
        },
        Create { pids: 0, ..create() },
        Create {
            cpu_millis: 0,
            ..create()
        },
        Create {
            wall: Duration::ZERO,
            ..create()
        },
        Create {
            wall: MAX_WALL * 2,
            ..create()
        },
        Create {
            memory_bytes: MAX_BYTES + 1,
            ..create()
        },
        Create {
            disk_bytes: u64::MAX,
            ..create()
        },
        Create {
            pids: u32::MAX,
            ..create()
        },
        Create {
            cpu_millis: MAX_CPU_MILLIS + 1,
            ..create()
        },
    ];
    let most = Create {
        memory_bytes: MAX_BYTES,
        disk_bytes: MAX_BYTES,
        pids: MAX_PIDS,
        cpu_millis: MAX_CPU_MILLIS,
        ..create()
    };
    let bytes = Request::Create(most).encode();
    assert_eq!(Request::decode(&bytes), Ok(Request::Create(most)));
    for bad in out_of_range {
        assert_eq!(
            Request::decode(&Request::Create(bad).encode()),
            Err(Malformed::Range),
            "{bad:?}"
        );
    }
}

#[test]
fn replies_read_back() {
    let ended = Ended {
        key: 1,
        cause: Cause::Cpu,
        oom_kills: 2,
        cpu_user: Some(Duration::from_micros(3)),
        cpu_system: None,
        memory_peak_bytes: Some(4),
        pids_peak: None,
    };
    let refused = Reply::Refused {
        key: 1,
        wall: b"cgroup".to_vec(),
        reason: b"why".to_vec(),
        errno: 13,
    };
    let created = Reply::Created {
        key: 1,
        limited: true,
        program_id: 7,
        separate_ids: false,
        template: true,
        group: Some(77),
    };
    let measured = Reply::Measured {
        key: 1,
        held_bytes: 5,
    };
    for reply in [
        Reply::Ended(ended),
        refused,
        created,
        measured,
        Reply::Bound { key: 9 },
    ] {
        assert_eq!(Reply::decode(&reply.encode()), Ok(reply));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..160)) {
        let _ = (Request::decode(&bytes), Reply::decode(&bytes));
    }
}
