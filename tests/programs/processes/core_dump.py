# Dies of SIGSEGV in a child: nothing is dumped and nobody outside is told.
import resource
soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
if hard != 0:
    escaped(f"core dumps up to {hard}")
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
