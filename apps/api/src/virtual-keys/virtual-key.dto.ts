import { ApiProperty, ApiPropertyOptional, OmitType, PartialType } from '@nestjs/swagger';
import { durationPattern } from '@signalbox/common';
import { virtualKeyStatuses, type VirtualKeyStatus } from '@signalbox/domain/virtual-keys';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateIf,
} from 'class-validator';
import { PageQuery } from '../http/page-query.dto';
import { MaxJsonSize } from './max-json-size.decorator';

const durationHint = 'must be a whole number with a unit, such as 30s, 15m, 24h, 30d or 4w';
const maxInteger = 2_147_483_647;
/** Control characters have no place in a name that is shown in tables and logs. */
const printable = /^[^\p{Cc}\p{Zl}\p{Zp}]*$/u;
const printableHint = 'must not contain control characters or line breaks';

const limitProperty = (description: string, example: number) =>
  ApiPropertyOptional({
    description,
    type: 'integer',
    nullable: true,
    minimum: 0,
    maximum: maxInteger,
    example,
  });

/** May be left out; unlike with IsOptional, null is refused. */
const MayBeLeftOut = () => ValidateIf((_object, value) => value !== undefined);
/** `null` is a value of its own here: no limit. */
const Nullable = () => ValidateIf((_object, value) => value !== null && value !== undefined);

export class CreateVirtualKeyBody {
  @ApiProperty({
    description: 'The workspace that the key belongs to.',
    example: 'ws_06f3x2v9k0wz4m8q1r5t7y3b2c',
  })
  @IsString()
  @MaxLength(64)
  workspace_id!: string;

  @ApiPropertyOptional({
    description: 'A name for people, unique in the workspace.',
    type: String,
    nullable: true,
    maxLength: 255,
    example: 'n8n-production',
  })
  @Nullable()
  @IsString()
  @Length(1, 255)
  @Matches(printable, { message: `key_alias ${printableHint}` })
  key_alias?: string | null;

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
  @IsString({ each: true })
  @Length(1, 255, { each: true })
  @Matches(printable, { each: true, message: `each value in models ${printableHint}` })
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

  @limitProperty('Requests per minute. null: no limit.', 60)
  @Nullable()
  @IsInt()
  @Min(0)
  @Max(maxInteger)
  rpm_limit?: number | null;

  @limitProperty('Tokens per minute. null: no limit.', 100_000)
  @Nullable()
  @IsInt()
  @Min(0)
  @Max(maxInteger)
  tpm_limit?: number | null;

  @limitProperty('Requests at the same time. null: no limit.', 8)
  @Nullable()
  @IsInt()
  @Min(0)
  @Max(maxInteger)
  max_parallel_requests?: number | null;

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

  @ApiPropertyOptional({
    description: 'Your own notes, kept and shown as they are; at most 16 KB as JSON. Put no secrets here.',
    type: 'object',
    additionalProperties: true,
    example: { team: 'support' },
  })
  @MayBeLeftOut()
  @IsObject()
  @MaxJsonSize(16_384)
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
) {}

export class RotateVirtualKeyBody {
  @ApiPropertyOptional({
    description:
      'For how long the older values stay valid beside the new one, at most 30d. 0s, the default, ends them at once.',
    default: '0s',
    example: '1h',
    pattern: `^0s$|${durationPattern.source}`,
  })
  @MayBeLeftOut()
  @IsString()
  @Matches(new RegExp(`^0s$|${durationPattern.source}`), { message: `overlap ${durationHint}, or 0s` })
  overlap?: string;
}

export class ListVirtualKeysQuery extends PageQuery {
  @ApiPropertyOptional({ example: 'ws_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  workspace_id?: string;

  @ApiPropertyOptional({ example: 'org_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  organization_id?: string;

  @ApiPropertyOptional({ enum: virtualKeyStatuses, example: 'active' })
  @IsOptional()
  @IsIn(virtualKeyStatuses)
  status?: VirtualKeyStatus;

  @ApiPropertyOptional({ description: 'The whole alias, exactly.', example: 'n8n-production' })
  @IsOptional()
  @IsString()
  @MaxLength(255)
  key_alias?: string;

  @ApiPropertyOptional({
    description: "Part of the alias, of the shown end of the key's value (key_name), or of the id.",
    example: 'n8n',
  })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  search?: string;
}
