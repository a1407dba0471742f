//! A record of the ring as an event: `struct record` in `bpf/record.h`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::event::{Access, Address, Argv, Event, Family, Text, What};

/// An event, and whose it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// The number that the sandbox was registered with.
    pub serial: u64,
    /// What happened.
    pub event: Event,
}

/// Bytes before the texts, and of the first text when a second one follows.
const HEAD: usize = 96;
const TEXT: usize = 256;

const KERNEL_PATH: u8 = 1;
const KERNEL_ADDRESS: u8 = 2;
const NAMELESS: u8 = 4;

/// The file that a mapping is of has no name, or it is of none (`MAP_ANONYMOUS`).
const PROT_WRITE: u64 = 2;
const PROT_EXEC: u64 = 4;
/// Mappings of one size behind one event (`SPRAY_STEP` in `bpf/calls.c.h`).
const SPRAY_STEP: u32 = 64;

struct Record<'a> {
    bytes: &'a [u8],
    flags: u8,
    call: u8,
    number: u16,
    first: usize,
    second: usize,
    result: i64,
    arguments: [u64; 3],
}

/// Reads one record; `None` when it is none of ours.
pub(super) fn read(bytes: &[u8]) -> Option<Told> {
    let word = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    let half = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let lengths = half(28)?;
    let record = Record {
        bytes,
        flags: *bytes.get(21)?,
        call: *bytes.get(22)?,
        number: u16::try_from(half(24)?).unwrap_or(u16::MAX),
        first: (lengths & 0xffff) as usize,
        second: (lengths >> 16) as usize,
        result: word(32)?.cast_signed(),
        arguments: [word(40)?, word(48)?, word(56)?],
    };
    let (what, is_evidence) = match bytes.get(20)? {
        1 => (record.exec(), false),
        2 => (
            What::Fork {
                child: record.arguments[0] as u32,
            },
            false,
        ),
        3 => (exit(record.result), false),
        4 => record.called()?,
        _ => return None,
    };
    let mut event = Event::new(word(0)?, half(16)?, what);
    event.evidence = is_evidence;
    Some(Told {
        serial: word(8)?,
        event,
    })
}

/// The status of wait(2): the signal in the low bits, or the exit code above them.
fn exit(status: i64) -> What {
    What::Exit {
        code: (status >> 8) as u8,
        signal: (status & 0x7f) as u8,
    }
}

impl Record<'_> {
    fn result(&self) -> i32 {
        // An address of mmap is no error, and no number of 32 bits.
        i32::try_from(self.result).unwrap_or(0)
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    fn one(&self) -> &[u8] {
        let end = HEAD + self.first.min(TEXT);
        self.bytes.get(HEAD..end).unwrap_or_default()
    }

    fn two(&self) -> &[u8] {
        let from = HEAD + TEXT;
        self.bytes.get(from..from + self.second).unwrap_or_default()
    }

    fn exec(&self) -> What {
        let arguments = self.two().split_inclusive(|byte| *byte == 0);
        What::Exec {
            path: Text::new(self.one()),
            argv: Argv::new(arguments),
            nameless: self.has(NAMELESS),
        }
    }

    /// A path of the kernel's comes as names from the last to the first.
    fn path(&self) -> Text {
        if !self.has(KERNEL_PATH) {
            return Text::new(self.one());
        }
        let names = self
            .one()
            .split(|byte| *byte == 0)
            .filter(|name| !name.is_empty());
        let path: Vec<u8> = names.rev().flat_map(|name| [b"/", name].concat()).collect();
        if path.is_empty() {
            Text::from("/")
        } else {
            Text::new(&path)
        }
    }

    /// The event of a call, and whether it rests on the program's memory. The numbers are those of `enum call`.
    fn called(&self) -> Option<(What, bool)> {
        let result = self.result();
        let [first, second, third] = self.arguments;
        let numbers = |what| Some((what, false));
        match self.call {
            0 => numbers(What::Denied {
                call: self.number,
                errno: u16::try_from(-self.result).unwrap_or(0),
            }),
            1..=16 => Some(self.file()),
            17 => numbers(What::Socket {
                family: Family::of(first as u16),
                // The low bits are the kind, the others flags (socket(2)).
                kind: (second & 0xf) as u32,
                result,
            }),
            18 | 19 => {
                let what = What::Connect {
                    address: self.address(),
                    result,
                };
                Some((what, !self.has(KERNEL_ADDRESS)))
            }
            20 => Some((
                What::Bind {
                    address: self.address(),
                    result,
                },
                true,
            )),
            21 => numbers(What::Listen { result }),
            22 => numbers(What::Accept { result }),
            23 => numbers(What::Redirect {
                to: result as u8,
                socket: true,
            }),
            24..=26 => numbers(self.memory(second, third)),
            27 => Some((
                What::Memfd {
                    name: Text::new(self.one()),
                    result,
                },
                true,
            )),
            28 => numbers(What::Signal {
                target: first as i32,
                number: second as u8,
                result,
            }),
            29 => numbers(What::Signal {
                target: second as i32,
                number: third as u8,
                result,
            }),
            30 | 31 => numbers(What::Call {
                call: self.number,
                arguments: self.arguments,
                result,
            }),
            _ => None,
        }
    }

    fn memory(&self, bytes: u64, protection: u64) -> What {
        let result = self.result();
        if self.call != 26 && protection & PROT_EXEC == 0 {
            return What::Spray {
                bytes,
                count: SPRAY_STEP,
            };
        }
        if protection & PROT_WRITE != 0 {
            What::WriteExec { bytes, result }
        } else {
            What::BecameExec { bytes, result }
        }
    }

    fn file(&self) -> (What, bool) {
        let (path, result) = (self.path(), self.result());
        let to = || Text::new(self.two());
        let what = match self.call {
            1..=4 => What::Open {
                path,
                access: access(self.arguments[2]),
                result,
            },
            5 | 6 => What::Unlink { path, result },
            7 | 8 => What::Rename {
                path,
                to: to(),
                result,
            },
            9..=12 => What::Link {
                path,
                to: to(),
                result,
            },
            13..=15 => What::Chmod {
                path,
                mode: self.mode(),
                result,
            },
            _ => What::Open {
                path,
                access: Access::Truncate,
                result,
            },
        };
        (what, !self.has(KERNEL_PATH))
    }

    /// chmod and fchmod have it second, fchmodat and fchmodat2 third; a change of the owner has none.
    fn mode(&self) -> u32 {
        match self.number {
            90 | 91 => self.arguments[1] as u32,
            268 | 452 => self.arguments[2] as u32,
            _ => 0,
        }
    }

    /// A sockaddr of 28 bytes (ip(7), ipv6(7)).
    fn address(&self) -> Address {
        let Some(extra) = self.bytes.get(64..HEAD) else {
            return Address::Other { number: 0 };
        };
        let number = u16::from_le_bytes([extra[0], extra[1]]);
        let port = u16::from_be_bytes([extra[2], extra[3]]);
        let mut wide = [0; 16];
        wide.copy_from_slice(&extra[8..24]);
        match number {
            1 if self.has(NAMELESS) => Address::Unix {
                path: Text::new(&[b"@", self.one()].concat()),
            },
            1 => Address::Unix {
                path: Text::new(self.one()),
            },
            2 => {
                let ip = IpAddr::V4(Ipv4Addr::new(extra[4], extra[5], extra[6], extra[7]));
                Address::Net { ip, port }
            }
            10 => Address::Net {
                ip: IpAddr::V6(Ipv6Addr::from(wide)),
                port,
            },
            number => Address::Other { number },
        }
    }
}

/// The flags of open(2).
fn access(flags: u64) -> Access {
    const CREATE: u64 = 0o100;
    const TRUNCATE: u64 = 0o1000;
    const APPEND: u64 = 0o2000;
    match flags {
        flags if flags & TRUNCATE != 0 => Access::Truncate,
        flags if flags & CREATE != 0 => Access::Create,
        flags if flags & APPEND != 0 => Access::Append,
        flags if flags & 3 != 0 => Access::Write,
        _ => Access::Read,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(kind: u8, flags: u8, call: u8, number: u32, result: i64, arguments: [u64; 3]) -> Vec<u8> {
        let mut bytes = vec![0; HEAD];
        bytes[..8].copy_from_slice(&7u64.to_le_bytes());
        bytes[8] = 9;
        bytes[16] = 42;
        bytes[20..23].copy_from_slice(&[kind, flags, call]);
        bytes[24..28].copy_from_slice(&number.to_le_bytes());
        bytes[32..40].copy_from_slice(&result.to_le_bytes());
        for (i, argument) in arguments.iter().enumerate() {
            bytes[40 + 8 * i..48 + 8 * i].copy_from_slice(&argument.to_le_bytes());
        }
        bytes
    }

    fn with_text(mut bytes: Vec<u8>, text: &[u8]) -> Vec<u8> {
        bytes[28..30].copy_from_slice(&(text.len() as u16).to_le_bytes());
        bytes.extend(text);
        bytes
    }

    #[test]
    fn names_of_the_kernel_become_a_path() {
        let bytes = with_text(record(4, KERNEL_PATH, 2, 257, 3, [0, 0, 1]), b"b\0a\0workspace\0");
        let told = read(&bytes).unwrap();
        let path = Text::from("/workspace/a/b");
        let what = What::Open {
            path,
            access: Access::Write,
            result: 3,
        };
        assert_eq!((told.serial, told.event), (9, Event::new(7, 42, what)));
    }

    #[test]
    fn what_a_pointer_said_is_evidence() {
        let bytes = with_text(record(4, 0, 5, 87, -2, [0; 3]), b"/x\0");
        let event = read(&bytes).unwrap().event;
        assert!(event.evidence);
        assert_eq!(
            event.what,
            What::Unlink {
                path: Text::from("/x"),
                result: -2
            }
        );
    }

    #[test]
    fn refusals_and_ends_are_numbers() {
        let denied = read(&record(4, 0, 0, 101, -1, [0; 3])).unwrap().event;
        assert_eq!(denied.what, What::Denied { call: 101, errno: 1 });
        let ended = read(&record(3, 0, 0, 0, 9, [0; 3])).unwrap().event;
        assert_eq!(ended.what, What::Exit { code: 0, signal: 9 });
        let flipped = read(&record(4, 0, 26, 10, 0, [0, 4096, 5])).unwrap().event;
        assert_eq!(
            flipped.what,
            What::BecameExec {
                bytes: 4096,
                result: 0
            }
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..1400)) {
            let _ = read(&bytes);
        }
    }
}
