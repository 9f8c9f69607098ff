const dayMs = 86_400_000;

/** The whole day before, in UTC: the usual range of a replay. */
export function yesterdayOf(now: Date): { from: Date; to: Date } {
  const to = new Date(Math.floor(now.getTime() / dayMs) * dayMs);
  return { from: new Date(to.getTime() - dayMs), to };
}
