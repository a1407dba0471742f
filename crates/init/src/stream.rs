//! The stream in which the collector sends output files: records of a head and the file's bytes,
//! then one end record. The reader is the caller's side and trusts nothing.

use alloc::vec::Vec;

/// Memory that a head alone may claim; the rest comes with the content.
const FIRST_BYTES: usize = 1 << 20;
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

/// Reads a stream piece by piece within bounds; content is copied once.
#[derive(Debug)]
pub struct Parser {
    /// The head of a record and its path, until both are whole.
    pending: Vec<u8>,
    /// The file whose content is on its way, and how much of it is to come.
    filling: Option<(Collected, usize)>,
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
            filling: None,
            max_files,
            bytes_left: max_bytes,
            harvest: Harvest::default(),
            broken: false,
        }
    }

    /// Takes the next bytes; false once the stream broke its own rules and is no longer read.
    pub fn feed(&mut self, mut bytes: &[u8]) -> bool {
        if self.broken || self.harvest.complete {
            return !self.broken && bytes.is_empty();
        }
        while !bytes.is_empty() && !self.broken && !self.harvest.complete {
            bytes = match self.filling.take() {
                Some((file, missing)) => self.fill(file, missing, bytes),
                None => self.begin(bytes),
            };
        }
        !self.broken
    }

    /// Adds to the content of a file; what is left of the bytes.
    fn fill<'a>(&mut self, mut file: Collected, missing: usize, bytes: &'a [u8]) -> &'a [u8] {
        let (content, rest) = bytes.split_at(missing.min(bytes.len()));
        file.content.extend_from_slice(content);
        match missing - content.len() {
            0 => self.harvest.files.push(file),
            missing => self.filling = Some((file, missing)),
        }
        rest
    }

    /// Takes bytes of a head and its path; what is left of the bytes.
    fn begin<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let path_length = self
            .pending
            .first_chunk::<HEAD_BYTES>()
            .map_or(0, |head| Head::decode(head).path_length as usize);
        let wanted = HEAD_BYTES + path_length - self.pending.len();
        let (taken, rest) = bytes.split_at(wanted.min(bytes.len()));
        self.pending.extend_from_slice(taken);
        let Some(head) = self.pending.first_chunk::<HEAD_BYTES>() else {
            return rest;
        };
        let head = Head::decode(head);
        if head.path_length == 0 {
            self.harvest.left_out += head.size;
            self.harvest.complete = true;
            return rest;
        }
        let too_much = head.size > self.bytes_left || self.harvest.files.len() >= self.max_files;
        if head.path_length as usize > MAX_PATH_BYTES || too_much {
            self.broken = true;
            return rest;
        }
        if self.pending.len() < HEAD_BYTES + head.path_length as usize {
            return rest;
        }
        let path = self.pending.split_off(HEAD_BYTES);
        self.pending.clear();
        if !is_plain_relative(&path) {
            self.broken = true;
            return rest;
        }
        self.bytes_left -= head.size;
        let file = Collected {
            path,
            mode: head.mode & 0o777,
            content: Vec::with_capacity((head.size as usize).min(FIRST_BYTES)),
        };
        self.fill(file, head.size as usize, rest)
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
