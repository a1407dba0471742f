# Dies of SIGSEGV in a child: nothing is dumped and nobody outside is told.
import resource
soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
# 1 dumps nothing to a file, and keeps a core_pattern that pipes from being run on the host.
if not 0 <= hard <= 1:
    escaped(f"core dumps up to {hard}")
try:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if hard == 1:
        escaped("set the limit to 0, which a core_pattern that pipes ignores")
except (ValueError, OSError):
    pass
try:
    resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20))
    escaped("raised the limit of core dumps")
except (ValueError, OSError):
    pass
child = os.fork()
if child == 0:
    os.kill(os.getpid(), signal.SIGSEGV)
_, status = os.waitpid(child, 0)
if os.WCOREDUMP(status):
    escaped("a core was dumped")
left = [n for n in os.listdir(".") if n.startswith("core")]
if left:
    escaped(f"left {left}")
held("no core")
