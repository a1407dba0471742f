//! The life of a zygote: start, warm, fork for whoever asks.

use crate::program::Program;
use alloc::vec::Vec;
use casemate_init::build::{AtStep, StepError};
use casemate_init::child;
use casemate_init::forge::{Join, JoinFds, MAX_FORGE_BYTES, Word};
use casemate_init::mason::{FORGE_FD, PLAN_FD, READY_FD};
use casemate_init::plan::{MAX_PLAN_BYTES, Plan};
use casemate_init::protocol::PROGRAM_ID;
use casemate_sys::handle::{AsFd, BorrowedFd, OwnedFd};
use casemate_sys::hosted::{self, Adopted, Arguments, Title};
use casemate_sys::{fd, fs, io, libc, memfd, process, socket};

/// Variables that every program of ours has, in the order of an executed one; the interpreter reads some of them once, at
/// its start.
const VARIABLES: [(&str, &str); 6] = [
    ("HOME", "/workspace"),
    ("LANG", "C.UTF-8"),
    (
        "PATH",
        "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
    ),
    ("TMPDIR", "/tmp"),
    ("TZ", "UTC"),
    ("USER", "user"),
];

casemate_sys::stand_in_for_main!(main_of_zygote);

/// Stands in for the interpreter's `main`.
fn main_of_zygote(arguments: Arguments) -> i32 {
    match start(arguments) {
        Ok(mut zygote) => zygote.serve(),
        Err(error) => {
            if let Ok(ready) = fd::adopt(READY_FD) {
                say(ready.as_fd(), &broken(&error));
            }
            1
        }
    }
}

struct Zygote {
    plan: Plan,
    /// Keeps its number taken: children put their sockets there.
    _plan_file: OwnedFd,
    _unread: OwnedFd,
    forge: OwnedFd,
    tasks: OwnedFd,
    own_pids: OwnedFd,
    title: Option<Title>,
    program: Program,
}

fn start(arguments: Arguments) -> Result<Zygote, StepError> {
    hosted::claim_ids(PROGRAM_ID, PROGRAM_ID);
    hosted::wipe_environment();
    for (name, value) in VARIABLES {
        hosted::set_variable(name.as_bytes(), value.as_bytes()).at(|| "set a variable".into())?;
    }
    // Programs write to pipes, so the interpreter's streams are made for some. Nothing reads these.
    let (unread, output) = fd::pipe().at(|| "make a pipe".into())?;
    for number in 1..=2 {
        fd::duplicate_to(output.as_fd(), number).at(|| "wire the streams".into())?;
    }
    let bad = || io::Error::from_raw_os_error(libc::EBADMSG);
    let plan_file = fd::adopt(PLAN_FD).at(|| "find the plan".into())?;
    let bytes = memfd::read_sealed(plan_file.as_fd(), MAX_PLAN_BYTES).at(|| "read the plan".into())?;
    let mut plan = Plan::decode(&bytes)
        .map_err(|_| bad())
        .at(|| "parse the plan".into())?;
    // Only the filters are used.
    plan.steps = Vec::new();
    let preloads = plan
        .zygote
        .as_ref()
        .map(|z| z.preloads.clone())
        .unwrap_or_default();
    let forge = fd::adopt(FORGE_FD).at(|| "find the socket of requests".into())?;
    let open = |path: &'static [u8]| {
        fs::open_at(None, path, libc::O_RDONLY, 0, fs::Resolve::Host).at(|| "look at our own process".into())
    };
    let tasks = open(b"/proc/self/task")?;
    let own_pids = open(b"/proc/self/ns/pid")?;
    let program = Program::start(arguments, &preloads)?;
    let ready = fd::adopt(READY_FD).at(|| "find the socket to say ready on".into())?;
    let pid = process::own_pid();
    say(ready.as_fd(), &Word::Standing { pid });
    Ok(Zygote {
        plan,
        _plan_file: plan_file,
        _unread: unread,
        forge,
        tasks,
        own_pids,
        title: Title::look().ok(),
        program,
    })
}

fn broken(error: &StepError) -> Word {
    Word::Broken {
        step: error.step.clone().into_bytes(),
        errno: error.source.raw_os_error().unwrap_or(libc::EIO) as u32,
    }
}

/// A listener that is gone cannot be told.
fn say(socket: BorrowedFd<'_>, word: &Word) {
    let _ = socket::send(socket, &word.encode(), &[]);
}

impl Zygote {
    /// Until nobody is left who could ask.
    fn serve(&mut self) -> i32 {
        let mut buffer = [0u8; MAX_FORGE_BYTES];
        loop {
            let Ok(message) = socket::receive(self.forge.as_fd(), &mut buffer) else {
                return 1;
            };
            if message.len == 0 {
                return 0;
            }
            // Only init sends here; what cannot be read is dropped, and its sender sees the child's socket end.
            if let Ok((join, fds)) = Join::decode(&buffer[..message.len], message.fds) {
                self.fork(&join, fds);
            }
        }
    }

    fn fork(&mut self, join: &Join, fds: JoinFds) {
        match self.try_fork(&fds) {
            Ok(Adopted::Parent) => {}
            Ok(Adopted::Child) => self.live(join, fds),
            Err(error) => say(fds.socket.as_fd(), &broken(&error)),
        }
    }

    fn try_fork(&mut self, fds: &JoinFds) -> Result<Adopted, StepError> {
        let threads = hosted::count_threads(self.tasks.as_fd()).at(|| "count our threads".into())?;
        if threads != 1 {
            return Err(io::Error::from_raw_os_error(libc::EBUSY))
                .at(|| "fork: the zygote has more than one thread".into());
        }
        child::enter_pids(fds.pidfd.as_fd()).at(|| "enter the pid namespace".into())?;
        self.program.before_fork();
        let forked = hosted::fork_adopted(&mut || child::enter_groups(&fds.doors));
        if forked != Ok(Adopted::Child) {
            self.program.after_fork_in_parent();
            child::enter_pids(self.own_pids.as_fd()).at(|| "return to our own pid namespace".into())?;
        }
        forked.at(|| "fork".into())
    }

    /// The child: behind the walls, to its order, to its end.
    fn live(&mut self, join: &Join, fds: JoinFds) -> ! {
        let told = fd::duplicate_above(fds.socket.as_fd(), 0);
        let title = &mut self.title;
        // A kernel without it shows the zygote's, which harms nobody.
        let mut show = |id| title.iter_mut().for_each(|title| _ = title.show(id, id));
        let isolated = match child::isolate(&self.plan, join, fds, &mut show) {
            Ok(isolated) => isolated,
            Err(error) => {
                if let Ok(told) = told {
                    say(told.as_fd(), &broken(&error));
                }
                process::exit(127)
            }
        };
        // Its number was closed with all others.
        core::mem::forget(told);
        if let Err(error) = self.program.after_fork_in_child() {
            say(isolated.socket.as_fd(), &broken(&error));
            process::exit(127)
        }
        let pid = process::own_pid();
        say(isolated.socket.as_fd(), &Word::Standing { pid });
        let mut buffer = [0u8; MAX_FORGE_BYTES];
        let order = match socket::receive(isolated.socket.as_fd(), &mut buffer) {
            Ok(message) if message.len > 0 => message.fds,
            // Never wanted.
            _ => process::exit(0),
        };
        let ready = child::prepare(&self.plan, join, &isolated, order)
            .and_then(|spec| self.program.settle(&spec).map(|()| spec));
        match ready {
            Ok(spec) => {
                // Its end says that the program runs.
                drop(isolated);
                if let Some(title) = &mut self.title {
                    title.write(&spec.argv);
                }
                self.program.run(&spec)
            }
            Err(error) => {
                say(isolated.socket.as_fd(), &broken(&error));
                process::exit(127)
            }
        }
    }
}
