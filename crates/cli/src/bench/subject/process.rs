//! One run of a host program: started, read to its end, and ended when it takes too long.

use casemate_sys::event::{self, interest, no_interest};
use casemate_sys::{host, libc, process as processes};
use std::ffi::OsString;
use std::io::Read;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long one run may take.
const RUN_LIMIT: Duration = Duration::from_secs(60);
/// Output kept of each stream, bytes; what is expected is far smaller.
const MOST_OUTPUT_BYTES: usize = 64 << 10;

/// What is started.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program, absolute.
    pub program: PathBuf,
    /// Its arguments.
    pub words: Vec<OsString>,
    /// Its environment.
    pub environment: Vec<(&'static str, OsString)>,
    /// Where a name of its own goes.
    pub naming: Naming,
}

/// Whether every run needs a name that no other has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Naming {
    /// It does not.
    Anonymous,
    /// The name follows the words.
    Last,
}

/// How a run ended.
#[derive(Debug)]
pub struct Finished {
    /// From its start to the end of its process.
    pub elapsed: Duration,
    /// Its exit code; `None` after a signal.
    pub code: Option<i32>,
    /// What it wrote.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error.
    pub stderr: Vec<u8>,
}

impl Launch {
    /// Runs it to its end.
    ///
    /// # Errors
    /// Why it did not start, or that it took too long.
    pub fn run(&self) -> Result<Finished, String> {
        let mut command = host::command(&self.program);
        command.args(&self.words).current_dir("/");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if self.naming == Naming::Last {
            command.arg(fresh_name());
        }
        command.stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let begun = Instant::now();
        let mut child = command
            .spawn()
            .map_err(|error| format!("start {}: {error}", self.program.display()))?;
        let read = read(&mut child, begun + RUN_LIMIT);
        if read.is_err() {
            let _ = child.kill();
        }
        let status = child.wait().map_err(|error| format!("wait for it: {error}"))?;
        let elapsed = begun.elapsed();
        let [stdout, stderr] = read?;
        Ok(Finished {
            elapsed,
            code: status.code(),
            stdout,
            stderr,
        })
    }
}

/// A name for a container that nobody else uses.
fn fresh_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("casemate-bench-{}-{number}", std::process::id())
}

/// Both streams to their ends, and then the end of the process.
fn read(child: &mut Child, until: Instant) -> Result<[Vec<u8>; 2], String> {
    let mut streams = (child.stdout.take(), child.stderr.take());
    let mut kept = [Vec::new(), Vec::new()];
    let late = || format!("it ran longer than {} s", RUN_LIMIT.as_secs());
    let failed = |error| format!("read its output: {error}");
    while streams.0.is_some() || streams.1.is_some() {
        let mut fds = [
            streams
                .0
                .as_ref()
                .map_or_else(no_interest, |s| interest(s.as_fd(), libc::POLLIN)),
            streams
                .1
                .as_ref()
                .map_or_else(no_interest, |s| interest(s.as_fd(), libc::POLLIN)),
        ];
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(late());
        }
        event::wait(&mut fds, Some(left)).map_err(failed)?;
        let ready = fds.map(|fd| fd.revents != 0);
        if ready[0] {
            take(&mut streams.0, &mut kept[0]).map_err(failed)?;
        }
        if ready[1] {
            take(&mut streams.1, &mut kept[1]).map_err(failed)?;
        }
    }
    // Both streams may be closed long before the end.
    let pid = i32::try_from(child.id()).map_err(|_| late())?;
    let process = processes::open_pidfd(pid).map_err(failed)?;
    let left = until.saturating_duration_since(Instant::now());
    match event::wait_one(process.as_fd(), libc::POLLIN, Some(left)) {
        Ok(true) => Ok(kept),
        Ok(false) => Err(late()),
        Err(error) => Err(failed(error)),
    }
}

/// Reads what there is; at its end the stream is closed.
fn take(stream: &mut Option<impl Read>, kept: &mut Vec<u8>) -> std::io::Result<()> {
    let Some(open) = stream else { return Ok(()) };
    let mut buffer = [0; 4096];
    let count = open.read(&mut buffer)?;
    if count == 0 {
        *stream = None;
    } else if kept.len() < MOST_OUTPUT_BYTES {
        kept.extend_from_slice(&buffer[..count]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch(code: &str) -> Launch {
        Launch {
            program: "/bin/sh".into(),
            words: vec!["-c".into(), code.into()],
            environment: vec![("NAME", "value".into())],
            naming: Naming::Last,
        }
    }

    #[test]
    fn both_streams_and_the_code_come_back() {
        let finished = launch("echo \"$NAME\"; echo \"${0%%-*}\" >&2; exit 3")
            .run()
            .unwrap();
        assert_eq!(finished.code, Some(3));
        assert_eq!(finished.stdout, b"value\n");
        assert_eq!(finished.stderr, b"casemate\n");
        assert!(finished.elapsed > Duration::ZERO);
    }

    #[test]
    fn much_output_is_read_and_not_kept() {
        let finished = launch("head -c 300000 /dev/zero").run();
        // The environment has no PATH: the shell has one of its own, or none.
        let finished = finished.unwrap();
        assert!(finished.stdout.len() <= MOST_OUTPUT_BYTES + 4096);
    }

    #[test]
    fn what_is_not_there_is_said() {
        let mut absent = launch("");
        absent.program = "/nonexistent/program".into();
        assert!(absent.run().unwrap_err().contains("/nonexistent/program"));
    }
}
