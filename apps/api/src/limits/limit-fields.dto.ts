import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { RateLimits } from '@signalbox/gateway';
import { IsInt, Max, Min } from 'class-validator';
import { Nullable } from '../http/fields';

/** PostgreSQL's int. */
const maxLimit = 2_147_483_647;
const windows = 'Sliding, not by the clock.';

const properties = {
  rpm_limit: { description: `Requests per minute. ${windows} null: no limit.`, example: 60 },
  rph_limit: { description: 'Requests per hour. null: no limit.', example: 1_000 },
  rpd_limit: { description: 'Requests per day. null: no limit.', example: 10_000 },
  tpm_limit: { description: 'Tokens per minute, of prompts and answers. null: no limit.', example: 100_000 },
  tph_limit: { description: 'Tokens per hour. null: no limit.', example: 2_000_000 },
  tpd_limit: { description: 'Tokens per day. null: no limit.', example: 20_000_000 },
  max_parallel_requests: { description: 'Requests at the same time. null: no limit.', example: 8 },
} as const satisfies Record<keyof RateLimits, { description: string; example: number }>;

const Limit = (name: keyof typeof properties): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({
      ...properties[name],
      type: 'integer',
      nullable: true,
      minimum: 0,
      maximum: maxLimit,
    }),
    Nullable(),
    IsInt(),
    Min(0),
    Max(maxLimit),
  );

const ShownLimit = (name: keyof typeof properties): PropertyDecorator =>
  ApiProperty({ ...properties[name], type: 'integer', nullable: true });

/**
 * What a body may say of limits. A request must be within the limits of its key, of the key's service, workspace and
 * organization: each only narrows the others.
 */
export class LimitFieldsBody {
  @Limit('rpm_limit')
  rpm_limit?: number | null;

  @Limit('rph_limit')
  rph_limit?: number | null;

  @Limit('rpd_limit')
  rpd_limit?: number | null;

  @Limit('tpm_limit')
  tpm_limit?: number | null;

  @Limit('tph_limit')
  tph_limit?: number | null;

  @Limit('tpd_limit')
  tpd_limit?: number | null;

  @Limit('max_parallel_requests')
  max_parallel_requests?: number | null;
}

export class LimitFieldsView implements RateLimits {
  @ShownLimit('rpm_limit')
  rpm_limit!: number | null;

  @ShownLimit('rph_limit')
  rph_limit!: number | null;

  @ShownLimit('rpd_limit')
  rpd_limit!: number | null;

  @ShownLimit('tpm_limit')
  tpm_limit!: number | null;

  @ShownLimit('tph_limit')
  tph_limit!: number | null;

  @ShownLimit('tpd_limit')
  tpd_limit!: number | null;

  @ShownLimit('max_parallel_requests')
  max_parallel_requests!: number | null;
}
