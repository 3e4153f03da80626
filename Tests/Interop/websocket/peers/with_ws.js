// ws (npm), the usual one for Node: `node with_ws.js serve|talk NAME=VALUE…`, the same as the programs of Python here.
const fs = require("fs");
const http = require("http");
const https = require("https");
const { WebSocket, WebSocketServer } = require("ws");

const named = Object.fromEntries(process.argv.slice(3).map((text) => text.split(/=(.*)/s).slice(0, 2)));
const withoutContext = { serverNoContextTakeover: true, clientNoContextTakeover: true };
const compression = named.compression === "off" ? false : named.compression === "without-context" ? withoutContext : true;
const mebibyte = Array(16).fill("0123456789abcdef".repeat(4096));

function fragments(socket) {
  mebibyte.forEach((part, index) => socket.send(part, { fin: index === mebibyte.length - 1 }));
}

function serve() {
  let last = "";
  const server = named.cert ? https.createServer({ cert: fs.readFileSync(named.cert), key: fs.readFileSync(named.key) }) : http.createServer();
  const sockets = new WebSocketServer({
    noServer: true, perMessageDeflate: compression, maxPayload: 1 << 26, handleProtocols: (offered) => (offered.has("chat") ? "chat" : false),
  });
  sockets.on("headers", (headers, request) => {
    request.agreed = headers.find((line) => line.startsWith("Sec-WebSocket-Extensions")) || "";
  });
  sockets.on("connection", (socket, request) => {
    socket.on("message", (data, isBinary) => {
      const text = isBinary ? null : data.toString();
      if (text === "extensions") socket.send(request.agreed);
      else if (text === "fragments") fragments(socket);
      else if (text === "ping") socket.ping("?");
      else if (text === "close") socket.close(4001, "bye, €");
      else if (text === "last") socket.send(last);
      else socket.send(data, { binary: isBinary });
    });
    socket.on("pong", () => socket.send("pong"));
    socket.on("close", (code, reason) => (last = `${code} ${reason}`));
  });
  server.on("upgrade", (request, stream, head) => {
    const refused = /^\/refused\/(\d+)$/.exec(request.url);
    if (!refused) return sockets.handleUpgrade(request, stream, head, (socket) => sockets.emit("connection", socket, request));
    stream.end(`HTTP/1.1 ${refused[1]} No\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n`);
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
}

function check(name, found, wanted) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  console.log(a === b ? `ok ${name}` : `failed ${name}: ${String(a).slice(0, 200)}, not ${String(b).slice(0, 200)}`);
}

function open(path) {
  const options = { perMessageDeflate: compression, maxPayload: 1 << 26, ca: named.roots && fs.readFileSync(named.roots) };
  const socket = new WebSocket(named.url + path, ["other", "chat"], options);
  socket.agreed = "";
  socket.status = null;
  socket.on("upgrade", (response) => (socket.agreed = response.headers["sec-websocket-extensions"] || ""));
  return socket;
}

const event = (socket, name) => new Promise((resolve) => socket.once(name, (...values) => resolve(values)));

async function asked(socket, message) {
  socket.send(message);
  const [data, isBinary] = await event(socket, "message");
  return isBinary ? data : data.toString();
}

async function talk() {
  let socket = open("/talk");
  await event(socket, "open");
  check("the subprotocol", socket.protocol, "chat");
  check("whether compression was agreed", socket.agreed.includes("permessage-deflate"), compression !== false);
  if (compression) {
    check("context of the compression", !socket.agreed.includes("no_context_takeover"), compression === true);
  }
  const sent = ["", "ünïcödé, €, 😀", Buffer.alloc(0), Buffer.from([...Array(256).keys()]), mebibyte[0], mebibyte[0], Buffer.from(mebibyte.join(""))];
  const good = [];
  for (const message of sent) {
    const answer = await asked(socket, message);
    good.push(Buffer.isBuffer(message) === Buffer.isBuffer(answer) && Buffer.from(message).equals(Buffer.from(answer)));
  }
  check("messages of each size", good, sent.map(() => true));
  fragments(socket);
  check("1 MiB in fragments", (await event(socket, "message"))[0].toString() === mebibyte.join(""), true);
  socket.ping("?");
  check("a ping", String((await event(socket, "pong"))[0]), "?");
  check("a ping of the server", await asked(socket, "ping"), "pong");
  socket.send("close");
  const [code, reason] = await event(socket, "close");
  check("the server closes", [code, String(reason)], [4001, "bye, €"]);
  socket = open("/talk");
  await event(socket, "open");
  socket.close(4002, "done, €");
  await event(socket, "close");
  socket = open("/talk");
  await event(socket, "open");
  check("the client closes, as the server saw it", await asked(socket, "last"), "4002 done, € clean");
  socket.close();
  for (const status of [401, 403]) {
    socket = open(`/refused/${status}`);
    const [request, response] = await event(socket, "unexpected-response");
    check(`refused with ${status}`, response.statusCode, status);
    request.destroy();
  }
}

if (process.argv[2] === "serve") serve();
else talk();
