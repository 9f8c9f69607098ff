const longestDelayMs = 30_000;
/** A worker that served so long has recovered: its next death is a first one. */
export const steadyAfterMs = 30_000;

/** The first time at once; one that dies again and again must not eat the machine: 1, 2, 4 ... seconds. */
export function restartDelayMs(quickDeaths: number): number {
  return quickDeaths === 0 ? 0 : Math.min(longestDelayMs, 1_000 * 2 ** (quickDeaths - 1));
}
