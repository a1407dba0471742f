# What the zygote of Python does in Python. Its names are in a namespace of their own: no program sees them.

import sys

_had_gc = "gc" in sys.modules
import gc, io, os, posix, stat, time

if not _had_gc:
    # As in an interpreter that has just started.
    del sys.modules["gc"]
_is_finalizing = sys.is_finalizing
_modules = sys.modules
_callbacks = gc.callbacks
# name: (module, the number of its names)
_known = {}
_generators = []
# Those of `sys`; the interpreter adds the last exception.
_sys_names = {"last_type", "last_value", "last_traceback", "last_exc"}
_end = []
_streams = []


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
    random = sys.modules.get("random")
    if random is not None:
        _generators.extend(o for o in gc.get_objects() if isinstance(o, random.Random))
    # One that cannot be drawn anew is found here, and not in a child.
    _reseed()
    for name, module in list(sys.modules.items()):
        names = getattr(module, "__dict__", None)
        if name != "__main__" and isinstance(names, dict):
            _known[name] = (module, len(names))
    _sys_names.update(sys.__dict__)
    sys.path_importer_cache.clear()
    gc.collect()
    gc.freeze()


def child():
    _refresh_main()
    _reseed()
    # Touched now, so that the program need not wait for the copies.
    exec(compile(_TEXT, "<warm>", "exec"), {"__name__": "warm"})


def _refresh_main():
    # The zygote's is frozen: the collector would not see that nothing but itself holds it.
    old = sys.modules["__main__"]
    new = type(old)("__main__")
    new.__dict__.clear()
    new.__dict__.update(old.__dict__)
    sys.modules["__main__"] = new


def _reseed():
    # What a preload drew from the system at its import, or after, would be the same in every child. `random` itself
    # has a hook of its own; the generators made by others have none.
    for generator in _generators:
        generator.seed()
    loaded = sys.modules.get
    ssl = loaded("_ssl")
    if ssl is not None:
        # OpenSSL tells a fork by the process id (RAND_DRBG(7)), which is the same in every sandbox.
        ssl.RAND_add(os.urandom(32), 32.0)
    uuid = loaded("uuid")
    if uuid is not None:
        # The library behind version 1 keeps a node and a sequence that cannot be set anew; RFC 9562, 6.10.
        uuid._generate_time_safe = None
        uuid._node = int.from_bytes(os.urandom(6), "big") | 1 << 40
        uuid._last_timestamp = None
    tempfile = loaded("tempfile")
    if tempfile is not None:
        tempfile._name_sequence = None
    process = loaded("multiprocessing.process")
    if process is not None:
        config = process.current_process()._config
        config["authkey"] = process.AuthenticationString(os.urandom(32))
    synchronize = loaded("multiprocessing.synchronize")
    if synchronize is not None:
        synchronize.SemLock._rand = tempfile._RandomNameSequence()
    numpy = loaded("numpy.random")
    if numpy is not None:
        numpy.seed()


def settle(argv, env):
    if env != _ENV:
        _environ(env)
    words = [os.fsdecode(word) for word in argv]
    if hasattr(sys, "orig_argv"):
        # From 3.10 on.
        sys.orig_argv[:] = words
    sys.argv[:] = words[1:]
    if not stat.S_ISCHR(os.fstat(0).st_mode):
        _rewire_stdin()


def _environ(env):
    # It writes through to the C library, and to `posix.environ`.
    os.environb.clear()
    for item in env:
        name, _, value = item.partition(b"=")
        os.environb[name] = value
    time.tzset()


def _rewire_stdin():
    # What the stream knows of its descriptor is from the empty device. As in `create_stdio` (Python/pylifecycle.c).
    old = sys.stdin
    if old is None:
        return
    raw = io.FileIO(0, "r", closefd=False)
    raw.name = "<stdin>"
    new = io.TextIOWrapper(io.BufferedReader(raw), old.encoding, old.errors, "\n")
    new.mode = "r"
    sys.stdin = sys.__stdin__ = new


def finish(end):
    # The interpreter ends by itself (Py_FinalizeEx, Python/pylifecycle.c), up to where it would take apart what the
    # zygote had loaded: nobody could see that, and it would copy all its pages.
    _end.append(end)
    _callbacks.append(_arrange)
    return getattr(sys, "last_type", None) is KeyboardInterrupt


def _arrange(phase, info):
    # Called at the last collection before modules are let go; nothing of the program's runs but destructors.
    # Modules are emptied in the reverse order of `sys.modules` (finalize_modules), so that `end` goes when the
    # program's have gone. Without it, in every unusual case, the interpreter goes the whole way.
    if not _is_finalizing() or len(_end) != 1 or not sys.__dict__.keys() <= _sys_names:
        return
    if not _is_flushed("stdout") or not _is_flushed("stderr"):
        return
    ours, theirs = {}, {}
    for name, module in _modules.items():
        (ours if _is_as_known(name, module) else theirs)[name] = module
    last = type(sys)("<casemate>")
    last._end = _end[0]
    _end[0] = last
    _end.append(None)
    _streams.extend((sys.stdout, sys.stderr))
    _modules.clear()
    _modules.update(ours)
    _modules[last.__name__] = last
    _modules.update(theirs)


def _is_as_known(name, module):
    known = _known.get(name)
    return known is not None and known[0] is module and known[1] == len(module.__dict__)


def _is_flushed(name):
    # A second time does nothing, unless the first one failed.
    stream = getattr(sys, name, None)
    try:
        return type(stream) is io.TextIOWrapper and stream is getattr(sys, f"__{name}__") and stream.flush() is None
    except BaseException:
        return False


def last():
    # What destructors printed.
    for stream in _streams:
        try:
            stream.flush()
        except BaseException:
            pass
