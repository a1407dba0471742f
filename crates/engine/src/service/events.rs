//! What an execution has said so far: its output in the order it came, and its changes of state, each
//! with a number that stays the same for as long as the execution is kept.

use super::kept::{Charge, Kept};
use casemate_runtime::oneshot::Stream;
use std::io;

/// Pieces of output that are told apart before they are joined: what a program writes byte by byte
/// must not cost a record each.
const FINE_EVENTS: usize = 4096;
/// The least piece after that, but for the last.
const COARSE_BYTES: u32 = 64 << 10;
/// Bits of a mark that hold a length.
const LENGTH_BITS: u32 = 29;
const LENGTH_MASK: u32 = (1 << LENGTH_BITS) - 1;

/// One thing that happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// It was accepted.
    Queued,
    /// It was given a place.
    Running,
    /// It wrote so many bytes.
    Output(Stream, u32),
    /// It is over.
    Ended,
}

impl Mark {
    fn encode(self) -> u32 {
        let (kind, length) = match self {
            Self::Queued => (0, 0),
            Self::Running => (1, 0),
            Self::Output(Stream::Stdout, length) => (2, length),
            Self::Output(Stream::Stderr, length) => (3, length),
            Self::Ended => (4, 0),
        };
        kind << LENGTH_BITS | length & LENGTH_MASK
    }

    fn decode(word: u32) -> Option<Self> {
        let length = word & LENGTH_MASK;
        match word >> LENGTH_BITS {
            0 => Some(Self::Queued),
            1 => Some(Self::Running),
            2 => Some(Self::Output(Stream::Stdout, length)),
            3 => Some(Self::Output(Stream::Stderr, length)),
            4 => Some(Self::Ended),
            _ => None,
        }
    }
}

/// The order of events, without the bytes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Index {
    marks: Vec<u32>,
}

/// An event and where its bytes begin in their stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Placed {
    /// Its number, from 1 on.
    pub id: u64,
    /// What happened.
    pub mark: Mark,
    /// Where its bytes begin, for output.
    pub offset: u64,
}

impl Index {
    /// Adds an event.
    pub fn push(&mut self, mark: Mark) {
        self.marks.push(mark.encode());
    }

    /// The bytes for the state database.
    pub fn encode(&self) -> Vec<u8> {
        self.marks.iter().flat_map(|mark| mark.to_le_bytes()).collect()
    }

    /// Reads them; `None` when they are none of ours.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let words = bytes.chunks_exact(4);
        if !words.remainder().is_empty() {
            return None;
        }
        let marks: Vec<u32> = words
            .map(|w| w.try_into().map(u32::from_le_bytes))
            .collect::<Result<_, _>>()
            .ok()?;
        marks
            .iter()
            .all(|mark| Mark::decode(*mark).is_some())
            .then_some(Self { marks })
    }

    /// The events after the one with this number, 0 for all.
    pub fn after(&self, id: u64) -> impl Iterator<Item = Placed> + '_ {
        let mut offsets = [0u64; 2];
        let placed = self.marks.iter().zip(1u64..).filter_map(move |(mark, id)| {
            let mark = Mark::decode(*mark)?;
            let mut offset = 0;
            if let Mark::Output(stream, length) = mark {
                let end = &mut offsets[usize::from(stream == Stream::Stderr)];
                offset = *end;
                *end += u64::from(length);
            }
            Some(Placed { id, mark, offset })
        });
        placed.skip_while(move |event| event.id <= id)
    }
}

/// The events of a living execution, with its bytes.
#[derive(Debug)]
pub struct Log {
    index: Index,
    streams: [Kept; 2],
    pending: [u32; 2],
}

impl Log {
    /// A log that keeps its bytes in these.
    pub fn new(streams: [Kept; 2]) -> Self {
        Self {
            index: Index::default(),
            streams,
            pending: [0; 2],
        }
    }

    /// Adds a change of state.
    pub fn mark(&mut self, mark: Mark) {
        self.flush();
        self.index.push(mark);
    }

    /// Adds output; true when it can be read as an event already.
    pub fn output(&mut self, stream: Stream, bytes: &[u8]) -> bool {
        let slot = usize::from(stream == Stream::Stderr);
        if self.streams[slot].append(bytes).is_err() {
            // Counted by the run, and so told as truncated.
            return false;
        }
        self.pending[slot] += bytes.len() as u32;
        let waits = self.index.marks.len() >= FINE_EVENTS && self.pending[slot] < COARSE_BYTES;
        if !waits {
            self.flush();
        }
        !waits
    }

    fn flush(&mut self) {
        for (slot, stream) in [Stream::Stdout, Stream::Stderr].into_iter().enumerate() {
            let length = std::mem::take(&mut self.pending[slot]);
            if length > 0 {
                self.index.push(Mark::Output(stream, length));
            }
        }
    }

    /// The order of events.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Some bytes of a stream.
    ///
    /// # Errors
    /// When the file that they were moved to cannot be read.
    pub fn read(&self, stream: Stream, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        self.streams[usize::from(stream == Stream::Stderr)].read(offset, length)
    }

    /// All bytes of both streams, taken out.
    ///
    /// # Errors
    /// When the file that they were moved to cannot be read.
    pub fn take(&mut self) -> io::Result<[(Vec<u8>, Charge); 2]> {
        self.flush();
        let [stdout, stderr] = &mut self.streams;
        Ok([stdout.take()?, stderr.take()?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::kept::Budget;
    use proptest::prelude::*;

    fn log() -> Log {
        let budget = Budget::new(1 << 20, std::env::temp_dir());
        Log::new([Kept::new(&budget), Kept::new(&budget)])
    }

    #[test]
    fn events_keep_their_numbers_and_bytes() {
        let mut log = log();
        log.mark(Mark::Queued);
        log.output(Stream::Stdout, b"one");
        log.output(Stream::Stderr, b"two");
        log.output(Stream::Stdout, b"three");
        log.mark(Mark::Ended);
        let index = Index::decode(&log.index().encode()).unwrap();
        let seen: Vec<_> = index.after(2).map(|p| (p.id, p.mark, p.offset)).collect();
        let expected = [
            (3, Mark::Output(Stream::Stderr, 3), 0),
            (4, Mark::Output(Stream::Stdout, 5), 3),
            (5, Mark::Ended, 0),
        ];
        assert_eq!(seen, expected);
        assert_eq!(log.read(Stream::Stdout, 3, 5).unwrap(), b"three");
        assert_eq!(
            log.take().unwrap().map(|(bytes, _)| bytes),
            [b"onethree".to_vec(), b"two".to_vec()]
        );
    }

    #[test]
    fn a_writer_of_single_bytes_costs_a_bounded_number_of_events() {
        let mut log = log();
        for _ in 0..500_000 {
            log.output(Stream::Stdout, b"x");
        }
        log.mark(Mark::Ended);
        assert!(log.index().marks.len() < FINE_EVENTS + 12);
        let total: u64 = log
            .index()
            .after(0)
            .map(|p| {
                if let Mark::Output(_, n) = p.mark {
                    u64::from(n)
                } else {
                    0
                }
            })
            .sum();
        assert_eq!(total, 500_000);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(index) = Index::decode(&bytes) {
                prop_assert_eq!(index.encode(), bytes);
                prop_assert!(index.after(0).count() <= 50);
            }
        }
    }
}
