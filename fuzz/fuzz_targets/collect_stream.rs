//! The stream of collected files: heads, paths and contents, in pieces of any size.
//!
//! The collector has read what a hostile program left behind, and the caller trusts nothing of it.
//! Whatever comes, the bounds hold, no path climbs, and how the bytes were cut makes no difference.
#![no_main]

use casemate_init::stream::{HEAD_BYTES, Harvest, MAX_PATH_BYTES, Parser, is_plain_relative};

/// Reads `bytes` in pieces whose sizes `cuts` gives in turn; also whether the stream kept its rules.
fn harvest(bytes: &[u8], cuts: &[u8], max_files: usize, max_bytes: u64) -> (Harvest, bool) {
    let mut parser = Parser::new(max_files, max_bytes);
    let (mut rest, mut whole, mut turn) = (bytes, true, 0);
    while !rest.is_empty() && whole {
        let size = cuts
            .get(turn % cuts.len().max(1))
            .map_or(rest.len(), |c| usize::from(*c) + 1);
        let (piece, after) = rest.split_at(size.min(rest.len()));
        whole = parser.feed(piece);
        (rest, turn) = (after, turn + 1);
    }
    (parser.finish(), whole)
}

libfuzzer_sys::fuzz_target!(|input: (u8, u16, Vec<u8>, Vec<u8>)| {
    let (max_files, max_bytes, cuts, bytes) = input;
    let (max_files, max_bytes) = (usize::from(max_files), u64::from(max_bytes));
    let (all, whole) = harvest(&bytes, &[], max_files, max_bytes);
    let (cut, cut_whole) = harvest(&bytes, &cuts, max_files, max_bytes);
    // Bytes behind the end record break the stream only when they come as a piece of their own.
    assert_eq!(all, cut);
    assert!(whole == cut_whole || all.complete);
    assert!(all.files.len() <= max_files);
    assert!(all.files.iter().map(|f| f.content.len() as u64).sum::<u64>() <= max_bytes);
    for file in &all.files {
        assert!(is_plain_relative(&file.path) && file.path.len() <= MAX_PATH_BYTES);
        assert_eq!(file.mode & !0o777, 0);
    }
    let heads = all.files.len() * HEAD_BYTES;
    assert!(
        heads
            + all
                .files
                .iter()
                .map(|f| f.path.len() + f.content.len())
                .sum::<usize>()
            <= bytes.len()
    );
});
