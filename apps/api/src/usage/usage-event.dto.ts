import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import { IsIdOf, IsTimestamp } from '../http/fields';
import { PageQuery } from '../http/page-query.dto';

const routes = ['litellm', 'openrouter', 'direct'] as const;
type Route = (typeof routes)[number];

const text = (example: string | null, description?: string) =>
  ({ type: String, nullable: true, example, ...(description === undefined ? {} : { description }) }) as const;
const count = (example: number, description?: string) =>
  ({ type: 'integer', example, ...(description === undefined ? {} : { description }) }) as const;
const time = { type: String, format: 'date-time', example: '2026-11-21T08:00:00.000Z' } as const;

export class ListUsageEventsQuery extends PageQuery {
  @ApiPropertyOptional({
    description: 'Only those of this organization.',
    example: 'org_01m7ykrzh0earb9nt9fe65dsgn',
  })
  @IsOptional()
  @IsIdOf('organization')
  organization_id?: string;

  @ApiPropertyOptional({ example: 'ws_01m7ykrzhceqarzssba2nkwz3b' })
  @IsOptional()
  @IsIdOf('workspace')
  workspace_id?: string;

  @ApiPropertyOptional({ example: 'key_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  @IsOptional()
  @IsIdOf('virtualKey')
  virtual_key_id?: string;

  @ApiPropertyOptional({ example: 'svc_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  @IsOptional()
  @IsIdOf('service')
  service_id?: string;

  @ApiPropertyOptional({
    description: 'The whole name of the model that was asked for, or of the one that answered.',
    maxLength: 512,
    example: 'smart',
  })
  @IsOptional()
  @IsString()
  @MaxLength(512)
  model?: string;

  @ApiPropertyOptional({ description: 'The way that answered.', enum: routes, example: 'openrouter' })
  @IsOptional()
  @IsIn(routes)
  route?: Route;

  @ApiPropertyOptional({
    description: 'What the client was answered.',
    type: 'integer',
    minimum: 100,
    maximum: 599,
    example: 429,
  })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(100)
  @Max(599)
  status_code?: number;

  @ApiPropertyOptional({ maxLength: 64, example: 'req_01m7ykrzh0earb9nt9fe65dsgn' })
  @IsOptional()
  @IsString()
  @Matches(/^[\w-]{1,64}$/, { message: '$property must be a request id' })
  request_id?: string;

  @ApiPropertyOptional({
    description: 'Requests that began at this time or later (RFC 3339).',
    example: '2026-11-21T00:00:00Z',
  })
  @IsOptional()
  @IsTimestamp()
  from?: string;

  @ApiPropertyOptional({
    description: 'Requests that began before this time.',
    example: '2026-11-22T00:00:00Z',
  })
  @IsOptional()
  @IsTimestamp()
  to?: string;
}

function usd(description: string) {
  return {
    type: String,
    nullable: true,
    description: `US dollars. ${description}`,
    example: '0.00042',
  } as const;
}

export class UsageAttemptView {
  @ApiProperty({ enum: routes, example: 'litellm' })
  route!: string;

  @ApiProperty({ example: 'smart' })
  model!: string;

  @ApiProperty(text('openai'))
  provider!: string | null;

  @ApiProperty(text('dep_01m7ykrzh0earb9nt9fe65dsgn'))
  deployment_id!: string | null;

  @ApiProperty(text('cred_01m7ykrzh0earb9nt9fe65dsgn'))
  credential_id!: string | null;

  @ApiProperty({ type: 'integer', nullable: true, description: 'null: there was no answer.', example: 503 })
  status!: number | null;

  @ApiProperty(text('server_error', 'Why it failed; null: it succeeded.'))
  failure!: string | null;

  @ApiProperty({
    enum: ['answer', 'classification'],
    description: 'What it was for: to answer the client, or to find out which power level `auto` means.',
    example: 'answer',
  })
  purpose!: string;

  @ApiProperty(
    usd(
      'Of a classification, which is no part of cost_usd of the request. null: not known, or not asked for.',
    ),
  )
  cost_usd!: string | null;

  @ApiProperty(time)
  started_at!: string;

  @ApiProperty(count(412))
  duration_ms!: number;
}

export class UsageEventView {
  @ApiProperty({ example: 'req_01m7ykrzh0earb9nt9fe65dsgn' })
  request_id!: string;

  @ApiProperty({ example: 'org_01m7ykrzh0earb9nt9fe65dsgn' })
  organization_id!: string;

  @ApiProperty({ example: 'ws_01m7ykrzhceqarzssba2nkwz3b' })
  workspace_id!: string;

  @ApiProperty({ example: 'key_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  virtual_key_id!: string;

  @ApiProperty(text('svc_06f3x2v9k0wz4m8q1r5t7y3b2c'))
  service_id!: string | null;

  @ApiProperty(text('anna@example.com', 'The member, where the key has one.'))
  user_id!: string | null;

  @ApiProperty({ description: 'The LLM route.', example: 'chat_completions' })
  call_type!: string;

  @ApiProperty(text('smart'))
  model_requested!: string | null;

  @ApiProperty(text('smart', 'The model that answered; null: none did.'))
  model_used!: string | null;

  @ApiProperty(text('gpt-4o-mini', "The provider's own name of it."))
  upstream_model!: string | null;

  @ApiProperty(text('openai', 'The kind of the provider.'))
  provider!: string | null;

  @ApiProperty(text('prov_01m7ykrzh0earb9nt9fe65dsgn'))
  provider_id!: string | null;

  @ApiProperty(text('dep_01m7ykrzh0earb9nt9fe65dsgn'))
  deployment_id!: string | null;

  @ApiProperty(text('cred_01m7ykrzh0earb9nt9fe65dsgn'))
  credential_id!: string | null;

  @ApiProperty(text('workspace', 'Whose provider key paid.'))
  credential_owner!: string | null;

  @ApiProperty({ enum: routes, nullable: true, description: 'null: nothing was called.', example: 'litellm' })
  route!: string | null;

  @ApiProperty(text(null, 'Why it was not the first choice that answered; null: it was.'))
  fallback_reason!: string | null;

  @ApiProperty({ description: 'A model of another vendor answered.', example: false })
  cross_vendor!: boolean;

  @ApiProperty({ description: 'What was tried, in order.', type: [UsageAttemptView] })
  attempts!: UsageAttemptView[];

  @ApiProperty({ type: 'integer', description: 'What the client was answered.', example: 200 })
  status_code!: number;

  @ApiProperty(text(null, "The gateway's own error code."))
  error_code!: string | null;

  @ApiProperty({ description: 'false: refused, failed, cut, or the client went away.', example: true })
  complete!: boolean;

  @ApiProperty({ description: 'The client closed the connection.', example: false })
  client_gone!: boolean;

  @ApiProperty({ example: true })
  stream!: boolean;

  @ApiProperty(count(1_200))
  prompt_tokens!: number;

  @ApiProperty(count(300))
  completion_tokens!: number;

  @ApiProperty(count(1_024, 'Part of prompt_tokens.'))
  cache_read_tokens!: number;

  @ApiProperty(count(0, 'Part of prompt_tokens.'))
  cache_write_tokens!: number;

  @ApiProperty(count(128, 'Part of completion_tokens.'))
  reasoning_tokens!: number;

  @ApiProperty({
    enum: ['provider', 'none'],
    description: 'Who said how many tokens it took; none: nobody did.',
    example: 'provider',
  })
  usage_source!: string;

  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'US dollars, as the provider itself said (OpenRouter does). null: it did not say.',
    example: 0.00042,
  })
  provider_cost_usd!: number | null;

  @ApiProperty(usd('By the prices that were in force at the time. null: no price, or no usage, is known.'))
  cost_usd!: string | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer', nullable: true },
    nullable: true,
    description:
      'Those prices, in millionths of a millionth of a US dollar per token (`request`: per call). `above_prompt_tokens`: they are those of longer prompts.',
    example: { input: 2_500_000, output: 10_000_000, cache_read: null, cache_write: null, request: null },
  })
  prices!: Record<string, unknown> | null;

  @ApiProperty(text('eco', 'By which the model was chosen; null: one was asked for by its name.'))
  power_level!: string | null;

  @ApiProperty(count(2_048))
  bytes_in!: number;

  @ApiProperty(count(9_216))
  bytes_out!: number;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description: 'What the choice of the way was made of.',
    example: { candidates: 2 },
  })
  decision!: Record<string, unknown> | null;

  @ApiProperty({ example: 'edge-4711-1a2b3c' })
  edge_id!: string;

  @ApiProperty(time)
  started_at!: string;

  @ApiProperty({ ...time, nullable: true, description: 'null: the client was sent nothing.' })
  first_byte_at!: string | null;

  @ApiProperty(time)
  ended_at!: string;

  @ApiProperty({ ...time, description: 'When it was written here.' })
  recorded_at!: string;
}

export class UsageEventListView {
  @ApiProperty({ type: [UsageEventView] })
  data!: UsageEventView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}
