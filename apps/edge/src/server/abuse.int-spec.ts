import { connect, type Socket } from 'node:net';
import { type EdgeApp, openEdgeApp, type TestKey } from '../../../../test/support/edge-app';
import { EdgeClient, messages } from '../../../../test/support/edge-client';
import { waitUntil } from '../../../../test/support/wait-until';

// Hundreds of connections take a while where there is little processor time.
jest.setTimeout(120_000);
const deadlineMs = 60_000;

let app: EdgeApp;
let key: TestKey;
let client: EdgeClient;
const open: Socket[] = [];

beforeAll(async () => {
  app = await openEdgeApp();
  key = await app.createKey();
  client = new EdgeClient(app.url, key.value);
});
afterAll(() => app.close());
afterEach(async () => {
  for (const socket of open.splice(0)) socket.destroy();
  // Whatever was done to it: it serves.
  expect((await client.post(path, chat)).status).toBe(200);
});
beforeEach(() => {
  app.litellm.calls.length = 0;
});

const path = '/v1/chat/completions';
const chat = { model: 'demo', messages };
const body = JSON.stringify(chat);
const auth = (): string => `authorization: Bearer ${key.value}\r\n`;
const post = (headers: string, text = body): string =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${headers}\r\n${text}`;
const length = `content-length: ${body.length}\r\n`;

interface Talk {
  socket: Socket;
  /** All that has come back so far. */
  answer: () => string;
  ended: Promise<void>;
}

function openTalk(text: string | Buffer): Talk {
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1', () => socket.write(text));
  open.push(socket);
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  return {
    socket,
    answer: () => answer,
    ended: new Promise((resolve) => socket.once('close', () => resolve())),
  };
}

/** @returns all that comes back until the connection ends, or until this many answers are there */
async function talk(text: string | Buffer, answers = 1): Promise<string> {
  const one = openTalk(text);
  const heads = (): number => one.answer().split('HTTP/1.1 ').length - 1;
  let hasEnded = false;
  void one.ended.then(() => (hasEnded = true));
  await waitUntil(() => hasEnded || heads() >= answers, {
    deadlineMs,
    what: 'an answer',
    pollEveryMs: 2,
  });
  return one.answer();
}

const statuses = (answer: string): number[] =>
  [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));

describe('smuggling', () => {
  it.each<[string, () => string]>([
    ['two different lengths', () => post(`${auth()}${length}content-length: 5\r\n`)],
    ['the same length twice', () => post(`${auth()}${length}${length}`)],
    ['a list of lengths', () => post(`${auth()}content-length: ${body.length}, ${body.length}\r\n`)],
    ['length and chunks', () => post(`${auth()}${length}transfer-encoding: chunked\r\n`, '0\r\n\r\n')],
    ['chunks and length', () => post(`${auth()}transfer-encoding: chunked\r\n${length}`, '0\r\n\r\n')],
    ['two encodings', () => post(`${auth()}transfer-encoding: chunked, identity\r\n`, '0\r\n\r\n')],
    ['an encoding in disguise', () => post(`${auth()}transfer-encoding: xchunked\r\n`, '0\r\n\r\n')],
    ['a space before the colon', () => post(`${auth()}content-length : ${body.length}\r\n`)],
    ['a folded header', () => post(`${auth()}x-a: 1\r\n ${length}`)],
    ['a negative length', () => post(`${auth()}content-length: -1\r\n`)],
    ['a length with a sign', () => post(`${auth()}content-length: +${body.length}\r\n`)],
    ['a length in hexadecimal', () => post(`${auth()}content-length: 0x10\r\n`)],
    [
      'a chunk size that overflows',
      () => post(`${auth()}transfer-encoding: chunked\r\n`, 'ffffffffffffffffff\r\n'),
    ],
    ['a null byte in a header', () => post(`${auth()}x-a: a\0b\r\n${length}`)],
    ['a lone line feed in a header', () => post(`${auth()}x-a: a\nb\r\n${length}`)],
    ['no host', () => `GET /v1/models HTTP/1.1\r\n${auth()}\r\n`],
    ['HTTP/2 without asking', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['garbage', () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['an unknown method', () => `BREW ${path} HTTP/1.1\r\nhost: x\r\n\r\n`],
    ['an unknown version', () => `GET ${path} HTTP/9.9\r\nhost: x\r\n\r\n`],
  ])('%s is refused, the connection ended, and nothing passed on', async (_name, text) => {
    const follower = 'GET /v1/models HTTP/1.1\r\nhost: smuggled\r\n\r\n';
    const answer = await talk(text() + follower);
    expect(statuses(answer)).toEqual([400]);
    expect(answer).toMatch(/connection: close/i);
    expect(app.litellm.calls.filter(({ method }) => method === 'POST')).toEqual([]);
  });
});

describe('request lines', () => {
  it.each([
    ['an absolute address', `GET http://169.254.169.254/latest/meta-data HTTP/1.1`, 404],
    ['an absolute address of a known path', `GET http://evil.example/v1/models HTTP/1.1`, 404],
    ['a path upwards', 'GET /v1/../../etc/passwd HTTP/1.1', 404],
    ['an encoded path upwards', 'GET /v1/%2e%2e/key/list HTTP/1.1', 404],
    ['two slashes', 'GET //v1/models HTTP/1.1', 404],
    ['a path of LiteLLM alone', 'GET /key/list HTTP/1.1', 404],
    ['a star', 'OPTIONS * HTTP/1.1', 204],
  ])('%s', async (_name, line, status) => {
    const answer = await talk(`${line}\r\nhost: x\r\n${auth()}\r\n`);
    expect(statuses(answer)).toEqual([status]);
    expect(app.litellm.posts()).toHaveLength(0);
  });

  it('a tunnel is not opened', async () => {
    const one = openTalk('CONNECT 169.254.169.254:80 HTTP/1.1\r\nhost: x\r\n\r\n');
    await one.ended;
    expect(one.answer()).not.toContain(' 200 ');
  });

  it('an upgrade is a request like any other', async () => {
    const upgrade = 'connection: upgrade\r\nupgrade: h2c\r\n';
    expect(statuses(await talk(post(auth() + length + upgrade)))).toEqual([200]);
  });
});

describe('header bombs', () => {
  it.each([
    ['one that is too large', `x: ${'y'.repeat(40_000)}\r\n`],
    [
      'many that are too large together',
      Array.from({ length: 100 }, (_, n) => `x-${n}: ${'y'.repeat(400)}\r\n`).join(''),
    ],
    ['too many', Array.from({ length: 300 }, (_, n) => `x-${n}: y\r\n`).join('')],
  ])('%s', async (_name, headers) => {
    expect(statuses(await talk(post(auth() + headers + length)))).toEqual([431]);
    expect(app.litellm.posts()).toHaveLength(0);
  });
});

describe('pipelined requests', () => {
  it('are answered in order', async () => {
    const answer = await talk(
      `GET /v1/nothing HTTP/1.1\r\nhost: x\r\n\r\n${post(auth() + length)}GET /x HTTP/1.1\r\nhost: x\r\n\r\n`,
      3,
    );
    expect(statuses(answer)).toEqual([404, 200, 404]);
  });

  it('are not taken in any number', async () => {
    app.litellm.behaviour = { kind: 'hang' };
    const one = openTalk(post(auth() + length).repeat(1_000));
    await waitUntil(() => app.litellm.posts().length >= 32, {
      deadlineMs,
      what: 'the first requests',
    });
    expect(app.litellm.posts().length).toBeLessThanOrEqual(32);
    one.socket.destroy();
    app.litellm.behaviour = null;
  });
});

describe('bodies', () => {
  it('of invalid UTF-8 are refused, wherever the fault is', async () => {
    for (const bad of [
      [0xff],
      [0xc0, 0xaf],
      [0xed, 0xa0, 0x80],
      [0xf8, 0x88, 0x80, 0x80, 0x80],
      [0xe2, 0x82],
    ]) {
      const bytes = Buffer.concat([
        Buffer.from('{"model":"demo","messages":[{"role":"user","content":"'),
        Buffer.from(bad),
        Buffer.from('"}]}'),
      ]);
      const response = await client.post(path, bytes);
      expect(response.status).toBe(400);
      expect(await response.text()).toContain('malformed_json');
    }
    expect(app.litellm.posts()).toHaveLength(0);
  });

  it('nested a hundred thousand deep are refused or served, and crash nothing', async () => {
    const deep = `{"model":"demo","messages":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect((await client.post(path, deep)).status).toBeLessThan(500);
  });

  it('of 10 MB pass', async () => {
    const large = { ...chat, messages: [{ role: 'user', content: 'x'.repeat(10_000_000) }] };
    expect((await client.post(path, large)).status).toBe(200);
  });

  it('that are announced and never come are waited for without harm to others', async () => {
    for (let index = 0; index < 50; index += 1)
      openTalk(post(`${auth()}content-length: 30000000\r\n`, '{"model":"demo",'));
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.post(path, chat)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  });
});

describe('slow clients', () => {
  it('with hundreds of connections do not keep honest ones out', async () => {
    for (let index = 0; index < 600; index += 1) openTalk(`POST ${path} HTTP/1.1\r\nhost: x\r\nx-slow: `);
    await waitUntil(() => open.every(({ connecting }) => !connecting), {
      deadlineMs,
      what: 'connections',
    });
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.post(path, chat)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  });
});
