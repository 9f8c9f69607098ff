import { createServer, type Socket } from 'node:net';
import { contentLengthOf } from './wire';

/**
 * A provider that costs next to nothing: the same answer to every POST, from one buffer. With `"stream":true` in the body it
 * sends an event each second until the client leaves, or as many at once as `max_tokens` says. The model `bench-down` fails.
 */
const body = JSON.stringify({
  id: 'chatcmpl-bench',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'bench',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'The quick brown fox jumps over the lazy dog. '.repeat(4) },
      finish_reason: 'stop',
    },
  ],
  usage: { prompt_tokens: 12, completion_tokens: 40, total_tokens: 52 },
});
const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const answer = Buffer.from(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
const models = JSON.stringify({ object: 'list', data: [{ id: 'bench', object: 'model' }] });
const modelsAnswer = Buffer.from(`${head}content-length: ${models.length}\r\n\r\n${models}`);
const streamHead = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n',
);
const eventMs = 1_000;

function chunk(text: string): Buffer {
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
}

const delta = chunk(
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'bench', choices: [{ index: 0, delta: { content: 'word ' }, finish_reason: null }] })}\n\n`,
);
const unavailable = JSON.stringify({ error: { message: 'overloaded', type: 'server_error', code: '503' } });
const unavailableAnswer = Buffer.from(
  `HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: ${unavailable.length}\r\n\r\n${unavailable}`,
);
const ends = chunk('data: [DONE]\n\n');
const lastChunk = Buffer.from('0\r\n\r\n');
const streams = new Set<Socket>();
setInterval(() => {
  for (const socket of streams) socket.write(delta);
}, eventMs).unref();

function reply(socket: Socket, method: string, requestBody: string): void {
  if (method !== 'POST') return void socket.write(modelsAnswer);
  if (requestBody.includes('"bench-down"')) return void socket.write(unavailableAnswer);
  if (!requestBody.includes('"stream":true')) return void socket.write(answer);
  socket.write(streamHead);
  const events = /"max_tokens":(\d+)/.exec(requestBody)?.[1];
  if (events === undefined) {
    socket.write(delta);
    streams.add(socket);
    return;
  }
  socket.write(Buffer.concat([...Array.from({ length: Number(events) }, () => delta), ends, lastChunk]));
}

function serve(socket: Socket): void {
  let held: Buffer = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => streams.delete(socket));
  socket.on('data', (bytes) => {
    held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
    for (;;) {
      const at = held.indexOf('\r\n\r\n');
      if (at === -1) return;
      const requestHead = held.toString('latin1', 0, at);
      const end = at + 4 + (contentLengthOf(requestHead) ?? 0);
      if (held.length < end) return;
      reply(socket, requestHead.slice(0, requestHead.indexOf(' ')), held.toString('utf8', at + 4, end));
      held = held.subarray(end);
    }
  });
}

const server = createServer({ noDelay: true }, serve).listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : null });
});
process.on('disconnect', () => process.exit(0));
