import { performanceFrom, performanceKey } from '@signalbox/gateway';
import {
  failing,
  type FailoverWorld,
  openFailoverWorld,
  tagsOf,
} from '../../../../test/support/failover-world';
import { waitUntil } from '../../../../test/support/wait-until';

let world: FailoverWorld;

beforeEach(async () => {
  world = await openFailoverWorld();
});
afterEach(() => world.close());

describe('hedging', () => {
  it('is off by default', async () => {
    await world.ready();
    world.behave({ dep_1: { kind: 'slow', everyMs: 20 } });
    expect(tagsOf(await world.send('demo', { stream: true }))).toMatchObject({ attempts: '1' });
  });

  it('starts the next candidate beside a slow one; the first good answer wins, the other is ended', async () => {
    await world.ready({ hedge_after_ms: 150 });
    world.behave({ dep_1: { kind: 'hang' } });
    const response = await world.send('demo', { stream: true });
    expect(tagsOf(response)).toMatchObject({ attempts: '2', fallback: 'hedged' });
    expect(await response.text()).toContain('[DONE]');
    await waitUntil(() => world.app.litellm.posts()[0]?.isAborted, { deadlineMs: 1_000, what: 'the abort' });
    const event = await world.eventOf(response.headers.get('x-request-id'));
    expect(event.attempts.map(({ failure }) => failure).sort()).toEqual(['abandoned', null]);
    expect(event.deployment_id).toBe('dep_2');
  });

  it('tells that who was outrun is slow, as far as that is known, and nothing of a hedge that came too late', async () => {
    await world.ready({ hedge_after_ms: 150 });
    const figures = async () => {
      await world.app.edge.exchangePerformance();
      const { redis, prefix } = world.app.projection;
      return performanceFrom(await redis.hvals(performanceKey(prefix)), Date.now());
    };
    world.behave({ dep_1: { kind: 'hang' } });
    await (await world.send('demo', { stream: true })).text();
    const slow = (await figures()).get('dep_1');
    expect(slow).toMatchObject({ errorRate: 0 });
    expect(slow?.firstByteMs).toBeGreaterThanOrEqual(149);
    expect((await figures()).get('dep_2')?.firstByteMs).toBeLessThan(5_000);
    // Of an answer in one piece nobody knows the first token, nor that it would have been good.
    const known = (await figures()).get('dep_1')?.weight ?? 0;
    await (await world.send('demo')).text();
    expect((await figures()).get('dep_1')?.weight).toBeLessThan(known + 0.5);
    world.behave({ dep_1: { kind: 'slow', everyMs: 400 }, dep_2: { kind: 'hang' } });
    const before = (await figures()).get('dep_2')?.weight ?? 0;
    await (await world.send('demo', { stream: true })).text();
    expect((await figures()).get('dep_2')?.weight).toBeLessThan(before + 0.5);
  });

  it('does not happen when the first one is quick enough', async () => {
    await world.ready({ hedge_after_ms: 5_000 });
    expect(tagsOf(await world.send())).toMatchObject({ attempts: '1' });
    expect(world.called()).toEqual(['dep_1']);
  });

  it('a failed hedge leaves the first one running; failed both, the next one follows', async () => {
    await world.ready({ hedge_after_ms: 100, first_byte_timeout_ms: 1_000 });
    world.behave({ dep_1: { kind: 'hang' }, dep_2: failing(500) });
    const response = await world.send('demo', { stream: true });
    expect(tagsOf(response)).toMatchObject({ attempts: '3', fallback: 'provider_error' });
    expect(world.called()).toEqual(['dep_1', 'dep_2', 'dep_3']);
    expect(await response.text()).toContain('[DONE]');
  });

  it('counts against the limit of attempts', async () => {
    await world.ready({ hedge_after_ms: 100, attempt_limit: 1, first_byte_timeout_ms: 1_000 });
    world.behave({ dep_1: { kind: 'hang' } });
    const response = await world.send('demo', { stream: true });
    expect([response.status, tagsOf(response)['attempts']]).toEqual([504, '1']);
  });
});
