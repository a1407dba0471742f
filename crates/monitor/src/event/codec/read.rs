//! From bytes to an event, nothing believed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::EVIDENCE;
use crate::event::{Access, Address, Argv, Class, Event, Family, MAX_ARGUMENTS, MAX_TEXT_BYTES};
use crate::event::{Pressure, Resources, Text, What};

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
            _ => self.other(tag)?,
        })
    }

    fn other(&mut self, tag: u8) -> Result<What, EventError> {
        Ok(match tag {
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
    const ALL: [Class; 7] = [
        Class::Process,
        Class::File,
        Class::Alert,
        Class::Own,
        Class::Network,
        Class::Memory,
        Class::Denied,
    ];
    ALL.get(usize::from(byte))
        .copied()
        .ok_or(EventError::Bound("class"))
}
