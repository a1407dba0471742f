import asyncio, http.server, socket, threading, urllib.request
async def tcp():
    async def serve(reader, writer):
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"tcp\n")
    print((await reader.read()).decode().strip())
    server.close()
asyncio.run(tcp())
one, two = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(("127.0.0.1", 0)); one.settimeout(10)
two.sendto(b"udp", one.getsockname())
print(one.recv(10).decode())
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"page")
    def log_message(self, *words):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(urllib.request.urlopen(f"http://localhost:{server.server_port}/").read().decode())
server.shutdown()
six = socket.socket(socket.AF_INET6)
try:
    six.bind(("::1", 0)); six.listen()
    caller = socket.create_connection(six.getsockname()[:2])
    print("six")
except OSError as error:
    print("six" if "assign" in str(error) or "support" in str(error) else error)
print([name for _, name in socket.if_nameindex()])
