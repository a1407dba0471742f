import multiprocessing as mp
from multiprocessing import shared_memory
def square(n):
    return n * n
def put(queue, semaphore, value, event):
    event.wait()
    with semaphore:
        with value.get_lock():
            value.value += 1
        queue.put(mp.current_process().name)
def fill(name):
    block = shared_memory.SharedMemory(name=name)
    block.buf[:5] = b"hello"
    block.close()
if __name__ == "__main__":
    with mp.Pool(4) as pool:
        print(sum(pool.map(square, range(50))))
    queue, semaphore, value, event = mp.Queue(), mp.Semaphore(2), mp.Value("i", 0), mp.Event()
    children = [mp.Process(target=put, args=(queue, semaphore, value, event)) for _ in range(5)]
    [c.start() for c in children]
    event.set()
    print(len({queue.get(timeout=20) for _ in children}))
    [c.join() for c in children]
    print(value.value)
    block = shared_memory.SharedMemory(create=True, size=64)
    child = mp.Process(target=fill, args=(block.name,))
    child.start(); child.join()
    print(bytes(block.buf[:5]).decode())
    block.close(); block.unlink()
    ours, theirs = mp.Pipe()
    ours.send({"a": 1}); print(theirs.recv())
    with mp.Manager() as manager:
        shared = manager.dict()
        shared["k"] = "v"
        print(dict(shared))
    spawn = mp.get_context("spawn")
    with spawn.Pool(2) as pool:
        print(pool.apply(square, (9,)))
