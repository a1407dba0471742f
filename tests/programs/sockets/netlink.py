# Netlink beyond routes: audit, diagnostics, netfilter, kernel events, generic, connector, crypto.
all_walled([(f"protocol {p}", lambda p=p: syscall(41, 16, 3, p)) for p in range(1, 23)]
           + [(f"high {p}", lambda p=p: syscall(41, 16, 3, p | 1 << 32)) for p in (4, 9, 12, 15, 16)])
