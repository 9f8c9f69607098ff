import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger, type LogFields } from '@signalbox/common';
import { HttpFallbackBroker } from './fallback-broker';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const questions = [
  { credentialId: 'cred_1', keyHash: 'h1' },
  { credentialId: 'cred_2', keyHash: 'h2' },
];
const lease = (credential_id: string, change: object = {}) => ({
  credential_id,
  status: 200,
  owner_key: 'ws_1',
  fingerprint: 'ab',
  secret: 'sk-canary',
  base_url: null,
  base_url_is_trusted: true,
  fresh_for_ms: 30_000,
  usable_for_ms: 1_800_000,
  ...change,
});

describe('what the edge asks the broker', () => {
  let server: Server;
  let answer: Answer;
  let logs: LogFields[];
  let broker: HttpFallbackBroker;

  beforeEach(async () => {
    server = createServer((request, response) => answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    logs = [];
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const logger = createLogger('debug', {}, (line) => logs.push(JSON.parse(line) as LogFields));
    broker = new HttpFallbackBroker(url, 'token-canary', logger);
  });
  afterEach(async () => {
    await broker.close();
    server.closeAllConnections();
    server.close();
  });

  const ask = () => broker.ask(questions, 2_000);
  const answerWith =
    (body: unknown, status = 200): Answer =>
    (_request, response) =>
      void response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(typeof body === 'string' ? body : JSON.stringify(body));

  it('goes out with its token, and comes back in its order', async () => {
    let seen = '';
    answer = (request, response) => {
      request.on('data', (chunk: Buffer) => (seen += chunk.toString()));
      request.once('end', () => {
        seen += ` ${request.url} ${request.headers.authorization}`;
        const refused = { credential_id: 'cred_2', status: 404, code: 'credential_not_found' };
        answerWith({ leases: [lease('cred_1'), refused] })(request, response);
      });
    };
    const [first, second] = (await ask()) ?? [];
    expect(first).toMatchObject({ secret: 'sk-canary', environmentVariable: null, usableForMs: 1_800_000 });
    expect(second).toBe('refused');
    const leases = [
      { credential_id: 'cred_1', key_hash: 'h1' },
      { credential_id: 'cred_2', key_hash: 'h2' },
    ];
    expect(seen).toBe(`${JSON.stringify({ leases })} /v1/fallback-leases Bearer token-canary`);
  });

  it.each<[string, unknown]>([
    ['a status that says nothing of the key', { credential_id: 'cred_1', status: 503, code: 'x' }],
    ['a 404 of somebody else', { credential_id: 'cred_1', status: 404, code: 'route_not_found' }],
    ['a lease without an end', lease('cred_1', { usable_for_ms: undefined })],
    ['an empty secret', lease('cred_1', { secret: '' })],
    ['the lease of another credential', lease('cred_9')],
  ])('takes no word from %s', async (_what, entry) => {
    answer = answerWith({ leases: [entry, lease('cred_2')] });
    const answers = await ask();
    expect([answers?.[0], typeof answers?.[1]]).toEqual(['away', 'object']);
  });

  it.each<[string, Answer]>([
    ['500', answerWith({ code: 'internal_error' }, 500)],
    ['no JSON', answerWith('<html>')],
    ['another form', answerWith({ keys: [] })],
    ['a broken connection', (request) => void request.socket.destroy()],
    ['too much', answerWith(`{"leases":"${'x'.repeat(9 * 1024 * 1024)}"}`)],
  ])('is away with %s, and that is all anybody hears of it', async (_what, given) => {
    answer = given;
    expect(await ask()).toBeNull();
    expect(logs).toEqual([]);
  });

  it('is away when it does not answer in time, or is not there', async () => {
    answer = () => undefined;
    expect(await broker.ask(questions, 100)).toBeNull();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await ask()).toBeNull();
  });

  it('complains once when its token is refused, without showing it', async () => {
    answer = answerWith({ code: 'broker_token_invalid' }, 401);
    expect([await ask(), await ask()]).toEqual([null, null]);
    expect(logs).toMatchObject([
      { level: 'error', status: 401, hint: expect.stringContaining('FALLBACK_TOKEN') },
    ]);
    expect(JSON.stringify(logs)).not.toContain('canary');
  });
});
