# The keys of the kernel's keyring.
none_readable(["/proc/keys", "/proc/key-users"])
