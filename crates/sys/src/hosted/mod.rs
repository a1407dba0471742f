//! What a library of ours does inside a program of the host: takes the place of its `main`, forks, and
//! uses its interpreter ([`python`]).
//!
//! Compiled only with the feature `hosted`, into `casemate-zygote`. The C library is the program's own,
//! whichever it is: symbols are found when the library is loaded, and one that is not there ends the program
//! before anything ran.

pub mod python;

mod adopt;
mod title;

pub use adopt::{Adopted, count_threads, fork_adopted};
pub use title::Title;

use crate::call::c_string;
use crate::io;
use core::ffi::{c_char, c_int, c_void};

unsafe extern "C" {
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
    safe fn exit(code: c_int) -> !;
    fn setenv(name: *const c_char, value: *const c_char, overwrite: c_int) -> c_int;
    safe fn clearenv() -> c_int;
}

/// `RTLD_NEXT` (dlsym(3)): the symbol's next definition after ours.
const NEXT: *mut c_void = core::ptr::without_provenance_mut(usize::MAX);

type Main = extern "C" fn(c_int, *mut *mut c_char, *mut *mut c_char) -> c_int;
type Hook = Option<extern "C" fn()>;
type StartMain = unsafe extern "C" fn(Main, c_int, *mut *mut c_char, Hook, Hook, Hook, *mut c_void) -> c_int;

/// The arguments with which the program was started.
#[derive(Clone, Copy, Debug)]
pub struct Arguments {
    count: c_int,
    vector: *mut *mut c_char,
}

/// Makes `fn(Arguments) -> i32` the `main` of whatever dynamic program loads this library first.
#[macro_export]
macro_rules! stand_in_for_main {
    ($run:path) => {
        extern "C" fn main(
            count: core::ffi::c_int,
            vector: *mut *mut core::ffi::c_char,
            _: *mut *mut core::ffi::c_char,
        ) -> core::ffi::c_int {
            $run($crate::hosted::Arguments::new(count, vector))
        }

        /// Called by the program's own entry in place of the C library's function of this name.
        ///
        /// # Safety
        /// Only the program's entry calls it, once.
        // SAFETY: the name and signature are those of the C library (Linux Standard Base, "__libc_start_main").
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn __libc_start_main(
            _: *mut core::ffi::c_void,
            count: core::ffi::c_int,
            vector: *mut *mut core::ffi::c_char,
            init: Option<extern "C" fn()>,
            fini: Option<extern "C" fn()>,
            loader_fini: Option<extern "C" fn()>,
            stack_end: *mut core::ffi::c_void,
        ) -> core::ffi::c_int {
            // SAFETY: the caller's arguments, unchanged but for `main`.
            unsafe { $crate::hosted::start(main, count, vector, init, fini, loader_fini, stack_end) }
        }
    };
}

/// Hands over to the C library's start with another `main`.
///
/// # Safety
/// The arguments are those of the program's own entry.
pub unsafe fn start(
    main: Main,
    count: c_int,
    vector: *mut *mut c_char,
    init: Hook,
    fini: Hook,
    loader_fini: Hook,
    stack_end: *mut c_void,
) -> c_int {
    // SAFETY: the name is a live C string.
    let found = unsafe { dlsym(NEXT, c"__libc_start_main".as_ptr()) };
    if found.is_null() {
        crate::process::exit(127);
    }
    // SAFETY: it is the C library's function of that name, which has this signature.
    let real: StartMain = unsafe { core::mem::transmute::<*mut c_void, StartMain>(found) };
    // SAFETY: these are the arguments that it was meant to be called with, and a `main` of C's form.
    unsafe { real(main, count, vector, init, fini, loader_fini, stack_end) }
}

impl Arguments {
    /// From what C's `main` gets.
    pub fn new(count: c_int, vector: *mut *mut c_char) -> Self {
        Self { count, vector }
    }
}

/// Ends the process as the C library does: its handlers run, its streams are flushed.
pub fn leave(code: i32) -> ! {
    exit(code)
}

/// Empties the environment, the strings on the stack included: what was there cannot be read any more, also
/// not in `/proc/self/environ`.
pub fn wipe_environment() {
    unsafe extern "C" {
        static environ: *mut *mut c_char;
    }
    // SAFETY: one thread; the pointer is the C library's own.
    let mut at = unsafe { environ };
    // SAFETY: a null environment has no entries; otherwise entries lie up to a null one.
    while !at.is_null() && unsafe { !(*at).is_null() } {
        // SAFETY: the entry is a live C string on the initial stack, which is writable.
        let mut byte = unsafe { *at };
        // SAFETY: up to its NUL the string is ours to overwrite.
        while unsafe { *byte != 0 } {
            // SAFETY: as above.
            unsafe { *byte = 0 };
            // SAFETY: the NUL, or a further byte, follows.
            byte = unsafe { byte.add(1) };
        }
        // SAFETY: a null entry ends the list.
        at = unsafe { at.add(1) };
    }
    let _ = clearenv();
}

/// Has the auxiliary vector on the stack, where getauxval(3) looks, name these ids. To be called first: the vector lies
/// behind the environment that the process was started with.
pub fn claim_ids(uid: u32, gid: u32) {
    unsafe extern "C" {
        static environ: *mut *mut c_char;
    }
    // SAFETY: one thread; the pointer is the C library's own.
    let mut at = unsafe { environ };
    // SAFETY: nothing has changed the environment yet, so entries lie on the stack up to a null one.
    while unsafe { !(*at).is_null() } {
        // SAFETY: a null entry ends the list.
        at = unsafe { at.add(1) };
    }
    // SAFETY: the vector follows the null (System V ABI, "Process Initialization").
    let mut pair = unsafe { at.add(1) }.cast::<[u64; 2]>();
    // SAFETY: pairs lie up to one of kind 0, AT_NULL.
    while let [kind @ 1..=u64::MAX, _] = unsafe { *pair } {
        // AT_UID, AT_EUID, AT_GID and AT_EGID (getauxval(3)).
        let id = match kind {
            11 | 12 => Some(uid),
            13 | 14 => Some(gid),
            _ => None,
        };
        if let Some(id) = id {
            // SAFETY: the pair is on our stack, which is writable.
            unsafe { (*pair)[1] = id.into() };
        }
        // SAFETY: a pair of kind 0 follows at last.
        pair = unsafe { pair.add(1) };
    }
}

/// Sets a variable of the environment.
///
/// # Errors
/// `EINVAL` for a name or value with a NUL byte, or when there is no memory.
pub fn set_variable(name: &[u8], value: &[u8]) -> io::Result<()> {
    let (name, value) = (c_string(name)?, c_string(value)?);
    // SAFETY: both are live C strings, which are copied.
    match unsafe { setenv(name.as_ptr(), value.as_ptr(), 1) } {
        0 => Ok(()),
        _ => Err(io::Error::from_raw_os_error(libc::EINVAL)),
    }
}

/// Empties the environment.
pub fn clear_environment() {
    let _ = clearenv();
}
