/** What the last comparison of LiteLLM with PostgreSQL found. */
export interface MirrorDifferences {
  /** LiteLLM had it not. */
  missing: number;
  /** LiteLLM had it with other settings. */
  different: number;
  /** LiteLLM still had it, though it ended. */
  dead: number;
  /** It carries our mark, but PostgreSQL does not know it: deleted. */
  unknown: number;
  /** Made by people in LiteLLM itself: left alone. */
  foreign: number;
}

export interface MirrorReport {
  startedAt: string;
  durationMs: number;
  /** null: the comparison is complete. */
  error: string | null;
  /** How many LiteLLM had when it was looked at. */
  keysInLitellm: number;
  teamsInLitellm: number;
  keys: MirrorDifferences;
  teams: MirrorDifferences;
  /** How many key rows were written back by their hash. */
  restoredKeys: number;
  /** The first few keys and teams that are not ours, by the name that LiteLLM shows. */
  foreignExamples: string[];
}

export const maxForeignExamples = 10;

function emptyDifferences(): MirrorDifferences {
  return { missing: 0, different: 0, dead: 0, unknown: 0, foreign: 0 };
}

export function emptyReport(startedAt: Date): MirrorReport {
  return {
    startedAt: startedAt.toISOString(),
    durationMs: 0,
    error: null,
    keysInLitellm: 0,
    teamsInLitellm: 0,
    keys: emptyDifferences(),
    teams: emptyDifferences(),
    restoredKeys: 0,
    foreignExamples: [],
  };
}

export function countDifferences({ missing, different, dead, unknown }: MirrorDifferences): number {
  return missing + different + dead + unknown;
}
