import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import type { AddressPolicy } from './address-policy';
import { EgressError, type EgressReason } from './egress-error';
import { guardedAgent } from './guarded-agent';
import { guardedFetch, type GuardedRequest } from './guarded-fetch';

const seen: IncomingMessage[] = [];
let answer: RequestListener = (_request, response) => void response.end('hello');
let server: Server;
let port: number;

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
beforeEach(() => {
  seen.length = 0;
  answer = (_request, response) => void response.end('hello');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const toLoopback = (): Promise<string[]> => Promise.resolve(['127.0.0.1']);
const allowed: AddressPolicy = { allowedHosts: ['llm.example.com'], resolve: toLoopback };
const url = (path = '/v1/models'): string => `http://llm.example.com:${port}${path}`;

async function errorOf(init: GuardedRequest, policy = allowed, to = url()): Promise<EgressError> {
  const error: unknown = await guardedFetch(to, init, policy).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(EgressError);
  return error as EgressError;
}

async function reasonOf(init: GuardedRequest, policy = allowed, to = url()): Promise<EgressReason> {
  return (await errorOf(init, policy, to)).reason;
}

describe('guardedFetch', () => {
  it('sends the request and returns the whole answer', async () => {
    answer = (request, response) => {
      response.writeHead(201, { 'x-a': '1', 'content-type': 'application/json' });
      request.pipe(response);
    };
    const response = await guardedFetch(
      url('/v1/x?y=1'),
      { method: 'POST', headers: { authorization: 'Bearer k' }, body: '{"a":1}' },
      allowed,
    );
    expect([response.status, response.headers.get('x-a'), await response.json()]).toEqual([
      201,
      '1',
      { a: 1 },
    ]);
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/v1/x?y=1' });
    expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer k', host: `llm.example.com:${port}` });
  });

  it('returns errors of the server as answers', async () => {
    answer = (_request, response) => void response.writeHead(401).end();
    expect((await guardedFetch(url(), {}, allowed)).status).toBe(401);
    answer = (_request, response) => void response.writeHead(204).end();
    expect((await guardedFetch(url(), {}, allowed)).status).toBe(204);
  });

  it('connects to nothing private', async () => {
    const policy = { allowedHosts: [], resolve: toLoopback };
    expect(await reasonOf({}, policy)).toBe('forbidden_address');
    for (const host of ['127.0.0.1', '[::1]', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]']) {
      expect(await reasonOf({}, policy, `http://${host}:${port}/`)).toBe('forbidden_address');
    }
    expect(await reasonOf({}, policy, `http://localhost:${port}/`)).toBe('forbidden_host');
    expect(seen).toEqual([]);
  });

  it('is not led astray by a name that changes (DNS rebinding): what is connected to is what was checked', async () => {
    let questions = 0;
    const rebinding = (): Promise<string[]> => {
      questions += 1;
      // TEST-NET would never answer; the first answer is a public address that refuses at once or times out.
      return Promise.resolve(questions === 1 ? ['93.184.216.34'] : ['127.0.0.1']);
    };
    const policy = { allowedHosts: [], resolve: rebinding };
    const first = await reasonOf({ timeoutMs: 300 }, policy);
    expect(['timeout', 'connect']).toContain(first);
    expect(questions).toBe(1);
    expect(await reasonOf({ timeoutMs: 300 }, policy)).toBe('forbidden_address');
    expect(seen).toEqual([]);
  });

  it('checks each new connection of an agent that is kept', async () => {
    let address = '127.0.0.1';
    const policy = { allowedHosts: ['127.0.0.0/8'], resolve: () => Promise.resolve([address]) };
    const agent = guardedAgent(policy, { headersTimeoutMs: 1_000, bodyTimeoutMs: 1_000 });
    answer = (_request, response) => void response.writeHead(200, { connection: 'close' }).end();
    const ask = () => agent.request({ origin: `http://llm.example.com:${port}`, path: '/', method: 'GET' });
    await (await ask()).body.dump();
    address = '10.0.0.1';
    await expect(ask()).rejects.toMatchObject({ reason: 'forbidden_address' });
    expect(seen).toHaveLength(1);
    await agent.destroy();
  });

  it.each([301, 302, 303, 307, 308])('follows no redirect (%i)', async (status) => {
    answer = (_request, response) =>
      void response.writeHead(status, { location: 'http://169.254.169.254/' }).end();
    const error = await errorOf({});
    expect([error.reason, error.code]).toEqual(['redirect', String(status)]);
    expect(seen).toHaveLength(1);
  });

  it('asks no proxy', async () => {
    const before = { ...process.env };
    Object.assign(process.env, { http_proxy: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9' });
    try {
      expect((await guardedFetch(url(), {}, allowed)).status).toBe(200);
    } finally {
      process.env = before;
    }
  });

  it('reads no more than it may', async () => {
    answer = (_request, response) => void response.end('x'.repeat(100_000));
    expect(await reasonOf({ maxResponseBytes: 99_999 })).toBe('too_large');
    expect((await (await guardedFetch(url(), { maxResponseBytes: 100_000 }, allowed)).text()).length).toBe(
      100_000,
    );
  });

  it('ends at its deadline, before the head and within the body', async () => {
    answer = () => undefined;
    expect(await reasonOf({ timeoutMs: 100 })).toBe('timeout');
    answer = (_request, response) => void response.write('begin');
    expect(await reasonOf({ timeoutMs: 100 })).toBe('timeout');
  });

  it("ends by the caller's signal", async () => {
    const controller = new AbortController();
    answer = () => controller.abort();
    expect(await reasonOf({ signal: controller.signal })).toBe('aborted');
  });

  it('tells what is wrong with the server', async () => {
    answer = (request) => void request.socket.destroy();
    expect(await reasonOf({})).toBe('broken');
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      response.socket?.end();
    };
    expect(await reasonOf({})).toBe('broken');
    const closed = await freePort();
    expect(await reasonOf({}, allowed, `http://llm.example.com:${closed}/`)).toBe('connect');
    expect(await reasonOf({}, allowed, `https://llm.example.com:${port}/`)).toBe('tls');
    const gone = {
      allowedHosts: [],
      resolve: () => Promise.reject(Object.assign(new Error(), { code: 'ENOTFOUND' })),
    };
    expect(await reasonOf({}, gone)).toBe('unresolved');
  });

  it('tells an answer that is no HTTP', async () => {
    const sockets: Socket[] = [];
    const odd = createTcpServer((socket) => {
      sockets.push(socket);
      socket.write('SSH-2.0-OpenSSH_9.2\r\n');
    });
    await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve));
    try {
      const { port: oddPort } = odd.address() as AddressInfo;
      expect(await reasonOf({}, allowed, `http://llm.example.com:${oddPort}/`)).toBe('bad_answer');
    } finally {
      for (const socket of sockets) socket.destroy();
      odd.close();
    }
  });

  it('says nothing of the request in its errors', async () => {
    answer = (request) => void request.socket.destroy();
    const error = await errorOf(
      { headers: { authorization: 'Bearer sk-canary' } },
      allowed,
      url('/?key=sk-canary'),
    );
    expect(JSON.stringify([error.message, error.stack, { ...error }])).not.toContain('sk-canary');
  });
});

async function freePort(): Promise<number> {
  const probe = createTcpServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port: found } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return found;
}
