import { ManualClock } from '@signalbox/common';
import { CredentialEntity } from '@signalbox/database';
import {
  type CredentialsBench,
  credentialsPath as path,
  openCredentialsBench,
  type ShownCredential,
  type Tenant,
} from '../../../../test/support/credentials-bench';

const clock = new ManualClock(Date.now());
let bench: CredentialsBench;
let acme: Tenant;
let globex: Tenant;
let keyCount = 0;

/** Another one each time, so that a test finds the traces of its own. */
const nextKey = (): string => `sk-proj-${String((keyCount += 1)).padStart(8, '0')}-secret-WXYZ`;

beforeAll(async () => {
  bench = await openCredentialsBench({ clock, config: { allowedHosts: ['allowed.internal'] } });
  acme = await bench.tenant('acme');
  globex = await bench.tenant('globex');
});

afterAll(() => bench.api.close());

const call = <Body = ShownCredential>(method: string, at: string, token: string, body?: object) =>
  bench.api.call<Body>(method, at, { token, ...(body ? { body } : {}) });

async function saved(token: string, body: object): Promise<ShownCredential> {
  const answer = await bench.save(token, { api_key: nextKey(), ...body });
  expect(answer).toMatchObject({ status: 201 });
  return answer.body;
}

async function workspaceOf({ organizationId, token }: Tenant): Promise<string> {
  const body = { organization_id: organizationId, name: `w${(keyCount += 1)}` };
  return (await call<{ id: string }>('POST', '/api/v1/workspaces', token, body)).body.id;
}

describe('an owner', () => {
  it('follows from what is given and from who asks', async () => {
    const { organizationId, workspaceId, token } = acme;
    const ofOrganization = { owner_type: 'organization', organization_id: organizationId };
    const ofMember = { owner_type: 'member', organization_id: organizationId, user_id: 'ada' };
    const ofWorkspace = {
      owner_type: 'workspace',
      organization_id: organizationId,
      workspace_id: workspaceId,
    };
    expect(await saved(bench.platformToken, { provider: 'groq' })).toMatchObject({
      owner_type: 'platform',
      organization_id: null,
    });
    expect(await saved(token, { provider: 'groq' })).toMatchObject(ofOrganization);
    expect(await saved(token, { provider: 'groq', user_id: 'ada' })).toMatchObject(ofMember);
    expect(await saved(token, { provider: 'groq', workspace_id: workspaceId })).toMatchObject(ofWorkspace);
    expect(
      await saved(bench.platformToken, { provider: 'together', organization_id: organizationId }),
    ).toMatchObject(ofOrganization);
    expect(
      await saved(bench.platformToken, { provider: 'together', workspace_id: workspaceId }),
    ).toMatchObject(ofWorkspace);
  });

  it.each([
    ['a platform key by an organization', () => ({ owner_type: 'platform' }), 'platform_only'],
    ['another organization', () => ({ organization_id: globex.organizationId }), 'organization_not_found'],
    ['a workspace of another', () => ({ workspace_id: globex.workspaceId }), 'workspace_not_found'],
    [
      'a member of another organization',
      () => ({ user_id: 'ada', organization_id: globex.organizationId }),
      'organization_not_found',
    ],
    ['a workspace without its id', () => ({ owner_type: 'workspace' }), 'validation_failed'],
    ['a member without a name', () => ({ owner_type: 'member' }), 'validation_failed'],
    [
      'a member in a workspace',
      () => ({ workspace_id: acme.workspaceId, user_id: 'ada' }),
      'validation_failed',
    ],
  ])('is refused: %s', async (_what, owner, code) => {
    const before = await bench.rows('SELECT id FROM credentials UNION ALL SELECT name FROM sealed_secrets');
    const body = { provider: 'groq', api_key: nextKey(), ...owner() };
    expect(await bench.save(acme.token, body)).toMatchObject({ body: { code } });
    expect(await bench.rows('SELECT id FROM credentials UNION ALL SELECT name FROM sealed_secrets')).toEqual(
      before,
    );
  });

  it('needs its organization named by a platform token', async () => {
    const body = { provider: 'groq', api_key: nextKey(), user_id: 'ada' };
    const answer = await bench.save(bench.platformToken, body);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'organization_id' }] } });
  });

  it('that is deleted gets no key', async () => {
    const workspaceId = await workspaceOf(acme);
    await call('DELETE', `/api/v1/workspaces/${workspaceId}`, acme.token);
    const body = { provider: 'groq', api_key: nextKey(), workspace_id: workspaceId };
    expect(await bench.save(acme.token, body)).toMatchObject({
      status: 404,
      body: { code: 'workspace_not_found' },
    });
  });

  it('has one enabled key per provider, and is told which one', async () => {
    const owner = { provider: 'mistral', workspace_id: await workspaceOf(acme) };
    const first = await saved(acme.token, owner);
    const second = await bench.save(acme.token, { ...owner, api_key: nextKey() });
    expect(second).toMatchObject({ status: 409, body: { code: 'credential_exists' } });
    expect(second.body.detail).toContain(first.id);

    const successor = await saved(acme.token, { ...owner, enabled: false });
    expect(successor).toMatchObject({ enabled: false, state: 'disabled', next_check_at: null });
    await saved(acme.token, { ...owner, purpose: 'admin' });
    const enable = () => call('PATCH', `${path}/${successor.id}`, acme.token, { enabled: true });
    expect(await enable()).toMatchObject({ status: 409, body: { code: 'credential_exists' } });
    await call('POST', `${path}/${first.id}/disable`, acme.token);
    expect(await enable()).toMatchObject({ status: 200, body: { enabled: true, state: 'pending' } });
  });
});

describe('a provider', () => {
  it('is found by id, by name and by kind, and the vendor itself goes before a proxy', async () => {
    const add = async (body: object) =>
      (await call<{ id: string }>('POST', '/api/v1/llm/providers', bench.platformToken, body)).body.id;
    const proxy = await add({
      name: 'anthropic proxy',
      kind: 'anthropic',
      base_url: 'https://proxy.example.com',
    });
    const wanted = async (provider: string) =>
      (await saved(acme.token, { provider, workspace_id: await workspaceOf(acme) })).provider.id;
    expect(await wanted('anthropic')).toBe(proxy);
    const itself = await add({ name: 'anthropic itself', kind: 'anthropic' });
    expect(await wanted('anthropic')).toBe(itself);
    expect(await wanted('anthropic proxy')).toBe(proxy);
    expect(await wanted(proxy)).toBe(proxy);
  });

  it('that everybody knows is made when there is none, once, also for an organization', async () => {
    const owners = await Promise.all(Array.from({ length: 5 }, () => workspaceOf(acme)));
    const made = await Promise.all(
      owners.map((workspace_id) => saved(acme.token, { provider: 'fireworks', workspace_id })),
    );
    expect(new Set(made.map(({ provider }) => provider.id)).size).toBe(1);
    expect(made[0]?.provider).toMatchObject({ kind: 'fireworks', name: 'fireworks' });
  });

  it.each([
    'openai_compatible',
    'vllm',
    'ollama',
    'litellm',
    'demo',
    'prov_00000000000000000000000000',
    'no such',
  ])('%s must exist', async (provider) => {
    const answer = await bench.save(acme.token, { provider, api_key: nextKey() });
    expect(answer).toMatchObject({ status: 404, body: { code: 'provider_not_found' } });
  });

  it('of a kind with several must be named', async () => {
    for (const name of ['vllm 1', 'vllm 2']) {
      const body = { name, kind: 'vllm', base_url: 'https://vllm.example.com/v1' };
      await call('POST', '/api/v1/llm/providers', bench.platformToken, body);
    }
    const answer = await bench.save(acme.token, { provider: 'vllm', api_key: nextKey() });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'provider' }] } });
    expect(await saved(acme.token, { provider: 'vllm 2' })).toMatchObject({ provider: { name: 'vllm 2' } });
  });

  it('is not deleted while somebody has a key for it, and then takes nothing of the record along', async () => {
    const credential = await saved(acme.token, { provider: 'cohere' });
    const at = `/api/v1/llm/providers/${credential.provider.id}`;
    const refused = await call('DELETE', at, bench.platformToken);
    expect(refused).toMatchObject({ status: 409, body: { code: 'provider_in_use' } });
    await call('DELETE', `${path}/${credential.id}`, acme.token);
    expect((await call('DELETE', at, bench.platformToken)).status).toBe(204);
    const [row] = await bench.rows('SELECT provider_id, deleted_at FROM credentials WHERE id = $1', [
      credential.id,
    ]);
    expect(row).toEqual({ provider_id: null, deleted_at: expect.any(Date) as Date });
  });
});

describe('a base URL', () => {
  const save = async (token: string, base_url: string, more: object = {}) =>
    bench.save(token, { provider: 'openrouter', api_key: nextKey(), base_url, ...more });

  it.each([
    'http://169.254.169.254/latest',
    'http://[::1]:8080/v1',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://10.0.0.1/v1',
    'http://localhost:11434',
    'http://metadata.google.internal/',
  ])('%s is refused for a tenant', async (baseUrl) => {
    const answer = await save(acme.token, baseUrl);
    expect(answer).toMatchObject({ status: 400, body: { code: 'base_url_forbidden' } });
  });

  it('is refused in a change too', async () => {
    const { id } = await saved(acme.token, { provider: 'openrouter', user_id: 'url-changer' });
    const change = (base_url: string | null) => call('PATCH', `${path}/${id}`, acme.token, { base_url });
    expect(await change('http://192.168.1.1')).toMatchObject({ body: { code: 'base_url_forbidden' } });
    expect(await change('http://allowed.internal:8000/v1/')).toMatchObject({
      status: 200,
      body: { base_url: 'http://allowed.internal:8000/v1', state: 'pending' },
    });
    expect((await change(null)).body.base_url).toBeNull();
  });

  it('of the platform is the word of the operator', async () => {
    expect((await save(bench.platformToken, 'http://10.0.0.1:8000/v1')).status).toBe(201);
    const ofTenant = { organization_id: acme.organizationId };
    expect(await save(bench.platformToken, 'http://10.0.0.1:8000/v1', ofTenant)).toMatchObject({
      status: 400,
    });
  });

  it('has no meaning for a provider without an address', async () => {
    const demo = { name: 'the demo', kind: 'demo' };
    await call('POST', '/api/v1/llm/providers', bench.platformToken, demo);
    const answer = await save(acme.token, 'https://example.com', { provider: 'the demo' });
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  });
});

describe('a key', () => {
  it('is shown masked, by every route, and is nowhere but in the sealed store', async () => {
    const api_key = nextKey();
    const workspace_id = await workspaceOf(acme);
    const idempotency = { headers: { 'idempotency-key': `canary-${api_key.length}` } };
    const made = await bench.api.call<ShownCredential>('POST', path, {
      token: acme.token,
      body: { provider: 'groq', api_key, workspace_id },
      ...idempotency,
    });
    expect(made.body).toMatchObject({ key_name: 'sk-proj-...WXYZ', last4: 'WXYZ', state: 'pending' });
    expect(made.body.fingerprint).toMatch(/^[0-9a-f]{32}$/);
    const answers = [
      made,
      await call('GET', `${path}/${made.body.id}`, acme.token),
      await call('GET', path, acme.token),
    ];
    expect(JSON.stringify(answers.map(({ body }) => body))).not.toContain(api_key);
    expect(await tablesWith(api_key)).toEqual([]);
    expect(await tablesWith(Buffer.from(api_key).toString('base64').slice(0, -4))).toEqual([]);
  });

  it.each(['sk-1 2', 'sk-1\n', '${OPENAI_API_KEY}', '', 'x'.repeat(5_000)])(
    'such as %j is refused without a word of it',
    async (api_key) => {
      const answer = await bench.save(acme.token, { provider: 'groq', user_id: 'nobody', api_key });
      expect(answer).toMatchObject({ status: 400, body: { code: 'credential_key_invalid' } });
      if (api_key.length > 5) expect(JSON.stringify(answer.body)).not.toContain(api_key.slice(0, 6));
    },
  );

  it('of the wrong type, or in the wrong field, is not repeated', async () => {
    const api_key = nextKey();
    const bodies = [
      { provider: 'groq', api_key: [api_key] },
      { provider: api_key, api_key: 'x' },
      { provider: 'groq', api_key, metadata: { key: api_key } },
      { provider: 'groq', api_key, name: api_key },
    ];
    for (const body of bodies) {
      const answer = await bench.save(acme.token, body);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(JSON.stringify(answer.body)).not.toContain(api_key);
    }
  });

  it('whose time is over is saved as expired', async () => {
    const expires_at = new Date(clock.nowMs() - 1_000).toISOString();
    const credential = await saved(acme.token, { provider: 'groq', user_id: 'late', expires_at });
    expect(credential).toMatchObject({
      state: 'expired',
      state_reason: 'expires_at_passed',
      next_check_at: null,
    });
    const prolonged = await call('PATCH', `${path}/${credential.id}`, acme.token, { expires_at: null });
    expect(prolonged.body).toMatchObject({ state: 'pending', expires_at: null });
  });

  it('is answered with what its first check said', async () => {
    const verified = new CredentialEntity();
    bench.checkNow.mockImplementationOnce(async (id: string) => {
      const [row] = await bench.api.database.transactions.run('platform', (manager) =>
        manager.find(CredentialEntity, { where: { id }, relations: { provider: true } }),
      );
      return { credential: Object.assign(verified, row, { state: 'verified' }), result: null };
    });
    const credential = await saved(acme.token, { provider: 'groq', user_id: 'checked' });
    expect(credential.state).toBe('verified');
    expect(bench.checkNow).toHaveBeenLastCalledWith(credential.id, 5_000);
  });
});

/** Tables and columns of PostgreSQL in which the text stands, but for the sealed store itself. */
async function tablesWith(text: string): Promise<string[]> {
  const columns = await bench.rows<{ table: string; column: string }>(
    `SELECT c.table_name AS "table", c.column_name AS "column" FROM information_schema.columns c
     JOIN information_schema.tables t USING (table_schema, table_name)
     WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
       AND (c.table_name, c.column_name) <> ('sealed_secrets', 'sealed_value')`,
  );
  expect(columns.length).toBeGreaterThan(100);
  const found: string[] = [];
  for (const { table, column } of columns) {
    const hits = await bench.rows(`SELECT FROM "${table}" WHERE strpos("${column}"::text, $1) > 0 LIMIT 1`, [
      text,
    ]);
    if (hits.length > 0) found.push(`${table}.${column}`);
  }
  return found;
}

describe('a change', () => {
  it('is refused when somebody else was faster', async () => {
    const { id, version } = await saved(acme.token, { provider: 'groq', user_id: 'versioned' });
    const change = (name: string) => call('PATCH', `${path}/${id}`, acme.token, { name, version });
    expect((await change('first')).body.version).toBe(version + 1);
    expect(await change('second')).toMatchObject({ status: 409, body: { code: 'version_conflict' } });
    expect((await change('first')).status).toBe(409);
  });

  it('of nothing makes no version and no event', async () => {
    const credential = await saved(acme.token, { provider: 'groq', user_id: 'unchanged', name: 'same' });
    const answer = await call('PATCH', `${path}/${credential.id}`, acme.token, {
      name: 'same',
      enabled: true,
    });
    expect(answer.body.version).toBe(credential.version);
    expect(await bench.auditOf(credential.id)).toHaveLength(1);
  });

  it('of the rotation settings is held against what the provider can do', async () => {
    const { id } = await saved(acme.token, { provider: 'groq', user_id: 'rotator', rotate_every_days: 90 });
    const answer = await call('PATCH', `${path}/${id}`, acme.token, { rotation: { method: 'provider_api' } });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'rotation' }] } });
  });

  it('is in the audit trail, without the key', async () => {
    const api_key = nextKey();
    const { id } = await saved(acme.token, { provider: 'groq', user_id: 'audited', api_key });
    await call('PATCH', `${path}/${id}`, acme.token, { name: 'renamed', metadata: { a: 1 } });
    await call('POST', `${path}/${id}/disable`, acme.token);
    await call('POST', `${path}/${id}/disable`, acme.token);
    await call('DELETE', `${path}/${id}`, acme.token);
    const events = await bench.auditOf(id);
    expect(events.map(({ action }) => action)).toEqual([
      'byok_key_added',
      'byok_key_updated',
      'credential.disabled',
      'byok_key_deleted',
    ]);
    expect(events[0]?.changes).toMatchObject({ ownerType: 'member', keyName: 'sk-proj-...WXYZ' });
    expect(events[1]?.changes).toEqual({ name: 'renamed', metadata: { names: ['a'] } });
    expect(JSON.stringify(events)).not.toContain(api_key);
  });

  it('is brought to the edges, also the last one', async () => {
    const { id } = await saved(acme.token, { provider: 'groq', user_id: 'projected' });
    const ownerKey = `${acme.organizationId}/projected`;
    const versionOf = async () => {
      const [row] = await bench.rows<{ sum: number }>(
        'SELECT sum(version)::int AS sum FROM credentials WHERE owner_key = $1',
        [ownerKey],
      );
      return row?.sum;
    };
    expect(await versionOf()).toBe(1);
    await call('POST', `${path}/${id}/disable`, acme.token);
    await call('DELETE', `${path}/${id}`, acme.token);
    expect(await versionOf()).toBe(3);
    // Projected before the answer: nothing waits for the worker.
    expect(await bench.rows('SELECT FROM outbox_items WHERE subject_id = $1', [ownerKey])).toEqual([]);
  });
});

describe('deleting', () => {
  const secretsLeft = () => bench.rows<{ name: string }>('SELECT name FROM sealed_secrets ORDER BY name');

  it('erases the secret, keeps the row, and frees the place', async () => {
    const before = await secretsLeft();
    const owner = { provider: 'groq', user_id: 'deleted' };
    const { id } = await saved(acme.token, owner);
    expect(await secretsLeft()).toHaveLength(before.length + 1);
    expect((await call('DELETE', `${path}/${id}`, acme.token)).status).toBe(204);
    expect(await secretsLeft()).toEqual(before);
    const versions = await bench.rows(
      'SELECT status, erased_at FROM credential_versions WHERE credential_id = $1',
      [id],
    );
    expect(versions).toEqual([{ status: 'retired', erased_at: expect.any(Date) as Date }]);
    for (const [method, at] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/disable'],
      ['POST', '/validate'],
    ] as const) {
      const answer = await call(
        method,
        `${path}/${id}${at}`,
        acme.token,
        method === 'PATCH' ? { name: 'x' } : undefined,
      );
      expect(answer).toMatchObject({ status: 404, body: { code: 'credential_not_found' } });
    }
    await saved(acme.token, owner);
  });

  it('is refused while a deployment names it', async () => {
    const { id, provider } = await saved(bench.platformToken, { provider: 'mistral' });
    const deployments = [{ provider_id: provider.id, credential_id: id, upstream_model: 'large' }];
    const model = await call('POST', '/api/v1/llm/models', bench.platformToken, {
      name: 'named',
      deployments,
    });
    expect(model.status).toBe(201);
    expect(await call('DELETE', `${path}/${id}`, bench.platformToken)).toMatchObject({
      status: 409,
      body: { code: 'credential_in_use' },
    });
    await call('DELETE', `/api/v1/llm/models/${model.body.id}`, bench.platformToken);
    expect((await call('DELETE', `${path}/${id}`, bench.platformToken)).status).toBe(204);
  });

  it('a workspace or an organization deletes its keys with it', async () => {
    const before = await secretsLeft();
    const initech = await bench.tenant('initech');
    const { token, workspaceId, organizationId } = initech;
    const keys = [
      await saved(token, { provider: 'groq', workspace_id: workspaceId }),
      await saved(token, { provider: 'groq' }),
      await saved(token, { provider: 'groq', user_id: 'bob' }),
    ];
    await call('DELETE', `/api/v1/workspaces/${workspaceId}`, token);
    expect((await call('GET', `${path}/${keys[0]?.id}`, token)).status).toBe(404);
    expect((await call('GET', `${path}/${keys[1]?.id}`, token)).status).toBe(200);
    await call('DELETE', `/api/v1/organizations/${organizationId}`, bench.platformToken);
    for (const { id } of keys)
      expect((await call('GET', `${path}/${id}`, bench.platformToken)).status).toBe(404);
    expect(await secretsLeft()).toEqual(before);
    expect((await bench.auditOf(keys[2]?.id ?? '')).at(-1)?.action).toBe('byok_key_deleted');
  });
});

describe('a deployment', () => {
  it('may name a key of the platform for calls, and no other', async () => {
    const usable = await saved(bench.platformToken, { provider: 'fireworks' });
    const admin = await saved(bench.platformToken, { provider: 'fireworks', purpose: 'admin' });
    const ofTenant = await saved(acme.token, { provider: 'fireworks' });
    const add = (name: string, credential: ShownCredential) =>
      call('POST', '/api/v1/llm/models', bench.platformToken, {
        name,
        deployments: [
          { provider_id: credential.provider.id, credential_id: credential.id, upstream_model: 'm' },
        ],
      });
    expect((await add('with-usable', usable)).status).toBe(201);
    for (const credential of [admin, ofTenant]) {
      expect(await add('with-other', credential)).toMatchObject({
        status: 404,
        body: { code: 'credential_not_found' },
      });
    }
  });
});

describe('a list', () => {
  it('shows an organization its own, filtered', async () => {
    const hooli = await bench.tenant('hooli');
    const mine = await saved(hooli.token, { provider: 'groq', workspace_id: hooli.workspaceId });
    // Ids of one millisecond sort by chance here, since other ids are made by the real clock.
    clock.advanceMs(1);
    const bob = await saved(hooli.token, { provider: 'mistral', user_id: 'bob', enabled: false });
    const ids = async (query: string, token = hooli.token) =>
      (await call<{ data: ShownCredential[] }>('GET', `${path}?${query}`, token)).body.data.map(
        ({ id }) => id,
      );
    expect(await ids('')).toEqual([bob.id, mine.id]);
    expect(await ids('provider=groq')).toEqual([mine.id]);
    expect(await ids(`provider=${bob.provider.id}`)).toEqual([bob.id]);
    expect(await ids(`workspace_id=${hooli.workspaceId}`)).toEqual([mine.id]);
    expect(await ids('user_id=bob&owner_type=member&state=disabled&enabled=false&purpose=inference')).toEqual(
      [bob.id],
    );
    expect(await ids(`organization_id=${hooli.organizationId}`, bench.platformToken)).toEqual([
      bob.id,
      mine.id,
    ]);
    expect(await ids(`organization_id=${hooli.organizationId}`, acme.token)).toEqual([]);
    const first = await call<{ data: ShownCredential[]; next_cursor: string }>(
      'GET',
      `${path}?limit=1`,
      hooli.token,
    );
    expect(first.body.data.map(({ id }) => id)).toEqual([bob.id]);
    expect(await ids(`limit=1&cursor=${first.body.next_cursor}`)).toEqual([mine.id]);
  });
});
