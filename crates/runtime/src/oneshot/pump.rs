//! The loop of one run: waits on everything at once and moves what comes.

use super::run::{BUFFER_BYTES, Run, Source};
use super::{Job, Observer, Report};
use crate::error::RuntimeError;
use casemate_sandbox::Warden;
use casemate_sys::event::{self, PollFd, interest, no_interest};
use casemate_sys::libc;
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// How often the observer's tick comes.
const TICK: Duration = Duration::from_millis(100);
/// Where the warden and the interrupt are among what is waited on, behind the run's own.
const WARDEN: usize = Source::ALL.len();
const INTERRUPT: usize = WARDEN + 1;

/// Runs a job in a sandbox of this warden to its end.
pub(super) fn run(
    warden: &mut Warden,
    mut job: Job<'_>,
    observer: &mut dyn Observer,
) -> Result<Report, RuntimeError> {
    let ordered = event::monotonic();
    let sandbox = match job.begun.take() {
        Some(sandbox) => sandbox,
        None => warden.create(job.create)?,
    };
    let mut run = Run::start(sandbox, ordered, job, observer)?;
    let mut buffer = vec![0; BUFFER_BYTES];
    while !run.has_ended() {
        let ready = wait(&run, warden, observer.interrupt())?;
        // In this order: the harvest's pipe comes with init's words.
        for (source, is_ready) in Source::ALL.into_iter().zip(ready) {
            if is_ready {
                run.turn(source, warden.link(), &mut buffer, observer)?;
            }
        }
        let any = ready.contains(&true);
        if any && observer.wants_end() {
            run.cancel(warden.link())?;
        }
        if !any {
            observer.tick();
        }
        if ready[WARDEN] {
            listen(&mut run, warden, observer)?;
        }
    }
    run.drain(warden.link(), &mut buffer, observer)?;
    run.report()
}

fn wait(
    run: &Run,
    warden: &mut Warden,
    interrupt: Option<BorrowedFd<'_>>,
) -> Result<[bool; INTERRUPT + 1], RuntimeError> {
    let mut fds: [PollFd; INTERRUPT + 1] = std::array::from_fn(|_| no_interest());
    for (entry, source) in fds.iter_mut().zip(Source::ALL) {
        let events = if source == Source::Stdin {
            libc::POLLOUT
        } else {
            libc::POLLIN
        };
        if let Some(fd) = run.source(source) {
            *entry = interest(fd, events);
        }
    }
    fds[WARDEN] = interest(warden.link().socket(), libc::POLLIN);
    if let Some(fd) = interrupt {
        fds[INTERRUPT] = interest(fd, libc::POLLIN);
    }
    event::wait(&mut fds, Some(TICK)).map_err(RuntimeError::Wait)?;
    Ok(fds.map(|fd| fd.revents != 0))
}

fn listen(run: &mut Run, warden: &mut Warden, observer: &mut dyn Observer) -> Result<(), RuntimeError> {
    while let Some(reply) = warden.take()? {
        // The words on another sandbox may come late: that of an earlier run, or one that was not used.
        if reply.key() == run.key() {
            run.note_reply(reply, observer)?;
        }
    }
    Ok(())
}
