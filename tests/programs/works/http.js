const http = require("http"), net = require("net");
const server = http.createServer((q, s) => s.end("page " + q.url));
server.listen(0, "127.0.0.1", () => {
  http.get({ port: server.address().port, host: "127.0.0.1", path: "/x" }, r => { r.on("data", d => console.log(d.toString())); r.on("end", () => server.close()); });
});
