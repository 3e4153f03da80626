// A server of node's http2: `node server.js CERTIFICATE KEY` prints its two ports, without and with TLS.
'use strict';
const fs = require('fs');
const http2 = require('http2');

const BIG = Buffer.alloc(1 << 20, 'x');

function flow(stream, left) {
  // Waits where the stream's buffer is full.
  while (left > 0) {
    const piece = BIG.subarray(0, Math.min(left, 65536));
    left -= piece.length;
    if (!stream.write(piece)) return stream.once('drain', () => flow(stream, left));
  }
  stream.end();
}

function answer(stream, headers) {
  stream.on('error', () => {});
  const path = headers[':path'];
  let trailers = '';
  stream.on('trailers', fields => { trailers = fields['x-sum'] || ''; });
  if (path.startsWith('/flow/')) {
    stream.respond({ ':status': 200 });
    return flow(stream, Number(path.slice(6)));
  }
  switch (path) {
    case '/echo':
      stream.respond({ ':status': 200 });
      return stream.pipe(stream);
    case '/sink': {
      let count = 0;
      stream.on('data', piece => { count += piece.length; });
      return stream.on('end', () => { stream.respond({ ':status': 200 }); stream.end(`${count}\n`); });
    }
    case '/trailers':
      stream.resume();
      return stream.on('end', () => {
        stream.respond({ ':status': 200 }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '3' }));
        stream.end(trailers ? `${trailers}\n` : 'no trailers\n');
      });
    case '/hints':
      stream.additionalHeaders({ ':status': 103, link: '</a>' });
      stream.respond({ ':status': 200 });
      return stream.end('hello\n');
    case '/big':
      stream.respond({ ':status': 200, 'content-length': BIG.length });
      return stream.end(BIG);
    default:
      stream.respond({ ':status': path === '/hello' ? 200 : 404 });
      return stream.end('hello\n');
  }
}

const [certificate, key] = process.argv.slice(2).map(name => fs.readFileSync(name));
const servers = [http2.createServer(), http2.createSecureServer({ cert: certificate, key })];
for (const server of servers) {
  server.on('stream', answer);
  server.on('sessionError', () => {});
}
servers[0].listen(0, '127.0.0.1', () => servers[1].listen(0, '127.0.0.1', () => {
  console.log(servers.map(server => server.address().port).join(' '));
}));
