# Takes a handle of a host process and of init's descriptors: pidfd_open 434, pidfd_getfd 438.
victim = int(sys.argv[1])
all_fail([("open host", lambda: syscall(434, victim, 0)),
          ("getfd init", lambda: syscall(438, syscall(434, 1, 0), 0, 0)),
          ("signal host", lambda: syscall(424, syscall(434, victim, 0), 9, 0, 0))])
