import { connect, type Socket } from 'node:net';
import { waitUntil } from '../../../../test/support/wait-until';
import { ConnectionLimits } from './connection-limits';
import { HttpServer } from './http-server';

const bounds = { perAddress: 6, silentPerAddress: 3, silentForMs: 0, pipelined: 2 };
const wait = { deadlineMs: 3_000, pollEveryMs: 2 };
let server: HttpServer | null = null;
const sockets: Socket[] = [];
const handled: (string | undefined)[] = [];
beforeEach(() => {
  handled.length = 0;
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.drain(100, () => undefined);
});

interface Client {
  socket: Socket;
  isClosed: () => boolean;
  answer: () => string;
}

async function listen(change: Partial<typeof bounds> = {}, isExempt = false): Promise<number> {
  const connections = new ConnectionLimits(() => isExempt, { ...bounds, ...change });
  server = new HttpServer(
    (request, response) => {
      request.resume();
      handled.push(request.url);
      if (request.url !== '/hang') response.end('done');
    },
    () => 'req_1',
    { connections },
  );
  return server.listen('127.0.0.1', 0);
}

async function openClient(port: number, text = ''): Promise<Client> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let isClosed = false;
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString())).on('error', () => undefined);
  socket.on('close', () => (isClosed = true));
  await waitUntil(() => !socket.connecting, { ...wait, what: 'the connection' });
  if (text !== '') socket.write(text);
  return { socket, isClosed: () => isClosed, answer: () => answer };
}

const request = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';

async function served(port: number): Promise<Client> {
  const client = await openClient(port, request);
  await waitUntil(() => client.answer().includes('done'), { ...wait, what: 'the answer' });
  return client;
}

describe('connections of one address', () => {
  it('that say nothing push each other out, and never one that has been served', async () => {
    const port = await listen();
    const honest = await served(port);
    const silent: Client[] = [];
    for (let index = 0; index < 5; index += 1)
      silent.push(await openClient(port, 'GET / HTTP/1.1\r\nx-slow: '));
    await waitUntil(() => silent.filter((one) => one.isClosed()).length === 2, {
      ...wait,
      what: 'the oldest to go',
    });
    expect(silent.map((one) => one.isClosed())).toEqual([true, true, false, false, false]);
    expect(honest.isClosed()).toBe(false);
    await served(port);
  });

  it('may be silent for a moment, however many they are', async () => {
    const port = await listen({ silentForMs: 60_000, perAddress: 100 });
    const silent: Client[] = [];
    for (let index = 0; index < 10; index += 1) silent.push(await openClient(port));
    await served(port);
    expect(silent.some((one) => one.isClosed())).toBe(false);
  });

  it('are so many and no more', async () => {
    const port = await listen();
    for (let index = 0; index < 6; index += 1) await served(port);
    const refused = await openClient(port, request);
    await waitUntil(() => refused.isClosed(), { ...wait, what: 'the refusal' });
    sockets[0]?.destroy();
    const again = async (): Promise<boolean> => {
      const client = await openClient(port, request);
      await waitUntil(() => client.isClosed() || client.answer() !== '', { ...wait, what: 'an end' });
      return client.answer().includes('done');
    };
    await waitUntil(again, { ...wait, what: 'room' });
  });

  it('are not counted for a trusted proxy', async () => {
    const port = await listen({}, true);
    const clients: Client[] = [];
    for (let index = 0; index < 12; index += 1) clients.push(await openClient(port, 'GET'));
    await served(port);
    expect(clients.some((one) => one.isClosed())).toBe(false);
  });

  it('wait for their answers: who sends on and on without one is cut off', async () => {
    const port = await listen();
    const patient = await openClient(port, request.repeat(2));
    await waitUntil(() => patient.answer().split('done').length === 3, { ...wait, what: 'two answers' });
    patient.socket.write(request);
    await waitUntil(() => patient.answer().split('done').length === 4, { ...wait, what: 'the third' });
    const client = await openClient(port, 'GET /hang HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(2));
    await waitUntil(() => handled.filter((url) => url === '/hang').length === 2, { ...wait, what: 'both' });
    expect(client.isClosed()).toBe(false);
    client.socket.write(request);
    await waitUntil(() => client.isClosed(), { ...wait, what: 'the end' });
    expect(handled.at(-1)).toBe('/hang');
  });
});
