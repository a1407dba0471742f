//! The interpreter of Python: started and warmed once, run once in each child.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use casemate_init::build::{AtStep, StepError};
use casemate_init::spec::SpawnSpec;
use casemate_sys::hosted::python::{self, Object, Ran};
use casemate_sys::hosted::{self, Arguments};
use casemate_sys::{io, libc, process, signal};
use core::ffi::CStr;

/// Our own statements; what they define is seen by nobody else.
const STATEMENTS: &CStr = match CStr::from_bytes_with_nul(concat!(include_str!("warm.py"), "\0").as_bytes()) {
    Ok(text) => text,
    Err(_) => c"",
};

/// A started interpreter.
pub struct Program {
    space: Object,
    argv: Option<Object>,
    env: Option<Object>,
}

impl Program {
    /// Starts the interpreter and warms it.
    ///
    /// # Errors
    /// When it does not start, or a preload raises.
    pub fn start(arguments: Arguments, preloads: &[Vec<u8>]) -> Result<Self, StepError> {
        python::start(arguments).at(|| "start the interpreter".into())?;
        let space = python::run(STATEMENTS, c"<casemate>").at(|| "define our own functions".into())?;
        let preloads = python::list(preloads).at(|| "list the preloads".into())?;
        python::call(&space, c"warm", [Some(&preloads), None]).at(|| "warm the interpreter".into())?;
        Ok(Self {
            space,
            argv: None,
            env: None,
        })
    }

    /// Right before a fork.
    pub fn before_fork(&self) {
        python::before_fork();
    }

    /// Right after it, in the zygote.
    pub fn after_fork_in_parent(&self) {
        python::after_fork_in_parent();
    }

    /// Right after it, in the child.
    ///
    /// # Errors
    /// When it cannot be made to differ from the zygote's other children.
    pub fn after_fork_in_child(&self) -> Result<(), StepError> {
        python::after_fork_in_child();
        python::call(&self.space, c"child", [None, None])
            .map(drop)
            .at(|| "make the child's own state".into())
    }

    /// Takes arguments and environment; the file is there by now.
    ///
    /// # Errors
    /// When the interpreter takes them not.
    pub fn settle(&mut self, spec: &SpawnSpec) -> Result<(), StepError> {
        let path = file(spec)?;
        let name = || format!("prepare the interpreter for {}", String::from_utf8_lossy(path));
        self.argv = Some(python::list(&spec.argv).at(name)?);
        self.env = Some(python::list(&spec.env).at(name)?);
        python::call(&self.space, c"settle", [self.argv.as_ref(), self.env.as_ref()]).at(name)?;
        Ok(())
    }

    /// Runs the file, and ends as the interpreter's `main` would.
    pub fn run(&self, spec: &SpawnSpec) -> ! {
        let ran = file(spec).map(python::run_file);
        let code = match ran {
            Ok(Ok(Ran::Through)) => 0,
            Ok(Ok(Ran::Raised)) => 1,
            // `main` says 2 when it cannot open the file.
            _ => 2,
        };
        let end = python::at_end(&self.space, c"last", code, leave);
        let is_interrupt = python::call(&self.space, c"finish", [end.as_ref().ok(), None]);
        if code == 1 && is_interrupt == Ok(1) {
            python::change_code(INTERRUPTED);
        }
        drop(end);
        match (python::finalize(), python::code()) {
            (false, code) if code != INTERRUPTED => leave(120),
            (_, code) => leave(code),
        }
    }
}

/// In place of an exit code: as after a `KeyboardInterrupt` that nobody caught.
const INTERRUPTED: i32 = -1;

fn leave(code: i32) -> ! {
    match code {
        INTERRUPTED => hosted::leave(interrupted()),
        code => hosted::leave(code),
    }
}

/// As the interpreter ends after a `KeyboardInterrupt` that nobody caught.
fn interrupted() -> i32 {
    let _ = signal::reset();
    let _ = process::kill(process::own_pid(), libc::SIGINT);
    130
}

/// The program's file: the first argument behind the interpreter.
fn file(spec: &SpawnSpec) -> Result<&[u8], StepError> {
    spec.argv
        .get(1)
        .map(|path| path.as_slice())
        .ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))
        .at(|| "find the program's file".into())
}
