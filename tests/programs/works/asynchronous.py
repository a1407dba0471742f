import asyncio
async def main():
    print(sum(await asyncio.gather(*[asyncio.sleep(0.01, n) for n in range(20)])))
    child = await asyncio.create_subprocess_exec("cat", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    out, _ = await child.communicate(b"by asyncio")
    print(out.decode(), child.returncode)
    shell = await asyncio.create_subprocess_shell("exit 3")
    print(await shell.wait())
    async def serve(reader, writer):
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()
    server = await asyncio.start_unix_server(serve, "/tmp/socket")
    reader, writer = await asyncio.open_unix_connection("/tmp/socket")
    writer.write(b"unix\n")
    print((await reader.read()).decode().strip())
    server.close()
    try:
        await asyncio.wait_for(asyncio.sleep(60), 0.05)
    except asyncio.TimeoutError:
        print("timeout")
    print(await asyncio.to_thread(lambda: "thread"))
asyncio.run(main())
