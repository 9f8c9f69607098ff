import { restartDelayMs } from './cluster-restart';
import { workerCount } from './worker-count';

const mebibyte = 1024 * 1024;

describe('the number of workers', () => {
  it.each([
    [0, 4, 64_000, 4],
    [0, 64, 768, 4],
    [0, 8, 100, 1],
    [3, 1, 100, 3],
  ])('%p wanted, %p cores, %p MiB: %p', (wanted, cores, memory, expected) => {
    expect(workerCount(wanted, cores, memory * mebibyte)).toBe(expected);
  });

  it('is known of this machine', () => {
    expect(workerCount(0)).toBeGreaterThan(0);
  });
});

it('a worker that dies again and again is started ever later', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 60].map(restartDelayMs)).toEqual([
    0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
  ]);
});
