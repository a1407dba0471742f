//! An interpreter of Python in our process, through the part of its interface that has been the same since 3.8
//! (docs.python.org, "Python Initialization Configuration" and "Operating System Utilities").
//!
//! One thread, which holds the interpreter's lock all the time.

use super::Arguments;
use crate::call::c_string;
use crate::io;
use alloc::boxed::Box;
use core::ffi::{CStr, c_char, c_int, c_long, c_void};
use core::mem::ManuallyDrop;
use core::sync::atomic::{AtomicI32, Ordering};

#[repr(C)]
struct Status {
    kind: c_int,
    function: *const c_char,
    message: *const c_char,
    code: c_int,
}

#[repr(C)]
struct RawObject {
    _private: [u8; 0],
}

/// Room for a `PyConfig` of any version; 3.14's has less than 600 bytes.
#[repr(C, align(16))]
struct Config([u8; 8192]);

unsafe extern "C" {
    fn PyConfig_InitPythonConfig(config: *mut Config);
    fn PyConfig_SetBytesArgv(config: *mut Config, count: isize, vector: *mut *mut c_char) -> Status;
    fn PyConfig_Clear(config: *mut Config);
    fn Py_InitializeFromConfig(config: *const Config) -> Status;
    safe fn Py_FinalizeEx() -> c_int;
    safe fn PyOS_BeforeFork();
    safe fn PyOS_AfterFork_Child();
    safe fn PyOS_AfterFork_Parent();
    fn Py_CompileString(text: *const c_char, name: *const c_char, start: c_int) -> *mut RawObject;
    fn PyEval_EvalCode(
        code: *mut RawObject,
        globals: *mut RawObject,
        locals: *mut RawObject,
    ) -> *mut RawObject;
    safe fn PyEval_GetBuiltins() -> *mut RawObject;
    fn PyDict_Copy(dict: *mut RawObject) -> *mut RawObject;
    safe fn PyDict_New() -> *mut RawObject;
    fn PyDict_SetItemString(dict: *mut RawObject, key: *const c_char, value: *mut RawObject) -> c_int;
    fn PyDict_GetItemString(dict: *mut RawObject, key: *const c_char) -> *mut RawObject;
    safe fn PyList_New(length: isize) -> *mut RawObject;
    fn PyList_Append(list: *mut RawObject, item: *mut RawObject) -> c_int;
    fn PyBytes_FromStringAndSize(bytes: *const c_char, length: isize) -> *mut RawObject;
    fn PyObject_CallFunctionObjArgs(callable: *mut RawObject, ...) -> *mut RawObject;
    fn PyLong_AsLong(object: *mut RawObject) -> c_long;
    fn PyRun_SimpleFileExFlags(
        file: *mut c_void,
        name: *const c_char,
        close: c_int,
        flags: *mut c_void,
    ) -> c_int;
    safe fn PyErr_Print();
    safe fn PyErr_Clear();
    fn PyCapsule_New(pointer: *mut c_void, name: *const c_char, gone: Gone) -> *mut RawObject;
    fn PyCapsule_GetPointer(capsule: *mut RawObject, name: *const c_char) -> *mut c_void;
    fn Py_DecRef(object: *mut RawObject);
    fn fopen(name: *const c_char, mode: *const c_char) -> *mut c_void;
}

type Gone = extern "C" fn(*mut RawObject);

/// `Py_file_input`: a sequence of statements.
const FILE_INPUT: c_int = 257;

/// An object of the interpreter's that is ours.
#[derive(Debug)]
pub struct Object(*mut RawObject);

impl Object {
    fn new(raw: *mut RawObject) -> io::Result<Self> {
        if raw.is_null() {
            PyErr_Clear();
            return Err(io::Error::from_raw_os_error(libc::EIO));
        }
        Ok(Self(raw))
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        // SAFETY: the reference is ours, and the interpreter lives.
        unsafe { Py_DecRef(self.0) };
    }
}

fn sound(status: &Status) -> io::Result<()> {
    // `_PyStatus_TYPE_OK`.
    match status.kind {
        0 => Ok(()),
        _ => Err(io::Error::from_raw_os_error(libc::EIO)),
    }
}

/// Starts the interpreter as its own `main` would with these arguments, up to the running of the program.
///
/// # Errors
/// When it cannot start.
pub fn start(arguments: Arguments) -> io::Result<()> {
    let mut config = Config([0; 8192]);
    // SAFETY: the room is more than any version's structure has.
    unsafe { PyConfig_InitPythonConfig(&mut config) };
    // SAFETY: the configuration was just made; the arguments are those of the process.
    sound(&unsafe { PyConfig_SetBytesArgv(&mut config, arguments.count as isize, arguments.vector) })?;
    // SAFETY: the configuration is whole.
    sound(&unsafe { Py_InitializeFromConfig(&config) })?;
    // SAFETY: the interpreter has its own copy.
    unsafe { PyConfig_Clear(&mut config) };
    Ok(())
}

/// To be called before a fork.
pub fn before_fork() {
    PyOS_BeforeFork();
}

/// To be called after it, in the old process.
pub fn after_fork_in_parent() {
    PyOS_AfterFork_Parent();
}

/// To be called after it, in the new one.
pub fn after_fork_in_child() {
    PyOS_AfterFork_Child();
}

/// Runs statements in a fresh namespace of their own, and gives that.
///
/// # Errors
/// When they raise; the traceback is on standard error.
pub fn run(text: &CStr, name: &CStr) -> io::Result<Object> {
    // SAFETY: both are live C strings.
    let code = unsafe { Py_CompileString(text.as_ptr(), name.as_ptr(), FILE_INPUT) };
    if code.is_null() {
        PyErr_Print();
        return Err(io::Error::from_raw_os_error(libc::EIO));
    }
    let code = Object(code);
    let space = Object::new(PyDict_New())?;
    // A copy of them: what a program puts into theirs is not for us.
    // SAFETY: the builtins are a dictionary, which lives as long as the interpreter.
    let builtins = Object::new(unsafe { PyDict_Copy(PyEval_GetBuiltins()) })?;
    // SAFETY: both dictionaries are ours, the key is a C string.
    unsafe { PyDict_SetItemString(space.0, c"__builtins__".as_ptr(), builtins.0) };
    // SAFETY: code and namespace are live.
    let result = unsafe { PyEval_EvalCode(code.0, space.0, space.0) };
    if result.is_null() {
        PyErr_Print();
        return Err(io::Error::from_raw_os_error(libc::EIO));
    }
    drop(Object(result));
    Ok(space)
}

/// A list of byte strings.
///
/// # Errors
/// When there is no memory.
pub fn list<T: AsRef<[u8]>>(items: &[T]) -> io::Result<Object> {
    let list = Object::new(PyList_New(0))?;
    for item in items {
        let item = item.as_ref();
        // SAFETY: pointer and length describe `item`, which is copied.
        let bytes =
            Object::new(unsafe { PyBytes_FromStringAndSize(item.as_ptr().cast(), item.len() as isize) })?;
        // SAFETY: both are live; the list takes a reference of its own.
        if unsafe { PyList_Append(list.0, bytes.0) } != 0 {
            PyErr_Clear();
            return Err(io::Error::from_raw_os_error(libc::ENOMEM));
        }
    }
    Ok(list)
}

/// Calls a function of a namespace with up to two arguments; its result as a number, 0 when it is none.
///
/// # Errors
/// When it is not there, or raises; the traceback is on standard error.
pub fn call(space: &Object, name: &CStr, arguments: [Option<&Object>; 2]) -> io::Result<i64> {
    // SAFETY: the namespace is a live dictionary; the reference is borrowed from it.
    let function = unsafe { PyDict_GetItemString(space.0, name.as_ptr()) };
    if function.is_null() {
        PyErr_Clear();
        return Err(io::Error::from_raw_os_error(libc::ENOENT));
    }
    let none = core::ptr::null_mut::<RawObject>();
    let [first, second] = arguments.map(|argument| argument.map_or(none, |object| object.0));
    // SAFETY: the objects are live; the list of arguments ends with a null.
    let result = unsafe { PyObject_CallFunctionObjArgs(function, first, second, none) };
    if result.is_null() {
        PyErr_Print();
        return Err(io::Error::from_raw_os_error(libc::EIO));
    }
    let result = Object(result);
    // SAFETY: the object is live. What is no number answers -1 with an error, which is cleared.
    let number = unsafe { PyLong_AsLong(result.0) };
    if number == -1 {
        PyErr_Clear();
    }
    Ok(number)
}

/// How the program's file ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ran {
    /// It came to its end.
    Through,
    /// An exception that nobody caught ended it; the traceback is on standard error. `SystemExit` does not come
    /// back at all.
    Raised,
    /// There is no such file.
    Missing,
}

/// Runs the file as the interpreter's `main` does: as the module `__main__`.
///
/// # Errors
/// For a name with a NUL byte.
pub fn run_file(path: &[u8]) -> io::Result<Ran> {
    let path = c_string(path)?;
    // SAFETY: both are live C strings.
    let file = unsafe { fopen(path.as_ptr(), c"rb".as_ptr()) };
    if file.is_null() {
        return Ok(Ran::Missing);
    }
    // SAFETY: the file is open, and closed by the call; the name is a live C string; null flags are allowed.
    match unsafe { PyRun_SimpleFileExFlags(file, path.as_ptr(), 1, core::ptr::null_mut()) } {
        0 => Ok(Ran::Through),
        _ => Ok(Ran::Raised),
    }
}

/// With what an object of [`at_end`] ends the process.
static CODE: AtomicI32 = AtomicI32::new(0);

struct End {
    space: *mut RawObject,
    name: &'static CStr,
    leave: fn(i32) -> !,
}

/// An object with whose end the process ends: it calls the function of the namespace, and then `leave` with the code.
/// The namespace must live until then.
///
/// # Errors
/// When there is no memory.
pub fn at_end(space: &Object, name: &'static CStr, code: i32, leave: fn(i32) -> !) -> io::Result<Object> {
    change_code(code);
    let end = Box::into_raw(Box::new(End {
        space: space.0,
        name,
        leave,
    }));
    // SAFETY: the pointer is not null and never freed; there is no name, and `gone` takes what this makes.
    Object::new(unsafe { PyCapsule_New(end.cast(), core::ptr::null(), gone) })
}

extern "C" fn gone(capsule: *mut RawObject) {
    // SAFETY: the interpreter passes the capsule that `at_end` made, which has no name.
    let end = unsafe { PyCapsule_GetPointer(capsule, core::ptr::null()) }.cast::<End>();
    // SAFETY: `at_end` made it, and it is never freed.
    let end = unsafe { &*end };
    // Not ours to let go.
    let space = ManuallyDrop::new(Object(end.space));
    let _ = call(&space, end.name, [None, None]);
    (end.leave)(code())
}

/// Has [`at_end`] end with another code.
pub fn change_code(code: i32) {
    CODE.store(code, Ordering::Relaxed);
}

/// The code with which [`at_end`] ends.
pub fn code() -> i32 {
    CODE.load(Ordering::Relaxed)
}

/// Ends the interpreter; false when its streams could not be flushed. It does not come back if an object of [`at_end`]
/// goes on the way.
pub fn finalize() -> bool {
    Py_FinalizeEx() == 0
}
