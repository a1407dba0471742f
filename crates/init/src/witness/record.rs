//! What a witness tells of one call, and its byte form. The reader is outside of the sandbox and trusts nothing.

use crate::codec::{Malformed, Reader, Writer};
use alloc::vec::Vec;

/// Largest record with its length, bytes: what a pipe takes whole (`PIPE_BUF`, pipe(7)).
pub const MAX_RECORD_BYTES: usize = 4096;
/// Most arguments of an exec that are told.
pub const MAX_WORDS: usize = 32;

/// One call of a program that waited for its answer. What lies behind a pointer was read before the kernel read it: it is
/// evidence and no proof.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Act {
    /// It executes a program.
    Exec {
        /// Which.
        path: Vec<u8>,
        /// Its arguments, its name first; cut.
        argv: Vec<Vec<u8>>,
    },
    /// It opens a file.
    Open {
        /// Which.
        path: Vec<u8>,
        /// `O_*`.
        flags: u64,
    },
    /// It connects a socket.
    Connect {
        /// `struct sockaddr`.
        address: Vec<u8>,
    },
    /// It binds a socket.
    Bind {
        /// `struct sockaddr`.
        address: Vec<u8>,
    },
    /// It sends bytes by a call that may name an address.
    Send {
        /// `struct sockaddr`; empty for a connected socket.
        address: Vec<u8>,
        /// The first of them.
        bytes: Vec<u8>,
    },
    /// It removes a file or a folder.
    Remove {
        /// Which.
        path: Vec<u8>,
    },
    /// It renames a file.
    Rename {
        /// From.
        from: Vec<u8>,
        /// To.
        to: Vec<u8>,
    },
    /// It changes a file's mode.
    Mode {
        /// Which.
        path: Vec<u8>,
        /// Permission bits.
        mode: u64,
    },
    /// It sends a signal.
    Kill {
        /// To whom, as its own pid namespace numbers it.
        pid: u64,
        /// Which.
        signal: u64,
    },
}

/// An act and who did it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Record {
    /// The process, as the sandbox numbers it.
    pub pid: u32,
    /// What it did.
    pub act: Act,
}

impl Record {
    /// The byte form, behind its length.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::default();
        w.u32(self.pid);
        match &self.act {
            Act::Exec { path, argv } => {
                w.u8(1);
                w.bytes(path);
                w.list(argv, |w, word| w.bytes(word));
            }
            Act::Open { path, flags } => {
                w.u8(2);
                w.bytes(path);
                w.u64(*flags);
            }
            Act::Connect { address } => {
                w.u8(3);
                w.bytes(address);
            }
            Act::Bind { address } => {
                w.u8(4);
                w.bytes(address);
            }
            Act::Send { address, bytes } => {
                w.u8(5);
                w.bytes(address);
                w.bytes(bytes);
            }
            Act::Remove { path } => {
                w.u8(6);
                w.bytes(path);
            }
            Act::Rename { from, to } => {
                w.u8(7);
                w.bytes(from);
                w.bytes(to);
            }
            Act::Mode { path, mode } => {
                w.u8(8);
                w.bytes(path);
                w.u64(*mode);
            }
            Act::Kill { pid, signal } => {
                w.u8(9);
                w.u64(*pid);
                w.u64(*signal);
            }
        }
        let body = w.finish();
        let mut out = (body.len() as u32).to_le_bytes().to_vec();
        out.extend_from_slice(&body);
        out
    }

    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(bytes);
        let pid = r.u32()?;
        let act = match r.u8()? {
            1 => Act::Exec {
                path: r.bytes()?,
                argv: r.list(MAX_WORDS, |r| r.bytes())?,
            },
            2 => Act::Open {
                path: r.bytes()?,
                flags: r.u64()?,
            },
            3 => Act::Connect { address: r.bytes()? },
            4 => Act::Bind { address: r.bytes()? },
            5 => Act::Send {
                address: r.bytes()?,
                bytes: r.bytes()?,
            },
            6 => Act::Remove { path: r.bytes()? },
            7 => Act::Rename {
                from: r.bytes()?,
                to: r.bytes()?,
            },
            8 => Act::Mode {
                path: r.bytes()?,
                mode: r.u64()?,
            },
            9 => Act::Kill {
                pid: r.u64()?,
                signal: r.u64()?,
            },
            _ => return Err(Malformed::Range),
        };
        r.end()?;
        Ok(Self { pid, act })
    }
}

/// Reads a stream of records; one that is cut at its end is what a killed witness was about to write.
///
/// # Errors
/// [`Malformed`] for what no witness writes.
pub fn decode_all(mut bytes: &[u8]) -> Result<Vec<Record>, Malformed> {
    let mut records = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        if length > MAX_RECORD_BYTES - 4 {
            return Err(Malformed::Range);
        }
        let Some((record, rest)) = rest.split_at_checked(length) else {
            break;
        };
        records.push(Record::decode(record)?);
        bytes = rest;
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_stream_comes_back_and_a_cut_one_up_to_its_last_whole_record() {
        let word = || b"word".to_vec();
        let acts = vec![
            Act::Exec {
                path: word(),
                argv: vec![word(), word()],
            },
            Act::Open {
                path: word(),
                flags: 65,
            },
            Act::Connect { address: word() },
            Act::Bind { address: word() },
            Act::Send {
                address: vec![],
                bytes: word(),
            },
            Act::Remove { path: word() },
            Act::Rename {
                from: word(),
                to: word(),
            },
            Act::Mode {
                path: word(),
                mode: 0o755,
            },
            Act::Kill { pid: 1, signal: 9 },
        ];
        let records: Vec<Record> = acts.into_iter().map(|act| Record { pid: 7, act }).collect();
        let bytes: Vec<u8> = records.iter().flat_map(Record::encode).collect();
        assert_eq!(decode_all(&bytes).as_ref(), Ok(&records));
        let cut = decode_all(&bytes[..bytes.len() - 1]).unwrap();
        assert_eq!(cut[..], records[..records.len() - 1]);
        assert!(decode_all(&[255; 8]).is_err());
        assert!(decode_all(&[5, 0, 0, 0, 1, 0, 0, 0, 99]).is_err());
    }
}
