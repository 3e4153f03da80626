// node's http2 client: `node client.js URL [CA]` does what follows with a server, and prints a line for each, `NAME: RESULT`.
'use strict';
const fs = require('fs');
const http2 = require('http2');

const [url, ca] = process.argv.slice(2);
// Its limit on memory is 10 MB, which 100 uploads at once exceed.
const session = http2.connect(url, { maxSessionMemory: 1000, ...(ca && { ca: fs.readFileSync(ca) }) });
session.on('goaway', (code, last, why) => { if (code) console.log(`GOAWAY: ${code} ${why}`); });
session.on('error', error => { console.log(`session: ${error.message}`); process.exit(1); });

// A request; gives the status, the content or its length, and the trailers.
function request(headers, content, options = {}) {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: content === undefined, waitForTrailers: Boolean(options.trailers) });
    let [status, pieces, length, trailers] = [0, [], 0, ''];
    if (options.trailers) stream.on('wantTrailers', () => stream.sendTrailers(options.trailers));
    stream.on('response', fields => { status = fields[':status']; });
    stream.on('data', piece => { length += piece.length; if (length <= 1 << 20) pieces.push(piece); });
    stream.on('trailers', fields => { trailers = fields['x-sum'] || ''; });
    stream.on('end', () => resolve({ status, length, trailers, text: Buffer.concat(pieces).toString('latin1') }));
    stream.on('error', reject);
    if (content !== undefined) stream.end(content);
    if (options.holds) options.holds(stream);
  });
}

const get = path => request({ ':path': path });
const post = (path, content, options) => request({ ':method': 'POST', ':path': path }, content, options);

async function many(count, together, one) {
  let [next, good] = [0, 0];
  await Promise.all(Array.from({ length: together }, async () => {
    while (next++ < count) if (await one()) good++;
  }));
  return good;
}

(async () => {
  console.log(`GET: ${(await get('/hello')).text.trim()}`);
  console.log(`GET 1 MiB: ${(await get('/big')).length}`);
  const content = Buffer.alloc(900000, 'abc');
  console.log(`POST 900 kB: ${(await post('/echo', content)).text === content.toString('latin1')}`);
  const both = await post('/trailers', 'x', { trailers: { 'x-sum': '17' } });
  console.log(`trailers: ${/x-sum: ?17/i.test(both.text)} ${both.trailers}`);
  console.log(`10000 streams: ${await many(10000, 100, async () => (await get('/hello')).text === 'hello\n')}`);
  console.log(`100 uploads at once: ${await many(100, 100, async () => (await post('/echo', content)).length === content.length)}`);
  // One stream that is not read does not stop the others.
  let slow;
  const held = request({ ':path': '/big' }, undefined, { holds: stream => { slow = stream; stream.pause(); } });
  const others = await many(200, 20, async () => (await get('/hello')).text === 'hello\n');
  slow.resume();
  console.log(`a slow stream: ${others} ${(await held).length}`);
  session.close();
})().catch(error => { console.log(`failed: ${error.message}`); process.exit(1); });
