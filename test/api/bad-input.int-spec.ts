import { encodeCursor } from '@signalbox/common';
import fc from 'fast-check';
import { request } from 'node:http';
import type { ApiApp, TestResponse } from '../support/api-app';
import { type ApiRoute, type Parameter, resolveSchema, titled, tokenRoutes } from './api-routes';
import { nastyTexts, outOfBounds, refusedTexts, wrongTypes } from './bad-values';
import { requiredBody, wholeBody } from './body-examples';
import { codeOf, flawOf } from './problem-expectations';
import { openApiWithoutWorker, pathWith, seedPlatform, seedWorld, type World } from './seeded-world';

jest.setTimeout(60_000);

let api: ApiApp;
let token: string;
let world: World;

beforeAll(async () => {
  api = await openApiWithoutWorker();
  token = await api.createToken({ scopes: ['*', 'credentials:reveal'] });
  world = await seedWorld(api, 'canary', await seedPlatform(api));
});

afterAll(() => api.close());

const routesWithBody = tokenRoutes.filter(({ body }) => body !== null);
const routesWithQuery = tokenRoutes.filter(({ queryParameters }) => queryParameters.length > 0);
const routesWithPath = tokenRoutes.filter(({ pathParameters }) => pathParameters.length > 0);

/** As JSON keeps it, for a reader of a failed test. */
function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 80);
}

function send(route: ApiRoute, body: unknown, path = pathWith(route, world.ids)) {
  return api.call(route.method, path, { token, body });
}

function expectSound(route: ApiRoute, what: string, answer: TestResponse<unknown>): void {
  expect([what, flawOf(route, answer)]).toEqual([what, null]);
}

function expectRefused(route: ApiRoute, what: string, answer: TestResponse<unknown>): void {
  expectSound(route, what, answer);
  expect([what, answer.status >= 400 && answer.status < 500]).toEqual([what, true]);
}

/** At the same time, which is quicker. */
async function forEach<Item>(items: readonly Item[], check: (item: Item) => Promise<void>): Promise<void> {
  await Promise.all(items.map(check));
}

/** JSON.stringify would write Infinity as null; 1e999 is what a client can really send. */
const beyondDouble = '1e999';

describe.each(titled(routesWithBody))('the body of %s', (_title, route) => {
  it('is refused with a field of the wrong type or out of bounds', async () => {
    const valid = requiredBody(route, world.ids);
    for (const [name, property] of Object.entries(route.body?.properties ?? {})) {
      const schema = resolveSchema(property);
      await forEach([...wrongTypes(schema), ...outOfBounds(schema)], async (value) =>
        expectRefused(route, `${name}: ${shown(value)}`, await send(route, { ...valid, [name]: value })),
      );
      const text = JSON.stringify({ ...valid, [name]: 'NUMBER' }).replace('"NUMBER"', beyondDouble);
      expectRefused(route, `${name}: ${beyondDouble}`, await send(route, text));
    }
  });

  it('is refused with a field that is not known, or that is missing', async () => {
    const valid = requiredBody(route, world.ids) ?? {};
    const answer = await send(route, { ...valid, unknown_field: 1 });
    expectRefused(route, 'unknown field', answer);
    expect(codeOf(answer)).toBe('validation_failed');
    for (const name of route.body?.required ?? []) {
      const { [name]: _left, ...rest } = valid;
      expectRefused(route, `without ${name}`, await send(route, rest));
    }
  });

  it('may hold nasty text without harm', async () => {
    const valid = wholeBody(route, world.ids);
    for (const [name, property] of Object.entries(route.body?.properties ?? {})) {
      const { type } = resolveSchema(property);
      await forEach(nastyTexts, async (text) => {
        const value = type === 'array' ? [text] : type === 'object' ? { [text]: text } : text;
        const answer = await send(route, { ...valid, [name]: value });
        expectSound(route, `${name}: ${shown(value)}`, answer);
        expect([...answer.headers.keys()]).not.toContain('set-cookie');
      });
    }
  });

  it('must be a JSON object', async () => {
    const bodies = ['{', '{"a":}', '[]', 'null', '"text"', '7', '', '{"a":1}{"b":2}', '['.repeat(50_000)];
    if ((route.body?.required ?? []).length === 0) bodies.splice(bodies.indexOf(''), 1);
    for (const body of bodies) {
      const answer = await send(route, body);
      if (body === '[]' && answer.status < 400) throw new Error(`${route.title} takes a list for an object`);
      if (body !== 'null' || (route.body?.required ?? []).length > 0)
        expectRefused(route, body.slice(0, 20), answer);
    }
    expectRefused(route, 'bytes', await send(route, Buffer.from([0x7b, 0xff, 0xfe, 0x7d])));
  });

  it('must be nested within reason and of at most 100 kB', async () => {
    const deep = `{"metadata":${'{"a":'.repeat(15_000)}1${'}'.repeat(15_000)}}`;
    expectRefused(route, 'deep', await send(route, deep));
    const large = await send(route, { name: 'x'.repeat(1_000_000) });
    expect([large.status, codeOf(large)]).toEqual([413, 'body_too_large']);
  });

  it('must be declared as JSON', async () => {
    const types = [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/xml',
      'x',
      '',
    ];
    for (const type of types) {
      const answer = await api.call(route.method, pathWith(route, world.ids), {
        token,
        body: JSON.stringify(requiredBody(route, world.ids)),
        headers: { 'content-type': type },
      });
      expect([type, answer.status, codeOf(answer)]).toEqual([type, 415, 'media_type_unsupported']);
    }
    const charset = await api.call(route.method, pathWith(route, world.ids), {
      token,
      body: '{}',
      headers: { 'content-type': 'application/json; charset=klingon' },
    });
    expect(codeOf(charset)).toBe('media_type_unsupported');
    const encoding = await api.call(route.method, pathWith(route, world.ids), {
      token,
      body: '{}',
      headers: { 'content-encoding': 'rot13' },
    });
    expect(codeOf(encoding)).toBe('media_type_unsupported');
  });

  it('never brings the API down, whatever JSON it is', async () => {
    const names = Object.keys(route.body?.properties ?? {});
    const anything = fc.dictionary(fc.constantFrom(...names, 'other'), fc.jsonValue({ maxDepth: 3 }));
    const property = fc.asyncProperty(anything, async (body) => {
      expectSound(route, shown(body), await send(route, body));
    });
    await fc.assert(property, { numRuns: 25, seed: 7 });
  });
});

function badQueryValues({ name, schema }: Parameter): string[] {
  const ofType =
    schema.type === 'number' || schema.type === 'integer' || name === 'limit'
      ? ['-1', '0.5', '1e9', 'NaN', '0x10', '']
      : [];
  return [
    ...ofType,
    ...nastyTexts,
    ...refusedTexts.filter((text) => !/\p{Surrogate}/u.test(text)).map((text) => text.slice(0, 5_000)),
  ];
}

describe.each(titled(routesWithQuery))('the query of %s', (_title, route) => {
  // A wait would make this test slow without telling more.
  const parameters = route.queryParameters.filter(({ name }) => name !== 'wait_ms');

  it('may hold anything without harm', async () => {
    for (const parameter of parameters) {
      await forEach(badQueryValues(parameter), async (value) => {
        const query = `${parameter.name}=${encodeURIComponent(value)}`;
        const answer = await send(route, requiredBody(route, world.ids), withQuery(route, query));
        expectSound(route, query.slice(0, 80), answer);
      });
      const twice = `${parameter.name}=a&${parameter.name}=b&${parameter.name}[x]=c`;
      expectRefused(route, twice, await send(route, requiredBody(route, world.ids), withQuery(route, twice)));
    }
  });

  it('is refused with a parameter that is not known', async () => {
    const answer = await send(route, requiredBody(route, world.ids), withQuery(route, 'no_such_parameter=1'));
    expectRefused(route, 'unknown', answer);
    expect(codeOf(answer)).toBe('validation_failed');
  });

  it('needs a cursor of ours and a limit within bounds', async () => {
    if (!parameters.some(({ name }) => name === 'cursor')) return;
    const cursors = ['x', 'YzE6', '=', encodeCursor('a\0b'), Buffer.from('c2:x').toString('base64url'), 'é'];
    for (const cursor of cursors) {
      const answer = await api.call('GET', withQuery(route, `cursor=${encodeURIComponent(cursor)}`), {
        token,
      });
      expectSound(route, cursor, answer);
    }
    expect(codeOf(await api.call('GET', withQuery(route, 'cursor=bm90LW91cnM'), { token }))).toBe(
      'cursor_invalid',
    );
    for (const limit of ['0', '201', '-1', '1.5', 'x', '']) {
      const answer = await api.call('GET', withQuery(route, `limit=${limit}`), { token });
      expect([limit, codeOf(answer)]).toEqual([limit, 'validation_failed']);
    }
  });
});

function withQuery(route: ApiRoute, query: string): string {
  return `${pathWith(route, world.ids)}?${query}`;
}

describe.each(titled(routesWithPath))('the path of %s', (_title, route) => {
  const badIds = [...nastyTexts, 'x'.repeat(5_000), 'a\0b', 'null', 'undefined', '*'].filter(
    (text) => text.trim() !== '',
  );

  it('is refused with an id that cannot be one', async () => {
    await forEach(badIds, async (id) => {
      const path = route.path.replace(/\{[a-z_]+\}/g, encodeURIComponent(id));
      const body = requiredBody(route, world.ids);
      const answer = await api.call(route.method, path, { token, ...(body ? { body } : {}) });
      expectRefused(route, id.slice(0, 40), answer);
    });
    for (const raw of ['%', '%E0%A4', '%c0%af', '%ff']) {
      const answer = await api.call(route.method, route.path.replace(/\{[a-z_]+\}/g, raw), { token });
      expectSound(null as never, raw, answer);
      expect(answer.status).toBeGreaterThanOrEqual(400);
    }
  });
});

describe('the request itself', () => {
  it('is told apart: unknown route, unknown method', async () => {
    const unknown = await api.call('GET', '/api/v1/nothing', { token });
    expect([unknown.status, codeOf(unknown)]).toEqual([404, 'route_not_found']);
    const method = await api.call('PUT', '/api/v1/organizations', { token });
    expect([method.status, codeOf(method)]).toEqual([405, 'method_not_allowed']);
    expect(method.headers.get('allow')).toBe('GET, POST');
  });

  it('takes over an id of the caller only if it is plainly one', async () => {
    const call = (id: string) =>
      api.call('GET', '/api/v1/whoami', { token, headers: { 'x-request-id': id } });
    expect((await call('trace-0123456789')).headers.get('x-request-id')).toBe('trace-0123456789');
    expect((await call('no good; id')).headers.get('x-request-id')).toMatch(/^req_/);
    expect((await call('x'.repeat(65))).headers.get('x-request-id')).toMatch(/^req_/);
  });

  it('may carry a strange authorization header', async () => {
    for (const authorization of [
      'Bearer',
      'Bearer ',
      'Basic YTpi',
      'Bearer a b',
      `Bearer ${'x'.repeat(8_000)}`,
      token,
    ]) {
      const answer = await api.call('GET', '/api/v1/whoami', { headers: { authorization } });
      expect(answer.status).toBe(401);
    }
  });

  it('is answered even when its body never comes to an end', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const outgoing = request(`${api.url}/api/v1/organizations`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'content-length': '1000000',
        },
      });
      outgoing.once('response', (incoming) => {
        resolve(incoming.statusCode);
        outgoing.destroy();
      });
      outgoing.once('error', reject);
      outgoing.write('{"name":');
    });
    expect(status).toBe(413);
  });
});
