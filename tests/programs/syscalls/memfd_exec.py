# Code run from memory is as walled as code from a file: ptrace and unshare from a memfd program.
memory = os.memfd_create("program")
with open(sys.executable, "rb") as source:
    while chunk := source.read(1 << 20):
        os.write(memory, chunk)
code = "import ctypes,os;l=ctypes.CDLL(None,use_errno=True);print(l.unshare(0x10000000), ctypes.get_errno());" \
       "print(open('/proc/self/status').read().split('Seccomp:')[1].split()[0])"
reader, writer = os.pipe()
child = os.fork()
if child == 0:
    os.dup2(writer, 1)
    try:
        os.execve(memory, [sys.executable, "-c", code], dict(os.environ))
    except OSError as error:
        os.write(1, f"-1 exec {error.errno}\n2\n".encode())
        os._exit(0)
os.close(writer)
answer = b""
while chunk := os.read(reader, 4096):
    answer += chunk
os.waitpid(child, 0)
words = answer.split()
if not words or words[0] != b"-1" or words[-1] != b"2":
    escaped(answer)
held(answer)
