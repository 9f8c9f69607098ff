import type { SyncSource } from '../merge/catalogue.types';
import { fingerprintOf } from '../merge/canonical-json';
import type { HeldChange } from './judge-drafts';
import { isMassVanishing } from './mass-vanishing';

export interface SourceCover {
  readonly source: SyncSource;
  /** What of it is in the catalogue. */
  readonly had: ReadonlySet<string>;
  /** What its answer has now, also what could not be read. */
  readonly has: ReadonlySet<string>;
}

export interface Vanishing {
  readonly vanished: readonly string[];
  /** A share of the catalogue that cannot be right: nothing of it vanishes, nothing of it is changed. */
  readonly held: HeldChange | null;
}

export function findVanished({ source, had, has }: SourceCover): Vanishing {
  const gone = [...had].filter((id) => !has.has(id)).sort();
  if (!isMassVanishing(gone.length, had.size)) return { vanished: gone, held: null };
  return {
    vanished: [],
    held: {
      entryId: null,
      provider: null,
      anomaly: 'mass_vanishing',
      detail: `${gone.length} of ${had.size} models are missing in the answer of ${source}`,
      before: { models: had.size },
      after: { source, ids: gone },
      fingerprint: fingerprintOf({ source, gone }),
    },
  };
}
