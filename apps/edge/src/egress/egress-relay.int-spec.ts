import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type RequestListener,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { signEgressPath } from '@signalbox/gateway';
import { type EdgeApp, openEdgeApp, signingKeys } from '../../../../test/support/edge-app';
import { waitUntil } from '../../../../test/support/wait-until';

let app: EdgeApp;
let server: Server;
let port: number;
let answer: RequestListener;
const seen: IncomingMessage[] = [];
/** What the names of these tests lead to. */
let addresses: string[][] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
beforeEach(async () => {
  seen.length = 0;
  addresses = [];
  answer = (request, response) => void request.pipe(response);
  app = await openEdgeApp({
    drainLimitMs: 1_000,
    resolve: () => Promise.resolve(addresses.shift() ?? ['127.0.0.1']),
    config: { allowedHosts: ['llm.example.com'] },
  });
});
afterEach(() => app.close());
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const relayUrl = (baseUrl: string, rest = ''): string =>
  `http://127.0.0.1:${app.edge.egressPort}${signEgressPath(signingKeys, baseUrl)}${rest}`;
const base = (path = '/v1'): string => `http://llm.example.com:${port}${path}`;
const post = (url: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    body: '{"a":1}',
    headers: { 'content-type': 'application/json', ...headers },
  });

async function refusalOf(url: string): Promise<[number, string]> {
  const response = await post(url);
  const { error } = (await response.json()) as { error: { code: string; type: string; message: string } };
  expect(error.type).toBe('signalbox_egress_error');
  expect(error.message).not.toBe('');
  return [response.status, error.code];
}

/** fetch would take the dots out of the path itself. */
function rawStatusOf(rest: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const path = signEgressPath(signingKeys, base()) + rest;
    httpRequest({ port: app.edge.egressPort, host: '127.0.0.1', path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('the relay', () => {
  it('sends the call to the base URL with what was appended, and brings the answer back', async () => {
    answer = (request, response) => {
      response.writeHead(201, { 'x-request-id': 'theirs', 'set-cookie': 'a=1', connection: 'close' });
      request.pipe(response);
    };
    const headers = { authorization: 'Bearer tenant', cookie: 'b=2', 'x-signalbox-context': 'c' };
    const response = await post(relayUrl(base('/v1?api-version=1'), '/chat/completions?x=2'), headers);
    expect([
      response.status,
      response.headers.get('x-request-id'),
      response.headers.get('set-cookie'),
    ]).toEqual([201, 'theirs', null]);
    expect(await response.json()).toEqual({ a: 1 });
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/v1/chat/completions?api-version=1&x=2' });
    expect(seen[0]?.headers).toMatchObject({
      authorization: 'Bearer tenant',
      host: `llm.example.com:${port}`,
    });
    expect(seen[0]?.headers).not.toHaveProperty('cookie');
    expect(seen[0]?.headers).not.toHaveProperty('x-signalbox-context');
  });

  it('passes errors of the server on as they are', async () => {
    answer = (_request, response) =>
      void response.writeHead(429, { 'retry-after': '7' }).end('{"error":"slow down"}');
    const response = await post(relayUrl(base()));
    expect([response.status, response.headers.get('retry-after'), await response.text()]).toEqual([
      429,
      '7',
      '{"error":"slow down"}',
    ]);
  });

  it('streams both ways', async () => {
    // An echo: the first chunk must be back before the second one is sent.
    answer = (request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      request.on('data', (chunk: Buffer) => response.write(chunk)).on('end', () => response.end());
    };
    const chunks: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const call = httpRequest(relayUrl(base()), { method: 'POST' }, (response) => {
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk.toString());
          if (chunks.length === 1) call.end('second');
        });
        response.on('end', resolve).on('error', reject);
      });
      call.on('error', reject);
      call.write('first');
    });
    expect(chunks).toEqual(['first', 'second']);
  });

  it('ends the call at the server when LiteLLM has gone', async () => {
    let isGone = false;
    answer = (_request, response) => {
      response.once('close', () => (isGone = true));
      response.write('begin');
    };
    const controller = new AbortController();
    const response = await fetch(relayUrl(base()), { signal: controller.signal });
    expect(response.status).toBe(200);
    controller.abort();
    await waitUntil(() => isGone, { deadlineMs: 2_000, what: 'the call to be cancelled' });
  });

  it('breaks the answer off where the server does', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.socket?.destroy());
    };
    await expect(fetch(relayUrl(base())).then((response) => response.text())).rejects.toThrow();
  });
});

describe('the relay refuses', () => {
  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://127.0.0.1:4010/api/v1',
    'http://[::1]:4010/',
    'http://2852039166/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://[::ffff:169.254.169.254]/',
    'https://10.0.0.1/v1',
  ])('%s', async (baseUrl) => {
    expect(await refusalOf(relayUrl(baseUrl))).toEqual([502, 'egress_forbidden_address']);
  });

  it('names of the private network, and odd ports', async () => {
    expect(await refusalOf(relayUrl('http://localhost:4010/'))).toEqual([502, 'egress_forbidden_host']);
    expect(await refusalOf(relayUrl('http://metadata.google.internal/'))).toEqual([
      502,
      'egress_forbidden_host',
    ]);
    expect(await refusalOf(relayUrl('http://public.example.com:6379/'))).toEqual([
      502,
      'egress_forbidden_port',
    ]);
  });

  it('a name that leads inside now, whatever it led to when it was saved (DNS rebinding)', async () => {
    addresses = [['127.0.0.1'], ['127.0.0.1']];
    const rebinding = relayUrl(`http://rebind.example.com:${port}/v1`);
    expect(await refusalOf(rebinding)).toEqual([502, 'egress_forbidden_address']);
    addresses = [['93.184.216.34', '10.0.0.1']];
    expect(await refusalOf(rebinding)).toEqual([502, 'egress_forbidden_address']);
    expect(seen).toEqual([]);
  });

  it.each([301, 302, 307, 308])('to follow a redirect (%i)', async (status) => {
    answer = (_request, response) =>
      void response.writeHead(status, { location: `http://127.0.0.1:${port}/inside` }).end();
    expect(await refusalOf(relayUrl(base()))).toEqual([502, 'egress_redirect']);
    expect(seen).toHaveLength(1);
  });

  it('what it cannot reach, in words', async () => {
    addresses = [['127.0.0.1']];
    expect(await refusalOf(relayUrl('http://llm.example.com:1099/v1'))).toEqual([502, 'egress_connect']);
    expect(await refusalOf(relayUrl(`https://llm.example.com:${port}/v1`))).toEqual([502, 'egress_tls']);
    answer = (request) => void request.socket.destroy();
    expect(await refusalOf(relayUrl(base()))).toEqual([502, 'egress_broken']);
  });

  it('addresses that nobody signed, and everything else', async () => {
    const stranger = [{ kid: 'test', key: Buffer.alloc(32, 9) }];
    const forged = `http://127.0.0.1:${app.edge.egressPort}${signEgressPath(stranger, base())}`;
    expect(await refusalOf(forged)).toEqual([403, 'egress_not_signed']);
    expect(await rawStatusOf('/%2e%2e/admin')).toBe(400);
    expect(await rawStatusOf('/../admin')).toBe(400);
    expect(await refusalOf(`http://127.0.0.1:${app.edge.egressPort}/v1/chat/completions`)).toEqual([
      404,
      'egress_not_found',
    ]);
    const options = await fetch(relayUrl(base()), { method: 'OPTIONS' });
    expect(options.status).toBe(405);
    expect(seen).toEqual([]);
    expect((await fetch(`${app.url}${signEgressPath(signingKeys, base())}`)).status).toBe(404);
  });

  it('large bodies without hanging: the refusal arrives', async () => {
    const body = Buffer.alloc(2 * 1024 * 1024, 'x');
    const response = await fetch(relayUrl('http://10.0.0.1/v1'), { method: 'POST', body });
    expect(response.status).toBe(502);
  });
});

it('logs where a call went and how it ended, and nothing of what was in it', async () => {
  await post(relayUrl(base('/v1/path-canary'), '/chat?q=query-canary'), {
    authorization: 'Bearer header-canary',
  });
  await refusalOf(relayUrl('http://10.0.0.1/path-canary', '?q=query-canary'));
  const lines = await waitUntil(
    () => {
      const found = app.logs.filter(({ message }) => message === 'egress');
      return found.length === 2 ? found : null;
    },
    { deadlineMs: 1_000, what: 'the lines of the log' },
  );
  expect(lines).toMatchObject([
    { host: `llm.example.com:${port}`, status: 200, method: 'POST' },
    { host: '10.0.0.1', reason: 'egress_forbidden_address' },
  ]);
  expect(JSON.stringify(app.logs)).not.toContain('canary');
});

it('answers health checks, and drains with the edge', async () => {
  const url = `http://127.0.0.1:${app.edge.egressPort}`;
  expect((await fetch(`${url}/health/liveliness`)).status).toBe(200);
  let finish = (): void => undefined;
  answer = (_request, response) => {
    response.write('begin ');
    finish = () => void response.end('end');
  };
  const response = await fetch(relayUrl(base()));
  const closed = app.edge.close();
  await expect(fetch(`${app.url}/health/liveliness`)).rejects.toThrow();
  finish();
  expect(await response.text()).toBe('begin end');
  await closed;
  await expect(fetch(`${url}/health/liveliness`)).rejects.toThrow();
});
