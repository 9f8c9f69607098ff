import { type ApiApp, openApiApp } from '../../../../test/support/api-app';

interface Created {
  id: string;
}

interface Release extends Created {
  number: number;
  status: string;
  phase: string | null;
  failure: string | null;
  config_yaml: string;
  rollback_of: string | null;
}

interface Problem {
  code: string;
  detail: string;
}

interface RunnerRelease {
  release_id: string;
  role: string;
  deployment_ids: string[];
  config_yaml: string;
}

let api: ApiApp;
let token: string;

beforeAll(async () => {
  api = await openApiApp();
  token = await api.createToken();
});

afterAll(() => api.close());

const post = <Body>(path: string, body: unknown = {}) => api.call<Body>('POST', path, { token, body });
const get = <Body>(path: string) => api.call<Body>('GET', path, { token });
const runnerRelease = (have?: string) =>
  api.call<RunnerRelease>(
    'GET',
    `${api.internalUrl}/internal/v1/runner/release${have ? `?have=${have}` : ''}`,
    {
      token: api.config.internalToken,
    },
  );
const report = (body: object) =>
  api.call<{ accepted: boolean; ignored: boolean }>('POST', `${api.internalUrl}/internal/v1/runner/reports`, {
    token: api.config.internalToken,
    body,
  });

async function addModel(name: string): Promise<string> {
  const provider = await post<Created>('/api/v1/llm/providers', {
    name: `provider of ${name}`,
    kind: 'demo',
  });
  const model = await post<{ deployments: Created[] }>('/api/v1/llm/models', {
    name,
    deployments: [{ provider_id: provider.body.id, upstream_model: 'demo' }],
  });
  expect(model.status).toBe(201);
  return model.body.deployments[0]!.id;
}

it('goes from rows to a served release: plan, apply, runner, active, rollback', async () => {
  const first = await addModel('first');
  const plan = await post<{ changed: boolean; deployment_ids: string[] }>('/api/v1/config/plan');
  expect(plan.body).toMatchObject({ changed: true, deployment_ids: [first], base_release: null });

  const applied = await post<Release>('/api/v1/config/releases', { note: 'first' });
  expect(applied).toMatchObject({ status: 201, body: { number: 1, status: 'applying', note: 'first' } });
  expect(await post<Problem>('/api/v1/config/releases')).toMatchObject({
    status: 409,
    body: { code: 'config_release_in_progress' },
  });

  const candidate = await runnerRelease();
  expect(candidate.body).toMatchObject({
    release_id: applied.body.id,
    role: 'candidate',
    deployment_ids: [first],
    config_yaml: applied.body.config_yaml,
  });
  await report({ release_id: applied.body.id, phase: 'starting' });
  expect((await get<Release>(`/api/v1/config/releases/${applied.body.id}`)).body.phase).toBe('starting');
  const outcome = { release_id: applied.body.id, phase: 'active', deployment_ids: [first], engine: 'wasm' };
  expect((await report(outcome)).body).toEqual({ accepted: true, ignored: false });
  expect((await get<Release>(`/api/v1/config/releases/${applied.body.id}`)).body).toMatchObject({
    status: 'active',
    verification: { engine: 'wasm', deployment_ids: [first] },
  });
  expect((await runnerRelease(applied.body.id)).status).toBe(204);
  expect((await runnerRelease()).body.role).toBe('active');
  expect((await post<Problem>('/api/v1/config/releases')).body.code).toBe('config_unchanged');

  const second = await addModel('second');
  const next = await post<Release>('/api/v1/config/releases');
  await report({ release_id: next.body.id, phase: 'active', deployment_ids: [first, second] });
  expect((await get<Release>(`/api/v1/config/releases/${applied.body.id}`)).body.status).toBe('superseded');

  const back = await post<Release>(`/api/v1/config/releases/${applied.body.id}/rollback`);
  expect(back.body).toMatchObject({
    number: 3,
    status: 'applying',
    rollback_of: applied.body.id,
    config_yaml: applied.body.config_yaml,
  });
});
