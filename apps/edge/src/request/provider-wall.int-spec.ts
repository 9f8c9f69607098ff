import { freePort } from '../../../../test/support/e2e/plain-litellm';
import { aModel, type FailoverWorld, openFailoverWorld } from '../../../../test/support/failover-world';
import {
  FaultyProviderStandIn,
  type ProviderFault,
  providerFaults,
} from '../../../../test/stand-ins/faulty-provider.stand-in';
import { ProviderStandIn } from '../../../../test/stand-ins/provider.stand-in';

const attemptLimit = 2;
const firstByteMs = 1_000;
const totalMs = 3_000;
/** The time that a busy machine may take beside. */
const marginMs = 2_000;
const faults = ['refuse', ...providerFaults] as const;
type Fault = (typeof faults)[number];

/** After the first byte nothing can be mended: what is left is to say so. */
const breaksLater = new Set<Fault>(['hang-mid-stream', 'cut-stream']);

const cases = faults.flatMap((fault) => [[fault, false] as const, [fault, true] as const]);

let world: FailoverWorld;
let faulty: FaultyProviderStandIn;
let provider: ProviderStandIn;
let refusing: string;

beforeAll(async () => {
  world = await openFailoverWorld();
  faulty = await FaultyProviderStandIn.start();
  provider = await ProviderStandIn.start();
  refusing = `http://127.0.0.1:${await freePort()}/v1`;
  await world.setPolicy({
    attempt_limit: attemptLimit,
    first_byte_timeout_ms: firstByteMs,
    total_timeout_ms: totalMs,
  });
});
afterAll(async () => {
  await world.close();
  await Promise.all([faulty.close(), provider.close()]);
});

/** One chat, and what holds for all of them: complete or honest, within the limits. */
async function climb(model: string, isStreamed: boolean, canSucceed: boolean) {
  const outcome = await world.chat.send({ key: world.key.value, model, isStreamed, timeoutMs: 15_000 });
  const { status, headers, problem } = outcome;
  const attempts = Number(headers['x-signalbox-attempts']);
  expect(attempts).toBeLessThanOrEqual(attemptLimit);
  expect(outcome.ms).toBeLessThan(totalMs + marginMs);
  if (canSucceed) expect(problem).toBeNull();
  else if (status === 200) expect(problem).toMatch(/^an error event/);
  else expect(headers['x-should-retry'] ?? headers['retry-after']).toBeDefined();
  if (!canSucceed) expect(problem).not.toBeNull();
  const event = await world.eventOf(headers['x-request-id']);
  expect(event).toMatchObject({ status_code: status, complete: problem === null });
  expect(event.attempts).toHaveLength(attempts);
  return outcome;
}

describe('through LiteLLM', () => {
  beforeAll(() =>
    world
      .release(
        ...faults.map((fault) => aModel(`wall-${fault}`, [`dep_${fault}_first`, `dep_${fault}_second`])),
        ...faults.map((fault) => aModel(`alone-${fault}`, [`dep_${fault}`])),
      )
      .then(() => world.settled()),
  );
  beforeEach(() => {
    world.app.litellm.behaviourOf = ({ context }) => {
      const [, fault, place] = context.dep?.split('_') ?? [];
      if (place === 'second' || !fault || fault === 'refuse') return null;
      return {
        kind: 'served',
        serve: (body, response) => faulty.serveAs(fault as ProviderFault, body, response),
      };
    };
  });
  // LiteLLM refusing connections is LiteLLM down, and below.
  const served = cases.filter(([fault]) => fault !== 'refuse');

  it.each(served)('%s (streamed: %s), and a second deployment', async (fault, isStreamed) => {
    const canSucceed = !(isStreamed && breaksLater.has(fault));
    const { headers } = await climb(`wall-${fault}`, isStreamed, canSucceed);
    if (canSucceed) expect(headers['x-signalbox-fallback']).toBeDefined();
  });

  it.each(served)('%s (streamed: %s), alone', async (fault, isStreamed) => {
    await climb(`alone-${fault}`, isStreamed, false);
  });
});

describe('around LiteLLM', () => {
  beforeAll(async () => {
    await world.app.litellm.kill();
    world.app.runner.activate(null);
    await world.release(aModel('wall'), aModel('alone'));
    await world.settled();
  });
  const waysThrough = (fault: Fault, second: string[]): void => {
    const first = fault === 'refuse' ? refusing : faulty.baseUrlOf(fault);
    world.fallback.ways = () => [first, ...second].map((baseUrl) => ({ baseUrl, via: 'direct' }));
  };

  it.each(cases)('%s (streamed: %s), and a second way', async (fault, isStreamed) => {
    waysThrough(fault, [provider.baseUrl]);
    const { headers } = await climb('wall', isStreamed, !(isStreamed && breaksLater.has(fault)));
    expect(headers['x-signalbox-fallback']).toBe('litellm_down');
    expect(headers['x-signalbox-route']).toBe('direct');
  });

  it.each(cases)('%s (streamed: %s), alone', async (fault, isStreamed) => {
    waysThrough(fault, []);
    await climb('alone', isStreamed, false);
  });
});
