import type { VirtualKeyEntity } from '@signalbox/database';
import type { RateLimitName, RateLimits } from '@signalbox/gateway';

/** The same columns in every table that has limits. */
const columnByName = {
  rpm_limit: 'rpmLimit',
  rph_limit: 'rphLimit',
  rpd_limit: 'rpdLimit',
  tpm_limit: 'tpmLimit',
  tph_limit: 'tphLimit',
  tpd_limit: 'tpdLimit',
  max_parallel_requests: 'maxParallelRequests',
} as const satisfies Record<RateLimitName, keyof VirtualKeyEntity>;

type LimitColumn = (typeof columnByName)[RateLimitName];

/** null: no limit. */
export type LimitColumns = Record<LimitColumn, number | null>;
/** What is left out stays as it is. */
export type LimitSettings = { [Column in LimitColumn]?: number | null | undefined };

const names = Object.keys(columnByName) as RateLimitName[];
export const limitColumns: readonly LimitColumn[] = Object.values(columnByName);

export const noLimits: LimitColumns = {
  rpmLimit: null,
  rphLimit: null,
  rpdLimit: null,
  tpmLimit: null,
  tphLimit: null,
  tpdLimit: null,
  maxParallelRequests: null,
};

export function limitsOf(row: LimitColumns): RateLimits {
  return Object.fromEntries(names.map((name) => [name, row[columnByName[name]]])) as unknown as RateLimits;
}

/** Only what is given, by the names of the columns. */
export function toLimitSettings(limits: {
  [Name in RateLimitName]?: number | null | undefined;
}): LimitSettings {
  const given = names.filter((name) => limits[name] !== undefined);
  return Object.fromEntries(given.map((name) => [columnByName[name], limits[name]]));
}

export function givenLimits(settings: LimitSettings): Partial<LimitColumns> {
  const given = limitColumns.filter((column) => settings[column] !== undefined);
  return Object.fromEntries(given.map((column) => [column, settings[column]]));
}
