# Starts threads until it is refused; argument: the limit.
import threading
limit, count = int(sys.argv[1]), 0
stop = threading.Event()
threading.stack_size(65536)
try:
    while count <= limit * 4:
        threading.Thread(target=stop.wait, daemon=True).start()
        count += 1
except RuntimeError as error:
    if count >= limit:
        escaped(f"{count} threads with a limit of {limit}")
    held(f"refused after {count}: {error}")
escaped(f"{count} threads")
