import { randomBytes } from 'node:crypto';
import { type CheckWorld, openCheckWorld } from '../../../../test/support/check-world';
import { VendorStandIn } from '../../../../test/stand-ins/vendor.stand-in';
import { faults } from '../../../../test/stand-ins/provider-validation.stand-in';

interface View {
  ok: boolean;
  outcome: string;
  certainty: string;
  detail: string;
  code: string | null;
  http_status: number | null;
  retry_after_seconds: number | null;
}
interface Problem {
  code: string;
  errors?: { field: string }[];
}

const minuteMs = 60_000;

let world: CheckWorld;
let organizationId: string;
let tenantToken: string;
let platformToken: string;

beforeAll(async () => {
  world = await openCheckWorld();
  organizationId = await world.addOrganization();
  tenantToken = await world.api.createToken({ organizationId });
  platformToken = await world.api.createToken();
  // So that the providers are there, and lead to the stand-in.
  for (const kind of ['openai', 'openai_compatible'] as const) {
    await world.addKey('sk-of-nobody-in-particular', { kind, row: { enabled: false, state: 'disabled' } });
  }
});
beforeEach(() => {
  world.provider.reset();
  world.clock.advanceMs(minuteMs);
});
afterAll(() => world.close());

const newSecret = (): string => `sk-test-${randomBytes(16).toString('hex')}`;
const test = <Body = View>(body: object, token = tenantToken) =>
  world.api.call<Body>('POST', '/api/v1/llm/test', { token, body });

it('says that a good key is good, keeps nothing of it, and asks once', async () => {
  const apiKey = newSecret();
  world.provider.setKey(apiKey, 'good');
  const answer = await test({ provider: 'openai', api_key: apiKey });
  expect(answer).toMatchObject({
    status: 200,
    body: { ok: true, outcome: 'valid', certainty: 'sure', http_status: 200 },
  });
  expect(world.provider.countOf(apiKey)).toBe(1);
  const [{ found } = { found: true }] = await world.api.database.transactions.run('platform', (manager) =>
    manager.query<{ found: boolean }[]>(
      `SELECT EXISTS (SELECT FROM audit_events event WHERE event::text LIKE $1) AS found`,
      [`%${apiKey}%`],
    ),
  );
  expect(found).toBe(false);
});

it.each([
  ['bad', { ok: false, outcome: 'invalid', code: 'invalid_api_key' }],
  ['outOfCredit', { ok: false, outcome: 'out_of_credit', code: 'insufficient_quota' }],
  ['forbidden', { ok: false, outcome: 'forbidden' }],
] as const)('says of a key that is %s: %j', async (state, expected) => {
  const apiKey = newSecret();
  world.provider.setKey(apiKey, state);
  const answer = await test({ provider: 'openai', api_key: apiKey });
  expect(answer).toMatchObject({ status: 200, body: expected });
  expect(JSON.stringify(answer.body)).not.toContain(apiKey);
});

it('says when to come again', async () => {
  world.provider.misbehave(faults.rateLimited);
  expect((await test({ provider: 'openai', api_key: newSecret() })).body).toMatchObject({
    outcome: 'rate_limited',
    retry_after_seconds: 17,
  });
});

it('really checks a saved key, and only for its owner', async () => {
  const secret = newSecret();
  world.provider.setKey(secret, 'good');
  const id = await world.addKey(secret, { organizationId });
  const stranger = await world.api.createToken({ organizationId: await world.addOrganization() });
  const refused = await test<Problem>({ credential_id: id }, stranger);
  expect([refused.status, refused.body.code]).toEqual([404, 'credential_not_found']);
  expect(world.provider.requests).toEqual([]);
  expect((await test({ credential_id: id })).body).toMatchObject({ ok: true });
  expect((await world.credential(id)).state).toBe('verified');
});

it("sends a saved key nowhere but to its own provider, and shows a tenant none of the platform's", async () => {
  const platformKey = await world.addKey(newSecret(), { kind: 'groq' });
  expect((await test<Problem>({ credential_id: platformKey })).body.code).toBe('credential_not_found');
  const own = await world.addKey(newSecret(), { organizationId, kind: 'mistral' });
  const answer = await test<Problem>({ credential_id: own, base_url: 'https://attacker.example/v1' });
  expect([answer.status, answer.body.errors?.[0]?.field]).toEqual([400, 'base_url']);
  expect(world.provider.requests).toEqual([]);
});

it.each([
  [{ provider: 'openai' }, 'api_key'],
  [{ api_key: 'sk-a' }, 'provider'],
  [{ provider: 'openai', api_key: 'sk-a', credential_id: 'cred_00000000000000000000000000' }, 'api_key'],
  [{ provider: 'openai', api_key: 'sk with spaces' }, 'api_key'],
  [{ provider: 'openai', api_key: null }, 'api_key'],
])('refuses %j', async (body, field) => {
  const answer = await test<Problem>(body);
  expect([answer.status, answer.body.errors?.[0]?.field]).toEqual([400, field]);
});

it.each([
  'http://169.254.169.254/latest/meta-data',
  'http://[::1]:8000/v1',
  'http://2130706434/v1',
  'http://0x7f.0.0.2/v1',
  'http://localhost/v1',
  'http://10.0.0.1/v1',
])('asks nobody at %s for a tenant', async (baseUrl) => {
  const answer = await test<Problem>({
    provider: 'openai_compatible',
    api_key: newSecret(),
    base_url: baseUrl,
  });
  expect([answer.status, answer.body.code]).toEqual([400, 'base_url_forbidden']);
});

it('follows no redirect to a place that is forbidden', async () => {
  world.provider.misbehave(faults.redirect);
  const answer = await test({
    provider: 'openai_compatible',
    api_key: newSecret(),
    base_url: world.provider.baseUrl('openai_compatible'),
  });
  expect(answer.body).toMatchObject({ ok: false, outcome: 'unknown' });
  expect(world.provider.requests).toHaveLength(1);
});

it('may be used 20 times a minute by each token', async () => {
  const token = await world.api.createToken({ organizationId });
  const answers: number[] = [];
  for (let index = 0; index < 22; index += 1) {
    const kind = index % 2 === 0 ? 'openai' : 'openai_compatible';
    const baseUrl = kind === 'openai' ? {} : { base_url: world.provider.baseUrl('openai_compatible') };
    answers.push((await test({ provider: kind, api_key: newSecret(), ...baseUrl }, token)).status);
  }
  expect(answers).toEqual([...Array.from({ length: 20 }, () => 200), 429, 429]);
  const limited = await test<Problem>({ provider: 'openai', api_key: newSecret() }, token);
  expect([limited.body.code, limited.headers.get('retry-after')]).toEqual(['probe_rate_limited', '30']);
  expect((await test({ provider: 'openai', api_key: newSecret() }, platformToken)).status).toBe(200);
  world.clock.advanceMs(minuteMs);
  expect((await test({ provider: 'openai', api_key: newSecret() }, token)).status).toBe(200);
});

describe('a provider without a key in hand', () => {
  it("is asked with the platform's own, for the platform", async () => {
    const secret = newSecret();
    world.provider.setKey(secret, 'bad');
    const id = await world.addKey(secret, { kind: 'fireworks' });
    const answer = await test({ provider: 'fireworks' }, platformToken);
    expect(answer).toMatchObject({ status: 200, body: { ok: false, outcome: 'invalid' } });
    expect((await world.credential(id)).state).toBe('invalid');
  });

  it('is asked whether it is there, saved or not', async () => {
    const vendor = await VendorStandIn.start();
    const baseUrl = vendor.baseUrl('vllm');
    const answer = await test({ kind: 'vllm', base_url: baseUrl }, platformToken);
    expect(answer.body).toMatchObject({ ok: true, outcome: 'valid', certainty: 'none' });
    await vendor.close();
    const gone = await test({ kind: 'vllm', base_url: baseUrl }, platformToken);
    expect(gone.body).toMatchObject({ ok: false, outcome: 'unreachable' });
    const known = await world.api.call<{ data: unknown[] }>('GET', '/api/v1/llm/providers?kind=vllm', {
      token: platformToken,
    });
    expect(known.body.data).toEqual([]);
  });

  it.each([
    [{ kind: 'cohere' }, 'api_key'],
    [{ kind: 'demo' }, 'kind'],
    [{ kind: 'vllm' }, 'base_url'],
    [{ kind: 'vllm', provider: 'openai' }, 'kind'],
    [{ kind: 'no-such-kind', api_key: 'sk-a' }, 'kind'],
  ])('says what lacks of %j', async (body, field) => {
    const answer = await test<Problem>(body, platformToken);
    expect([answer.status, answer.body.errors?.[0]?.field]).toEqual([400, field]);
  });

  it('is asked for no customer, who has keys of their own', async () => {
    const answer = await test<Problem>({ kind: 'vllm', base_url: 'http://127.0.0.1:9/v1' });
    expect([answer.status, answer.body.errors?.[0]?.field]).toEqual([400, 'api_key']);
  });

  it('that is not saved is tried with a key, for a customer too, and not at an inner address', async () => {
    const secret = newSecret();
    world.provider.setKey(secret, 'good');
    const baseUrl = world.provider.baseUrl('openai_compatible');
    const answer = await test({ kind: 'openai_compatible', api_key: secret, base_url: baseUrl });
    expect(answer.body).toMatchObject({ ok: true, outcome: 'valid' });
    const inner = { kind: 'openai_compatible', api_key: secret, base_url: 'http://169.254.169.254/v1' };
    expect((await test<Problem>(inner)).body.code).toBe('base_url_forbidden');
  });
});

it('makes no provider of a vendor that nobody has saved', async () => {
  const answer = await test({ provider: 'perplexity', api_key: newSecret() });
  expect(answer.status).toBe(200);
  const known = await world.api.call<{ data: unknown[] }>('GET', '/api/v1/llm/providers?kind=perplexity', {
    token: platformToken,
  });
  expect(known.body.data).toEqual([]);
});

it('needs the scope to write credentials', async () => {
  const token = await world.api.createToken({ organizationId, scopes: ['credentials:read'] });
  const answer = await test<Problem>({ provider: 'openai', api_key: newSecret() }, token);
  expect([answer.status, answer.body.code]).toEqual([403, 'scope_missing']);
});
