//! Answers by the hash of what was read, so that the same program is read once.
//!
//! The hash is over the submission as bytes: languages, names and contents. The rules are those of this binary, and a
//! cache lives no longer than its process.

use casemate_analysis::Report;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// SHA-256 of a submission.
pub(super) type Hash = [u8; 32];

/// Most answers.
const MOST: usize = 4096;
/// Bytes of all of them, as they came over the socket.
const MOST_BYTES: usize = 32 << 20;

struct Entry {
    report: Arc<Report>,
    bytes: usize,
    used: u64,
}

/// The answers used last.
#[derive(Default)]
pub(super) struct Cache {
    entries: HashMap<Hash, Entry>,
    /// By when they were used: each number once.
    order: BTreeMap<u64, Hash>,
    bytes: usize,
    clock: u64,
}

impl Cache {
    pub(super) fn get(&mut self, hash: &Hash) -> Option<Arc<Report>> {
        let entry = self.entries.get_mut(hash)?;
        self.clock += 1;
        self.order.remove(&entry.used);
        entry.used = self.clock;
        self.order.insert(entry.used, *hash);
        Some(entry.report.clone())
    }

    pub(super) fn put(&mut self, hash: Hash, report: Arc<Report>, bytes: usize) {
        if bytes > MOST_BYTES / 8 {
            return;
        }
        self.remove(&hash);
        self.clock += 1;
        self.order.insert(self.clock, hash);
        self.bytes += bytes;
        let used = self.clock;
        self.entries.insert(hash, Entry { report, bytes, used });
        while self.entries.len() > MOST || self.bytes > MOST_BYTES {
            let Some((_, oldest)) = self.order.first_key_value() else {
                break;
            };
            let oldest = *oldest;
            self.remove(&oldest);
        }
    }

    fn remove(&mut self, hash: &Hash) {
        if let Some(entry) = self.entries.remove(hash) {
            self.order.remove(&entry.used);
            self.bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use casemate_types::analysis::Risk;

    fn report(lines: u32) -> Arc<Report> {
        Arc::new(Report {
            risk: Risk {
                score: 0.0,
                capability: 0.0,
                intent: 0.0,
                weakness: 0.0,
                reasons: Vec::new(),
            },
            findings: Vec::new(),
            flows: Vec::new(),
            vulnerabilities: Vec::new(),
            limits_reached: Vec::new(),
            files: 1,
            lines,
        })
    }

    fn hash(number: usize) -> Hash {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_le_bytes());
        hash
    }

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let mut cache = Cache::default();
        for number in 0..MOST {
            cache.put(hash(number), report(number as u32), 10);
        }
        assert_eq!(cache.get(&hash(0)).map(|report| report.lines), Some(0));
        cache.put(hash(MOST), report(7), 10);
        assert!(cache.get(&hash(0)).is_some());
        assert!(cache.get(&hash(1)).is_none());
        assert_eq!(cache.bytes, 10 * MOST);
        assert_eq!(cache.order.len(), cache.entries.len());
    }

    #[test]
    fn bytes_are_bounded_too() {
        let mut cache = Cache::default();
        for number in 0..100 {
            cache.put(hash(number), report(0), 1 << 20);
        }
        assert!(cache.bytes <= MOST_BYTES && cache.entries.len() == 32);
        cache.put(hash(1000), report(0), MOST_BYTES);
        assert!(cache.get(&hash(1000)).is_none());
    }
}
