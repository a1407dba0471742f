# The files that give memory, log and symbols of the kernel.
none_readable(["/proc/kcore", "/proc/kmsg", "/proc/kpagecount", "/proc/kpageflags", "/proc/kpagecgroup", "/proc/vmallocinfo",
               "/dev/kmsg", "/dev/mem", "/proc/slabinfo", "/proc/pagetypeinfo"])
