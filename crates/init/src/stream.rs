//! The stream in which the collector sends output files: records of a head and the file's bytes,
//! then one end record. The reader is the caller's side and trusts nothing.

use alloc::vec::Vec;

/// Bytes of a record's head: path length, mode, size.
pub const HEAD_BYTES: usize = 16;
/// Longest path, bytes (`PATH_MAX`).
pub const MAX_PATH_BYTES: usize = 4096;

/// One record's head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// Length of the path that follows; 0 in the end record.
    pub path_length: u32,
    /// Permission bits; in the end record 1 when something was left out.
    pub mode: u32,
    /// Bytes of the file that follow the path; in the end record how many were left out.
    pub size: u64,
}

impl Head {
    /// The byte form.
    pub fn encode(&self) -> [u8; HEAD_BYTES] {
        let mut bytes = [0; HEAD_BYTES];
        bytes[..4].copy_from_slice(&self.path_length.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.mode.to_le_bytes());
        bytes[8..].copy_from_slice(&self.size.to_le_bytes());
        bytes
    }

    /// Reads the byte form.
    pub fn decode(bytes: &[u8; HEAD_BYTES]) -> Self {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        Head {
            path_length: word(0),
            mode: word(4),
            size: u64::from(word(8)) | u64::from(word(12)) << 32,
        }
    }
}

/// One collected file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Collected {
    /// Path below the workspace.
    pub path: Vec<u8>,
    /// Permission bits.
    pub mode: u32,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// What a whole stream held.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Harvest {
    /// The files, in the order in which they were found.
    pub files: Vec<Collected>,
    /// How many matching files were left out by a bound or an error.
    pub left_out: u64,
    /// The end record came: nothing was cut off.
    pub complete: bool,
}

/// Reads a stream piece by piece within bounds.
#[derive(Debug)]
pub struct Parser {
    pending: Vec<u8>,
    max_files: usize,
    bytes_left: u64,
    harvest: Harvest,
    broken: bool,
}

impl Parser {
    /// A parser that takes at most so many files and bytes of content.
    pub fn new(max_files: usize, max_bytes: u64) -> Self {
        Self {
            pending: Vec::new(),
            max_files,
            bytes_left: max_bytes,
            harvest: Harvest::default(),
            broken: false,
        }
    }

    /// Takes the next bytes; false once the stream broke its own rules and is no longer read.
    pub fn feed(&mut self, bytes: &[u8]) -> bool {
        if self.broken || self.harvest.complete {
            return !self.broken && bytes.is_empty();
        }
        self.pending.extend_from_slice(bytes);
        let mut used = 0;
        while let Some(length) = self.record(used) {
            used += length;
        }
        self.pending.drain(..used);
        !self.broken
    }

    /// The number of bytes of the record at `start`, when it is whole; takes it into the harvest.
    fn record(&mut self, start: usize) -> Option<usize> {
        if self.harvest.complete || self.broken {
            return None;
        }
        let head = self
            .pending
            .get(start..start + HEAD_BYTES)?
            .first_chunk::<HEAD_BYTES>()?;
        let head = Head::decode(head);
        if head.path_length == 0 {
            self.harvest.left_out += head.size;
            self.harvest.complete = true;
            return Some(HEAD_BYTES);
        }
        let too_much = head.size > self.bytes_left || self.harvest.files.len() >= self.max_files;
        if head.path_length as usize > MAX_PATH_BYTES || too_much {
            self.broken = true;
            return None;
        }
        let path_end = start + HEAD_BYTES + head.path_length as usize;
        let end = path_end + head.size as usize;
        let path = self.pending.get(start + HEAD_BYTES..path_end)?.to_vec();
        let content = self.pending.get(path_end..end)?.to_vec();
        if !is_plain_relative(&path) {
            self.broken = true;
            return None;
        }
        self.bytes_left -= head.size;
        self.harvest.files.push(Collected {
            path,
            mode: head.mode & 0o777,
            content,
        });
        Some(end - start)
    }

    /// Ends the reading and gives what came.
    pub fn finish(self) -> Harvest {
        self.harvest
    }
}

/// Tells whether a path is relative, without empty parts, `.`, `..` or NUL.
pub fn is_plain_relative(path: &[u8]) -> bool {
    !path.is_empty()
        && path.len() <= MAX_PATH_BYTES
        && !path.contains(&0)
        && path
            .split(|b| *b == b'/')
            .all(|part| !matches!(part, b"" | b"." | b".."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(path: &[u8], content: &[u8]) -> Vec<u8> {
        let head = Head {
            path_length: path.len() as u32,
            mode: 0o644,
            size: content.len() as u64,
        };
        [&head.encode()[..], path, content].concat()
    }

    #[test]
    fn paths_that_climb_are_refused() {
        for bad in ["", "/a", "a//b", "../a", "a/..", ".", "a/./b", "a\0b"] {
            assert!(!is_plain_relative(bad.as_bytes()), "{bad:?}");
            if !bad.is_empty() {
                let mut parser = Parser::new(9, 99);
                assert!(!parser.feed(&record(bad.as_bytes(), b"x")), "{bad:?}");
                assert!(parser.finish().files.is_empty());
            }
        }
    }

    #[test]
    fn bounds_hold() {
        let mut parser = Parser::new(1, 99);
        assert!(!parser.feed(&[record(b"a", b"x"), record(b"b", b"x")].concat()));
        let mut parser = Parser::new(9, 3);
        assert!(!parser.feed(&record(b"a", b"four")));
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_files(cut in 0usize..64, name in "[a-z]{1,8}", body in proptest::collection::vec(any::<u8>(), 0..32)) {
            let end = Head { path_length: 0, mode: 0, size: 2 }.encode();
            let all = [record(name.as_bytes(), &body), record(b"z/z", b"2"), end.to_vec()].concat();
            let cut = cut.min(all.len());
            let mut parser = Parser::new(9, 999);
            prop_assert!(parser.feed(&all[..cut]));
            prop_assert!(parser.feed(&all[cut..]) );
            let harvest = parser.finish();
            prop_assert!(harvest.complete);
            prop_assert_eq!(harvest.left_out, 2);
            prop_assert_eq!(harvest.files.len(), 2);
            prop_assert_eq!(&harvest.files[0].content, &body);
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            let mut parser = Parser::new(4, 64);
            parser.feed(&bytes);
            prop_assert!(parser.finish().files.len() <= 4);
        }
    }
}
