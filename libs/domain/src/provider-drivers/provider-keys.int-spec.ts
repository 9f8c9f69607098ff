import { ProviderKeysStandIn } from '../../../../test/stand-ins/provider-keys.stand-in';
import { driverOf } from './driver-registry';
import type { KeyManagement, KeyManagementAccess } from './provider-driver';
import { ProviderKeyError } from './provider-key-error';

interface Case {
  kind: string;
  path: string;
  settings: Record<string, unknown>;
}

const making: Case[] = [
  { kind: 'openai', path: '/openai/v1', settings: { project_id: 'proj_1' } },
  { kind: 'openrouter', path: '/openrouter/api/v1', settings: {} },
  { kind: 'fireworks', path: '/fireworks/inference/v1', settings: { account_id: 'acme', user_id: 'bot' } },
];
const label = 'rot_06f3x2v9k0wz4m8q1r5t7y3b2c';

let there: ProviderKeysStandIn;

beforeAll(async () => {
  there = await ProviderKeysStandIn.start();
});
beforeEach(() => {
  there.keys.length = 0;
  there.seen.length = 0;
  there.mishaps.length = 0;
  there.pageSize = 100;
});
afterAll(() => there.close());

function keysOf(kind: string): KeyManagement {
  const { keys } = driverOf(kind);
  if (!keys) throw new Error(`${kind} manages no keys`);
  return keys;
}

function accessTo({ path, settings }: Case, secret = ProviderKeysStandIn.adminKey): KeyManagementAccess {
  return { secret, baseUrl: `${there.url}${path}`, isTrustedUrl: true, settings };
}

const failureOf = (work: Promise<unknown>): Promise<ProviderKeyError> =>
  work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => {
      if (error instanceof ProviderKeyError) return error;
      throw error;
    },
  );

describe.each(making)('keys at $kind', (each) => {
  const keys = keysOf(each.kind);

  it('are made under a label, found by it, and revoked for good', async () => {
    const access = accessTo(each);
    const made = await keys.createKey(access, label);
    const [known] = there.living(label);
    expect(made).toMatchObject({ secret: known?.secret, expiresAt: null });
    await keys.createKey(access, 'another');
    expect(await keys.findKeys(access, label)).toEqual([{ externalId: made.externalId }]);
    await keys.revokeKey(access, made.externalId);
    expect(there.living(label)).toEqual([]);
    expect(there.living('another')).toHaveLength(1);
    await keys.revokeKey(access, made.externalId);
    expect(await keys.findKeys(access, label)).toEqual([]);
  });

  it('are found on later pages too', async () => {
    there.pageSize = 2;
    for (let count = 0; count < 103; count += 1) there.add(`other ${count}`);
    const { externalId } = await keys.createKey(accessTo(each), label);
    expect(await keys.findKeys(accessTo(each), label)).toEqual([{ externalId }]);
  });

  it.each(['lost_answer', 'cut_answer'] as const)(
    'whose answer was lost are found again (%s)',
    async (kind) => {
      there.mishaps.push({ kind });
      const { reason } = await failureOf(keys.createKey(accessTo(each), label));
      expect(['unavailable', 'bad_answer']).toContain(reason);
      const found = await keys.findKeys(accessTo(each), label);
      expect(found).toHaveLength(1);
      for (const { externalId } of found) await keys.revokeKey(accessTo(each), externalId);
      expect(there.living(label)).toEqual([]);
    },
  );

  it('fail in words that tell what to do with it, and that hold neither key nor URL', async () => {
    const access = accessTo(each);
    there.mishaps.push(
      { kind: 'answer', status: 429, headers: { 'retry-after': '7' } },
      { kind: 'answer', status: 500, body: '<html>oops</html>' },
      { kind: 'answer', status: 401, body: { error: { code: 'invalid_api_key', message: access.secret } } },
      { kind: 'answer', status: 302, headers: { location: 'http://elsewhere.example/' } },
      { kind: 'answer', status: 200, body: '<html>a portal</html>' },
    );
    const failures: ProviderKeyError[] = [];
    for (let count = 0; count < 5; count += 1) failures.push(await failureOf(keys.createKey(access, label)));
    expect(failures.map(({ reason, retryAfterMs }) => [reason, retryAfterMs])).toEqual([
      ['rate_limited', 7_000],
      ['unavailable', null],
      ['refused', null],
      ['unavailable', null],
      ['bad_answer', null],
    ]);
    for (const { message } of failures) {
      expect(message).not.toContain(access.secret);
      expect(message).not.toContain(there.url);
    }
  });

  it('are not made with a key that may not', async () => {
    expect(await failureOf(keys.createKey(accessTo(each, 'sk-wrong'), label))).toMatchObject({
      reason: 'refused',
      httpStatus: 401,
    });
    expect(there.keys).toEqual([]);
  });

  it('are not managed at a private address that a tenant named', async () => {
    const access = { ...accessTo(each), isTrustedUrl: false };
    expect((await failureOf(keys.createKey(access, label))).reason).toBe('refused');
    expect(there.seen).toEqual([]);
    await keys.createKey({ ...access, allowedHosts: ['127.0.0.1'] }, label);
  });
});

describe('settings', () => {
  it.each([
    ['openai', { method: 'provider_api' }, false],
    ['openai', { method: 'provider_api', project_id: 'proj_1' }, true],
    ['openai', { method: 'provider_api', project_id: '../admin_api_keys' }, false],
    ['openai', { method: 'provider_api', project_id: '..' }, false],
    ['openai', { method: 'manual' }, true],
    ['fireworks', { method: 'provider_api', account_id: 'acme' }, false],
    ['fireworks', { method: 'provider_api', account_id: 'acme', user_id: 'bot' }, true],
    ['openrouter', { method: 'provider_api' }, true],
    ['openrouter', { workspace_id: 'a b' }, false],
    ['perplexity', { method: 'provider_api' }, true],
    ['openai', { method: 'magic' }, false],
    ['openrouter', { grace: 'soon' }, false],
    ['openrouter', { grace: '0s', deadline: '7d', revoke_at_provider: true }, true],
    ['openrouter', { revoke_at_provider: 'yes' }, false],
    ['perplexity', { admin_credential_id: 'cred_1' }, false],
    ['anthropic', { method: 'provider_api' }, false],
    ['anthropic', { revoked_status: 'archived' }, true],
    ['anthropic', { revoked_status: 'gone' }, false],
  ])('of %s: %j are good: %p', (kind, settings, isGood) => {
    expect(keysOf(kind).problemOf(settings) === null).toBe(isGood);
  });
});

describe('keys at Perplexity', () => {
  const perplexity: Case = { kind: 'perplexity', path: '/perplexity', settings: {} };
  const keys = keysOf('perplexity');

  it('make their own successor, and revoke themselves', async () => {
    const old = there.add('first');
    const made = await keys.createKey(accessTo(perplexity, old.secret), label);
    expect(there.living(label)[0]?.secret).toBe(made.secret);
    expect(made.externalId).not.toContain(made.secret);
    const self = accessTo(perplexity, old.secret);
    await keys.revokeKey(self, '');
    expect(old.isActive).toBe(false);
    await keys.revokeKey(self, '');
    expect(there.living(label)).toHaveLength(1);
  });
});

describe('keys at Anthropic', () => {
  const anthropic: Case = { kind: 'anthropic', path: '/anthropic', settings: {} };
  const keys = keysOf('anthropic');
  const secret = 'sk-ant-api03-R2Dxxxxxxxxxxxxxxxxxigwa';

  it('are made by people only', async () => {
    expect(keys.canCreateKeys).toBe(false);
    expect((await failureOf(keys.createKey(accessTo(anthropic), label))).reason).toBe('refused');
  });

  it('are told by their hints, if only one key fits, and put out of use', async () => {
    there.pageSize = 1;
    there.add('other', 'sk-ant-api03-Zzzxxxxxxxxxxxxxxxxxx0000');
    const mine = there.add('mine', secret);
    const id = await keys.identifyKey!(accessTo(anthropic), secret);
    expect(id).toBe(mine.id);
    await keys.revokeKey(accessTo(anthropic), mine.id);
    expect(mine).toMatchObject({ isActive: false, isDeleted: false });
    expect(there.seen.at(-1)?.body).toEqual({ status: 'inactive' });
    there.add('twin 1', secret);
    there.add('twin 2', `${secret.slice(0, 12)}yyyyyyyyyyyyyyyyy${secret.slice(-4)}`);
    expect(await keys.identifyKey!(accessTo(anthropic), secret)).toBeNull();
  });
});

describe('a key at OpenRouter that somebody else made', () => {
  it('is told by its hash, if OpenRouter knows that hash', async () => {
    const openrouter = making[1]!;
    const keys = keysOf('openrouter');
    const made = there.add('by hand');
    const id = await keys.identifyKey!(accessTo(openrouter), made.secret);
    expect(await keys.identifyKey!(accessTo(openrouter), 'sk-or-v1-unknown')).toBeNull();
    await keys.revokeKey(accessTo(openrouter), id!);
    expect(made.isDeleted).toBe(true);
  });
});
