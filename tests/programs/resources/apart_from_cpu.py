# Burns one processor for three seconds of wall time and prints how much processor time it got.
import resource
import sys
import time
start = time.monotonic()
while time.monotonic() - start < float(sys.argv[1]):
    pass
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime)
