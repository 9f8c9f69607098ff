import fc from 'fast-check';
import { newId } from '@signalbox/common';
import { once } from 'node:events';
import { BenchmarkWorld } from '../../../../../test/support/benchmark-world';
import { waitUntil } from '../../../../../test/support/wait-until';
import { mostPromptTokens } from './model-prices';
import { SpendingRepository } from './spending.repository';

jest.setTimeout(60_000);

const quickTasks = 8;
/** What the dearest call of quick-1, the long text, can cost at most: bytes of the prompt and 64 at $1, 1,024 tokens at $2 for a million. */
const dearestCall = 16_700_000;
let world: BenchmarkWorld;

beforeAll(async () => {
  world = await BenchmarkWorld.open();
  for (const name of ['one', 'two', 'three']) await world.addModel(name);
});
beforeEach(() => world.edge.reset());
afterAll(() => world.close());

interface Money {
  cap: number;
  spent: number;
  reserved: number;
}

async function money(id: string): Promise<Money> {
  const [row] = await world.query<Money>(
    `SELECT cap_nano_usd::float AS cap, spent_nano_usd::float AS spent, reserved_nano_usd::float AS reserved
     FROM benchmark_runs WHERE id = $1`,
    [id],
  );
  return row!;
}

describe('the cap', () => {
  it('ends the run before it is passed, says which call did not fit, and proposes nothing of so little', async () => {
    world.edge.usage = { prompt_tokens: 100, completion_tokens: 1_024 };
    const id = await world.start(['one', 'two', 'three'], { capNanoUsd: dearestCall });
    await world.advance();
    const { run, counts, models } = await world.service.get(world.operator, id);
    expect(run.state).toBe('capped');
    expect(run.problem).toMatch(
      /^The next call \(\w+, [\w-]+\) could cost \$0\.\d+, which would pass the cap of \$0\.0167\.$/,
    );
    // Each call costs 100 x 1,000 + 1,024 x 2,000 nano-dollars.
    expect(Number(run.spentNanoUsd)).toBe(counts.done * 2_148_000);
    expect(Number(run.spentNanoUsd)).toBeLessThanOrEqual(dearestCall);
    expect([counts.done > 3, counts.skipped]).toEqual([true, 3 * quickTasks - counts.done]);
    const shares = models.map(({ done }) => done);
    // Whoever asks first comes first, so a quicker model gets more of it, and no model all.
    expect(Math.min(...shares)).toBeGreaterThan(0);
    expect(await world.query('SELECT FROM quality_scores WHERE benchmark_run_id = $1', [id])).toEqual([]);
    expect(world.edge.calls).toHaveLength(counts.done);
  });

  it('is never passed, at no moment, whatever prices, caps and answers are', async () => {
    let number = 0;
    const behaviours = fc.constantFrom('right', 'wrong', 'cut', 'no_usage', 'again', 'broken' as const);
    const price = fc.integer({ min: 0, max: 30_000_000 });
    const cases = fc.record({
      price: fc.record({ input: price, output: price }),
      modelCount: fc.integer({ min: 2, max: 3 }),
      share: fc.double({ min: 1, max: 3, noNaN: true }),
      answers: fc.array(fc.tuple(behaviours, fc.constantFrom(0.2, 1, 1)), { minLength: 1, maxLength: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ price: prices, modelCount, share, answers }) => {
        world.edge.reset();
        const models = Array.from({ length: modelCount }, () => `any-${(number += 1)}`);
        for (const name of models) await world.addModel(name, prices);
        const dearest = prices.input * 14.7 + prices.output * 1.1;
        const id = await world.start(models, { capNanoUsd: Math.ceil(dearest * share) + 1 });
        const seen: Money[] = [];
        world.edge.behave = ({ task }, index) => {
          const [behaviour, part] = answers[index % answers.length]!;
          // As dear as may be: every token of the worst case.
          world.edge.usage = {
            prompt_tokens: Math.floor(mostPromptTokens(task) * part),
            completion_tokens: Math.floor(task.maxTokens * part),
          };
          if (behaviour === 'again') return { status: 429, retryAfter: '0' };
          if (behaviour === 'broken') return { status: 500 };
          return { until: money(id).then((now) => seen.push(now)), behaviour };
        };
        await world.advance();
        seen.push(await money(id));
        for (const { cap, spent, reserved } of seen) expect(spent + reserved).toBeLessThanOrEqual(cap);
        expect(seen.at(-1)?.reserved).toBe(0);
      }),
      { numRuns: 6 },
    );
  });

  it('is held against the prices of a deployment that was switched off, until no release has it any more', async () => {
    await world.addModel('dual');
    const [dear] = await world.query<{ id: string }>(
      `INSERT INTO deployments (id, model_id, provider_id, upstream_model, enabled, facts)
       SELECT $1, model_id, provider_id, 'dear', false, $2 FROM deployments WHERE upstream_model = 'upstream-of-dual'
       RETURNING id`,
      [newId('deployment'), { prices: { input: 10_000_000, output: 20_000_000 } }],
    );
    const worstCase = async (): Promise<number> => {
      const run = await world.run(await world.start(['dual']));
      await world.service.cancel(world.operator, run.id);
      return Number(run.progress['worst_case_nano_usd']);
    };
    const switchedOff = await worstCase();
    await world.query(
      `INSERT INTO config_releases (id, number, status, config_yaml, config_sha256, created_by, models)
       VALUES ($1, 1, 'active', '', '', 'test', $2)`,
      [newId('configRelease'), JSON.stringify([{ name: 'dual', mode: 'chat', deployment_ids: [dear?.id] }])],
    );
    expect(await worstCase()).toBe(10 * switchedOff);
    await world.query('DELETE FROM config_releases');
    expect(await worstCase()).toBe(switchedOff);
  });

  it('may be passed by the one call of a provider that writes more than it may, and nothing is asked after it', async () => {
    world.edge.usage = { prompt_tokens: 100, completion_tokens: 1_000_000 };
    const id = await world.start(['one'], { capNanoUsd: dearestCall });
    await world.advance();
    const { run, counts } = await world.service.get(world.operator, id);
    expect([run.state, counts.done, world.edge.calls.length]).toEqual(['capped', 1, 1]);
    expect(Number(run.spentNanoUsd)).toBe(100 * 1_000 + 1_000_000 * 2_000);
  });
});

describe('a worker that dies', () => {
  it('by kill -9 leaves a run that goes on: only the calls under way are made again, and stay paid for', async () => {
    const id = await world.start(['one', 'two']);
    world.edge.behave = (_call, index) => (index < 5 ? 'right' : 'hang');
    const worker = world.spawnWorker();
    const died = once(worker, 'exit');
    const isAtIt = async (): Promise<boolean> =>
      world.edge.calls.length === 7 && (await world.service.get(world.operator, id)).counts.done === 5;
    await waitUntil(isAtIt, { deadlineMs: 30_000, what: 'two calls under way' });
    const before = await money(id);
    worker.kill('SIGKILL');
    await died;
    const keys = new Set(world.edge.calls.map(({ key }) => key));
    world.edge.behave = () => 'right';
    // PostgreSQL hears at once that the connection is gone, and lets go of the lock.
    const isDone = async (): Promise<boolean> => (await world.advance()) === 'idle';
    await waitUntil(isDone, { deadlineMs: 10_000, what: 'the lock' });
    const { run, counts } = await world.service.get(world.operator, id);
    expect([run.state, counts.done]).toEqual(['completed', 2 * quickTasks]);
    const asked = world.edge.calls.map(({ model, task }) => `${model} ${task.id}`);
    const twice = asked.filter((one, index) => asked.indexOf(one) !== index);
    expect(twice.sort()).toEqual(asked.slice(5, 7).sort());
    expect(before.reserved).toBeGreaterThan(0);
    expect([Number(run.unknownNanoUsd), run.reservedNanoUsd]).toEqual([before.reserved, '0']);
    // The value that the dead worker had is no longer good.
    expect(world.edge.calls.slice(7).some(({ key }) => keys.has(key))).toBe(false);
  });

  it('only seems to: what it writes late does not count', async () => {
    const spending = world.get(SpendingRepository);
    const id = await world.start(['one']);
    const inRun = world.database.transactions;
    const now = new Date();
    const [early, late] = [
      { id, holder: 'early' },
      { id, holder: 'late' },
    ];
    const key = { model: 'one', task: 'arithmetic-product', sample: 1 };
    const settlement = {
      state: 'done' as const,
      score: 1,
      firstByteMs: 1,
      durationMs: 1,
      promptTokens: 1,
      completionTokens: 1,
      requestId: null,
      failure: null,
      detail: null,
      costNanoUsd: 5,
    };
    await inRun.run('platform', (manager) => spending.takeOver(manager, id, 'early', now));
    await inRun.run('platform', (manager) => spending.reserve(manager, early, key, 1_000));
    await inRun.run('platform', (manager) => spending.takeOver(manager, id, 'late', now));
    const settled = inRun.run('platform', (manager) => spending.settle(manager, early, key, settlement));
    await expect(settled).rejects.toThrow('given up');
    const reserved = inRun.run('platform', (manager) => spending.reserve(manager, early, key, 1_000));
    await expect(reserved).rejects.toThrow('somebody else');
    expect(await money(id)).toMatchObject({ spent: 1_000, reserved: 0 });
    await inRun.run('platform', (manager) => spending.reserve(manager, late, key, 1_000));
    const foreign = inRun.run('platform', (manager) => spending.settle(manager, early, key, settlement));
    await expect(foreign).rejects.toThrow('somebody else');
    await inRun.run('platform', (manager) => spending.settle(manager, late, key, settlement));
    expect(await money(id)).toMatchObject({ spent: 1_005, reserved: 0 });
    await world.service.cancel(world.operator, id);
  });

  it('stops at a signal, and another one goes on', async () => {
    const id = await world.start(['one']);
    const ending = new AbortController();
    world.edge.behave = (_call, index) => {
      if (index === 2) setImmediate(() => ending.abort());
      return index < 2 ? 'right' : 'hang';
    };
    expect(await world.advance(ending.signal)).toBe('stopped');
    const { run, counts } = await world.service.get(world.operator, id);
    expect([run.state, counts.done, counts.waiting, run.reservedNanoUsd]).toEqual(['running', 2, 6, '0']);
    world.edge.behave = () => 'right';
    await world.advance();
    expect(world.edge.calls).toHaveLength(quickTasks + 1);
    expect((await world.run(id)).state).toBe('completed');
  });
});

it('a worker that is to stop while a call waits for room under the cap has not reached the cap', async () => {
  const id = await world.start(['one', 'two'], { capNanoUsd: dearestCall });
  // Room for one call of the first task, and not for two.
  await world.query('UPDATE benchmark_runs SET spent_nano_usd = cap_nano_usd - 3000000 WHERE id = $1', [id]);
  const ending = new AbortController();
  world.edge.behave = () => {
    ending.abort();
    return 'hang';
  };
  expect(await world.advance(ending.signal)).toBe('stopped');
  const { run, counts } = await world.service.get(world.operator, id);
  expect([run.state, run.problem, counts.waiting]).toEqual(['running', null, 2 * quickTasks]);
  await world.service.cancel(world.operator, id);
});

describe('a schedule', () => {
  it('makes its run once each round, however many workers look, and not while the last one is open', async () => {
    const input = { models: ['one'], suite: 'quick-1', samples: 1, capNanoUsd: 1e9, allowUnpriced: false };
    const first = await world.service.start(world.operator, input, 'daily');
    const { scheduleId } = first.run;
    const runs = async (): Promise<number> => {
      const rows = await world.query('SELECT FROM benchmark_runs WHERE schedule_id = $1', [scheduleId]);
      return rows.length;
    };
    const schedule = async (): Promise<{ problem: string | null; last: string | null }> => {
      const rows = await world.query<{ problem: string | null; last: string | null }>(
        'SELECT problem, last_run_id AS last FROM benchmark_schedules WHERE id = $1',
        [scheduleId],
      );
      return rows[0]!;
    };
    expect(await schedule()).toEqual({ problem: null, last: first.run.id });
    world.clock.advanceMs(86_400_000);
    await world.startDue();
    expect([await runs(), (await schedule()).problem]).toEqual([1, 'The run before it had not ended.']);
    await world.advance();
    await world.startDue();
    expect(await runs()).toBe(1);
    world.clock.advanceMs(3 * 86_400_000);
    await Promise.all([world.startDue(), world.startDue(), world.startDue()]);
    expect([await runs(), (await schedule()).problem]).toEqual([2, null]);
    await world.advance();
    await world.query(`UPDATE models SET enabled = false WHERE name = 'one'`);
    world.clock.advanceMs(86_400_000);
    await world.startDue();
    expect([await runs(), (await schedule()).problem]).toEqual([2, expect.stringContaining('not so: one')]);
  });
});
