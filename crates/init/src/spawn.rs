//! Starts one program: pipes or a terminal, files, walls, exec; errors come back over a pipe.

use crate::build::{AtStep, StepError};
use crate::plan::{Plan, Wall};
use crate::protocol::Release;
use crate::spec::{FileHead, MAX_HEAD_BYTES, SpawnSpec};
use crate::stream::is_plain_relative;
use crate::walls;
use crate::warm::Standing;
use crate::witness::Witness;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use casemate_sys::fs::{self, Resolve};
use casemate_sys::handle::{AsFd, BorrowedFd, OwnedFd};
use casemate_sys::io;
use casemate_sys::process::{self, Vector};
use casemate_sys::{credentials, fd, libc, memfd, signal, terminal};

/// What every spawn of a sandbox shares.
pub struct Ground<'a> {
    /// The plan of the walls.
    pub plan: &'a Plan,
    /// What the warden said of this sandbox.
    pub release: &'a Release,
    /// The Landlock ruleset, when there is one.
    pub ruleset: Option<BorrowedFd<'a>>,
    /// The workspace folder.
    pub workspace: BorrowedFd<'a>,
}

/// A started program and the caller's ends of its pipes.
pub struct Started {
    /// Its pid inside.
    pub pid: i32,
    /// Standard output, standard error, and standard input unless it is empty; none with a terminal. Last the stream of
    /// the witness, where there is one.
    pub far_ends: Vec<OwnedFd>,
    /// The witness's pid.
    pub witness: Option<i32>,
}

/// How the program is wired.
pub enum Wiring {
    /// Pipes; standard input is the empty device when `no_stdin`.
    Pipes {
        /// No input.
        no_stdin: bool,
    },
    /// A terminal, which becomes the controlling one.
    Terminal(OwnedFd),
}

struct Stdio {
    near: [OwnedFd; 3],
    far: Vec<OwnedFd>,
}

/// Starts the program that the sealed memory file `spec_file` describes.
///
/// Returns once exec has succeeded.
///
/// # Errors
/// The step that failed, in this process or in the child.
pub fn spawn(ground: &Ground<'_>, spec_file: BorrowedFd<'_>, wiring: Wiring) -> Result<Started, StepError> {
    let spec = read_spec(spec_file)?;
    let has_terminal = matches!(wiring, Wiring::Terminal(_));
    let stdio = wire(ground.release, wiring).at(|| "wire standard input and output".into())?;
    let (report_in, report_out) = fd::pipe().at(|| "make the report pipe".into())?;
    let witness = match ground.plan.witness_filter.is_empty() {
        true => None,
        false => Some(Witness::start(ground.plan)?),
    };
    match process::fork().at(|| "fork".into())? {
        Some(pid) => {
            drop(report_out);
            drop(stdio.near);
            let (witness_pid, stream) = witness.map(Witness::part).unzip();
            read_report(report_in.as_fd())?;
            Ok(Started {
                pid,
                far_ends: stdio.far.into_iter().chain(stream).collect(),
                witness: witness_pid,
            })
        }
        None => {
            let own = Own {
                stdio: &stdio.near,
                report: &report_out,
                witness: witness.as_ref(),
                has_terminal,
            };
            let error = become_program(ground, &spec, spec_file, &own);
            // wire_up has put the pipe there.
            if let Ok(pipe) = fd::adopt(3) {
                report(pipe.as_fd(), &error);
            }
            process::exit(127)
        }
    }
}

/// Gives the spec to a child of the zygote that waits; returns once its program runs.
///
/// # Errors
/// The step that failed, in this process or in the child.
pub fn hand_over(
    release: &Release,
    child: &Standing,
    spec_file: BorrowedFd<'_>,
    no_stdin: bool,
) -> Result<Started, StepError> {
    read_spec(spec_file)?;
    let stdio = wire(release, Wiring::Pipes { no_stdin }).at(|| "wire standard input and output".into())?;
    child.run(spec_file, &stdio.near)?;
    Ok(Started {
        pid: child.pid,
        far_ends: stdio.far,
        witness: None,
    })
}

/// Reads a spec that nobody can change any more.
///
/// # Errors
/// When it is not sealed, or is not what it should be.
pub fn read_spec(file: BorrowedFd<'_>) -> Result<SpawnSpec, StepError> {
    if !memfd::is_sealed(file) {
        return Err(io::Error::from_raw_os_error(libc::EBADMSG))
            .at(|| "read the spawn spec: it is not sealed".into());
    }
    read_sealed_spec(file)
}

/// As [`read_spec`], for one that init has looked at.
///
/// # Errors
/// When it is not what it should be.
pub fn read_sealed_spec(file: BorrowedFd<'_>) -> Result<SpawnSpec, StepError> {
    let bad = || io::Error::from_raw_os_error(libc::EBADMSG);
    let mut length = [0u8; 8];
    read_exact_at(file, &mut length, 0).at(|| "read the spawn spec".into())?;
    let length = u64::from_le_bytes(length).saturating_sub(8);
    if length > MAX_HEAD_BYTES as u64 {
        return Err(bad()).at(|| "read the spawn spec: its head is too long".into());
    }
    let mut head = vec![0u8; length as usize];
    read_exact_at(file, &mut head, 8).at(|| "read the spawn spec".into())?;
    SpawnSpec::decode_head(&head)
        .map_err(|_| bad())
        .at(|| "parse the spawn spec".into())
}

fn read_exact_at(file: BorrowedFd<'_>, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    let mut done = 0;
    while done < buffer.len() {
        match fd::read_at(file, &mut buffer[done..], offset + done as u64)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => done += n,
        }
    }
    Ok(())
}

/// Makes the pipes with the program's user as owner, so that it can open `/dev/stdout` again.
fn wire(release: &Release, wiring: Wiring) -> io::Result<Stdio> {
    let Wiring::Pipes { no_stdin } = wiring else {
        let Wiring::Terminal(tty) = wiring else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let near = [
            fd::duplicate_above(tty.as_fd(), 6)?,
            fd::duplicate_above(tty.as_fd(), 6)?,
            tty,
        ];
        return Ok(Stdio {
            near,
            far: Vec::new(),
        });
    };
    if release.separate_ids {
        credentials::set_filesystem_ids(release.program_id, release.program_id);
    }
    let pipes = || -> io::Result<Stdio> {
        let (out_far, out_near) = fd::pipe()?;
        let (err_far, err_near) = fd::pipe()?;
        let mut far = vec![out_far, err_far];
        let in_near = if no_stdin {
            fs::open_at(None, b"/dev/null", libc::O_RDONLY, 0, Resolve::Host)?
        } else {
            let (near, in_far) = fd::pipe()?;
            far.push(in_far);
            near
        };
        Ok(Stdio {
            near: [in_near, out_near, err_near],
            far,
        })
    };
    let result = pipes();
    if release.separate_ids {
        credentials::set_filesystem_ids(0, 0);
        // The kernel takes a change of ids for a new identity and clears both (commit_creds).
        credentials::die_with_parent()?;
        credentials::set_dumpable(false)?;
    }
    result
}

/// What a child holds before it becomes its program.
struct Own<'a> {
    stdio: &'a [OwnedFd; 3],
    report: &'a OwnedFd,
    witness: Option<&'a Witness>,
    has_terminal: bool,
}

/// Runs in the child; returns only when something failed.
fn become_program(
    ground: &Ground<'_>,
    spec: &SpawnSpec,
    spec_file: BorrowedFd<'_>,
    own: &Own<'_>,
) -> StepError {
    let (stdio, report) = (own.stdio, own.report);
    let prepare = || -> Result<(Vector, Vector), StepError> {
        wire_up(stdio, report).at(|| "wire descriptors".into())?;
        terminal::new_session().at(|| "start a session".into())?;
        if own.has_terminal {
            terminal::take_terminal(stdio[0].as_fd()).at(|| "take the terminal".into())?;
        }
        signal::reset().at(|| "reset signals".into())?;
        fs::set_umask(0o022);
        walls::set_fixed_limits(ground.plan)?;
        let counts = walls::counts_per_namespace();
        walls::set_limits(&spec.limits, ground.plan, ground.release, counts)?;
        enter_apparmor(ground.plan)?;
        walls::drop_privileges(ground.plan, ground.release)?;
        write_files(ground.workspace, &spec.files, spec_file)?;
        enter_directory(ground, spec)?;
        let argv = Vector::new(&arguments(ground.plan, spec)).at(|| "read arguments".into())?;
        let env = Vector::new(&spec.env).at(|| "read the environment".into())?;
        walls::close(ground.plan, ground.release, ground.ruleset, own.witness)?;
        Ok((argv, env))
    };
    match prepare() {
        Ok((argv, env)) => {
            let source = process::exec(&spec.program, &argv, &env);
            StepError {
                step: format!("execute {}", String::from_utf8_lossy(&spec.program)),
                source,
            }
        }
        Err(error) => error,
    }
}

/// Tests only: with the mount wall left out, the workspace is the working directory alone.
fn arguments(plan: &Plan, spec: &SpawnSpec) -> Vec<Vec<u8>> {
    let moved = |word: &Vec<u8>| match word.strip_prefix(b"/workspace/") {
        Some(rest) if plan.omitted.has(Wall::Mount) => [b"./", rest].concat(),
        _ => word.clone(),
    };
    spec.argv.iter().map(moved).collect()
}

fn enter_directory(ground: &Ground<'_>, spec: &SpawnSpec) -> Result<(), StepError> {
    let name = || format!("enter {}", String::from_utf8_lossy(&spec.directory));
    if ground.plan.omitted.has(Wall::Mount) {
        return fs::enter_dir(ground.workspace).at(name);
    }
    let directory = fs::open_at(
        None,
        &spec.directory,
        libc::O_PATH | libc::O_DIRECTORY,
        0,
        Resolve::Host,
    )
    .at(name)?;
    fs::enter_dir(directory.as_fd()).at(name)
}

/// Asks AppArmor to switch profile at exec (`/proc/self/attr`, AppArmor's own interface first).
fn enter_apparmor(plan: &Plan) -> Result<(), StepError> {
    if plan.apparmor.is_empty() {
        return Ok(());
    }
    let order = [b"exec ", &plan.apparmor[..]].concat();
    fs::write_existing(b"/proc/self/attr/apparmor/exec", &order)
        .or_else(|_| fs::write_existing(b"/proc/self/attr/exec", &order))
        .at(|| "enter the AppArmor profile".into())
}

/// Descriptors 0 to 2 and, on 3, the report pipe, which exec closes.
fn wire_up(stdio: &[OwnedFd; 3], report: &OwnedFd) -> io::Result<()> {
    // Everything moves out of the way first, so that no copy lands on a source.
    let report = fd::duplicate_above(report.as_fd(), 64)?;
    let moved = stdio
        .iter()
        .map(|f| fd::duplicate_above(f.as_fd(), 64))
        .collect::<io::Result<Vec<_>>>()?;
    for (number, near) in moved.iter().enumerate() {
        fd::duplicate_to(near.as_fd(), number as i32)?;
    }
    fd::duplicate_to(report.as_fd(), 3)?;
    // Adopting it again sets close-on-exec; the number itself stays open until exec.
    core::mem::forget(fd::adopt(3)?);
    Ok(())
}

/// Writes the caller's files as the program's user, below the workspace and over no link.
///
/// # Errors
/// The file that could not be written.
pub fn write_files(
    workspace: BorrowedFd<'_>,
    files: &[FileHead],
    spec_file: BorrowedFd<'_>,
) -> Result<(), StepError> {
    for file in files {
        write_file(workspace, file, spec_file)
            .at(|| format!("write {}", String::from_utf8_lossy(&file.path)))?;
    }
    Ok(())
}

/// Writes the caller's files where nobody but us has ever been: no link can be on the way, so this needs no more
/// than the calls that a program's filter allows.
///
/// # Errors
/// The file that could not be written.
pub fn write_fresh_files(files: &[FileHead], spec_file: BorrowedFd<'_>) -> Result<(), StepError> {
    for file in files {
        let write = || -> io::Result<()> {
            if !is_plain_relative(&file.path) {
                return Err(io::Error::from_raw_os_error(libc::EINVAL));
            }
            let out = fs::create_fresh(&[b"/workspace/", &file.path[..]].concat(), b"/workspace/".len())?;
            fill(out.as_fd(), file, spec_file)
        };
        write().at(|| format!("write {}", String::from_utf8_lossy(&file.path)))?;
    }
    Ok(())
}

fn write_file(workspace: BorrowedFd<'_>, file: &FileHead, spec_file: BorrowedFd<'_>) -> io::Result<()> {
    if !is_plain_relative(&file.path) {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    let out = fs::create_beneath(workspace, &file.path)?;
    fill(out.as_fd(), file, spec_file)
}

/// Copies a file's bytes from the spec, and sets its mode.
fn fill(out: BorrowedFd<'_>, file: &FileHead, spec_file: BorrowedFd<'_>) -> io::Result<()> {
    let mut buffer = vec![0u8; 64 * 1024];
    let mut done = 0;
    while done < file.length {
        let want = buffer.len().min((file.length - done) as usize);
        match fd::read_at(spec_file, &mut buffer[..want], file.offset + done)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => {
                fd::write_all(out, &buffer[..n])?;
                done += n as u64;
            }
        }
    }
    fs::set_mode(out, file.mode)
}

/// In a child: `errno`, then the step.
pub fn report(pipe: BorrowedFd<'_>, error: &StepError) {
    let errno = error.source.raw_os_error().unwrap_or(libc::EIO);
    let mut message = errno.to_le_bytes().to_vec();
    message.extend_from_slice(&error.step.as_bytes()[..error.step.len().min(500)]);
    let _ = fd::write(pipe, &message);
}

/// In init: waits until the last end of the pipe was closed, by an exec or an exit, or a report came.
///
/// # Errors
/// What the report says.
pub fn read_report(pipe: BorrowedFd<'_>) -> Result<(), StepError> {
    let mut buffer = [0u8; 512];
    let n = loop {
        match fd::read(pipe, &mut buffer) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => break other.at(|| "read the report of the child".into())?,
        }
    };
    let Some(errno) = buffer[..n].first_chunk::<4>() else {
        return Ok(());
    };
    let source = io::Error::from_raw_os_error(i32::from_le_bytes(*errno));
    Err(StepError {
        step: String::from_utf8_lossy(&buffer[4..n]).into_owned(),
        source,
    })
}
