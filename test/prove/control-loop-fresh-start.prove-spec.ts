import type { Row } from '../support/e2e/figures';
import '../support/use-stack';
import { FreshCheckout } from './fresh-checkout';
import { reportProof } from './proof-report';

const startDeadlineMs = 900_000;
const testDeadlineMs = 3_600_000;

/** A newcomer: a clean clone, no caches, `npm start`, the printed line; then `npm test`; then both once more. */
describe('a clean clone', () => {
  let checkout: FreshCheckout;
  const rows: Row[] = [];

  beforeAll(async () => {
    jest.setTimeout(testDeadlineMs);
    checkout = await FreshCheckout.clone();
  });
  afterAll(() => {
    reportProof('clean clone: npm start to the first answered chat, npm test', rows);
    checkout.remove();
  });

  it.each(['first', 'second'])(
    'npm start, %s time: the printed line is answered by LiteLLM, Ctrl-C ends all',
    async (time) => {
      const startedAtMs = performance.now();
      const running = await checkout.start(startDeadlineMs);
      const answer = running.printedChat();
      const answeredMs = Math.round(performance.now() - startedAtMs);
      expect(answer).toMatch(/^HTTP\/1\.1 200/);
      expect(answer.toLowerCase()).toContain('x-litellm-version: 1.103.1');
      expect(answer).toContain('"choices"');
      const stopMs = await running.interrupt();
      rows.push({
        what: `npm start to the first answered chat, ${time} time`,
        ms: answeredMs,
        stop_ms: stopMs,
      });
      expect(checkout.leftovers()).toEqual([]);
    },
  );

  it.each(['first', 'second'])('npm test, %s time: everything passes', async (time) => {
    const startedAtMs = performance.now();
    const { exitCode, output } = await checkout.run('npm', ['test'], testDeadlineMs);
    const result = output.trimEnd().split('\n').at(-1) ?? '';
    rows.push({ what: `npm test, ${time} time`, ms: Math.round(performance.now() - startedAtMs), result });
    expect([exitCode, result]).toEqual([0, expect.stringMatching(/^\d+ passed, 0 failed/)]);
    expect(checkout.leftovers()).toEqual([]);
  });
});
