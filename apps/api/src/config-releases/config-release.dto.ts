import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type ConfigReleaseStatus, configReleaseStatuses } from '@signalbox/database';
import { Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import { MayBeLeftOut, Nullable } from '../http/fields';
import { PageQuery } from '../http/page-query.dto';
import { ConfigDiffView, LintFindingView } from './config-plan.dto';

/** Below the lease of an Idempotency-Key (30 s), so that a repetition never overtakes a waiting request. */
const waitMsMax = 25_000;
const noteLengthMax = 1_000;

export class WaitQuery {
  @ApiPropertyOptional({
    description: 'How long to wait for the outcome before answering with a release that is still `applying`.',
    type: 'integer',
    minimum: 0,
    maximum: waitMsMax,
    default: 0,
    example: 20_000,
  })
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(waitMsMax)
  wait_ms = 0;
}

export class ListConfigReleasesQuery extends PageQuery {
  @ApiPropertyOptional({ enum: configReleaseStatuses, example: 'active' })
  @MayBeLeftOut()
  @IsIn(configReleaseStatuses)
  status?: ConfigReleaseStatus;
}

export class RollbackConfigReleaseBody {
  @ApiPropertyOptional({
    description: 'Why, for those who read the list later.',
    type: String,
    nullable: true,
    example: 'Add gpt-4o-mini',
    maxLength: noteLengthMax,
  })
  @Nullable()
  @IsString()
  @MaxLength(noteLengthMax)
  note?: string | null;

  @ApiPropertyOptional({
    description:
      'Applies what runs already (LiteLLM is started anew), or what has lint errors. The verification stays.',
    type: Boolean,
    default: false,
    example: false,
  })
  @MayBeLeftOut()
  @IsBoolean()
  force?: boolean;
}

export class ApplyConfigReleaseBody extends RollbackConfigReleaseBody {
  @ApiPropertyOptional({
    description: 'false: lint warnings stop the release like errors do.',
    type: Boolean,
    default: true,
    example: true,
  })
  @MayBeLeftOut()
  @IsBoolean()
  allow_warnings?: boolean;
}

class ReleasedModelView {
  @ApiProperty({ example: 'smart' })
  name!: string;

  @ApiProperty({ example: 'chat' })
  mode!: string;

  @ApiProperty({ example: false })
  is_demo!: boolean;

  @ApiProperty({ type: [String], example: ['dep_06f3x2v9k0wz4m8q1r5t7y3b2c'] })
  deployment_ids!: string[];
}

class VerificationView {
  @ApiProperty({ type: [String], nullable: true, example: ['dep_06f3x2v9k0wz4m8q1r5t7y3b2c'] })
  deployment_ids!: string[] | null;

  @ApiProperty({ type: String, nullable: true, example: '1.103.1' })
  litellm_version!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'wasm' })
  engine!: string | null;

  @ApiProperty({
    description: 'From the start of the new LiteLLM to the report.',
    type: Number,
    nullable: true,
    example: 14_200,
  })
  duration_ms!: number | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  detail!: string | null;
}

export class ConfigReleaseSummaryView {
  @ApiProperty({ example: 'rel_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ example: 3 })
  number!: number;

  @ApiProperty({ enum: configReleaseStatuses, example: 'active' })
  status!: string;

  @ApiProperty({
    description: 'What the runner reported last.',
    enum: ['starting', 'verifying', 'active', 'failed'],
    type: String,
    nullable: true,
    example: 'active',
  })
  phase!: string | null;

  @ApiProperty({
    description: 'Why it failed, and what to do.',
    type: String,
    nullable: true,
    example: null,
  })
  failure!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'Add gpt-4o-mini' })
  note!: string | null;

  @ApiProperty({
    description: 'The release whose configuration it brought back.',
    type: String,
    nullable: true,
    example: null,
  })
  rollback_of_id!: string | null;

  @ApiProperty({
    description: 'The service token or part of the system that applied it.',
    example: 'tok_06f3x2v9k0wz4m8q1r5t7y3b2c',
  })
  created_by!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  created_at!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-11-21T08:00:15.000Z' })
  activated_at!: string | null;

  @ApiProperty({
    description: 'When it was superseded or failed.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: null,
  })
  ended_at!: string | null;

  @ApiProperty({
    description: 'From apply to serving.',
    type: Number,
    nullable: true,
    example: 15_000,
  })
  apply_duration_ms!: number | null;

  @ApiProperty({ example: 12 })
  deployment_count!: number;

  @ApiProperty({ example: '3b7e0f...' })
  config_sha256!: string;
}

export class ConfigReleaseView extends ConfigReleaseSummaryView {
  @ApiProperty({
    description: "LiteLLM's config.yaml. It refers to secrets and holds none.",
    example: 'model_list: []',
  })
  config_yaml!: string;

  @ApiProperty({
    description: "What LiteLLM's /model/info must show.",
    type: [String],
    example: ['dep_06f3x2v9k0wz4m8q1r5t7y3b2c'],
  })
  deployment_ids!: string[];

  @ApiProperty({ type: [ReleasedModelView] })
  models!: ReleasedModelView[];

  @ApiProperty({ type: [LintFindingView] })
  lint!: LintFindingView[];

  @ApiProperty({ type: ConfigDiffView })
  diff!: ConfigDiffView;

  @ApiProperty({
    description: 'What the runner saw; null before it reported.',
    type: VerificationView,
    nullable: true,
  })
  verification!: VerificationView | null;
}

export class ConfigReleasePage {
  @ApiProperty({ type: [ConfigReleaseSummaryView] })
  data!: ConfigReleaseSummaryView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}
