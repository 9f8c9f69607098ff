import { connect } from 'node:net';
import { HttpServer } from './http-server';

const limits = {
  maxHeaderSize: 1_024,
  headersTimeout: 200,
  requestTimeout: 400,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 50,
};

let server: HttpServer;
let port: number;
beforeEach(async () => {
  server = new HttpServer(
    (request, response) => {
      request.resume();
      request.on('end', () => response.end('done'));
    },
    () => 'req_1',
    { limits },
  );
  port = await server.listen('127.0.0.1', 0);
});
afterEach(() => server.drain(100, () => undefined));

/** @returns everything that comes back until the server ends the connection */
function talk(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

describe('a client', () => {
  it.each([
    ['that never ends its headers', 'GET /v1/models HTTP/1.1\r\nhost: x\r\nx-slow: '],
    ['that never ends its body', 'POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc'],
  ])('%s is told so, and let go', async (_name, text) => {
    const answer = await talk(text);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"request_timeout"');
    expect(answer).toMatch(/x-request-id: req_1\r\n/);
    expect(answer).toMatch(/connection: close\r\n/i);
  });

  it('with headers that are too large gets 431', async () => {
    expect(await talk(`GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(2_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
  });

  it('with an idle connection does not hold up the end', async () => {
    const idle = talk('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    const startMs = performance.now();
    // Wait for the answer, after which the connection is idle and kept open.
    await talk('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    await server.drain(10_000, () => undefined);
    expect(await idle).toMatch(/^HTTP\/1\.1 200 /);
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });
});
