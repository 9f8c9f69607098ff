import { createServer, request as httpRequest, type ClientRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { waitUntil } from '../../../../test/support/wait-until';
import { BodyMemory } from './body-memory';
import { readBody } from './body-reader';
import { Refusal } from './refusal';

const memory = new BodyMemory({ totalBytes: 2_000, largeTotalBytes: 1_000, largeFromBytes: 500 });
const options = { memory, turnLimitMs: 300, silenceLimitMs: 200 };
const wait = { deadlineMs: 3_000, pollEveryMs: 5 };

let server: Server;
let answering: (() => void)[] = [];
const lengths: number[] = [];
const clients: ClientRequest[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    readBody(request, response, options).then(
      (bytes) => {
        lengths.push(bytes.length);
        answering.push(() => response.end('read'));
      },
      (error: unknown) => response.end(error instanceof Refusal ? error.code : 'gone'),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
afterEach(async () => {
  for (const answer of answering.splice(0)) answer();
  for (const client of clients.splice(0)) client.destroy();
  lengths.length = 0;
  await waitUntil(() => memory.heldBytes === 0, { ...wait, what: 'all memory to be given back' });
});

/** @returns what is answered, once it is */
function send(length: number, bytes = length): { answer: () => string; client: ClientRequest } {
  let text = '';
  const { port } = server.address() as AddressInfo;
  const headers = length > 0 ? { 'content-length': length } : {};
  const client = httpRequest({ port, host: '127.0.0.1', method: 'POST', headers }, (response) =>
    response.on('data', (chunk: Buffer) => (text += chunk.toString())),
  );
  client.on('error', () => undefined);
  client.write('x'.repeat(bytes));
  if (bytes === length || length === 0) client.end();
  clients.push(client);
  return { answer: () => text, client };
}

const until = (condition: () => boolean, what: string): Promise<boolean> =>
  waitUntil(condition, { ...wait, what }).then(Boolean);

it('a large body waits, unread, until another one has been answered', async () => {
  send(900);
  await until(() => lengths.length === 1, 'the first');
  const second = send(800);
  send(100);
  await until(() => lengths.length === 2, 'the small one');
  expect(lengths).toEqual([900, 100]);
  answering.shift()?.();
  await until(() => lengths.length === 3, 'the second');
  expect(second.answer()).toBe('');
});

it('and not for ever', async () => {
  send(900);
  await until(() => lengths.length === 1, 'the first');
  const second = send(800);
  await until(() => second.answer() === 'overloaded', 'the refusal');
});

it('who leaves while it waits takes nobody a place', async () => {
  send(900);
  await until(() => lengths.length === 1, 'the first');
  const second = send(800);
  await until(() => memory.waitingCount === 1, 'the second to wait');
  second.client.destroy();
  await until(() => memory.waitingCount === 0, 'its end');
});

it('a body that stops in the middle is given up', async () => {
  const slow = send(400, 100);
  await until(() => slow.answer() === 'request_timeout', 'the refusal');
});

it('a body of unknown length is refused when there is no room for more of it', async () => {
  const chunked = send(0, 1_500);
  await until(() => chunked.answer() === 'overloaded', 'the refusal');
});
