//! Several analysers, asked by one thread: as many questions at once as there are processes.
//!
//! One that dies is replaced, and its question asked once more of another: a second death is the question's. One that is
//! late or malformed is killed. The calling process must have a single thread.

use super::link::{Asked, Link, LinkError};
use super::{Kind, Started};
use crate::error::SandboxError;
use casemate_sys::{event, libc, process};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

/// Starts a process.
pub type Start<'a> = Box<dyn Fn() -> Result<Started, SandboxError> + 'a>;

/// The number of a question, and its answer.
type Answered = (usize, Result<Vec<u8>, LinkError>);

/// What a crew goes by.
pub struct Terms<'a> {
    /// How a process is started.
    pub start: Start<'a>,
    /// How many.
    pub places: usize,
    /// Most bytes of an answer.
    pub most_bytes: usize,
    /// How long an answer may take.
    pub limit: Duration,
    /// What each process is told first.
    pub settings: Vec<Vec<u8>>,
}

/// Several analysers.
pub struct Crew<'a> {
    terms: Terms<'a>,
    members: Vec<Member>,
}

#[derive(Default)]
struct Member {
    process: Option<Process>,
    task: Option<Task>,
}

struct Process {
    pid: i32,
    pidfd: OwnedFd,
    link: Link,
}

struct Task {
    number: usize,
    bytes: Vec<u8>,
    again: bool,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = process::kill_fd(self.pidfd.as_fd(), libc::SIGKILL);
        let _ = process::reap(self.pid, process::Wait::Block);
    }
}

impl<'a> Crew<'a> {
    /// A crew; processes are started as they are needed.
    pub fn new(terms: Terms<'a>) -> Self {
        let members = (0..terms.places.max(1)).map(|_| Member::default()).collect();
        Self { terms, members }
    }

    /// Asks everything that `next` gives, and tells `done` each answer, in the order in which they come.
    ///
    /// # Errors
    /// When no process can be started.
    pub fn run(
        &mut self,
        next: &mut dyn FnMut() -> Option<(usize, Vec<u8>)>,
        done: &mut dyn FnMut(usize, Result<Vec<u8>, LinkError>),
    ) -> Result<(), SandboxError> {
        let mut is_over = false;
        loop {
            for member in &mut self.members {
                if member.task.is_some() || is_over {
                    continue;
                }
                match next() {
                    Some((number, bytes)) => {
                        let again = false;
                        member.begin(&self.terms, Task { number, bytes, again })?;
                    }
                    None => is_over = true,
                }
            }
            if self.members.iter().all(|member| member.task.is_none()) {
                return Ok(());
            }
            self.wait();
            for member in &mut self.members {
                if let Some((number, answer)) = member.turn(&self.terms)? {
                    done(number, answer);
                }
            }
        }
    }

    fn wait(&self) {
        let links = self.members.iter().filter_map(|member| member.process.as_ref());
        let (mut fds, lefts): (Vec<_>, Vec<_>) = links.map(|process| process.link.waits_for()).unzip();
        // A wait that fails is followed by a look at every link, which finds what is wrong.
        let _ = event::wait(&mut fds, lefts.into_iter().flatten().min());
    }
}

impl Member {
    fn begin(&mut self, terms: &Terms<'_>, task: Task) -> Result<(), SandboxError> {
        self.process.take_if(|process| process.link.is_spent());
        let process = match &mut self.process {
            Some(process) => process,
            none => none.insert(Process::start(terms)?),
        };
        process.link.begin(&Asked {
            kind: Kind::Plain,
            bytes: &task.bytes,
            limit: terms.limit,
        });
        self.task = Some(task);
        Ok(())
    }

    fn turn(&mut self, terms: &Terms<'_>) -> Result<Option<Answered>, SandboxError> {
        let Some(process) = &mut self.process else {
            return Ok(None);
        };
        let answer = match process.link.turn() {
            Ok(None) => return Ok(None),
            Ok(Some(bytes)) => Ok(bytes),
            Err(error) => {
                self.process = None;
                Err(error)
            }
        };
        match self.task.take() {
            Some(task) if answer == Err(LinkError::Gone) && !task.again => {
                self.begin(terms, Task { again: true, ..task })?;
                Ok(None)
            }
            Some(task) => Ok(Some((task.number, answer))),
            None => Ok(None),
        }
    }
}

impl Process {
    fn start(terms: &Terms<'_>) -> Result<Self, SandboxError> {
        let started = (terms.start)()?;
        let mut process = Self {
            pid: started.pid,
            pidfd: started.pidfd,
            link: Link::new(started.socket, terms.most_bytes),
        };
        for setting in &terms.settings {
            let asked = Asked {
                kind: Kind::Setting,
                bytes: setting,
                limit: terms.limit,
            };
            let told = process.link.ask(&asked, None);
            told.map_err(|error| SandboxError::Host {
                step: "tell an analyser what it goes by".into(),
                source: std::io::Error::other(error),
            })?;
        }
        Ok(process)
    }
}

impl std::fmt::Debug for Crew<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crew")
            .field("places", &self.members.len())
            .finish_non_exhaustive()
    }
}
