# Takes more than its share of the scheduler, or touches the host's.
victim = int(sys.argv[1])
all_fail([("nice -5", lambda: os.nice(-5)),
          ("fifo", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))),
          ("rr", lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))),
          ("host priority", lambda: os.setpriority(os.PRIO_PROCESS, victim, 19)),
          ("host affinity", lambda: os.sched_setaffinity(victim, {0})),
          ("host rlimit", lambda: syscall(302, victim, 7, 0, ctypes.create_string_buffer(16)))])
