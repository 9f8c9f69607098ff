import { ApiProperty, ApiPropertyOptional, PartialType } from '@nestjs/swagger';
import { type ProviderKindName, providerKindNames } from '@signalbox/domain/providers';
import { IsBoolean, IsIn, IsString, MaxLength } from 'class-validator';
import { type StatedFactsBody, StatedFactsField } from '../facts/facts.dto';
import { IsName, IsSearch, MayBeLeftOut, Nullable } from '../http/fields';
import { PageQuery } from '../http/page-query.dto';
import { QueryFlag } from '../http/query-flag';

const descriptionLengthMax = 1_000;
const urlLengthMax = 512;

export class ListProvidersQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Part of the name or description.', maxLength: 200, example: 'open' })
  @MayBeLeftOut()
  @IsSearch()
  search?: string;

  @ApiPropertyOptional({ enum: providerKindNames, example: 'openai' })
  @MayBeLeftOut()
  @IsIn(providerKindNames)
  kind?: ProviderKindName;

  @ApiPropertyOptional({ type: Boolean, example: true })
  @MayBeLeftOut()
  @QueryFlag()
  enabled?: boolean;
}

/** PUT: what is left out takes its default. The kind of a provider cannot change. */
export class ReplaceProviderBody {
  @ApiProperty({ description: 'Unique.', example: 'OpenAI', minLength: 1, maxLength: 200 })
  @IsName()
  name!: string;

  @ApiPropertyOptional({
    description:
      'Where the provider is reached, when not at the vendor itself. Needed for vllm and openai_compatible.',
    example: 'http://127.0.0.1:8000/v1',
    nullable: true,
    type: String,
    maxLength: urlLengthMax,
  })
  @Nullable()
  @IsString()
  @MaxLength(urlLengthMax)
  base_url?: string | null;

  @ApiPropertyOptional({
    example: 'Our own account',
    nullable: true,
    type: String,
    maxLength: descriptionLengthMax,
  })
  @Nullable()
  @IsString()
  @MaxLength(descriptionLengthMax)
  description?: string | null;

  @ApiPropertyOptional({
    description: 'false: its deployments are left out of the next config release.',
    type: Boolean,
    default: true,
    example: true,
  })
  @MayBeLeftOut()
  @IsBoolean()
  enabled?: boolean;

  @StatedFactsField(' PUT: all that is stated.')
  facts?: StatedFactsBody;
}

export class CreateProviderBody extends ReplaceProviderBody {
  @ApiProperty({ enum: providerKindNames, example: 'openai' })
  @IsIn(providerKindNames)
  kind!: ProviderKindName;
}

/** PATCH: only what is given changes. */
export class UpdateProviderBody extends PartialType(ReplaceProviderBody, { skipNullProperties: false }) {}

const healthStates = ['healthy', 'degraded', 'unhealthy', 'unknown'] as const;
const healthReasons = [
  'calls_succeed',
  'some_calls_fail',
  'calls_fail',
  'check_passed',
  'check_failed',
  'key_refused',
  'no_credit',
  'key_forbidden',
  'rate_limited',
  'nothing_known',
  'not_looked_at_lately',
  'switched_off',
] as const;

export class ProviderHealthView {
  @ApiProperty({
    description: 'unknown: nobody called it lately, and it cannot be asked without a call that costs.',
    enum: healthStates,
    example: 'healthy',
  })
  state!: string;

  @ApiProperty({ enum: healthReasons, example: 'calls_succeed' })
  reason!: string;

  @ApiProperty({
    description: 'For people. Shown to platform tokens only.',
    type: String,
    nullable: true,
    example: 'The latest calls were answered.',
  })
  detail!: string | null;

  @ApiProperty({
    description: 'Since when it is as it is.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2026-11-21T08:00:00.000Z',
  })
  since!: string | null;

  @ApiProperty({
    description: 'At most 5 minutes ago, unless no worker runs.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2026-11-21T08:00:00.000Z',
  })
  checked_at!: string | null;
}

export class ProviderHealthDetailView extends ProviderHealthView {
  @ApiProperty({ example: 'prov_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  provider_id!: string;

  @ApiProperty({
    description: 'Of what the state was concluded.',
    enum: ['traffic', 'probe', 'both', 'none'],
    example: 'both',
  })
  source!: string;

  @ApiProperty({
    description:
      'Calls of the last minutes, as far as they still count: half of them after 5 minutes. Shown to platform tokens only.',
    type: Number,
    nullable: true,
    example: 120,
  })
  calls!: number | null;

  @ApiProperty({
    description: "The share of them that failed by the provider's own fault. null: nobody called.",
    type: Number,
    nullable: true,
    example: 0.01,
  })
  error_rate!: number | null;

  @ApiProperty({ description: 'Mean time to the first token.', type: Number, nullable: true, example: 420 })
  first_byte_ms!: number | null;

  @ApiProperty({
    description:
      "How it is asked without a call that costs: with the platform's key, at a route of liveness, or not at all.",
    enum: ['key', 'liveness', 'none'],
    example: 'key',
  })
  probe!: string;

  @ApiProperty({
    description: 'What its last check said. Shown to platform tokens only.',
    type: String,
    nullable: true,
    example: 'valid',
  })
  probe_outcome!: string | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2026-11-21T08:00:00.000Z',
  })
  probed_at!: string | null;
}

export class ProviderView {
  @ApiProperty({ example: 'prov_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ example: 'OpenAI' })
  name!: string;

  @ApiProperty({ enum: providerKindNames, example: 'openai' })
  kind!: string;

  @ApiProperty({ description: 'The name of the kind, for people.', example: 'OpenAI' })
  title!: string;

  @ApiProperty({
    description: 'null: at the vendor itself. Shown to platform tokens only.',
    type: String,
    nullable: true,
    example: null,
  })
  base_url!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'Our own account' })
  description!: string | null;

  @ApiProperty({ example: true })
  enabled!: boolean;

  @ApiProperty({
    description: 'What was stated of it. Shown to platform tokens only.',
    type: 'object',
    additionalProperties: true,
    example: {},
  })
  facts!: Record<string, unknown>;

  @ApiProperty({ type: ProviderHealthView })
  health!: ProviderHealthView;

  @ApiProperty({ description: 'Grows by one with each change.', example: 1 })
  version!: number;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  created_at!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  updated_at!: string;
}

export class ProviderPage {
  @ApiProperty({ type: [ProviderView] })
  data!: ProviderView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}

export class ProviderKindView {
  @ApiProperty({ enum: providerKindNames, example: 'openai' })
  kind!: string;

  @ApiProperty({ example: 'OpenAI' })
  title!: string;

  @ApiProperty({
    description:
      "What LiteLLM wants before the upstream model's name; null: the upstream model brings it along.",
    type: String,
    nullable: true,
    example: 'openai',
  })
  litellm_prefix!: string | null;

  @ApiProperty({ example: 'openai' })
  dialect!: string;

  @ApiProperty({
    description: "The vendor's own address; null: every server has its own.",
    type: String,
    nullable: true,
    example: 'https://api.openai.com/v1',
  })
  vendor_base_url!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  default_base_url!: string | null;

  @ApiProperty({ enum: ['optional', 'required', 'none'], example: 'optional' })
  base_url!: string;

  @ApiProperty({ example: true })
  needs_key!: boolean;

  @ApiProperty({
    description: 'Where a platform key is found at start.',
    type: String,
    nullable: true,
    example: 'OPENAI_API_KEY',
  })
  environment_variable!: string | null;

  @ApiProperty({
    description: 'How its keys look. Formats change: it is never a reason to refuse a key.',
    example: 'sk-proj-...',
  })
  key_hint!: string;

  @ApiProperty({
    description: 'What is asked to try a key, or to see that a server is there; null: nothing that is free.',
    type: String,
    nullable: true,
    example: 'GET /models',
  })
  probe!: string | null;

  @ApiProperty({
    description: 'Routes of port 4000 on which it can be reached while LiteLLM is down.',
    type: [String],
    example: ['chat_completions'],
  })
  direct_routes!: string[];

  @ApiProperty({ example: 'https://docs.litellm.ai/docs/providers/openai' })
  docs_url!: string;

  @ApiProperty({
    description: "The provider's own reference.",
    type: String,
    nullable: true,
    example: 'https://platform.openai.com/docs/api-reference',
  })
  reference_url!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  remark!: string | null;
}

export class ProviderKindList {
  @ApiProperty({ type: [ProviderKindView] })
  data!: ProviderKindView[];
}
