//! What to spawn and what to collect, in sealed memory files that the caller writes and init reads.
//!
//! The warden never sees these bytes. File contents follow the head in the same memory file and are
//! copied from there in pieces, so that init's own memory stays small.

use crate::codec::{Malformed, Reader, Writer};
use alloc::vec::Vec;

/// Largest head of a spawn spec, bytes: 128 KiB of arguments, 128 KiB of environment, 1,000 paths.
pub const MAX_HEAD_BYTES: usize = 6 << 20;
/// Most files of one spawn: 1,000 of the caller, 1,000 that a compiler made, and the source.
pub const MAX_FILES: usize = 2048;
const MAX_STRINGS: usize = 2048;
const MAGIC: u32 = 0x4353_5031;

/// A file to be made below the workspace before the program starts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileHead {
    /// Relative path without `..`.
    pub path: Vec<u8>,
    /// Permission bits, at most 0777.
    pub mode: u32,
    /// Where its bytes start in the memory file.
    pub offset: u64,
    /// How many bytes it has.
    pub length: u64,
}

/// Limits of each process (setrlimit(2)); the sandbox as a whole is bounded by its cgroup.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProcessLimits {
    /// Open descriptors.
    pub open_files: u64,
    /// CPU seconds; a backstop behind the warden's own count. 0: none.
    pub cpu_seconds: u64,
    /// Largest file, bytes.
    pub file_bytes: u64,
    /// Stack, bytes.
    pub stack_bytes: u64,
    /// Processes of the sandbox's user in its namespace; a second line behind the cgroup. 0: none.
    pub processes: u64,
}

/// One program to start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpawnSpec {
    /// Absolute path of the program in the sandbox.
    pub program: Vec<u8>,
    /// Argument vector, the program's name first.
    pub argv: Vec<Vec<u8>>,
    /// Environment as `NAME=value`.
    pub env: Vec<Vec<u8>>,
    /// Absolute working directory.
    pub directory: Vec<u8>,
    /// Limits of each process.
    pub limits: ProcessLimits,
    /// Files to be made first.
    pub files: Vec<FileHead>,
}

impl SpawnSpec {
    /// The byte form with the contents of the files behind it; offsets are filled in.
    pub fn encode(mut self, contents: &[&[u8]]) -> Vec<u8> {
        for file in &mut self.files {
            file.offset = 0;
        }
        let head_length = self.encode_head().len() as u64 + 8;
        let mut offset = head_length;
        for (file, content) in self.files.iter_mut().zip(contents) {
            file.offset = offset;
            file.length = content.len() as u64;
            offset += file.length;
        }
        let mut out = head_length.to_le_bytes().to_vec();
        out.extend_from_slice(&self.encode_head());
        for content in contents {
            out.extend_from_slice(content);
        }
        out
    }

    fn encode_head(&self) -> Vec<u8> {
        let mut w = Writer::default();
        w.u32(MAGIC);
        w.bytes(&self.program);
        w.list(&self.argv, |w, s| w.bytes(s));
        w.list(&self.env, |w, s| w.bytes(s));
        w.bytes(&self.directory);
        w.u64(self.limits.open_files);
        w.u64(self.limits.cpu_seconds);
        w.u64(self.limits.file_bytes);
        w.u64(self.limits.stack_bytes);
        w.u64(self.limits.processes);
        w.list(&self.files, |w, f| {
            w.bytes(&f.path);
            w.u32(f.mode);
            w.u64(f.offset);
            w.u64(f.length);
        });
        w.finish()
    }

    /// Reads the head, without the 8-byte length before it.
    pub fn decode_head(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(bytes);
        if r.u32()? != MAGIC {
            return Err(Malformed::Range);
        }
        let spec = SpawnSpec {
            program: r.bytes()?,
            argv: r.list(MAX_STRINGS, |r| r.bytes())?,
            env: r.list(MAX_STRINGS, |r| r.bytes())?,
            directory: r.bytes()?,
            limits: ProcessLimits {
                open_files: r.u64()?,
                cpu_seconds: r.u64()?,
                file_bytes: r.u64()?,
                stack_bytes: r.u64()?,
                processes: r.u64()?,
            },
            files: r.list(MAX_FILES, |r| {
                Ok(FileHead {
                    path: r.bytes()?,
                    mode: r.u32()?,
                    offset: r.u64()?,
                    length: r.u64()?,
                })
            })?,
        };
        r.end()?;
        if spec
            .files
            .iter()
            .any(|f| f.mode & !0o777 != 0 || f.offset.checked_add(f.length).is_none())
        {
            return Err(Malformed::Range);
        }
        Ok(spec)
    }
}

/// Which files to collect below the workspace, and how many.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CollectSpec {
    /// Patterns of [`crate::glob`].
    pub globs: Vec<Vec<u8>>,
    /// Most files.
    pub max_files: u32,
    /// Most bytes, all files together.
    pub max_bytes: u64,
    /// Most folders deep.
    pub max_depth: u32,
    /// Most folder entries looked at.
    pub max_entries: u32,
}

impl CollectSpec {
    /// The byte form.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::default();
        w.list(&self.globs, |w, g| w.bytes(g));
        w.u32(self.max_files);
        w.u64(self.max_bytes);
        w.u32(self.max_depth);
        w.u32(self.max_entries);
        w.finish()
    }

    /// Reads the byte form.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(bytes);
        let spec = CollectSpec {
            globs: r.list(64, |r| r.bytes())?,
            max_files: r.u32()?,
            max_bytes: r.u64()?,
            max_depth: r.u32()?,
            max_entries: r.u32()?,
        };
        r.end()?;
        Ok(spec)
    }
}
