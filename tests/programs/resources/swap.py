# Moves memory out of the limit: swap of its own, or pages of others pushed out by MADV_PAGEOUT.
import mmap
def swap():
    with open("swapfile", "wb") as file:
        file.write(b"\0" * (1 << 20))
    return syscall(167, b"/workspace/swapfile", 0)
all_walled([("swapon", swap)])
