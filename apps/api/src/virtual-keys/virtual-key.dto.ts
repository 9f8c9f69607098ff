import { ApiProperty, ApiPropertyOptional, OmitType, PartialType } from '@nestjs/swagger';
import { durationPattern } from '@signalbox/common';
import { virtualKeyStatuses, type VirtualKeyStatus } from '@signalbox/domain/virtual-keys';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsNumber,
  IsOptional,
  Matches,
  Max,
  Min,
} from 'class-validator';
import {
  IsIdOf,
  IsMetadata,
  IsName,
  IsNameList,
  IsSearch,
  IsUserId,
  MayBeLeftOut,
  Nullable,
  userIdPattern,
} from '../http/fields';
import { ApiMetadata } from '../http/metadata.property';
import { PageQuery } from '../http/page-query.dto';
import { VersionRead } from '../http/version.property';
import { LimitFieldsBody } from '../limits/limit-fields.dto';

const durationHint = 'must be a whole number with a unit, such as 30s, 15m, 24h, 30d or 4w';

export class CreateVirtualKeyBody extends LimitFieldsBody {
  @ApiProperty({
    description: 'The workspace that the key belongs to.',
    example: 'ws_06f3x2v9k0wz4m8q1r5t7y3b2c',
  })
  @IsIdOf('workspace')
  workspace_id!: string;

  @ApiPropertyOptional({
    description: 'A name for people, unique in the workspace.',
    type: String,
    nullable: true,
    minLength: 1,
    maxLength: 200,
    example: 'n8n-production',
  })
  @Nullable()
  @IsName()
  key_alias?: string | null;

  @ApiPropertyOptional({
    description:
      "The member who uses the key, by a name of the organization's own. The member's provider keys then pay first. null: none.",
    type: String,
    nullable: true,
    pattern: userIdPattern.source,
    example: 'anna@example.com',
  })
  @Nullable()
  @IsUserId()
  user_id?: string | null;

  @ApiPropertyOptional({
    description:
      'The models that the key may use: names, or prefix/* for all that start with prefix/. Empty or left out: every model of the workspace.',
    type: [String],
    maxItems: 500,
    example: ['smart', 'openai/*'],
  })
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(500)
  @IsNameList()
  models?: string[];

  @ApiPropertyOptional({
    description: 'Spending limit in US dollars, with up to 9 decimals. null: none.',
    type: Number,
    nullable: true,
    minimum: 0,
    maximum: 1_000_000_000,
    example: 25,
  })
  @Nullable()
  @IsNumber({ maxDecimalPlaces: 9 })
  @Min(0)
  @Max(1_000_000_000)
  max_budget?: number | null;

  @ApiPropertyOptional({
    description: 'The budget starts anew after each such time. null: never.',
    type: String,
    nullable: true,
    pattern: durationPattern.source,
    example: '30d',
  })
  @Nullable()
  @Matches(durationPattern, { message: `budget_duration ${durationHint}` })
  budget_duration?: string | null;

  @ApiPropertyOptional({
    description:
      "The product or app that the key serves, of the key's own organization: it shares that one's limits. null: none.",
    type: String,
    nullable: true,
    example: 'svc_06f3x2v9k0wz4m8q1r5t7y3b2c',
  })
  @Nullable()
  @IsIdOf('service')
  service_id?: string | null;

  @ApiPropertyOptional({
    description: 'How long the key is valid, counted from now, at most 3650d. null: for ever.',
    type: String,
    nullable: true,
    pattern: durationPattern.source,
    example: '30d',
  })
  @Nullable()
  @Matches(durationPattern, { message: `duration ${durationHint}` })
  duration?: string | null;

  @ApiMetadata({ required: false })
  @MayBeLeftOut()
  @IsMetadata()
  metadata?: Record<string, unknown>;

  @ApiPropertyOptional({
    description: 'A blocked key is refused until it is unblocked.',
    default: false,
    example: false,
  })
  @MayBeLeftOut()
  @IsBoolean()
  blocked?: boolean;
}

/** Only the given fields change. */
export class UpdateVirtualKeyBody extends PartialType(
  OmitType(CreateVirtualKeyBody, ['workspace_id'] as const),
  { skipNullProperties: false },
) {
  @VersionRead()
  version?: number;
}

export class RotateVirtualKeyBody {
  @ApiPropertyOptional({
    description:
      'For how long the older values stay valid beside the new one, at most 30d. 0s, the default, ends them at once.',
    default: '0s',
    example: '1h',
    pattern: `^0s$|${durationPattern.source}`,
  })
  @MayBeLeftOut()
  @Matches(new RegExp(`^0s$|${durationPattern.source}`), { message: `overlap ${durationHint}, or 0s` })
  overlap?: string;
}

export class ListVirtualKeysQuery extends PageQuery {
  @ApiPropertyOptional({ example: 'ws_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  @IsOptional()
  @IsIdOf('workspace')
  workspace_id?: string;

  @ApiPropertyOptional({ example: 'org_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  @IsOptional()
  @IsIdOf('organization')
  organization_id?: string;

  @ApiPropertyOptional({ enum: virtualKeyStatuses, example: 'active' })
  @IsOptional()
  @IsIn(virtualKeyStatuses)
  status?: VirtualKeyStatus;

  @ApiPropertyOptional({ description: 'The whole alias, exactly.', example: 'n8n-production' })
  @IsOptional()
  @IsSearch()
  key_alias?: string;

  @ApiPropertyOptional({ description: 'Only those of this member.', example: 'anna@example.com' })
  @IsOptional()
  @IsUserId()
  user_id?: string;

  @ApiPropertyOptional({
    description: 'Only those that name this service.',
    example: 'svc_06f3x2v9k0wz4m8q1r5t7y3b2c',
  })
  @IsOptional()
  @IsIdOf('service')
  service_id?: string;

  @ApiPropertyOptional({
    description: "Part of the alias, of the shown end of the key's value (key_name), or of the id.",
    example: 'n8n',
  })
  @IsOptional()
  @IsSearch()
  search?: string;
}
