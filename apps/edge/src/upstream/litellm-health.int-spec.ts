import {
  countBy,
  failedBeforeFirstByte,
  type FailoverAnswer,
  FailoverTraffic,
  succeeded,
} from '../../../../test/support/e2e/failover-traffic';
import { aModel, type FailoverWorld, openFailoverWorld } from '../../../../test/support/failover-world';
import { waitUntil } from '../../../../test/support/wait-until';
import type { LitellmStandIn } from '../../../../test/stand-ins/litellm.stand-in';
import { ProviderStandIn } from '../../../../test/stand-ins/provider.stand-in';

/** A whole edge under 50 clients, plain and streamed, with a way around LiteLLM. */
let world: FailoverWorld;
let provider: ProviderStandIn;
let traffic: FailoverTraffic;

beforeEach(async () => {
  [world, provider] = await Promise.all([openFailoverWorld(), ProviderStandIn.start()]);
  await world.setPolicy({});
  await world.release(aModel('demo', ['dep_1']));
  await world.settled();
  world.fallback.ways = () => [{ baseUrl: provider.baseUrl }];
  world.app.litellm.behaviour = { kind: 'slow', everyMs: 10 };
  traffic = new FailoverTraffic({
    chats: [world.chat],
    keys: [world.key.value],
    model: 'demo',
    clients: 50,
    expected: null,
  });
  await answersBy('litellm', 200);
}, 30_000);
afterEach(async () => {
  await traffic.stop();
  await Promise.all([world.close(), provider.close()]);
});

/** Counts those only that were asked for from now on. */
function answersBy(route: 'litellm' | 'openrouter', count: number): Promise<unknown> {
  const fromMs = performance.now();
  const isCounted = (one: FailoverAnswer): boolean => one.route === route && one.startedAtMs >= fromMs;
  return waitUntil(() => succeeded(traffic.answers).filter(isCounted).length >= count, {
    deadlineMs: 20_000,
    pollEveryMs: 10,
    what: `${count} answers by ${route}`,
  });
}

/** How long it took is shown by `npm run prove -- failover-litellm-killed`. */
async function untouched(): Promise<void> {
  const answers = await traffic.stop();
  const early = failedBeforeFirstByte(answers);
  expect(countBy(early, ({ status, code, problem }) => `${status} ${code} ${problem}`)).toEqual({});
  const around = answers.filter(({ route }) => route === 'openrouter');
  expect(countBy(around, ({ fallback }) => String(fallback))).toEqual({ litellm_down: around.length });
}

it('LiteLLM killed, the runner says so, another one comes', async () => {
  await world.app.litellm.kill();
  world.app.runner.activate(null);
  await answersBy('openrouter', 200);
  const next: LitellmStandIn = await world.app.startLitellm();
  world.app.runner.activate(next, 'green');
  await answersBy('litellm', 20);
  await untouched();
}, 120_000);

it('LiteLLM killed, and nobody says so', async () => {
  await world.app.litellm.kill();
  await answersBy('openrouter', 200);
  await untouched();
}, 120_000);

it('LiteLLM stops as by SIGSTOP, and goes on', async () => {
  world.app.litellm.stop();
  await answersBy('openrouter', 200);
  world.app.litellm.continue();
  await answersBy('litellm', 20);
  await untouched();
}, 120_000);
