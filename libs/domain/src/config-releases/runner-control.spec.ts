import { silentLogger } from '@signalbox/common';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RunnerControl } from './runner-control';

let server: Server | null = null;

async function listen(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const opened = createServer(handle);
  server = opened;
  await new Promise<void>((resolve) => opened.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(opened.address() as AddressInfo).port}`;
}

const wake = (url: string): Promise<void> =>
  new RunnerControl({ url, internalToken: 'token' }, silentLogger).wake();

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

it('asks the runner with the internal token', async () => {
  const asked: unknown[] = [];
  const url = await listen((request, response) => {
    asked.push([request.method, request.url, request.headers.authorization]);
    response.writeHead(202).end('{"accepted":true}');
  });
  await wake(url);
  expect(asked).toEqual([['POST', '/wake', 'Bearer token']]);
});

it.each([
  ['refuses', (response: ServerResponse) => response.writeHead(401).end()],
  ['fails', (response: ServerResponse) => response.writeHead(500).end('boom')],
  ['hangs up', (response: ServerResponse) => response.destroy()],
])('does without a runner that %s', async (_what, answer) => {
  const url = await listen((_request, response) => void answer(response));
  await expect(wake(url)).resolves.toBeUndefined();
});

it('does not wait for a runner that never answers', async () => {
  const url = await listen(() => undefined);
  await expect(wake(url)).resolves.toBeUndefined();
}, 3_000);

it('does without a runner that is not there, and without one that is not known', async () => {
  const url = await listen(() => undefined);
  server?.close();
  await expect(wake(url)).resolves.toBeUndefined();
  await expect(new RunnerControl(null, silentLogger).wake()).resolves.toBeUndefined();
});
