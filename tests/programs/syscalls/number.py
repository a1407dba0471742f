# One system call of x86_64 by its number: name, number, arguments (integers, "buffer" or "text:...").
# The arguments are such that the kernel itself would answer something else than a wall does.
def argument(word):
    if word == "buffer":
        return ctypes.create_string_buffer(4096)
    if word.startswith("text:"):
        return ctypes.c_char_p(word[5:].encode())
    value = int(word, 0)
    return value if value < 1 << 63 else value - (1 << 64)
label, number = sys.argv[1], int(sys.argv[2])
arguments = [argument(word) for word in sys.argv[3:]]
all_walled([(label, lambda: syscall(number, *arguments))])
