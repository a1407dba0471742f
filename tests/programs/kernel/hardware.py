# What hardware and disks the host has.
found = readable(["/proc/partitions", "/proc/diskstats", "/proc/iomem", "/proc/ioports", "/proc/mdstat", "/proc/dma",
                  "/proc/scsi/scsi", "/proc/bus/pci/devices", "/proc/bus/input/devices", "/proc/mtrr", "/proc/swaps",
                  "/proc/locks", "/proc/zoneinfo", "/proc/buddyinfo", "/proc/tty/driver/serial", "/proc/misc"])
for folder in ("/proc/acpi", "/proc/scsi", "/proc/bus", "/proc/irq", "/proc/asound", "/proc/driver", "/proc/fs",
               "/proc/tty/driver", "/proc/dynamic_debug"):
    try:
        found += [folder] if os.listdir(folder) else []
    except OSError:
        pass
if found:
    escaped(found)
held("nothing about hardware")
