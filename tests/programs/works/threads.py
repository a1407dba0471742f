import queue, threading
from concurrent.futures import ThreadPoolExecutor
box, total = queue.Queue(), 0
lock = threading.Lock()
def add(n):
    global total
    with lock:
        total += n
    box.put(n)
threads = [threading.Thread(target=add, args=(n,)) for n in range(20)]
[t.start() for t in threads]; [t.join() for t in threads]
with ThreadPoolExecutor(8) as pool:
    squares = sum(pool.map(lambda n: n * n, range(100)))
print(total, box.qsize(), squares)
