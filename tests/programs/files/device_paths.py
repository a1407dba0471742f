# Opens the devices that hand over a machine.
names = ["mem", "kmem", "port", "kmsg", "sda", "vda", "nvme0n1", "xvda", "dm-0", "loop0", "loop-control", "fuse", "kvm",
         "net/tun", "vhost-net", "vhost-vsock", "vsock", "console", "tty0", "tty1", "hpet", "cpu_dma_latency", "btrfs-control",
         "mapper/control", "uinput", "input/event0", "dri/card0", "rtc0", "watchdog", "snapshot", "userfaultfd", "nvram",
         "autofs", "cuse", "ttyS0", "hwrng", "mcelog"]
all_fail([(n, lambda n=n: os.open("/dev/" + n, os.O_RDONLY | os.O_NONBLOCK)) for n in names])
