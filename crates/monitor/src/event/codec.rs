//! The binary form of events, between the collector and the engine.
//!
//! A byte for the kind and the mark, then numbers as LEB128 and texts with their length. Both sides are ours, and still
//! every length is checked before it is believed: the collector reads what programs wrote.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Access, Address, Argv, Class, Event, Family, MAX_ARGUMENTS, MAX_TEXT_BYTES};
use super::{Pressure, Resources, Text, What};

/// No event is longer.
pub const MAX_EVENT_BYTES: usize = 2048;

/// The mark of evidence in the first byte.
const EVIDENCE: u8 = 0x80;

/// Bytes that are no event.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EventError {
    /// It ends before it is whole.
    #[error("an event is cut short")]
    Short,
    /// A number, a length or a kind is beyond its bound.
    #[error("an event holds a {0} beyond its bound")]
    Bound(&'static str),
}

/// Appends the binary form of `event` to `out`.
pub fn encode(event: &Event, out: &mut Vec<u8>) {
    let mark = if event.evidence { EVIDENCE } else { 0 };
    out.push(tag(&event.what) | mark);
    number(out, event.at_ns);
    number(out, event.pid.into());
    match &event.what {
        What::Exec { path, argv, nameless } => {
            out.push(u8::from(*nameless));
            text(out, path);
            number(out, argv.len() as u64);
            argv.iter().for_each(|argument| text(out, argument));
        }
        What::Fork { child } => number(out, (*child).into()),
        What::Exit { code, signal } => out.extend([*code, *signal]),
        What::Open { path, access, result } => {
            out.push(*access as u8);
            signed(out, *result);
            text(out, path);
        }
        What::Rename { path, to, result } | What::Link { path, to, result } => {
            signed(out, *result);
            text(out, path);
            text(out, to);
        }
        What::Unlink { path: name, result } | What::Memfd { name, result } => {
            signed(out, *result);
            text(out, name);
        }
        What::Chmod { path, mode, result } => {
            number(out, (*mode).into());
            signed(out, *result);
            text(out, path);
        }
        What::Socket { family, kind, result } => {
            number(out, family.number().into());
            number(out, (*kind).into());
            signed(out, *result);
        }
        What::Connect { address, result } | What::Bind { address, result } => {
            signed(out, *result);
            address_out(out, address);
        }
        What::Listen { result } | What::Accept { result } => signed(out, *result),
        What::Redirect { to, socket } => out.extend([*to, u8::from(*socket)]),
        What::WriteExec { bytes, result } | What::BecameExec { bytes, result } => {
            number(out, *bytes);
            signed(out, *result);
        }
        What::Growth { bytes } => number(out, *bytes),
        What::Spray { bytes, count } => {
            number(out, *bytes);
            number(out, (*count).into());
        }
        What::Denied { call, errno } => {
            number(out, (*call).into());
            number(out, (*errno).into());
        }
        What::Call {
            call,
            arguments,
            result,
        } => {
            number(out, (*call).into());
            arguments.iter().for_each(|argument| number(out, *argument));
            signed(out, *result);
        }
        What::Signal {
            target,
            number: which,
            result,
        } => {
            signed(out, *target);
            out.push(*which);
            signed(out, *result);
        }
        What::Resources(sample) => resources_out(out, sample),
        What::Lost { class, count } => {
            out.push(*class as u8);
            number(out, *count);
        }
        What::Blind => {}
    }
}

/// Takes one event from the front of `bytes`.
///
/// # Errors
/// [`EventError`] when they do not begin with a whole event within its bounds.
pub fn decode(bytes: &mut &[u8]) -> Result<Event, EventError> {
    let mut reader = Reader { bytes };
    let first = reader.byte()?;
    let at_ns = reader.number()?;
    let pid = reader.u32()?;
    let what = reader.what(first & !EVIDENCE)?;
    Ok(Event {
        at_ns,
        pid,
        evidence: first & EVIDENCE != 0,
        what,
    })
}

fn tag(what: &What) -> u8 {
    match what {
        What::Exec { .. } => 1,
        What::Fork { .. } => 2,
        What::Exit { .. } => 3,
        What::Open { .. } => 4,
        What::Unlink { .. } => 5,
        What::Rename { .. } => 6,
        What::Link { .. } => 7,
        What::Chmod { .. } => 8,
        What::Socket { .. } => 9,
        What::Connect { .. } => 10,
        What::Bind { .. } => 11,
        What::Listen { .. } => 12,
        What::Accept { .. } => 13,
        What::Redirect { .. } => 14,
        What::WriteExec { .. } => 15,
        What::BecameExec { .. } => 16,
        What::Memfd { .. } => 17,
        What::Growth { .. } => 18,
        What::Spray { .. } => 19,
        What::Denied { .. } => 20,
        What::Call { .. } => 21,
        What::Signal { .. } => 22,
        What::Resources(_) => 23,
        What::Lost { .. } => 24,
        What::Blind => 25,
    }
}

fn number(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Zigzag: small numbers of either sign are short.
fn signed(out: &mut Vec<u8>, value: i32) {
    number(out, u64::from((value << 1 ^ value >> 31).cast_unsigned()));
}

fn text(out: &mut Vec<u8>, text: &Text) {
    number(out, text.len() as u64);
    out.extend(text.as_bytes());
}

fn address_out(out: &mut Vec<u8>, address: &Address) {
    match address {
        Address::Net {
            ip: IpAddr::V4(ip),
            port,
        } => {
            out.push(0);
            out.extend(ip.octets());
            out.extend(port.to_le_bytes());
        }
        Address::Net {
            ip: IpAddr::V6(ip),
            port,
        } => {
            out.push(1);
            out.extend(ip.octets());
            out.extend(port.to_le_bytes());
        }
        Address::Unix { path } => {
            out.push(2);
            text(out, path);
        }
        Address::Other { number: family } => {
            out.push(3);
            out.extend(family.to_le_bytes());
        }
    }
}

fn resources_out(out: &mut Vec<u8>, sample: &Resources) {
    let pressure = sample.pressure;
    let values = [
        sample.cpu_ns,
        sample.memory_bytes,
        sample.disk_bytes,
        sample.pids.map(u64::from),
        sample.network_bytes,
        pressure.map(|pressure| pressure.cpu_us),
        pressure.map(|pressure| pressure.memory_us),
        pressure.map(|pressure| pressure.io_us),
    ];
    let present = values
        .iter()
        .enumerate()
        .fold(0, |bits, (i, value)| bits | u8::from(value.is_some()) << i);
    out.push(present);
    values.iter().flatten().for_each(|value| number(out, *value));
}

/// Reads from the front, and moves the caller's slice as it reads.
struct Reader<'a, 'b> {
    bytes: &'a mut &'b [u8],
}

impl Reader<'_, '_> {
    fn what(&mut self, tag: u8) -> Result<What, EventError> {
        Ok(match tag {
            1 => self.exec()?,
            2 => What::Fork { child: self.u32()? },
            3 => What::Exit {
                code: self.byte()?,
                signal: self.byte()?,
            },
            4..=8 | 17 => self.file(tag)?,
            9 => What::Socket {
                family: Family::of(self.u16()?),
                kind: self.u32()?,
                result: self.signed()?,
            },
            10 => {
                let result = self.signed()?;
                What::Connect {
                    address: self.address()?,
                    result,
                }
            }
            11 => {
                let result = self.signed()?;
                What::Bind {
                    address: self.address()?,
                    result,
                }
            }
            12 => What::Listen {
                result: self.signed()?,
            },
            13 => What::Accept {
                result: self.signed()?,
            },
            14 => What::Redirect {
                to: self.byte()?,
                socket: self.byte()? != 0,
            },
            15 => What::WriteExec {
                bytes: self.number()?,
                result: self.signed()?,
            },
            16 => What::BecameExec {
                bytes: self.number()?,
                result: self.signed()?,
            },
            18 => What::Growth {
                bytes: self.number()?,
            },
            19 => What::Spray {
                bytes: self.number()?,
                count: self.u32()?,
            },
            20 => What::Denied {
                call: self.u16()?,
                errno: self.u16()?,
            },
            21 => What::Call {
                call: self.u16()?,
                arguments: [self.number()?, self.number()?, self.number()?],
                result: self.signed()?,
            },
            22 => What::Signal {
                target: self.signed()?,
                number: self.byte()?,
                result: self.signed()?,
            },
            23 => What::Resources(self.resources()?),
            24 => What::Lost {
                class: class_of(self.byte()?)?,
                count: self.number()?,
            },
            25 => What::Blind,
            _ => return Err(EventError::Bound("kind")),
        })
    }

    fn exec(&mut self) -> Result<What, EventError> {
        let nameless = self.byte()? != 0;
        let path = self.text()?;
        let count = self.number()?;
        if count > MAX_ARGUMENTS as u64 {
            return Err(EventError::Bound("number of arguments"));
        }
        let texts = (0..count).map(|_| self.text()).collect::<Result<Vec<_>, _>>()?;
        let argv = Argv::new(texts.iter().map(|text| text.as_bytes()));
        if argv.len() != texts.len() {
            return Err(EventError::Bound("length of arguments"));
        }
        Ok(What::Exec { path, argv, nameless })
    }

    fn file(&mut self, tag: u8) -> Result<What, EventError> {
        let access = if tag == 4 {
            access_of(self.byte()?)?
        } else {
            Access::Read
        };
        let mode = if tag == 8 { self.u32()? } else { 0 };
        let result = self.signed()?;
        let path = self.text()?;
        Ok(match tag {
            4 => What::Open { path, access, result },
            5 => What::Unlink { path, result },
            6 => What::Rename {
                path,
                to: self.text()?,
                result,
            },
            7 => What::Link {
                path,
                to: self.text()?,
                result,
            },
            8 => What::Chmod { path, mode, result },
            _ => What::Memfd { name: path, result },
        })
    }

    fn resources(&mut self) -> Result<Resources, EventError> {
        let present = self.byte()?;
        let mut values = [None; 8];
        for (i, value) in values.iter_mut().enumerate() {
            if present & 1 << i != 0 {
                *value = Some(self.number()?);
            }
        }
        let [
            cpu_ns,
            memory_bytes,
            disk_bytes,
            pids,
            network_bytes,
            cpu,
            memory,
            io,
        ] = values;
        let pressure = match (cpu, memory, io) {
            (Some(cpu_us), Some(memory_us), Some(io_us)) => Some(Pressure {
                cpu_us,
                memory_us,
                io_us,
            }),
            (None, None, None) => None,
            _ => return Err(EventError::Bound("part of the pressure")),
        };
        let pids = pids
            .map(u32::try_from)
            .transpose()
            .map_err(|_| EventError::Bound("number of processes"))?;
        Ok(Resources {
            cpu_ns,
            memory_bytes,
            disk_bytes,
            pids,
            network_bytes,
            pressure,
        })
    }

    fn address(&mut self) -> Result<Address, EventError> {
        Ok(match self.byte()? {
            0 => {
                let ip = IpAddr::V4(Ipv4Addr::from(self.array::<4>()?));
                Address::Net {
                    ip,
                    port: u16::from_le_bytes(self.array()?),
                }
            }
            1 => {
                let ip = IpAddr::V6(Ipv6Addr::from(self.array::<16>()?));
                Address::Net {
                    ip,
                    port: u16::from_le_bytes(self.array()?),
                }
            }
            2 => Address::Unix { path: self.text()? },
            3 => Address::Other {
                number: u16::from_le_bytes(self.array()?),
            },
            _ => return Err(EventError::Bound("family")),
        })
    }

    fn take(&mut self, length: usize) -> Result<&[u8], EventError> {
        let (front, rest) = self.bytes.split_at_checked(length).ok_or(EventError::Short)?;
        *self.bytes = rest;
        Ok(front)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], EventError> {
        self.take(N)?.try_into().map_err(|_| EventError::Short)
    }

    fn byte(&mut self) -> Result<u8, EventError> {
        Ok(self.array::<1>()?[0])
    }

    fn number(&mut self) -> Result<u64, EventError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(EventError::Bound("number"))
    }

    fn u32(&mut self) -> Result<u32, EventError> {
        u32::try_from(self.number()?).map_err(|_| EventError::Bound("number"))
    }

    fn u16(&mut self) -> Result<u16, EventError> {
        u16::try_from(self.number()?).map_err(|_| EventError::Bound("number"))
    }

    fn signed(&mut self) -> Result<i32, EventError> {
        let bits = self.u32()?;
        Ok((bits >> 1).cast_signed() ^ -((bits & 1).cast_signed()))
    }

    fn text(&mut self) -> Result<Text, EventError> {
        let length = self.number()?;
        if length > MAX_TEXT_BYTES as u64 {
            return Err(EventError::Bound("length of a text"));
        }
        Ok(Text::new(self.take(length as usize)?))
    }
}

fn access_of(byte: u8) -> Result<Access, EventError> {
    const ALL: [Access; 5] = [
        Access::Read,
        Access::Write,
        Access::Create,
        Access::Truncate,
        Access::Append,
    ];
    ALL.get(usize::from(byte))
        .copied()
        .ok_or(EventError::Bound("access"))
}

fn class_of(byte: u8) -> Result<Class, EventError> {
    const ALL: [Class; 4] = [Class::Process, Class::File, Class::Alert, Class::Own];
    ALL.get(usize::from(byte))
        .copied()
        .ok_or(EventError::Bound("class"))
}
