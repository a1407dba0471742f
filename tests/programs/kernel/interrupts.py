# What the hardware of the host does: a clock for spying on neighbours.
none_readable(["/proc/interrupts", "/proc/softirqs", "/proc/timer_list", "/proc/sched_debug", "/proc/latency_stats",
               "/proc/schedstat", "/proc/timer_stats", "/proc/irq/0/spurious", "/proc/irq/default_smp_affinity",
               "/proc/lock_stat", "/proc/stat.host"])
