# What the zygote of Python does in Python. Its names are in a namespace of their own: no program sees them.

import gc, io, os, posix, stat, sys, time
from _weakref import ref

_modules = {}


# The first compilation, exception and call of a process touch memory that would be copied in every child.
_TEXT = (
    "import sys\n"
    "class C:\n"
    "    def __init__(self, x=1, *a, **k): self.x = x\n"
    "def f(n):\n"
    "    return [f'{i!r:>4}' for i in range(n) if i % 2] + sorted({str(i): i for i in range(n)})\n"
    "try:\n"
    "    f(9); C(2); {}['missing']\n"
    "except KeyError as e:\n"
    "    str(e)\n"
    "b''.join([b'a']).decode(); 'a'.encode(); print(end='')\n"
)
_ENV = [name + b"=" + value for name, value in sorted(posix.environ.items())]


def warm(preloads):
    for name in preloads:
        __import__(os.fsdecode(name))
    for _ in range(3):
        exec(compile(_TEXT, "<warm>", "exec"), {"__name__": "warm"})
    if not getattr(sys.flags, "safe_path", False):
        # The folder of every program; no link leads to it.
        sys.path.insert(0, "/workspace")
    # Known before: what a program adds to a module is dropped at its end.
    for name, module in list(sys.modules.items()):
        names = getattr(module, "__dict__", None)
        if names is not None and name != "__main__":
            _modules[name] = (module, len(names), frozenset(names))
    sys.path_importer_cache.clear()
    gc.collect()
    gc.freeze()


def child():
    # Touched now, so that the program need not wait for the copies.
    exec(compile(_TEXT, "<warm>", "exec"), {"__name__": "warm"})


def settle(argv, env):
    if env != _ENV:
        _environ(env)
    words = [os.fsdecode(word) for word in argv]
    sys.orig_argv[:] = words
    sys.argv[:] = words[1:]
    if not stat.S_ISCHR(os.fstat(0).st_mode):
        _rewire_stdin()


def _environ(env):
    # `os.environ` writes through to the C library.
    posix.environ.clear()
    os.environ.clear()
    for item in env:
        name, _, value = item.partition(b"=")
        posix.environ[name] = value
        os.environb[name] = value
    time.tzset()


def _rewire_stdin():
    # What the stream knows of its descriptor is from the empty device. As in `create_stdio` (Python/pylifecycle.c).
    old = sys.stdin
    if old is None:
        return
    raw = io.FileIO(0, "r", closefd=False)
    raw.name = "<stdin>"
    new = io.TextIOWrapper(io.BufferedReader(raw), old.encoding, old.errors)
    new.mode = "r"
    sys.stdin = sys.__stdin__ = new


def finish():
    # The order of Py_FinalizeEx (Python/pylifecycle.c). What the zygote had loaded is left alone: nobody could see it
    # go, and to free it would copy all its pages.
    modules = sys.modules
    threading = modules.get("threading")
    if threading is not None:
        try:
            threading._shutdown()
        except BaseException:
            sys.excepthook(*sys.exc_info())
        if len(threading._active) > 1:
            # Daemons run on: only the interpreter itself can stop them.
            return 1
    interrupted = getattr(sys, "last_type", None)
    interrupted = isinstance(interrupted, type) and issubclass(interrupted, KeyboardInterrupt)
    atexit = modules.get("atexit")
    if atexit is not None:
        try:
            atexit._run_exitfuncs()
        except BaseException:
            pass
    lost = _flush()
    _drop(modules)
    lost |= _flush()
    if interrupted:
        return 3
    return 2 if lost else 0


def _flush():
    lost = False
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name, None)
        if stream is None or getattr(stream, "closed", False):
            continue
        try:
            stream.flush()
        except BaseException as error:
            if name == "stdout":
                sys.unraisablehook(_unraisable(error, stream))
                lost = True
    return lost


def _unraisable(error, stream):
    from types import SimpleNamespace

    return SimpleNamespace(
        exc_type=type(error), exc_value=error, exc_traceback=error.__traceback__, err_msg=None, object=stream
    )


def _drop(modules):
    # As finalize_modules and its helpers: modules are let go in the order of their import, cycles are collected, and
    # what is still alive then is emptied, the last one first.
    sys.stdout, sys.stderr, sys.stdin = sys.__stdout__, sys.__stderr__, sys.__stdin__
    for name in ("argv", "ps1", "ps2", "last_type", "last_value", "last_traceback", "last_exc"):
        if name in sys.__dict__:
            setattr(sys, name, None)
    left = []
    for name in list(modules):
        module = modules[name]
        names = getattr(module, "__dict__", None)
        if names is None:
            continue
        known = _modules.get(name)
        if known is None or known[0] is not module:
            modules[name] = None
            try:
                left.append(ref(module))
            except TypeError:
                pass
        elif len(names) != known[1]:
            for added in [key for key in names if key not in known[2]]:
                names[added] = None
    names = module = known = None
    gc.collect()
    for weak in reversed(left):
        names = getattr(weak(), "__dict__", None)
        if names is not None:
            _empty(names)
    names = None
    gc.collect()


def _empty(names):
    for key in [key for key in names if key[:1] == "_" and key[1:2] != "_"]:
        names[key] = None
    for key in [key for key in names if key != "__builtins__"]:
        names[key] = None
