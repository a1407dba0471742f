# Makes a namespace of one kind (flag as argument) with unshare 272, alone and together with a user namespace.
flag = int(sys.argv[1], 0)
all_walled([("alone", lambda: syscall(272, flag)), ("with user", lambda: syscall(272, flag | 0x10000000))])
