import { z } from 'zod';

const limit = z.int().nonnegative().nullable().default(null);

/** Requests and tokens per minute, hour and day, and requests at the same time. null: no limit. */
export const limitFields = {
  rpm_limit: limit,
  rph_limit: limit,
  rpd_limit: limit,
  tpm_limit: limit,
  tph_limit: limit,
  tpd_limit: limit,
  max_parallel_requests: limit,
} as const;

const rateLimits = z.object(limitFields);
export type RateLimits = z.infer<typeof rateLimits>;
export type RateLimitName = keyof RateLimits;
const rateLimitNames = Object.keys(limitFields) as RateLimitName[];

export const unlimited: RateLimits = rateLimits.parse({});

/** Requests per minute, hour and day by tier. */
export const rateLimitTiers = {
  trial: { rpm_limit: 10, rph_limit: 100, rpd_limit: 500 },
  starter: { rpm_limit: 30, rph_limit: 1_000, rpd_limit: 10_000 },
  professional: { rpm_limit: 100, rph_limit: 5_000, rpd_limit: 50_000 },
  enterprise: { rpm_limit: 500, rph_limit: 20_000, rpd_limit: null },
} as const satisfies Record<string, Pick<RateLimits, 'rpm_limit' | 'rph_limit' | 'rpd_limit'>>;

export type RateLimitTier = keyof typeof rateLimitTiers;
export const rateLimitTierNames = Object.keys(rateLimitTiers) as RateLimitTier[];

function isTier(text: string): text is RateLimitTier {
  return Object.hasOwn(rateLimitTiers, text);
}

/** What is set wins over what the tier gives; a tier that this version does not know gives nothing. */
export function limitsUnderTier(set: RateLimits, tier: string | null): RateLimits {
  const given: Partial<RateLimits> = tier !== null && isTier(tier) ? rateLimitTiers[tier] : {};
  return Object.fromEntries(
    rateLimitNames.map((name) => [name, set[name] ?? given[name] ?? null]),
  ) as unknown as RateLimits;
}
