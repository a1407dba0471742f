# Raw and packet sockets, by which frames and addresses are forged.
all_fail([("icmp", lambda: syscall(41, 2, 3, 1)), ("raw", lambda: syscall(41, 2, 3, 255)), ("raw tcp", lambda: syscall(41, 2, 3, 6)),
          ("icmp6", lambda: syscall(41, 10, 3, 58)), ("packet", lambda: syscall(41, 17, 3, 0x300)),
          ("packet datagram", lambda: syscall(41, 17, 2, 0x300)), ("sctp", lambda: syscall(41, 2, 5, 132))])
