import { type EdgeApp, openEdgeApp, workspace } from '../../../../test/support/edge-app';
import { EdgeClient } from '../../../../test/support/edge-client';
import { waitUntil } from '../../../../test/support/wait-until';

const deployment = {
  id: 'dep_1',
  provider_id: 'prov_1',
  provider_kind: 'openai',
  needs_key: false,
  credential_id: null,
};
const catalogueOf = (...names: string[]) => ({
  release_id: 'rel_1',
  release_number: 1,
  models: names.map((name) => ({ name, mode: null, deployment_ids: ['dep_1'], deployments: [deployment] })),
});

let app: EdgeApp;
let client: EdgeClient;
beforeEach(async () => {
  app = await openEdgeApp();
  client = new EdgeClient(app.url, (await app.createKey()).value);
});
afterEach(() => app.close());

const list = async (): Promise<{ source: string | null; status: number; ids: string[]; ms: number }> => {
  const startMs = performance.now();
  const response = await client.get('/v1/models');
  const { data } = (await response.json()) as { data: { id: string }[] };
  const source = response.headers.get('x-signalbox-models');
  return { source, status: response.status, ids: data.map(({ id }) => id), ms: performance.now() - startMs };
};

/** The edge has heard of the change as soon as its list says so. */
const untilListed = (...ids: string[]): Promise<unknown> =>
  waitUntil(async () => JSON.stringify((await list()).ids) === JSON.stringify(ids), {
    deadlineMs: 3_000,
    what: `the list ${ids.join()}`,
  });

it('is the release, in every form, with further names of the workspace', async () => {
  await app.projection.write('catalogue', 'current', catalogueOf('demo', 'openai/*', 'embed'));
  await app.projection.write('workspace', 'ws_1', {
    ...workspace,
    routing: { aliases: { smart: 'demo', lost: 'nowhere' } },
  });
  await untilListed('demo', 'openai/gpt-4o-mini', 'embed', 'smart');
  const openai = await client.openai.models.list();
  expect(openai.data[0]).toMatchObject({ id: 'demo', object: 'model', owned_by: 'stand-in' });
  expect((await client.openai.models.retrieve('smart')).id).toBe('smart');
  const anthropic = await client.anthropic.models.list();
  expect(anthropic.data.map(({ id, type }) => `${type} ${id}`)).toContain('model smart');
  const limited = new EdgeClient(app.url, (await app.createKey({ models: ['embed'] })).value);
  expect((await limited.openai.models.list()).data.map(({ id }) => id)).toEqual(['embed']);
});

it('is answered at once while LiteLLM hangs, and while it is down', async () => {
  await app.projection.write('catalogue', 'current', catalogueOf('demo'));
  app.litellm.behaviour = { kind: 'hang' };
  const first = await list();
  expect(first).toMatchObject({ status: 200, source: 'catalogue', ids: ['demo'] });
  expect(first.ms).toBeLessThan(2_500);
  const second = await list();
  expect(second).toMatchObject({ status: 200, ids: ['demo'] });
  await app.litellm.kill();
  app.runner.activate(null);
  for (let times = 0; times < 5; times += 1)
    expect(await list()).toMatchObject({ status: 200, ids: ['demo'] });
  expect((await list()).ms).toBeLessThan(500);
});

it('is empty, not an error, where neither LiteLLM nor the catalogue has been heard', async () => {
  app.litellm.behaviour = { kind: 'error', status: 500, body: {} };
  expect(await list()).toMatchObject({ status: 200, source: 'catalogue', ids: [] });
  await expect(client.openai.models.retrieve('demo')).rejects.toMatchObject({ status: 404 });
});
