import { type ApiApp, openApiApp } from '../../../../test/support/api-app';
import { waitUntil } from '../../../../test/support/wait-until';
import { RunnerReleaseService } from '@signalbox/domain/config-releases';

interface Created {
  id: string;
}

interface Release extends Created {
  number: number;
  status: string;
  phase: string | null;
  failure: string | null;
  config_yaml: string;
  rollback_of_id: string | null;
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
    rollback_of_id: applied.body.id,
    config_yaml: applied.body.config_yaml,
  });
});

it('waits for the outcome when asked to', async () => {
  const inProgress = (await get<{ data: Release[] }>('/api/v1/config/releases?status=applying')).body
    .data[0]!;
  await report({ release_id: inProgress.id, phase: 'failed', detail: 'ended' });
  const waiting = post<Release>('/api/v1/config/releases?wait_ms=20000', { force: true });
  const candidate = await waitUntil(
    async () => {
      const answer = await runnerRelease();
      return answer.body.role === 'candidate' ? answer.body : null;
    },
    { deadlineMs: 5_000, what: 'the candidate' },
  );
  await report({ release_id: candidate.release_id, phase: 'failed', detail: 'ids differ' });
  expect(await waiting).toMatchObject({
    status: 201,
    body: { status: 'failed', phase: 'failed', failure: 'ids differ' },
  });
});

it('lists releases, the newest first, page by page', async () => {
  const first = (await get<{ data: Release[]; next_cursor: string }>('/api/v1/config/releases?limit=2')).body;
  expect(first.data.map(({ number }) => number)).toEqual([4, 3]);
  expect(first.data[0]).not.toHaveProperty('config_yaml');
  const next = await get<{ data: Release[] }>(`/api/v1/config/releases?limit=2&cursor=${first.next_cursor}`);
  expect(next.body.data.map(({ number }) => number)).toEqual([2, 1]);
  const active = await get<{ data: Release[] }>('/api/v1/config/releases?status=active');
  expect(active.body.data).toHaveLength(1);
});

it('applies once for one Idempotency-Key, and replays the answer', async () => {
  const headers = { 'idempotency-key': 'apply-1' };
  const body = { force: true, note: 'once' };
  const apply = () => api.call<Release>('POST', '/api/v1/config/releases', { token, body, headers });
  const first = await apply();
  const second = await apply();
  expect([first.status, second.status]).toEqual([201, 201]);
  expect(second.body).toEqual(first.body);
  await report({ release_id: first.body.id, phase: 'failed' });
});

it('applies and rolls back without a body', async () => {
  const active = (await get<{ data: Release[] }>('/api/v1/config/releases?status=active')).body.data[0]!;
  const unchanged = await api.call<Problem>('POST', `/api/v1/config/releases/${active.id}/rollback`, {
    token,
  });
  expect([unchanged.status, unchanged.body.code]).toEqual([409, 'config_unchanged']);
});

it.each([
  ['POST', '/api/v1/config/releases', { note: 'x'.repeat(1_001) }],
  ['POST', '/api/v1/config/releases', { force: 'yes' }],
  ['POST', '/api/v1/config/releases', { yaml: 'model_list: []' }],
  ['POST', '/api/v1/config/releases?wait_ms=25001', {}],
  ['GET', '/api/v1/config/releases?status=unknown', undefined],
])('refuses %s %s %j', async (method, path, body) => {
  const answer = await api.call<Problem>(method, path, { token, body });
  expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed']);
});

it('is closed to tokens of organizations and to tokens without the scope', async () => {
  const ofTenant = await api.createToken({ organizationId: 'org_of_a_tenant' });
  const reader = await api.createToken({ scopes: ['releases:read'] });
  const codeFor = async (given: string, method: string, path: string) =>
    (await api.call<Problem>(method, path, { token: given })).body.code;
  for (const [method, path] of [
    ['POST', '/api/v1/config/plan'],
    ['GET', '/api/v1/config/releases'],
    ['POST', '/api/v1/config/releases'],
    ['GET', '/api/v1/config/drift'],
    ['POST', '/api/v1/config/drift/check'],
  ] as const) {
    expect(await codeFor(ofTenant, method, path)).toBe('platform_only');
  }
  expect(await codeFor(reader, 'POST', '/api/v1/config/releases')).toBe('scope_missing');
  expect(await codeFor(reader, 'POST', '/api/v1/config/drift/check')).toBe('scope_missing');
});

it('shows no drift before the first comparison', async () => {
  expect((await get('/api/v1/config/drift')).body).toEqual({ models: null, keys: null });
});

describe('the internal routes', () => {
  const internal = (method: string, path: string, given: string | undefined, body?: unknown) =>
    api.call<Problem>(method, `${api.internalUrl}${path}`, {
      ...(given === undefined ? {} : { token: given }),
      body,
    });

  it('want the internal token, and no other', async () => {
    for (const given of [undefined, 'wrong', token]) {
      const answer = await internal('GET', '/internal/v1/runner/release', given);
      expect([answer.status, answer.body.code]).toEqual([401, 'internal_token_invalid']);
    }
  });

  it('do not exist on the public port', async () => {
    for (const given of [token, api.config.internalToken]) {
      const answer = await api.call('GET', '/internal/v1/runner/release', { token: given });
      expect(answer.status).toBe(404);
    }
  });

  it.each([
    { phase: 'active' },
    { release_id: 'rel_1', phase: 'done' },
    { release_id: 'rel_1', phase: 'failed', detail: 'x'.repeat(4_001) },
    { release_id: 'rel_1', phase: 'active', deployment_ids: [1] },
    { release_id: 'rel_1', phase: 'active', secret: 'x' },
  ])('refuse the report %j', async (body) => {
    const answer = await internal('POST', '/internal/v1/runner/reports', api.config.internalToken, body);
    expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed']);
  });

  it('end a long poll when the process ends', async () => {
    const other = await openApiApp();
    const releases = other.get(RunnerReleaseService);
    const nextRelease = releases.nextRelease.bind(releases);
    const isBeingServed = new Promise<void>((resolve) => {
      jest.spyOn(releases, 'nextRelease').mockImplementation((caller, wait) => {
        resolve();
        return nextRelease(caller, wait);
      });
    });
    const polling = other.call('GET', `${other.internalUrl}/internal/v1/runner/release?wait_ms=20000`, {
      token: other.config.internalToken,
    });
    await isBeingServed;
    const startedMs = performance.now();
    await other.close();
    expect((await polling).status).toBe(204);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});
