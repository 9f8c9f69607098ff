import { createLogger, ManualClock } from '@signalbox/common';
import { noMetrics } from '../metrics/edge-metrics';
import { LitellmHealth } from './litellm-health';
import type { ProbeResult } from './litellm-health.probe';
import { type ActiveLitellm, identityOf } from './runner-state';

const blue: ActiveLitellm = { slot: 'blue', base_url: 'http://127.0.0.1:1', pid: 1 };
const green: ActiveLitellm = { slot: 'green', base_url: 'http://127.0.0.1:2', pid: 2 };

class Rig {
  readonly clock = new ManualClock();
  readonly told: boolean[] = [];
  readonly limits: number[] = [];
  answers: (ProbeResult | Promise<ProbeResult>)[] = [];
  askRunner: () => Promise<void> = () => Promise.resolve();
  readonly health = new LitellmHealth({
    probe: (_active, limitMs) => {
      this.limits.push(limitMs);
      return Promise.resolve(this.answers.shift() ?? 'alive');
    },
    askRunner: () => this.askRunner(),
    clock: this.clock,
    metrics: { ...noMetrics, litellmUp: (isUp) => void this.told.push(isUp) },
    logger: createLogger('silent', {}),
  });

  async lookAfter(ms: number, ...answers: ProbeResult[]): Promise<void> {
    this.answers.push(...answers);
    this.clock.advanceMs(ms);
    await this.health.look();
  }
}

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
});

it('is down until the runner names a LiteLLM, and when it says that there is none', () => {
  expect(rig.health.view()).toMatchObject({
    state: 'down',
    reason: 'the runner has not named a LiteLLM yet',
  });
  rig.health.follow(blue);
  expect([rig.health.isDown(), rig.health.view().reason]).toEqual([false, null]);
  rig.clock.advanceMs(5_000);
  rig.health.follow(null);
  expect(rig.health.view()).toEqual({
    state: 'down',
    sinceMs: rig.clock.nowMs(),
    reason: 'no LiteLLM is active',
  });
  rig.health.follow(green);
  expect(rig.health.isDown()).toBe(false);
  expect(rig.told).toEqual([true, false, true]);
});

it('is not asked while it answers, and asked when it has been quiet for a second', async () => {
  rig.health.follow(blue);
  await rig.lookAfter(999);
  rig.health.noteSignOfLife(identityOf(blue));
  await rig.lookAfter(999);
  expect(rig.limits).toEqual([]);
  await rig.lookAfter(1);
  expect(rig.limits).toEqual([1_000]);
});

it('a refused connection opens at once', async () => {
  rig.health.follow(blue);
  await rig.lookAfter(1_000, 'refused', 'refused');
  expect(rig.health.view()).toMatchObject({ state: 'down', reason: 'it takes no connections' });
});

it('a refusal of a LiteLLM that the runner has replaced meanwhile does not', async () => {
  rig.health.follow(blue);
  rig.askRunner = () => Promise.resolve(rig.health.follow(green));
  rig.answers = ['refused'];
  await rig.health.check();
  expect(rig.health.isDown()).toBe(false);
});

it('a failed connection to one that lives opens nothing', async () => {
  rig.health.follow(blue);
  rig.answers = ['alive'];
  await rig.health.check();
  rig.answers = ['silent'];
  await rig.health.check();
  expect(rig.health.isDown()).toBe(false);
});

it('those who doubt together share one verdict, and a runner that hangs does not hold it up', async () => {
  rig.health.follow(blue);
  rig.askRunner = () => new Promise(() => undefined);
  rig.answers = ['refused'];
  const checks = [rig.health.check(), rig.health.check(), rig.health.pendingCheck()];
  for (const check of checks) await check;
  expect(rig.limits).toHaveLength(1);
  expect([rig.health.isDown(), rig.health.pendingCheck()]).toEqual([true, null]);
});

it('knows whether one LiteLLM has served all the time', async () => {
  rig.health.follow(blue);
  rig.clock.advanceMs(10);
  const beganMs = rig.clock.nowMs();
  expect(await rig.health.hasServedSince(beganMs)).toBe(true);
  rig.answers = ['refused'];
  expect(await rig.health.hasServedSince(beganMs)).toBe(false);
  rig.clock.advanceMs(10);
  await rig.lookAfter(250, 'alive');
  expect(await rig.health.hasServedSince(beganMs)).toBe(false);
  rig.clock.advanceMs(1);
  const laterMs = rig.clock.nowMs();
  expect(await rig.health.hasServedSince(laterMs)).toBe(true);
  rig.clock.advanceMs(1);
  rig.health.follow(green);
  expect(await rig.health.hasServedSince(laterMs)).toBe(false);
});

it('three silences open, one answer closes', async () => {
  rig.health.follow(blue);
  await rig.lookAfter(1_000, 'silent');
  await rig.lookAfter(1_000, 'silent');
  expect(rig.health.isDown()).toBe(false);
  await rig.lookAfter(1_000, 'silent');
  expect(rig.health.view()).toMatchObject({ state: 'down', reason: 'it did not answer 3 times in a row' });
  await rig.lookAfter(250, 'silent');
  await rig.lookAfter(250, 'refused');
  expect(rig.health.isDown()).toBe(true);
  await rig.lookAfter(250, 'alive');
  expect(rig.health.isDown()).toBe(false);
});

it.each(['an answered probe', 'any other answer'])(
  '%s between them makes silences harmless',
  async (which) => {
    rig.health.follow(blue);
    await rig.lookAfter(1_000, 'silent');
    await rig.lookAfter(1_000, 'silent');
    if (which === 'an answered probe') await rig.lookAfter(1_000, 'alive');
    else rig.health.noteSignOfLife(identityOf(blue));
    await rig.lookAfter(1_000, 'silent');
    await rig.lookAfter(1_000, 'silent');
    expect(rig.health.isDown()).toBe(false);
  },
);

it('silence of the probe does not count when something else was answered during it', async () => {
  rig.health.follow(blue);
  for (let round = 0; round < 5; round += 1) {
    let end: (result: ProbeResult) => void = () => undefined;
    rig.answers = [new Promise((resolve) => (end = resolve))];
    rig.clock.advanceMs(1_000);
    const look = rig.health.look();
    rig.clock.advanceMs(500);
    rig.health.noteSignOfLife(identityOf(blue));
    end('silent');
    await look;
    rig.clock.advanceMs(500);
  }
  expect(rig.health.isDown()).toBe(false);
});

it('silence does not count while this process itself is late', async () => {
  rig.health.follow(blue);
  for (let round = 0; round < 5; round += 1) {
    let end: (result: ProbeResult) => void = () => undefined;
    rig.answers = [new Promise((resolve) => (end = resolve))];
    rig.clock.advanceMs(1_000);
    const look = rig.health.look();
    rig.clock.advanceMs(1_501);
    end('silent');
    await look;
  }
  expect(rig.health.isDown()).toBe(false);
});

it('large bodies that it has yet to read give it time, and no longer than they are there', async () => {
  rig.health.follow(blue);
  const answered = [rig.health.noteSent(30_000_000), rig.health.noteSent(30_000_000)];
  for (let silence = 1; silence < 6; silence += 1) await rig.lookAfter(1_000, 'silent');
  expect(rig.health.isDown()).toBe(false);
  await rig.lookAfter(1_000, 'silent');
  expect(rig.health.view().reason).toBe('it did not answer 6 times in a row');
  await rig.lookAfter(250, 'alive');
  for (const end of answered) end();
  for (let silence = 1; silence <= 3; silence += 1) await rig.lookAfter(1_000, 'silent');
  expect(rig.health.isDown()).toBe(true);
});

it('small bodies change nothing', async () => {
  rig.health.follow(blue);
  for (let call = 0; call < 100; call += 1) rig.health.noteSent(10_000);
  for (let silence = 1; silence <= 3; silence += 1) await rig.lookAfter(1_000, 'silent');
  expect(rig.health.isDown()).toBe(true);
});

it('what a dead LiteLLM left in the pipes does not close the breaker', async () => {
  rig.health.follow(blue);
  await rig.lookAfter(1_000, 'refused', 'refused');
  rig.health.noteSignOfLife(identityOf(blue));
  expect(rig.health.isDown()).toBe(true);
});

it('tells once who waits for the one that went down, and nobody else', async () => {
  const told: string[] = [];
  rig.health.follow(blue);
  rig.health.onDown(identityOf(blue), () => told.push('waits'));
  rig.health.onDown(identityOf(blue), () => told.push('has its answer'))();
  rig.health.onDown(identityOf(green), () => told.push('elsewhere'));
  await rig.lookAfter(1_000, 'refused', 'refused');
  rig.health.follow(null);
  expect(told).toEqual(['waits']);
});

it('a switch tells nobody: the old LiteLLM finishes what it has', () => {
  const told: string[] = [];
  rig.health.follow(blue);
  rig.health.onDown(identityOf(blue), () => told.push('waits'));
  rig.health.follow(green);
  expect(told).toEqual([]);
});

it('a verdict about one that was replaced during the question is not held against its successor', async () => {
  rig.health.follow(blue);
  let end: (result: ProbeResult) => void = () => undefined;
  rig.answers = [new Promise((resolve) => (end = resolve))];
  rig.clock.advanceMs(1_000);
  const look = rig.health.look();
  rig.health.follow(green);
  end('silent');
  await look;
  await rig.lookAfter(1_000, 'silent');
  await rig.lookAfter(1_000, 'silent');
  expect(rig.health.isDown()).toBe(false);
});

describe('a LiteLLM that comes back', () => {
  const answerOne = (isGood: boolean): void => {
    rig.health.noteCallBegun();
    rig.health.noteCallEnded(isGood);
  };
  /** How many calls are let through to it until one had better go around. */
  const callsTaken = (limit = 20): number => {
    let taken = 0;
    for (; taken < limit && !rig.health.takesDetour(); taken += 1) rig.health.noteCallBegun();
    for (let left = taken; left > 0; left -= 1) rig.health.noteCallEnded(false);
    return taken;
  };
  const comeBack = (): void => {
    rig.health.follow(blue);
    answerOne(true);
    rig.health.follow(null);
    rig.health.follow(green);
  };

  it('gets few calls at the same time, and one more with each good answer', () => {
    comeBack();
    expect(callsTaken()).toBe(2);
    answerOne(false);
    expect(callsTaken()).toBe(2);
    for (let count = 0; count < 5; count += 1) answerOne(true);
    expect(callsTaken()).toBe(7);
  });

  it('is not spared for longer than four seconds', () => {
    comeBack();
    rig.clock.advanceMs(3_999);
    expect(callsTaken()).toBe(2);
    rig.clock.advanceMs(1);
    expect(callsTaken()).toBe(20);
  });

  it('the first one, and a switch from one to the next, are no outage', () => {
    rig.health.follow(blue);
    expect(callsTaken()).toBe(20);
    answerOne(true);
    rig.health.follow(green);
    expect(callsTaken()).toBe(20);
  });
});
