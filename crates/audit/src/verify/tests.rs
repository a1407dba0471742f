//! Whoever changes a log from outside is found.

use super::*;
use crate::log::{Options, Writer};
use crate::testing::{Scratch, append};
use std::path::PathBuf;

/// Deterministic numbers: xorshift, Marsaglia 2003.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

/// The records of a log, and whoever holds its folder.
struct Attacker {
    folder: PathBuf,
    lines: Vec<Vec<u8>>,
    numbers: Numbers,
}

impl Attacker {
    /// Writes the records back, in segments as they were.
    fn write(&self, lines: &[Vec<u8>]) {
        for (n, part) in lines.chunks(16).enumerate() {
            std::fs::write(self.folder.join(format!("segments/{n:010}.log")), part.concat()).unwrap();
        }
        let full = lines.len().div_ceil(16);
        for n in full..=self.lines.len() / 16 {
            let _ = std::fs::remove_file(self.folder.join(format!("segments/{n:010}.log")));
        }
    }

    /// One change, at random.
    fn change(&mut self) -> Vec<Vec<u8>> {
        let mut lines = self.lines.clone();
        let at = self.numbers.below(lines.len());
        match self.numbers.below(5) {
            0 => {
                let byte = self.numbers.below(lines[at].len());
                lines[at][byte] ^= 1 << self.numbers.below(8);
            }
            1 => _ = lines.remove(at),
            2 => {
                let other = (at + 1 + self.numbers.below(lines.len() - 1)) % lines.len();
                lines.swap(at, other);
            }
            3 => {
                lines.truncate(at + 1);
                let keep = self.numbers.below(lines[at].len());
                lines[at].truncate(keep);
            }
            _ => {
                let copy = lines[self.numbers.below(at + 1)].clone();
                lines.insert(at, copy);
            }
        }
        lines
    }

    /// Makes a chain of them again, as its recorder would: numbers, links and ids are right.
    fn chained(lines: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut previous = Hash::ZERO;
        let mut last_id = 0;
        let mut made = Vec::new();
        for line in lines {
            let Ok(mut header) = crate::record::parse(line.strip_suffix(b"\n").unwrap_or(line)) else {
                continue;
            };
            let text = String::from_utf8_lossy(line).into_owned();
            let members = text
                .split_once(&format!("\"prev\":\"{}\",", header.previous))
                .unwrap()
                .1;
            let members = members.trim_end().strip_suffix('}').unwrap().to_owned();
            header.sequence = made.len() as u64;
            header.previous = previous;
            header.id = AuditId::from_value(header.id.value().max(last_id + 1));
            last_id = header.id.value();
            let mut line = Vec::new();
            crate::record::write(&mut line, &header, &members);
            previous = Hash::leaf(&line[..line.len() - 1]);
            made.push(line);
        }
        made
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// 10,000 changes by whoever has the folder; every second time with all that can be made anew made anew: the chain, index
/// and tree by a recorder's own start, and heads signed with the key that is there.
#[test]
fn every_one_of_10000_random_changes_is_found() {
    let scratch = Scratch::new();
    let mut writer = scratch.open().writer;
    append(&mut writer, 0..40);
    writer.sign_head().unwrap();
    writer.change_key().unwrap();
    append(&mut writer, 40..70);
    let kept_elsewhere = writer.sign_head().unwrap();
    drop(writer);
    let folder = scratch.path().join("audit");
    let against = Against {
        heads: vec![kept_elsewhere],
        ..Against::default()
    };
    assert_eq!(verify(&folder, &against).unwrap().fault, None);
    let mut lines = Vec::new();
    for n in 0..5 {
        let bytes = std::fs::read(folder.join(format!("segments/{n:010}.log"))).unwrap();
        lines.extend(bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec));
    }
    assert_eq!(lines.len(), 72);
    let changed = scratch.path().join("changed");
    let mut attacker = Attacker {
        folder: changed.clone(),
        lines,
        numbers: Numbers(0x9e37_79b9_7f4a_7c15),
    };
    copy(&folder, &changed);
    let mut found = 0;
    let mut tried = 0;
    while tried < 10_000 {
        let mut lines = attacker.change();
        let is_thorough = tried % 2 == 1;
        if is_thorough {
            lines = Attacker::chained(&lines);
        }
        if lines == attacker.lines {
            continue;
        }
        tried += 1;
        attacker.write(&lines);
        let is_started = is_thorough && tried % 20 == 0;
        if is_started {
            std::fs::remove_file(changed.join("heads")).unwrap();
            std::fs::write(changed.join("roots"), []).unwrap();
            let options = Options {
                level: 4,
                ..Options::new(&changed)
            };
            if let Ok(mut opened) = Writer::open(options) {
                opened.writer.sign_head().unwrap();
            }
        }
        let report = verify(&changed, &against).unwrap();
        assert!(report.fault.is_some(), "change {tried}, thorough: {is_thorough}");
        found += 1;
        if is_started {
            std::fs::remove_dir_all(&changed).unwrap();
            copy(&folder, &changed);
        }
    }
    assert_eq!(found, 10_000);
}

/// Whoever takes the key of today cannot sign for yesterday.
#[test]
fn a_key_signs_nothing_of_before_its_epoch() {
    let scratch = Scratch::new();
    let mut writer = scratch.open().writer;
    append(&mut writer, 0..10);
    writer.change_key().unwrap();
    append(&mut writer, 10..13);
    drop(writer);
    let folder = scratch.path().join("audit");
    let path = folder.join("segments/0000000000.log");
    let lines: Vec<Vec<u8>> = std::fs::read(&path)
        .unwrap()
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    let mut less = lines.clone();
    less.remove(4);
    std::fs::write(&path, Attacker::chained(&less).concat()).unwrap();
    let fault = verify(&folder, &Against::default()).unwrap().fault.unwrap();
    // Not at the record that was taken out, for the chain is whole again; but where the old key speaks for all before it.
    assert_eq!(fault.sequence, 10, "{fault:?}");
    assert!(fault.reason.contains("did not sign"), "{fault:?}");
}
