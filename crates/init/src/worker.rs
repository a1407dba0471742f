//! A worker: an interpreter that was executed before its program was known, behind all walls of a program, and is held
//! at a gate of ours until it is. Called by init.
//!
//! The gate (`resources/workers/`) is trusted code and the first that runs in the interpreter: it writes one byte to
//! standard output, and reads one message from standard input. Nothing here may fail a spawn that an exec could serve:
//! a worker that cannot take its program is killed, and the program is executed.

use crate::build::{AtStep, StepError};
use crate::spawn::{self, Ground, Started, Wiring};
use crate::spec::SpawnSpec;
use crate::walls;
use alloc::format;
use alloc::vec::Vec;
use casemate_sys::event::{self, wait_one};
use casemate_sys::handle::{AsFd, BorrowedFd, OwnedFd};
use casemate_sys::io;
use casemate_sys::process::{self, Wait};
use casemate_sys::{fd, landlock, libc, signal};
use core::time::Duration;

/// How long a worker may take to read its message.
const ORDER_LIMIT: Duration = Duration::from_secs(2);
/// Longest message, bytes; longer ones are executed. The gate has the same bound.
const MAX_ORDER_BYTES: usize = 1 << 20;

/// A started interpreter without a program.
pub struct Worker {
    pid: i32,
    program: Vec<u8>,
    argv: Vec<Vec<u8>>,
    stdout: OwnedFd,
    stderr: OwnedFd,
    stdin: OwnedFd,
    stands: bool,
}

impl Worker {
    /// Executes the interpreter. It stands when [`Worker::hear`] says so.
    ///
    /// # Errors
    /// The step that failed.
    pub fn start(ground: &Ground<'_>, spec_file: BorrowedFd<'_>) -> Result<Self, StepError> {
        let spec = spawn::read_spec(spec_file)?;
        let started = spawn::spawn(ground, spec_file, Wiring::Pipes { no_stdin: false })?;
        let missing = |_| io::Error::from_raw_os_error(libc::EBADF);
        let [stdout, stderr, stdin] = <[OwnedFd; 3]>::try_from(started.far_ends)
            .map_err(missing)
            .at(|| "wire the worker".into())?;
        Ok(Self {
            pid: started.pid,
            program: spec.program,
            argv: spec.argv,
            stdout,
            stderr,
            stdin,
            stands: false,
        })
    }

    /// Its pid inside.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// To be waited on until it stands.
    pub fn waits_for(&self) -> Option<BorrowedFd<'_>> {
        (!self.stands).then(|| self.stdout.as_fd())
    }

    /// Takes its word, which has come; false when it has died instead.
    pub fn hear(&mut self) -> bool {
        let mut byte = [0u8; 1];
        self.stands = matches!(fd::read(self.stdout.as_fd(), &mut byte), Ok(1));
        self.stands
    }

    /// Gives it the program; what cannot be given kills it.
    ///
    /// # Errors
    /// Why it does not have the program. An exec can follow.
    pub fn run(
        self,
        ground: &Ground<'_>,
        spec_file: BorrowedFd<'_>,
        no_stdin: bool,
    ) -> Result<Started, StepError> {
        match self.hand_over(ground, spec_file, no_stdin) {
            Ok(()) => {
                let mut far_ends = Vec::from([self.stdout, self.stderr]);
                far_ends.extend((!no_stdin).then_some(self.stdin));
                Ok(Started {
                    pid: self.pid,
                    far_ends,
                    witness: None,
                })
            }
            Err(error) => {
                self.dismiss();
                Err(error)
            }
        }
    }

    fn hand_over(
        &self,
        ground: &Ground<'_>,
        spec_file: BorrowedFd<'_>,
        no_stdin: bool,
    ) -> Result<(), StepError> {
        let spec = spawn::read_spec(spec_file)?;
        let order = order(&self.program, &self.argv, &spec, no_stdin)
            .filter(|_| self.stands)
            .ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))
            .at(|| "find a worker for the program".into())?;
        self.prepare(ground, &spec, spec_file)?;
        self.send(&order).at(|| "give the worker its program".into())
    }

    /// Sets the worker's limits and writes the files, in a process with the ids of the program and its Landlock domain.
    fn prepare(
        &self,
        ground: &Ground<'_>,
        spec: &SpawnSpec,
        spec_file: BorrowedFd<'_>,
    ) -> Result<(), StepError> {
        let (report_in, report_out) = fd::pipe().at(|| "make the report pipe".into())?;
        let counts = walls::counts_per_namespace();
        let Some(pid) = process::fork().at(|| "fork".into())? else {
            let work = || -> Result<(), StepError> {
                walls::drop_privileges(ground.plan, ground.release)?;
                if let Some(ruleset) = ground.ruleset {
                    landlock::restrict_self(ruleset).at(|| "enter the Landlock domain".into())?;
                }
                walls::set_limits_of(self.pid, &spec.limits, ground.plan, ground.release, counts)?;
                spawn::write_files(ground.workspace, &spec.files, spec_file)
            };
            let result = work();
            if let Err(error) = &result {
                spawn::report(report_out.as_fd(), error);
            }
            process::exit(i32::from(result.is_err()))
        };
        drop(report_out);
        let report = spawn::read_report(report_in.as_fd());
        // One that was killed left no report.
        let exit = process::reap(pid, Wait::Block).at(|| "reap the writer".into())?;
        report?;
        match exit.map(|reaped| reaped.exit) {
            Some(process::Exit::Code(0)) => Ok(()),
            _ => Err(io::Error::from_raw_os_error(libc::EIO)).at(|| "write the files".into()),
        }
    }

    /// The message may be longer than the pipe; the worker reads it.
    fn send(&self, mut order: &[u8]) -> io::Result<()> {
        let (stdin, until) = (self.stdin.as_fd(), event::monotonic() + ORDER_LIMIT);
        fd::set_nonblocking(stdin, true)?;
        while !order.is_empty() {
            match fd::write(stdin, order) {
                Ok(count) => order = &order[count..],
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    let left = until.saturating_sub(event::monotonic());
                    if !wait_one(stdin, libc::POLLOUT, Some(left))? {
                        return Err(io::Error::from_raw_os_error(libc::ETIMEDOUT));
                    }
                }
                Err(e) => return Err(e),
            }
        }
        fd::set_nonblocking(stdin, false)
    }

    /// Kills it; nothing of it is left when this returns. It must not have been reaped.
    pub fn dismiss(self) {
        let _ = process::kill(self.pid, signal::SIGKILL);
        let _ = process::reap(self.pid, Wait::Block);
    }
}

/// The message for a program that begins as its worker did; `None` for any other. Its length, then words that each end
/// with a zero byte: what standard input is, the directory, the number of arguments, these, and the environment.
fn order(program: &[u8], argv: &[Vec<u8>], spec: &SpawnSpec, no_stdin: bool) -> Option<Vec<u8>> {
    let args = spec.argv.strip_prefix(argv)?;
    if spec.program != program {
        return None;
    }
    let input: &[u8] = if no_stdin { b"none" } else { b"pipe" };
    let count = format!("{}", args.len());
    let words = [input, &spec.directory, count.as_bytes()].into_iter();
    let mut order = Vec::from([0; 4]);
    for word in words.chain(args.iter().chain(&spec.env).map(|word| &word[..])) {
        order.extend_from_slice(word);
        order.push(0);
    }
    let length = order.len() - 4;
    order[..4].copy_from_slice(&u32::try_from(length).ok()?.to_le_bytes());
    (length <= MAX_ORDER_BYTES).then_some(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::ProcessLimits;
    use alloc::vec;

    fn spec(argv: &[&[u8]]) -> SpawnSpec {
        SpawnSpec {
            program: b"/n".to_vec(),
            argv: argv.iter().map(|word| word.to_vec()).collect(),
            env: vec![b"A=b".to_vec()],
            directory: b"/w".to_vec(),
            limits: ProcessLimits {
                open_files: 1,
                cpu_seconds: 0,
                file_bytes: 1,
                stack_bytes: 1,
                processes: 0,
            },
            files: Vec::new(),
        }
    }

    #[test]
    fn only_a_program_that_begins_alike_gets_the_worker() {
        let argv = [b"/n".to_vec(), b"main".to_vec()];
        let given = |words: &[&[u8]]| order(b"/n", &argv, &spec(words), true);
        let expected = b"\x15\0\0\0none\0/w\x001\0an arg\0A=b\0".to_vec();
        assert_eq!(given(&[b"/n", b"main", b"an arg"]), Some(expected));
        assert_eq!(given(&[b"/n", b"other"]), None);
        assert_eq!(given(&[b"/n"]), None);
        assert_eq!(given(&[b"/n", b"main", &vec![b'x'; MAX_ORDER_BYTES]]), None);
        assert_eq!(order(b"/m", &argv, &spec(&[b"/n", b"main"]), true), None);
    }
}
