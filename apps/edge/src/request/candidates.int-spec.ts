import type { CatalogueDocument, CredentialsDocument } from '@signalbox/gateway';
import { type EdgeApp, openEdgeApp, type TestKey, workspace } from '../../../../test/support/edge-app';
import { EdgeClient, errorOf, messages } from '../../../../test/support/edge-client';
import { waitUntil } from '../../../../test/support/wait-until';

type Deployment = CatalogueDocument['models'][number]['deployments'][number];
type Credential = CredentialsDocument['credentials'][number];

let app: EdgeApp;
let key: TestKey;
let client: EdgeClient;

const deployment = (id: string, change: Partial<Deployment> = {}): Deployment => ({
  id,
  provider_id: 'prov_1',
  provider_kind: 'openai',
  needs_key: true,
  credential_id: null,
  weight: 1,
  order: 0,
  upstream_model: null,
  base_url: null,
  ...change,
});
const model = (name: string, ...deployments: Deployment[]) => ({
  name,
  mode: 'chat',
  deployment_ids: deployments.map(({ id }) => id),
  deployments,
});
const credential = (id: string, change: Partial<Credential> = {}): Credential => ({
  id,
  provider_id: 'prov_1',
  state: 'verified',
  expires_at: null,
  ...change,
});

const writeCatalogue = () =>
  app.projection.write('catalogue', 'current', {
    release_id: 'rel_1',
    release_number: 1,
    models: [
      model('demo', deployment('dep_demo')),
      model('openai/*', deployment('dep_wild')),
      model('openai/exact', deployment('dep_exact')),
      model('keyless', deployment('dep_keyless', { needs_key: false, provider_id: 'prov_2' })),
    ],
  });
const save = (ownerKey: string, ...credentials: Credential[]) =>
  app.projection.write('credentials', ownerKey, { owner_key: ownerKey, credentials });
const setPolicy = (credential_policy: string, platform_fallback = false) =>
  app.projection.write('workspace', 'ws_1', { ...workspace, credential_policy, platform_fallback });

/** Writes are live when their message has come; the last one written is the last to come. */
async function settled(): Promise<void> {
  const marker = await app.createKey();
  await waitUntil(
    async () => (await new EdgeClient(app.url, marker.value).post('/v1/chat/completions', {})).status === 400,
    { deadlineMs: 2_000, what: 'the changes to be known' },
  );
}

async function call(name = 'demo', path = '/v1/chat/completions') {
  const response = await client.post(path, { model: name, messages, max_tokens: 5 });
  const { dep, cred, prov } = app.litellm.posts().at(-1)?.context ?? {};
  const owner = response.headers.get('x-signalbox-credential-owner');
  return { response, status: response.status, context: [dep, cred, prov], owner };
}

async function codeOf(name = 'demo', path = '/v1/chat/completions'): Promise<unknown[]> {
  const before = app.litellm.posts().length;
  const { response, status } = await call(name, path);
  expect(app.litellm.posts()).toHaveLength(before);
  return [status, (await errorOf(response)).code, response.headers.get('x-should-retry')];
}

beforeEach(async () => {
  app = await openEdgeApp({ drainLimitMs: 500 });
  await writeCatalogue();
  key = await app.createKey({ user_id: 'anna' });
  client = new EdgeClient(app.url, key.value);
});
afterEach(() => app.close());

describe('the credential that is signed into the context', () => {
  it("is the nearest owner's, and the answer says whose", async () => {
    const owners = [
      ['platform', 'platform'],
      ['organization', 'org_1'],
      ['workspace', 'ws_1'],
      ['member', 'org_1/anna'],
    ] as const;
    for (const [owner, ownerKey] of owners) {
      await save(ownerKey, credential(`cred_${owner}`));
      await settled();
      expect(await call()).toMatchObject({
        status: 200,
        context: ['dep_demo', `cred_${owner}`, 'prov_1'],
        owner,
      });
    }
    for (const foreign of ['org_2', 'ws_2', 'org_1/bert']) await save(foreign, credential('cred_foreign'));
    await settled();
    expect((await call()).context).toEqual(['dep_demo', 'cred_member', 'prov_1']);
  });

  it('is named in the access log, with its owner and nothing more', async () => {
    await save('ws_1', credential('cred_1'));
    await settled();
    await call();
    const line = await waitUntil(() => app.logs.find((one) => one['model'] === 'demo'), {
      deadlineMs: 1_000,
      what: 'the line of the log',
    });
    expect(line).toMatchObject({
      credential_id: 'cred_1',
      credential_owner: 'workspace',
      deployment_id: 'dep_demo',
    });
  });

  it('follows wildcards as LiteLLM does: the exact name first', async () => {
    await save('ws_1', credential('cred_1'));
    await settled();
    expect((await call('openai/gpt-4o')).context[0]).toBe('dep_wild');
    expect((await call('openai/exact')).context[0]).toBe('dep_exact');
  });

  it('is none for a server that asks for no key', async () => {
    await setPolicy('byok_only');
    await settled();
    expect(await call('keyless')).toMatchObject({
      status: 200,
      context: ['dep_keyless', null, 'prov_2'],
      owner: null,
    });
  });

  it('changes with the next message: switched off is off', async () => {
    await save('ws_1', credential('cred_1'));
    await settled();
    expect((await call()).status).toBe(200);
    await save('ws_1');
    await settled();
    expect(await codeOf()).toEqual([503, 'platform_credential_missing', 'false']);
  });

  it('is known while Redis is away', async () => {
    await save('ws_1', credential('cred_1'));
    await settled();
    await app.redisProxy.close();
    expect((await call()).context).toEqual(['dep_demo', 'cred_1', 'prov_1']);
  });
});

describe('without a key that may pay', () => {
  it('the workspace that must bring its own is told so, in both dialects', async () => {
    await setPolicy('byok_only');
    await save('platform', credential('cred_platform'));
    await settled();
    expect(await codeOf()).toEqual([403, 'credential_missing', 'false']);
    const response = await client.post('/v1/messages', { model: 'demo', messages, max_tokens: 5 });
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: { type: 'permission_error', code: 'credential_missing' },
    });
  });

  it('a dead key is not replaced by the platform, unless the workspace asked for it', async () => {
    await save('platform', credential('cred_platform'));
    await save('ws_1', credential('cred_1', { state: 'invalid' }));
    await settled();
    expect(await codeOf()).toEqual([403, 'credential_unusable', 'false']);
    await setPolicy('byok_then_platform', true);
    await settled();
    expect((await call()).context[1]).toBe('cred_platform');
  });

  it('an own key is not used where the platform is to pay', async () => {
    await setPolicy('platform_only');
    await save('ws_1', credential('cred_1'));
    await settled();
    expect(await codeOf()).toEqual([503, 'platform_credential_missing', 'false']);
  });

  it('a document that cannot be read denies, and does not let another owner pay', async () => {
    await save('platform', credential('cred_platform'));
    await save('ws_1', credential('cred_1', { state: 'of a newer version' as 'pending' }));
    await settled();
    expect(await codeOf()).toEqual([503, 'policy_unavailable', null]);
  });

  it('a name that no model has is not sent on', async () => {
    expect(await codeOf('nobody')).toEqual([404, 'model_not_found', 'false']);
  });
});

describe('a release of an older version', () => {
  const oldCatalogue = () =>
    app.projection.write('catalogue', 'current', {
      release_id: 'rel_0',
      release_number: 1,
      models: [{ name: 'demo', mode: 'chat', deployment_ids: ['dep_1'] }],
    });

  it('chooses and pays by its file, but not for workspaces that must bring their own key', async () => {
    await oldCatalogue();
    await save('ws_1', credential('cred_1'));
    await settled();
    expect(await call()).toMatchObject({ status: 200, context: [null, null, null], owner: null });
    await setPolicy('byok_only');
    await settled();
    expect(await codeOf()).toEqual([403, 'credential_missing', 'false']);
  });
});

it.each([
  ['signalbox_credential_unusable', 403, 'credential_unusable', 'false'],
  ['signalbox_credential_unavailable', 503, 'credential_unavailable', null],
])('a refusal of the hook (%s) is told in our own words', async (type, status, code, retry) => {
  await save('ws_1', credential('cred_1'));
  await settled();
  const error = { message: `${type}: inner words`, type, param: null, code: String(status) };
  app.litellm.behaviour = { kind: 'error', status, body: { error } };
  const { response } = await call();
  expect([response.status, response.headers.get('x-should-retry')]).toEqual([status, retry]);
  const told = await errorOf(response);
  expect(told.code).toBe(code);
  expect(JSON.stringify(told)).not.toContain('inner words');
});
