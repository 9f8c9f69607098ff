import { VirtualKeyService } from '@signalbox/domain/virtual-keys';
import { hashVirtualKeyValue } from '@signalbox/gateway';
import { BenchmarkWorld } from '../../../../../test/support/benchmark-world';
import { waitUntil } from '../../../../../test/support/wait-until';
import { SpendingRepository } from '../spending/spending.repository';

jest.setTimeout(30_000);

const quickTasks = 8;
let world: BenchmarkWorld;

beforeAll(async () => {
  world = await BenchmarkWorld.open({ timeoutMs: 700 });
  for (const name of ['good', 'bad', 'down']) await world.addModel(name);
  await world.addModel('unpriced', null);
});
beforeEach(() => world.edge.reset());
afterAll(() => world.close());

it('tells a good model from a bad one, what they cost and took, and proposes both scores without setting them', async () => {
  world.edge.behave = ({ model, task }) =>
    model === 'bad' && task.category !== 'arithmetic' ? 'wrong' : 'right';
  const id = await world.start(['good', 'bad']);
  expect(await world.advance()).toBe('idle');
  const { run, counts, models } = await world.service.get(world.operator, id);
  expect([run.state, run.problem, counts]).toMatchObject(['completed', null, { done: 2 * quickTasks }]);
  const [good, bad] = models;
  expect(good?.quality).toMatchObject({ value: 1, high: 1 });
  // One of eight tasks, all of weight 1 but the invoice, which has 2: 1 of 9. Two of the instructions' rules are kept by chance: none.
  expect(bad?.quality?.value).toBeCloseTo(1 / 9, 5);
  expect(good?.arithmetic).toContain('weights x scores are 9 of 9, so 1.');
  expect(good?.duration.p50Ms).toBeGreaterThanOrEqual(good?.firstByte.p50Ms ?? Infinity);
  // Every token at $1 and $2 for a million is 1,000 and 2,000 nano-dollars.
  const tokens = (good?.promptTokens ?? 0) * 1_000 + (good?.completionTokens ?? 0) * 2_000;
  expect([good?.costNanoUsd, Number(run.spentNanoUsd)]).toEqual([tokens, tokens + (bad?.costNanoUsd ?? 0)]);
  expect([run.reservedNanoUsd, run.unknownNanoUsd]).toEqual(['0', '0']);
  const scores = await world.query(
    'SELECT subject, score::float, state FROM quality_scores ORDER BY subject',
  );
  expect(scores).toEqual([
    { subject: 'bad', score: 0.111, state: 'proposed' },
    { subject: 'good', score: 1, state: 'proposed' },
  ]);
});

it('calls with a key of its own, for the models of the run only, which is revoked at its end and written down nowhere', async () => {
  const id = await world.start(['good']);
  await world.advance();
  const [value = ''] = new Set(world.edge.calls.map(({ key }) => key));
  const [key] = await world.query(
    `SELECT key.id, key.models, key.metadata, key.revoked_at IS NOT NULL AS "isRevoked", service.name AS service,
       organization.purpose, workspace.credential_policy AS policy, workspace.routing->'attempt_limit' AS attempts
     FROM virtual_keys key JOIN virtual_key_secrets secret ON secret.virtual_key_id = key.id
       JOIN services service ON service.id = key.service_id
       JOIN workspaces workspace ON workspace.id = key.workspace_id
       JOIN organizations organization ON organization.id = key.organization_id
     WHERE secret.key_hash = $1`,
    [hashVirtualKeyValue(value)],
  );
  expect(key).toEqual({
    id: (await world.run(id)).virtualKeyId,
    models: ['good'],
    metadata: { app: 'benchmark', benchmark_run_id: id },
    isRevoked: true,
    service: 'benchmark',
    purpose: 'benchmarks',
    policy: 'platform_only',
    attempts: 1,
  });
  for (const table of ['benchmark_runs', 'benchmark_results', 'audit_events', 'outbox_items'])
    expect(await world.query(`SELECT FROM ${table} row WHERE row::text LIKE $1`, [`%${value}%`])).toEqual([]);
});

it('goes on to the next run where somebody has deleted its key', async () => {
  const keys = world.get(VirtualKeyService);
  const deleteKey = async (): Promise<void> => {
    const { virtualKeyId } = await world.run(id);
    await keys.delete(world.operator, virtualKeyId ?? '');
  };
  let deleted: Promise<void> | null = null;
  world.edge.behave = () => ({ until: (deleted ??= deleteKey()) });
  const id = await world.start(['good']);
  expect(await world.advance()).toBe('idle');
  expect((await world.run(id)).keyEndedAt).not.toBeNull();
  world.edge.behave = () => 'right';
  const next = await world.start(['good']);
  expect(await world.advance()).toBe('idle');
  expect((await world.run(next)).state).toBe('completed');
});

it('uses one organization for all runs, and puts its workspace right', async () => {
  await world.query(`UPDATE workspaces SET routing = '{"attempt_limit": 9}' WHERE name = 'Model benchmarks'`);
  await world.start(['good']);
  await world.advance();
  const rows = await world.query(
    `SELECT count(*)::int AS count, min(workspace.routing->>'attempt_limit') AS attempts FROM organizations organization
     JOIN workspaces workspace ON workspace.organization_id = organization.id WHERE organization.purpose IS NOT NULL`,
  );
  expect(rows).toEqual([{ count: 1, attempts: '1' }]);
});

it('counts failures apart from wrong answers, and leaves a model alone that never answers', async () => {
  world.edge.behave = ({ model }) => (model === 'down' ? { status: 500, code: 'provider_error' } : 'right');
  const id = await world.start(['good', 'down']);
  await world.advance();
  const { run, models } = await world.service.get(world.operator, id);
  const [good, down] = models;
  expect([run.state, good?.quality?.value]).toEqual(['completed', 1]);
  expect(down).toMatchObject({ quality: null, done: 0, failed: 5, skipped: 3 });
  expect(down?.failures).toEqual({ http_500_provider_error: 5 });
  expect(world.edge.countOf('down')).toBe(5);
  // Nobody knows whether the provider charges for what broke within: the worst case counts as spent.
  expect(Number(run.unknownNanoUsd)).toBe(down?.costNanoUsd);
  expect(down?.costNanoUsd).toBeGreaterThan(0);
  const proposals = await world.query('SELECT subject FROM quality_scores WHERE benchmark_run_id = $1', [id]);
  expect(proposals).toEqual([{ subject: 'good' }]);
});

it.each([
  ['cut', 'cut', true],
  ['stream_error', 'stream_error', true],
  ['reset', 'connection_lost', true],
  ['hang', 'timeout', true],
  ['another_model', 'another_model', true],
  [{ status: 400, code: 'bad_request' }, 'http_400_bad_request', false],
  [{ status: 404, code: 'model_not_found' }, 'http_404_model_not_found', false],
] as const)('one answer that is %j is a failure named %s', async (behaviour, failure, hasCost) => {
  world.edge.behave = (_call, index) => (index === 0 ? behaviour : 'right');
  const id = await world.start(['good']);
  await world.advance();
  const failed = (await world.results(id)).filter(({ state }) => state === 'failed');
  expect(failed).toMatchObject([{ failure, score: null }]);
  expect(Number(failed[0]?.costNanoUsd) > 0).toBe(hasCost);
});

it('an answer without usage costs its worst case', async () => {
  world.edge.behave = (_call, index) => (index === 0 ? 'no_usage' : 'right');
  const id = await world.start(['good']);
  await world.advance();
  const { unknownNanoUsd } = await world.run(id);
  // The first task: its bytes and 64 tokens of frame at 1,000 nano-dollars each, and 1,024 tokens of answer at 2,000.
  const promptBytes = Buffer.byteLength(world.edge.calls[0]?.task.prompt ?? '');
  expect(Number(unknownNanoUsd)).toBe((promptBytes + 64) * 1_000 + 1_024 * 2_000);
});

it('comes again when it is told to, and is not refused by an edge that does not know the new key yet', async () => {
  world.edge.behave = (_call, index) => {
    if (index < 2) return { status: 401, code: 'key_unknown' };
    return index < 4 ? { status: 429, code: 'rate_limited', retryAfter: '0.05' } : 'right';
  };
  const id = await world.start(['good']);
  await world.advance();
  const { run, counts } = await world.service.get(world.operator, id);
  expect([run.state, counts.done, counts.failed]).toEqual(['completed', quickTasks, 0]);
  expect(world.edge.calls).toHaveLength(quickTasks + 4);
});

it('asks again what broke for trouble of our own, and counts what that may have cost', async () => {
  const trouble = { status: 502, code: 'litellm_no_answer', retryAfter: '0' };
  world.edge.behave = (_call, index) => (index === 1 ? trouble : 'right');
  const id = await world.start(['good']);
  await world.advance();
  const { run, counts } = await world.service.get(world.operator, id);
  expect([counts.done, counts.failed, world.edge.calls.length]).toEqual([quickTasks, 0, quickTasks + 1]);
  expect(Number(run.unknownNanoUsd)).toBeGreaterThan(0);
});

it('gives up on a model that only says to come again', async () => {
  world.edge.behave = () => ({ status: 429, code: 'rate_limited', retryAfter: '0' });
  const id = await world.start(['good']);
  await world.advance();
  const { run, counts } = await world.service.get(world.operator, id);
  expect([run.state, counts.failed, counts.skipped, run.spentNanoUsd]).toEqual(['completed', 5, 3, '0']);
  expect(world.edge.calls).toHaveLength(25);
});

it('asks each model one thing at a time, and at most four models', async () => {
  for (const name of ['m1', 'm2', 'm3', 'm4', 'm5']) await world.addModel(name);
  let openAll = (): void => undefined;
  const until = new Promise<void>((resolve) => (openAll = resolve));
  world.edge.behave = (_call, index) => {
    if (index === 3) openAll();
    return index < 4 ? { until } : 'right';
  };
  await world.start(['m1', 'm2', 'm3', 'm4', 'm5']);
  await world.advance();
  expect(world.edge.calls).toHaveLength(5 * quickTasks);
  expect(new Set(world.edge.calls.slice(0, 4).map(({ model }) => model)).size).toBe(4);
  expect(world.edge.mostAtOnce).toBe(4);
});

it('cancelled in the midst of a call, it counts what that cost, and asks nothing more', async () => {
  let letGo = (): void => undefined;
  const until = new Promise<void>((resolve) => (letGo = resolve));
  world.edge.behave = () => ({ until });
  const id = await world.start(['good']);
  const done = world.advance();
  await waitUntil(() => world.edge.calls.length === 1, { deadlineMs: 5_000, what: 'the first call' });
  const cancelled = await world.service.cancel(world.operator, id);
  expect([cancelled.run.state, cancelled.counts.calling, cancelled.counts.skipped]).toEqual([
    'cancelled',
    1,
    7,
  ]);
  letGo();
  await done;
  const { run, counts } = await world.service.get(world.operator, id);
  expect([run.state, counts.done, counts.skipped, run.reservedNanoUsd]).toEqual(['cancelled', 1, 7, '0']);
  expect(Number(run.spentNanoUsd)).toBeGreaterThan(0);
  expect(run.keyEndedAt).not.toBeNull();
  expect(world.edge.calls).toHaveLength(1);
});

it('cancelled, of a model that costs nothing, it leaves no call open that a dead worker had under way', async () => {
  await world.addModel('free', { input: 0, output: 0 });
  const spending = world.get(SpendingRepository);
  const { transactions } = world.database;
  const id = await world.start(['free']);
  const held = { id, holder: 'dead' };
  const key = { model: 'free', task: 'arithmetic-product', sample: 1 };
  await transactions.run('platform', (manager) => spending.takeOver(manager, id, held.holder, new Date()));
  await transactions.run('platform', (manager) => spending.reserve(manager, held, key, 0));
  await world.service.cancel(world.operator, id);
  await world.advance();
  const { counts } = await world.service.get(world.operator, id);
  expect(counts).toMatchObject({ calling: 0, skipped: quickTasks });
});

it.each(['organization_blocked', 'workspace_deleted', 'key_blocked'])(
  'says so where port 4000 refuses its key for good (%s), and blames no model',
  async (code) => {
    world.edge.behave = () => ({ status: 403, code });
    const id = await world.start(['good']);
    await world.advance();
    const { run, counts } = await world.service.get(world.operator, id);
    expect([run.state, run.problem]).toEqual([
      'failed',
      `Port 4000 refuses the run's virtual key (http_403_${code}).`,
    ]);
    expect([counts.failed, counts.skipped, run.spentNanoUsd]).toEqual([0, quickTasks, '0']);
    expect(world.edge.calls).toHaveLength(1);
  },
);

it('a key that is refused after many delays is no failure of the task', async () => {
  world.edge.behave = (_call, index) => {
    if (index < 4) return { status: 429, code: 'rate_limited', retryAfter: '0' };
    return index === 4 ? { status: 401, code: 'key_unknown' } : 'right';
  };
  const id = await world.start(['good']);
  await world.advance();
  const { run, counts } = await world.service.get(world.operator, id);
  expect([run.state, counts.done, counts.failed]).toEqual(['completed', quickTasks, 0]);
  expect(new Set(world.edge.calls.map(({ key }) => key)).size).toBe(1);
});

it('refuses what it cannot run', async () => {
  const code = (models: string[], more = {}) =>
    world.start(models, more).then(
      () => 'started',
      (error: { code: string }) => error.code,
    );
  expect(await code(['unpriced'])).toBe('benchmark_price_unknown');
  expect(await code(['nobody'])).toBe('validation_failed');
  expect(await code(['good'], { suite: 'general-0' })).toBe('validation_failed');
  expect(await code(['good'], { capNanoUsd: 1_000 })).toBe('validation_failed');
  const id = await world.start(['unpriced'], { allowUnpriced: true });
  await world.advance();
  const { run, counts } = await world.service.get(world.operator, id);
  expect([run.state, counts.done, run.spentNanoUsd]).toEqual(['completed', quickTasks, '0']);
});
