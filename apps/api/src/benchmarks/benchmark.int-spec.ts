import { encodeCursor } from '@signalbox/common';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';
import type {
  BenchmarkReportView,
  BenchmarkResultListView,
  BenchmarkRunListView,
  BenchmarkRunView,
  BenchmarkScheduleListView,
} from './benchmark.dto';

let api: ApiApp;
let token: string;

beforeAll(async () => {
  api = await openApiApp();
  token = await api.createToken({ scopes: ['models:read', 'models:write'] });
  const admin = await api.createToken();
  const provider = await api.call<{ id: string }>('POST', '/api/v1/llm/providers', {
    token: admin,
    body: { name: 'priced', kind: 'openai_compatible', base_url: 'https://llm.example.com/v1' },
  });
  const prices = { input: '0.000001', output: '0.000002' };
  for (const [name, facts] of Object.entries({ priced: { prices }, unpriced: {} })) {
    const deployments = [{ provider_id: provider.body.id, upstream_model: name }];
    const body = { name, facts, deployments };
    const made = await api.call('POST', '/api/v1/llm/models', { token: admin, body });
    expect([name, made.status]).toEqual([name, 201]);
  }
});
afterAll(() => api.close());

const call = <Body>(method: string, path: string, body?: object) =>
  api.call<Body>(method, `/api/v1/llm/benchmarks${path}`, body ? { token, body } : { token });

it('a run is started with its worst case worked out, shown, listed by pages, and cancelled once', async () => {
  const started = await call<BenchmarkRunView>('POST', '/runs', { models: ['priced'], max_cost_usd: '0.75' });
  expect([started.status, started.body]).toMatchObject([
    201,
    { state: 'queued', suite: 'general-1', samples: 1, max_cost_usd: '0.75', spent_usd: '0', problem: null },
  ]);
  expect(started.body.progress).toEqual({ waiting: 46, calling: 0, done: 0, failed: 0, skipped: 0 });
  // 46 answers of 1,024 tokens at $2 for a million are $0.094208; the prompts come on top.
  expect(Number(started.body.worst_case_usd)).toBeGreaterThan(0.0942);
  expect(Number(started.body.worst_case_usd)).toBeLessThan(0.18);
  const { id } = started.body;
  const report = await call<BenchmarkReportView>('GET', `/runs/${id}`);
  expect(report.body.results).toMatchObject([{ model: 'priced', quality: null, calls: { waiting: 46 } }]);
  const path = `/runs/${id}/results?limit=30`;
  const first = await call<BenchmarkResultListView>('GET', path);
  const next = await call<BenchmarkResultListView>('GET', `${path}&cursor=${first.body.next_cursor}`);
  const tasks = [...first.body.data, ...next.body.data].map(({ task }) => task);
  expect([tasks.length, new Set(tasks).size, next.body.next_cursor]).toEqual([46, 46, null]);
  for (const position of [
    ['priced', 'a', 1e300],
    ['priced', 'a\0', 1],
    ['priced', 'a', 1.5],
  ]) {
    const cursor = encodeCursor(JSON.stringify(position));
    const invented = await call<{ code: string }>('GET', `${path}&cursor=${cursor}`);
    expect([invented.status, invented.body.code]).toEqual([400, 'cursor_invalid']);
  }
  const none = await call<BenchmarkResultListView>('GET', `/runs/${id}/results?state=done`);
  expect(none.body.data).toEqual([]);
  const cancelled = await call<BenchmarkRunView>('POST', `/runs/${id}/cancel`);
  expect([cancelled.body.state, cancelled.body.progress.skipped]).toEqual(['cancelled', 46]);
  expect((await call<BenchmarkRunView>('POST', `/runs/${id}/cancel`)).body.ended_at).toBe(
    cancelled.body.ended_at,
  );
  const list = await call<BenchmarkRunListView>('GET', '/runs');
  expect(list.body.data.map((run) => run.id)).toEqual([id]);
});

it('refuses models without a price, names that are no chat model, and a cap that no call fits under', async () => {
  const codeOf = async (body: object): Promise<unknown[]> => {
    const { status, body: problem } = await call<{ code: string; errors?: { field: string }[] }>(
      'POST',
      '/runs',
      body,
    );
    return [status, problem.code, problem.errors?.[0]?.field];
  };
  expect(await codeOf({ models: ['unpriced'] })).toEqual([409, 'benchmark_price_unknown', undefined]);
  expect(await codeOf({ models: ['priced', 'eco'] })).toEqual([400, 'validation_failed', 'models']);
  expect(await codeOf({ models: ['priced'], max_cost_usd: '0.001' })).toEqual([
    400,
    'validation_failed',
    'max_cost_usd',
  ]);
});

it('a schedule is made with its first run, shown, and deleted', async () => {
  const started = await call<BenchmarkRunView>('POST', '/runs', {
    models: ['unpriced'],
    suite: 'quick-1',
    allow_unpriced: true,
    schedule: 'daily',
  });
  const id = started.body.schedule_id ?? '';
  const list = await call<BenchmarkScheduleListView>('GET', '/schedules');
  expect(list.body.data).toMatchObject([
    { id, every: 'daily', last_run_id: started.body.id, max_cost_usd: '1', problem: null },
  ]);
  const madeAt = Date.parse(list.body.data[0]?.created_at ?? '');
  expect(Date.parse(list.body.data[0]?.next_run_at ?? '') - madeAt).toBe(86_400_000);
  expect((await call('DELETE', `/schedules/${id}`)).status).toBe(204);
  expect((await call('DELETE', `/schedules/${id}`)).status).toBe(404);
  expect((await call<BenchmarkReportView>('GET', `/runs/${started.body.id}`)).body.state).toBe('queued');
});
