# Kills a process of the host by its id there, given as an argument.
victim = int(sys.argv[1])
all_fail([("kill", lambda: os.kill(victim, signal.SIGKILL)),
          ("kill 0", lambda: os.kill(victim, 0)),
          ("tgkill", lambda: syscall(234, victim, victim, signal.SIGKILL)),
          ("killpg", lambda: os.killpg(victim, signal.SIGKILL))])
