import { type EdgeApp, openEdgeApp, type TestKey } from '../../../../test/support/edge-app';
import { EdgeClient, errorOf } from '../../../../test/support/edge-client';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';

// Hundreds of requests, and bodies of 33 MB, take a while where there is little processor time.
jest.setTimeout(120_000);

let app: EdgeApp;
let key: TestKey;
let client: EdgeClient;

beforeAll(async () => {
  app = await openEdgeApp();
  key = await app.createKey();
  client = new EdgeClient(app.url, key.value);
});
afterAll(() => app.close());
beforeEach(() => {
  app.litellm.behaviour = null;
  app.litellm.calls.length = 0;
});

const chat = { model: 'demo', messages: [{ role: 'user', content: 'hello' }] };
describe('bad requests', () => {
  const json = 'application/json';
  const cases: [string, BodyInit, string, number, string][] = [
    ['no body', '', json, 400, 'malformed_json'],
    ['malformed JSON', '{"model":', json, 400, 'malformed_json'],
    [
      'invalid UTF-8',
      new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
      json,
      400,
      'malformed_json',
    ],
    ['a byte order mark', '\ufeff{"model":"demo"}', json, 400, 'malformed_json'],
    ['a list', '[1]', json, 400, 'body_not_an_object'],
    ['null', 'null', json, 400, 'body_not_an_object'],
    ['no model', '{"messages":[]}', json, 400, 'model_missing'],
    ['an empty model', '{"model":""}', json, 400, 'model_missing'],
    ['a number as model', '{"model":5}', json, 400, 'field_invalid'],
    ['two models in one', '{"model":"demo,secret"}', json, 400, 'field_invalid'],
    ['CRLF in the model', '{"model":"demo\\r\\nx: y"}', json, 400, 'field_invalid'],
    ['half a character in the model', '{"model":"demo/\\ud800"}', json, 400, 'field_invalid'],
    ['an over-long model', JSON.stringify({ model: 'x'.repeat(257) }), json, 400, 'field_invalid'],
    ['text as stream', '{"model":"demo","stream":"yes"}', json, 400, 'field_invalid'],
    ['text as messages', '{"model":"demo","messages":"hi"}', json, 400, 'field_invalid'],
    ['text as metadata', '{"model":"demo","metadata":"{}"}', json, 400, 'field_invalid'],
    ['a form on a JSON route', '--x--', 'multipart/form-data; boundary=x', 415, 'media_type_unsupported'],
    ['an encoded form', 'model=demo', 'application/x-www-form-urlencoded', 415, 'media_type_unsupported'],
  ];
  it.each(cases)('%s', async (_name, body, type, status, code) => {
    const response = await fetch(`${app.url}/v1/chat/completions`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${key.value}`, 'content-type': type },
    });
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toMatchObject({ code, message: expect.stringMatching(/\w/) });
    expect(app.litellm.posts()).toHaveLength(0);
  });

  it('a compressed body', async () => {
    const response = await client.post('/v1/chat/completions', gzipSync(JSON.stringify(chat)), {
      'content-encoding': 'gzip',
    });
    expect(response.status).toBe(415);
  });

  it('a body over 32 MiB gets a readable answer, announced or not', async () => {
    const announced = await client.post('/v1/chat/completions', 'x'.repeat(33 * 1024 * 1024));
    expect(announced.status).toBe(413);
    expect((await errorOf(announced)).code).toBe('body_too_large');
    const status = await new Promise<number>((resolve, reject) => {
      const headers = { authorization: `Bearer ${key.value}`, 'content-type': json };
      const request = httpRequest(
        `${app.url}/v1/chat/completions`,
        { method: 'POST', headers },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      );
      request.on('error', reject);
      for (let index = 0; index < 34; index += 1) request.write(Buffer.alloc(1024 * 1024, 32));
      request.end();
    });
    expect(status).toBe(413);
  });

  it.each([
    [
      'headers that are too large',
      `GET /v1/models HTTP/1.1\r\nhost: x\r\nx-big: ${'x'.repeat(40_000)}\r\n\r\n`,
      431,
    ],
    [
      'two lengths',
      'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
    ],
    [
      'length and chunks',
      'POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['no HTTP at all', 'hello\r\n\r\n', 400],
  ])('%s', async (_name, text, status) => {
    expect(await raw(text)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });
});

function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
    socket.setTimeout(5_000, () => socket.destroy());
  });
}

describe('fuzz', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 });
  const fuzzedBody = fc.oneof(
    fc.json(),
    text,
    fc
      .record({
        model: fc.jsonValue(),
        messages: fc.jsonValue(),
        stream: fc.jsonValue(),
        metadata: fc.jsonValue(),
      })
      .map((value) => JSON.stringify(value)),
  );
  const fuzzedPath = fc.oneof(
    fc.constantFrom('/v1/chat/completions', '/v1/messages', '/v1/audio/transcriptions', '/v1/models/x'),
    fc.webPath(),
    fc.string({ unit: 'grapheme', maxLength: 40 }).map((one) => `/v1/models/${encodeURIComponent(one)}`),
  );
  const type = fc.constantFrom(
    'application/json',
    'multipart/form-data; boundary=x',
    'text/plain',
    'nonsense',
  );

  it('of paths and bodies never gives a 5xx', async () => {
    await fc.assert(
      fc.asyncProperty(
        fuzzedPath,
        fuzzedBody,
        type,
        fc.constantFrom('POST', 'GET', 'PUT'),
        async (path, body, contentType, method) => {
          const response = await fetch(app.url + path, {
            method,
            headers: { authorization: `Bearer ${key.value}`, 'content-type': contentType },
            ...(method === 'GET' ? {} : { body }),
          });
          await response.arrayBuffer();
          expect(response.status).toBeLessThan(500);
        },
      ),
      { numRuns: 300 },
    );
    expect(app.logs.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
