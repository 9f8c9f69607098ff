import fc from 'fast-check';
import { formatResetDuration, retryAfterSeconds } from './limit-durations';

/** As clients of OpenAI read it. */
function parse(text: string): number {
  if (text.endsWith('ms')) return Number(text.slice(0, -2));
  const match = /^(?:(\d+)h)?(?:(\d+)m)?([\d.]+)s$/.exec(text);
  if (!match) throw new Error(text);
  return Math.round((Number(match[1] ?? 0) * 3_600 + Number(match[2] ?? 0) * 60 + Number(match[3])) * 1_000);
}

describe('durations until a limit is reset', () => {
  it.each([
    [0, '0s'],
    [17, '17ms'],
    [1_000, '1s'],
    [8_640, '8.64s'],
    [60_000, '1m0s'],
    [360_000, '6m0s'],
    [3_600_000, '1h0m0s'],
    [86_399_999, '23h59m59.999s'],
  ])('%d ms is %s', (durationMs, text) => {
    expect(formatResetDuration(durationMs)).toBe(text);
  });

  it('can be read back, to the millisecond', () => {
    fc.assert(
      fc.property(fc.nat(100_000_000), (durationMs) => {
        expect(parse(formatResetDuration(durationMs))).toBe(durationMs);
      }),
    );
  });

  it.each([
    [0, 1],
    [1, 1],
    [1_000, 1],
    [1_001, 2],
    [59_100, 60],
  ])('a wait of %d ms is told as %d s', (waitMs, seconds) => {
    expect(retryAfterSeconds(waitMs)).toBe(seconds);
  });
});
