//! Collects output files after every program is dead.
//!
//! Runs in a process of its own with the programs' user id, no capability, the Landlock domain of the
//! programs and a seccomp filter that knows reading and sending only. Names below the workspace were
//! chosen by a hostile program: no link is followed and nothing but a regular file is opened
//! (the class of CVE-2024-28185).

use crate::build::{AtStep, StepError};
use crate::glob;
use crate::plan::{Plan, Wall};
use crate::protocol::Release;
use crate::spec::CollectSpec;
use crate::stream::{Head, MAX_PATH_BYTES};
use crate::walls;
use alloc::vec;
use alloc::vec::Vec;
use casemate_sys::fs::{self, Resolve};
use casemate_sys::handle::{AsFd, BorrowedFd, OwnedFd};
use casemate_sys::io;
use casemate_sys::{fd, landlock, libc, memfd, process, seccomp};

const MAX_SPEC_BYTES: usize = 256 << 10;

/// A running collector.
pub struct Collector {
    /// Its pid.
    pub pid: i32,
    /// Where its stream is read.
    pub stream: OwnedFd,
}

/// Starts the collector.
///
/// # Errors
/// The step that failed before it ran; what fails later shows as a stream without its end record.
pub fn start(
    plan: &Plan,
    release: &Release,
    ruleset: Option<BorrowedFd<'_>>,
    workspace: BorrowedFd<'_>,
    spec_file: BorrowedFd<'_>,
) -> Result<Collector, StepError> {
    let bytes = memfd::read_sealed(spec_file, MAX_SPEC_BYTES).at(|| "read the collect spec".into())?;
    let bad = || io::Error::from_raw_os_error(libc::EBADMSG);
    let spec = CollectSpec::decode(&bytes)
        .map_err(|_| bad())
        .at(|| "parse the collect spec".into())?;
    let (stream, sink) = fd::pipe().at(|| "make the collector's pipe".into())?;
    match process::fork().at(|| "fork the collector".into())? {
        Some(pid) => Ok(Collector { pid, stream }),
        None => {
            drop(stream);
            let work = || -> Result<(), StepError> {
                let kept = Kept::alone(workspace, sink.as_fd(), ruleset).at(|| "close descriptors".into())?;
                confine(plan, release, kept.ruleset.as_ref().map(|r| r.as_fd()))?;
                collect(&spec, kept.workspace.as_fd(), kept.sink.as_fd()).at(|| "collect".into())
            };
            process::exit(i32::from(work().is_err()))
        }
    }
}

/// All that the collector holds: none of init's sockets, whatever a file's name may do to it.
struct Kept {
    workspace: OwnedFd,
    sink: OwnedFd,
    ruleset: Option<OwnedFd>,
}

impl Kept {
    fn alone(
        workspace: BorrowedFd<'_>,
        sink: BorrowedFd<'_>,
        ruleset: Option<BorrowedFd<'_>>,
    ) -> io::Result<Self> {
        // Out of the way first, so that no copy lands on a source.
        let wanted: Vec<OwnedFd> = [Some(workspace), Some(sink), ruleset]
            .into_iter()
            .flatten()
            .map(|f| fd::duplicate_above(f, 64))
            .collect::<io::Result<_>>()?;
        for (i, held) in wanted.iter().enumerate() {
            fd::duplicate_to(held.as_fd(), 3 + i as i32)?;
        }
        // What owns a number below is never dropped: this process only exits.
        wanted.into_iter().for_each(core::mem::forget);
        fd::close_from(6)?;
        Ok(Self {
            workspace: fd::adopt(3)?,
            sink: fd::adopt(4)?,
            ruleset: ruleset.map(|_| fd::adopt(5)).transpose()?,
        })
    }
}

fn confine(plan: &Plan, release: &Release, ruleset: Option<BorrowedFd<'_>>) -> Result<(), StepError> {
    walls::drop_privileges(plan, release)?;
    if let Some(ruleset) = ruleset {
        landlock::restrict_self(ruleset).at(|| "enter the Landlock domain".into())?;
    }
    if !plan.omitted.has(Wall::CollectorFilter) {
        seccomp::load(&plan.collector_filter).at(|| "load the collector's filter".into())?;
    }
    Ok(())
}

struct Walk<'a> {
    spec: &'a CollectSpec,
    sink: BorrowedFd<'a>,
    entries_left: u32,
    files_left: u32,
    bytes_left: u64,
    left_out: u64,
}

fn collect(spec: &CollectSpec, workspace: BorrowedFd<'_>, sink: BorrowedFd<'_>) -> io::Result<()> {
    let mut walk = Walk {
        spec,
        sink,
        entries_left: spec.max_entries,
        files_left: spec.max_files,
        bytes_left: spec.max_bytes,
        left_out: 0,
    };
    let top = fs::open_at(
        Some(workspace),
        b".",
        libc::O_RDONLY | libc::O_DIRECTORY,
        0,
        Resolve::BeneathNoLinks,
    )?;
    walk.folder(top.as_fd(), b"", 0)?;
    let end = Head {
        path_length: 0,
        mode: u32::from(walk.left_out > 0),
        size: walk.left_out,
    };
    fd::write_all(sink, &end.encode())
}

impl Walk<'_> {
    /// Walks one folder; an unreadable one counts as left out.
    fn folder(&mut self, dir: BorrowedFd<'_>, prefix: &[u8], depth: u32) -> io::Result<()> {
        let mut entries = fs::entries(dir, self.entries_left as usize)?;
        self.entries_left -= (entries.len() as u32).min(self.entries_left);
        if self.entries_left == 0 {
            self.left_out += 1;
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        for entry in entries {
            let path = [prefix, &entry.name[..]].concat();
            if path.len() > MAX_PATH_BYTES {
                self.left_out += 1;
                continue;
            }
            match entry.kind {
                libc::DT_DIR => {
                    let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_NOFOLLOW;
                    let below =
                        fs::open_at(Some(dir), &entry.name, flags, 0, Resolve::BeneathNoLinksNoMounts);
                    match below {
                        Ok(below) if depth < self.spec.max_depth => {
                            self.folder(below.as_fd(), &[&path[..], b"/"].concat(), depth + 1)?;
                        }
                        _ => self.left_out += 1,
                    }
                }
                libc::DT_REG if self.is_wanted(&path) => self.file(dir, &entry.name, &path)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn is_wanted(&self, path: &[u8]) -> bool {
        self.spec.globs.iter().any(|g| glob::matches(g, path))
    }

    fn file(&mut self, dir: BorrowedFd<'_>, name: &[u8], path: &[u8]) -> io::Result<()> {
        let flags = libc::O_RDONLY | libc::O_NOFOLLOW | libc::O_NONBLOCK;
        let Ok(file) = fs::open_at(Some(dir), name, flags, 0, Resolve::BeneathNoLinksNoMounts) else {
            self.left_out += 1;
            return Ok(());
        };
        let status = fs::status(file.as_fd())?;
        let size = status.st_size as u64;
        let is_regular = status.st_mode & libc::S_IFMT == libc::S_IFREG;
        if !is_regular || self.files_left == 0 || size > self.bytes_left {
            self.left_out += 1;
            return Ok(());
        }
        self.files_left -= 1;
        self.bytes_left -= size;
        let head = Head {
            path_length: path.len() as u32,
            mode: status.st_mode & 0o777,
            size,
        };
        fd::write_all(self.sink, &head.encode())?;
        fd::write_all(self.sink, path)?;
        self.content(file.as_fd(), size)
    }

    fn content(&mut self, file: BorrowedFd<'_>, size: u64) -> io::Result<()> {
        let mut buffer = vec![0u8; 64 * 1024];
        let mut left = size;
        while left > 0 {
            let want = buffer.len().min(left as usize);
            match fd::read(file, &mut buffer[..want])? {
                // Every program is dead, so a file cannot shrink; if it does, the stream ends here.
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => {
                    fd::write_all(self.sink, &buffer[..n])?;
                    left -= n as u64;
                }
            }
        }
        Ok(())
    }
}
