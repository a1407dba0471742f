# Sets the name of the host and the domain: sethostname 170, setdomainname 171.
all_walled([("sethostname", lambda: syscall(170, b"owned", 5)), ("setdomainname", lambda: syscall(171, b"owned", 5))])
