# Takes memory in many children, each below the limit.
children = []
for _ in range(8):
    child = os.fork()
    if child == 0:
        kept = [bytearray(os.urandom(4096)) * 256 for _ in range(int(sys.argv[1]))]
        signal.pause()
        os._exit(0)
    children.append(child)
import time
time.sleep(20)
escaped("eight children hold their memory")
