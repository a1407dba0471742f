# Climbs to the parent by the ioctls of namespaces (ioctl_ns(2)): NS_GET_USERNS 0xb701, NS_GET_PARENT 0xb702.
import fcntl
def climb(kind, number):
    return fcntl.ioctl(os.open(f"/proc/self/ns/{kind}", os.O_RDONLY), number)
all_fail([("parent of user", lambda: climb("user", 0xB702)), ("parent of pid", lambda: climb("pid", 0xB702)),
          ("owner of user", lambda: climb("user", 0xB701))])
