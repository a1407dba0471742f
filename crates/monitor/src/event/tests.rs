//! Events survive both of their forms, and no bytes do harm.

use proptest::prelude::*;

use super::*;

fn samples() -> Vec<What> {
    let path = Text::from("/workspace/ä");
    let to = Text::from("/tmp/b");
    let net = |ip: &str, port| Address::Net {
        ip: ip.parse().unwrap(),
        port,
    };
    let argv = Argv::new([&b"sh"[..], b"-c", b"id"]);
    let full = Resources {
        cpu_ns: Some(1),
        memory_bytes: Some(u64::MAX),
        disk_bytes: None,
        pids: Some(3),
        network_bytes: Some(0),
        pressure: Some(Pressure {
            cpu_us: 1,
            memory_us: 2,
            io_us: 3,
        }),
    };
    vec![
        What::Exec {
            path: path.clone(),
            argv,
            nameless: true,
        },
        What::Fork { child: 7 },
        What::Exit { code: 1, signal: 9 },
        What::Open {
            path: path.clone(),
            access: Access::Truncate,
            result: -13,
        },
        What::Unlink {
            path: path.clone(),
            result: 0,
        },
        What::Rename {
            path: path.clone(),
            to: to.clone(),
            result: i32::MIN,
        },
        What::Link {
            path: path.clone(),
            to,
            result: i32::MAX,
        },
        What::Chmod {
            path: path.clone(),
            mode: 0o4755,
            result: 0,
        },
        What::Socket {
            family: Family::Inet6,
            kind: 1,
            result: 3,
        },
        What::Socket {
            family: Family::Other(40),
            kind: 2,
            result: -97,
        },
        What::Connect {
            address: net("127.0.0.1", 80),
            result: -111,
        },
        What::Bind {
            address: net("::1", 8080),
            result: 0,
        },
        What::Connect {
            address: Address::Unix { path: path.clone() },
            result: 0,
        },
        What::Bind {
            address: Address::Other { number: 17 },
            result: 0,
        },
        What::Listen { result: 0 },
        What::Accept { result: 4 },
        What::Redirect { to: 2, socket: true },
        What::WriteExec {
            bytes: 4096,
            result: 0,
        },
        What::BecameExec {
            bytes: 4096,
            result: -13,
        },
        What::Memfd {
            name: path,
            result: 5,
        },
        What::Growth { bytes: 1 << 40 },
        What::Spray {
            bytes: 1 << 20,
            count: 300,
        },
        What::Denied { call: 101, errno: 1 },
        What::Call {
            call: 310,
            arguments: [1, u64::MAX, 0],
            result: -1,
        },
        What::Signal {
            target: -1,
            number: 9,
            result: 0,
        },
        What::Resources(full),
        What::Resources(Resources::default()),
        What::Lost {
            class: Class::File,
            count: 1000,
        },
        What::Blind,
    ]
}

#[test]
fn every_kind_survives_bytes_and_words() {
    for (i, what) in samples().into_iter().enumerate() {
        let mut event = Event::new(i as u64 * 1_000_003, 42, what);
        event.evidence = i % 2 == 0;
        let mut bytes = Vec::new();
        encode(&event, &mut bytes);
        assert!(bytes.len() <= MAX_EVENT_BYTES);
        let mut rest = &bytes[..];
        assert_eq!(decode(&mut rest), Ok(event.clone()));
        assert!(rest.is_empty());
        for end in 0..bytes.len() {
            assert!(decode(&mut &bytes[..end]).is_err(), "{event:?} cut at {end}");
        }
        let words = serde_json::to_string(&event).unwrap();
        assert!(
            words.contains(&format!("\"event\":\"{}\"", event.what.word())),
            "{words}"
        );
        assert_eq!(serde_json::from_str::<Event>(&words).unwrap(), event, "{words}");
    }
}

#[test]
fn texts_and_arguments_are_cut_to_their_bounds() {
    let long = "ä".repeat(MAX_TEXT_BYTES);
    assert_eq!(Text::from(&*long).len(), MAX_TEXT_BYTES);
    assert_eq!(Text::new(b"a\0b").as_str(), "a");
    assert_eq!(Text::new(&[0xff, b'x']).as_str(), "\u{fffd}x");
    let many = Argv::new(std::iter::repeat_n(&b"x"[..], 1000));
    assert_eq!(many.len(), MAX_ARGUMENTS);
    let wide = Argv::new(std::iter::repeat_n(long.as_bytes(), 10));
    assert_eq!(wide.len(), MAX_ARGV_BYTES / MAX_TEXT_BYTES);
    let event = Event::new(
        u64::MAX,
        u32::MAX,
        What::Exec {
            path: Text::from(&*long),
            argv: wide,
            nameless: false,
        },
    );
    let mut bytes = Vec::new();
    encode(&event, &mut bytes);
    assert!(bytes.len() <= MAX_EVENT_BYTES);
    let words = format!("{{\"event\":\"unlink\",\"at_ns\":1,\"pid\":1,\"path\":\"{long}\",\"result\":0}}");
    assert!(
        serde_json::from_str::<Event>(&words)
            .unwrap_err()
            .to_string()
            .contains("256")
    );
}

proptest! {
    #[test]
    fn any_bytes_are_an_event_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(event) = decode(&mut &bytes[..]) {
            let mut again = Vec::new();
            encode(&event, &mut again);
            prop_assert_eq!(decode(&mut &again[..]), Ok(event));
        }
    }
}
