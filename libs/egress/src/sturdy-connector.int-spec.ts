import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type Dispatcher, Pool } from 'undici';
import { sturdyConnector } from './sturdy-connector';

const head = 'HTTP/1.1 200 OK\r\nconnection: close\r\n';
const big = 'x'.repeat(3_000_000);

interface Outcome {
  bytes: number;
  end: 'complete' | 'broken';
}

let server: Server;
let sockets: Socket[];
let pool: Pool;
afterEach(async () => {
  await pool.destroy();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

/** Pauses at the first bytes, and goes on a while after the server has hung up. */
async function readSlowly(answer: (socket: Socket) => void): Promise<Outcome> {
  sockets = [];
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => answer(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  pool = new Pool(`http://127.0.0.1:${port}`, { connect: sturdyConnector({}) });
  let bytes = 0;
  return new Promise((resolve) => {
    let hasPaused = false;
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => undefined,
      onResponseStart: () => undefined,
      onResponseData: (controller, chunk) => {
        bytes += chunk.length;
        if (hasPaused) return;
        hasPaused = true;
        controller.pause();
        setTimeout(() => controller.resume(), 200);
      },
      onResponseEnd: () => resolve({ bytes, end: 'complete' }),
      onResponseError: () => resolve({ bytes, end: 'broken' }),
    };
    pool.dispatch({ method: 'POST', path: '/', body: '{}' }, handler);
  });
}

/** After the reader has paused: it does so at the first bytes. */
function soon(act: () => void): void {
  setTimeout(act, 50);
}

describe('a server that hangs up while its answer is paused', () => {
  it.each([
    ['without a length', `${head}\r\n`, 'hello', 5],
    ['with its length', `${head}content-length: 5\r\n\r\n`, 'hello', 5],
    ['in chunks', `${head}transfer-encoding: chunked\r\n\r\n`, '5\r\nhello\r\n0\r\n\r\n', 5],
    ['much of it', `${head}\r\n`, big, big.length],
  ])('%s: all of the answer comes', async (_how, start, body, bytes) => {
    expect(await readSlowly((socket) => socket.end(start + body))).toEqual({ bytes, end: 'complete' });
    const late = (socket: Socket): void => {
      socket.write(start + body.slice(0, 3));
      soon(() => socket.end(body.slice(3)));
    };
    await pool.destroy();
    await new Promise((resolve) => server.close(resolve));
    expect(await readSlowly(late)).toEqual({ bytes, end: 'complete' });
  });

  it.each([
    ['with its length', `${head}content-length: 9\r\n\r\nhello`],
    ['in chunks', `${head}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`],
    ['on a connection to be kept', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello'],
  ])('%s: a torn answer is broken', async (_how, start) => {
    const torn = await readSlowly((socket) => {
      socket.write(start);
      soon(() => socket.end());
    });
    expect(torn).toEqual({ bytes: 5, end: 'broken' });
  });

  it('by a reset: nobody dies of it', async () => {
    const reset = await readSlowly((socket) => {
      socket.write(`${head}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`);
      soon(() => socket.resetAndDestroy());
    });
    expect(reset.bytes).toBe(5);
  });
});
