import { createLogger, type LogFields, systemClock } from '@signalbox/common';
import { signContext } from '@signalbox/gateway';
import type { CallDispatcher } from './litellm-connection.attempt';
import { signingKeys } from '../../../../test/support/edge-app';
import { waitUntil } from '../../../../test/support/wait-until';
import { LitellmStandIn } from '../../../../test/stand-ins/litellm.stand-in';
import { RunnerStandIn } from '../../../../test/stand-ins/runner.stand-in';
import type { AnswerStart } from '../answer/answer-start';
import { noMetrics } from '../metrics/edge-metrics';
import { LitellmConnection } from './litellm-connection';
import { LitellmHealth } from './litellm-health';
import { probeLiveliness } from './litellm-health.probe';
import type { ActiveLitellm } from './runner-state';
import { RunnerWatcher } from './runner-watcher';
import { UpstreamExchange } from './upstream-exchange';
import { UpstreamPools } from './upstream-pools';

const path = '/v1/chat/completions';
const body = Buffer.from(JSON.stringify({ model: 'demo', messages: [{ role: 'user', content: 'hello' }] }));
const token = 'internal-token-of-tests';

let runner: RunnerStandIn;
let litellm: LitellmStandIn;
let world: World;
let logs: LogFields[];

/** The part of an edge that talks to LiteLLM, with real sockets and timers. */
class World {
  readonly pools: UpstreamPools;
  readonly watcher: RunnerWatcher;
  readonly health: LitellmHealth;
  readonly connection: LitellmConnection;

  constructor(runnerUrl: string) {
    const logger = createLogger('debug', {}, (line) => logs.push(JSON.parse(line) as LogFields));
    this.pools = new UpstreamPools(logger);
    const options = { runnerUrl, internalToken: token, subscriber: 'edge' };
    this.watcher = new RunnerWatcher(options, logger, (active) => {
      this.health.follow(active);
      this.pools.retireOthers(active);
    });
    this.health = new LitellmHealth({
      probe: (active, limitMs) => probeLiveliness(this.pools.of(active), limitMs),
      askRunner: () => this.watcher.refresh(),
      clock: systemClock,
      metrics: noMetrics,
      logger,
    });
    this.connection = new LitellmConnection(this.watcher, this.pools, this.health);
  }

  start(): this {
    this.watcher.start();
    this.health.start();
    return this;
  }

  /** In a word: `200`, or why not and how far it came. */
  async call(sent = body): Promise<string> {
    const start = await this.connection.send((dispatcher) => begin(dispatcher, sent));
    if (start.kind === 'good') return String(start.answer.status);
    return `${start.failure.reason} ${start.failure.phase}`;
  }

  async close(): Promise<void> {
    this.health.close();
    await Promise.all([this.watcher.close(), this.pools.destroy()]);
  }
}

async function begin(dispatcher: CallDispatcher, sent: Buffer): Promise<AnswerStart> {
  const claims = { rid: 'req_1', m: 'POST', p: path, kh: 'a'.repeat(64), key: 'key_1', ws: 'ws_1' };
  const context = signContext(
    signingKeys,
    { ...claims, org: 'org_1', mdl: 'demo', dep: null, cred: null, prov: null },
    Date.now(),
  );
  const headers = { 'x-signalbox-context': context, 'content-type': 'application/json' };
  const request = { method: 'POST', path, headers, body: sent } as const;
  const outcome = await new UpstreamExchange(dispatcher, request).outcome;
  if (outcome.kind === 'kept') {
    const answer = {
      status: outcome.status,
      relayTo: () => Promise.reject(new Error()),
      discard: () => undefined,
    };
    return { kind: 'good', answer };
  }
  const detail = outcome.kind === 'failed' ? outcome.error.message : '';
  const failure = { reason: 'no_answer', phase: 'no_answer', status: null, retryAfterMs: null } as const;
  return { kind: 'failed', failure: { ...failure, shown: null, ownMark: null, detail } };
}

function arrived(count: number): Promise<unknown> {
  return waitUntil(() => litellm.posts().length === count, { deadlineMs: 5_000, what: `${count} calls` });
}

function isUp(deadlineMs = 5_000): Promise<unknown> {
  return waitUntil(() => !world.connection.isDown() && world.health.view().state === 'up', {
    deadlineMs,
    pollEveryMs: 10,
    what: 'LiteLLM to be used again',
  });
}

async function timed<Result>(work: () => Promise<Result>): Promise<[Result, number]> {
  const startMs = performance.now();
  return [await work(), performance.now() - startMs];
}

beforeEach(async () => {
  logs = [];
  runner = await RunnerStandIn.start(token);
  litellm = await LitellmStandIn.start(signingKeys);
  runner.activate(litellm);
  world = new World(runner.url).start();
});
afterEach(async () => {
  await world.close();
  await Promise.all([litellm.kill(), runner.close()]);
});

it('the first request of a new edge waits for the first word of the runner', async () => {
  expect(world.connection.isDown()).toBe(false);
  expect(await world.call()).toBe('200');
  expect(world.connection.view()).toMatchObject({ state: 'up', reason: null });
});

describe('LiteLLM is killed', () => {
  it('while idle: the first request learns it in milliseconds, the next ones in less', async () => {
    expect(await world.call()).toBe('200');
    await litellm.kill();
    const [first, firstMs] = await timed(() => world.call());
    expect([first, world.connection.isDown()]).toEqual(['litellm_down not_sent', true]);
    expect(firstMs).toBeLessThan(250);
    const [, thousandMs] = await timed(async () => {
      for (let index = 0; index < 1_000; index += 1) expect(await world.call()).toBe('litellm_down not_sent');
    });
    expect(thousandMs / 1_000).toBeLessThan(1);
  });

  it('while 50 requests wait: all are told, and that LiteLLM may have seen them', async () => {
    litellm.behaviour = { kind: 'hang' };
    const calls = Array.from({ length: 50 }, () => world.call());
    await arrived(50);
    const [, ms] = await timed(async () => {
      await litellm.kill();
      expect(new Set(await Promise.all(calls))).toEqual(new Set(['litellm_down no_answer']));
    });
    expect(ms).toBeLessThan(500);
    expect(world.connection.view()).toMatchObject({ state: 'down', reason: 'it takes no connections' });
  });

  it('and the runner says so first', async () => {
    litellm.behaviour = { kind: 'hang' };
    const call = world.call();
    await arrived(1);
    runner.activate(null);
    expect(await call).toBe('litellm_down no_answer');
    expect([await world.call(), world.connection.isDown()]).toEqual(['litellm_down not_sent', true]);
    await waitUntil(() => litellm.posts()[0]?.isAborted, { deadlineMs: 2_000, what: 'the call to be ended' });
  });

  it('and comes back as another process: used as soon as the runner says so', async () => {
    await litellm.kill();
    await world.call();
    const next = await LitellmStandIn.start(signingKeys);
    runner.activate(next, 'green');
    const [, ms] = await timed(() => isUp());
    expect(ms).toBeLessThan(500);
    expect(await world.call()).toBe('200');
    await next.kill();
  });

  it('while the runner is away too, and comes back on the same port', async () => {
    expect(await world.call()).toBe('200');
    await runner.close();
    const { port } = new URL(litellm.baseUrl);
    await litellm.kill();
    expect(await world.call()).toBe('litellm_down not_sent');
    litellm = await LitellmStandIn.start(signingKeys, Number(port));
    await isUp();
    expect(await world.call()).toBe('200');
    runner = await RunnerStandIn.start(token);
  });
});

describe('LiteLLM hangs', () => {
  it('is noticed without any request, and by those that wait; what it answers again is used again', async () => {
    expect(await world.call()).toBe('200');
    litellm.stop();
    const waiting = world.call();
    expect(await waiting).toBe('litellm_down no_answer');
    expect(world.connection.view().reason).toBe('it did not answer 3 times in a row');
    const [next, ms] = await timed(() => world.call());
    expect(next).toBe('litellm_down not_sent');
    expect(ms).toBeLessThan(50);
    litellm.continue();
    await isUp();
    expect(await world.call()).toBe('200');
  }, 15_000);

  it('is noticed later while large bodies may be what keeps it busy', async () => {
    expect(await world.call()).toBe('200');
    litellm.stop();
    expect(await world.call(Buffer.alloc(45_000_000, ' '))).toBe('litellm_down no_answer');
    expect(world.connection.view().reason).toBe('it did not answer 5 times in a row');
  }, 30_000);

  it('a slow provider is no hang: LiteLLM answers the probes meanwhile', async () => {
    litellm.behaviour = { kind: 'hang' };
    const call = world.call();
    await waitUntil(() => litellm.probes >= 4, { deadlineMs: 8_000, what: 'four probes' });
    expect(world.connection.isDown()).toBe(false);
    await litellm.kill();
    expect(await call).toBe('litellm_down no_answer');
  }, 15_000);
});

describe('a connection that breaks although LiteLLM lives', () => {
  it('after the call was sent: it is not sent to LiteLLM again, and LiteLLM stays in use', async () => {
    litellm.behaviour = { kind: 'reset' };
    expect(await world.call()).toBe('litellm_down no_answer');
    expect(litellm.posts()).toHaveLength(1);
    litellm.behaviour = null;
    expect([world.connection.isDown(), await world.call()]).toEqual([false, '200']);
  });

  it('in the middle of an answer: that is what the answer says, not LiteLLM', async () => {
    const headers = { 'content-type': 'application/json', 'content-length': '1000' };
    litellm.behaviour = { kind: 'torn', status: 200, headers, body: Buffer.from('{') };
    expect(await world.call()).toBe('no_answer no_answer');
    expect(world.connection.isDown()).toBe(false);
  });
});

describe('a switch', () => {
  it('while a request waits on the old one: it is sent to the new one if the old one drops it', async () => {
    const green = await LitellmStandIn.start(signingKeys);
    litellm.behaviour = { kind: 'hang' };
    const call = world.call();
    await arrived(1);
    runner.activate(green, 'green');
    await runner.acknowledgement();
    await litellm.kill();
    expect(await call).toBe('200');
    expect([green.posts().length, world.connection.isDown()]).toEqual([1, false]);
    await green.kill();
  });

  it('that the edge has not heard of: a refused request asks the runner and goes to the new one', async () => {
    expect(await world.call()).toBe('200');
    const green = await LitellmStandIn.start(signingKeys);
    const closed = litellm.kill();
    runner.activate(green, 'green');
    expect(await Promise.all(Array.from({ length: 20 }, () => world.call()))).toEqual(
      Array.from({ length: 20 }, () => '200'),
    );
    expect(world.connection.isDown()).toBe(false);
    await Promise.all([closed, green.kill()]);
  });
});

describe('an edge that starts while the runner is away', () => {
  const remembered = (): ActiveLitellm => ({ slot: 'blue', base_url: litellm.baseUrl, pid: 4 });

  beforeEach(async () => {
    await world.close();
    const { url } = runner;
    await runner.close();
    world = new World(url);
  });
  afterEach(async () => {
    runner = await RunnerStandIn.start(token);
  });

  it('knows no LiteLLM: down as soon as the runner has been asked in vain', async () => {
    const [answer, ms] = await timed(() => world.start().call());
    expect([answer, world.connection.isDown()]).toEqual(['litellm_down not_sent', true]);
    expect(ms).toBeLessThan(1_000);
  });

  it('remembers one that lives: it is used', async () => {
    world.watcher.startWith(remembered());
    expect(await world.start().call()).toBe('200');
  });

  it('remembers one that is dead: the probe says so without any request', async () => {
    const active = remembered();
    await litellm.kill();
    world.watcher.startWith(active);
    world.start();
    await waitUntil(() => world.connection.isDown(), { deadlineMs: 5_000, what: 'the probe' });
    expect(await world.call()).toBe('litellm_down not_sent');
  });
});
