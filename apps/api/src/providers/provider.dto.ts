import { ApiProperty, ApiPropertyOptional, PartialType } from '@nestjs/swagger';
import { type ProviderKindName, providerKindNames } from '@signalbox/domain/providers';
import { IsBoolean, IsIn, IsString, MaxLength } from 'class-validator';
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
}

export class CreateProviderBody extends ReplaceProviderBody {
  @ApiProperty({ enum: providerKindNames, example: 'openai' })
  @IsIn(providerKindNames)
  kind!: ProviderKindName;
}

/** PATCH: only what is given changes. */
export class UpdateProviderBody extends PartialType(ReplaceProviderBody, { skipNullProperties: false }) {}

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

  @ApiProperty({ example: 'https://docs.litellm.ai/docs/providers/openai' })
  docs_url!: string;
}

export class ProviderKindList {
  @ApiProperty({ type: [ProviderKindView] })
  data!: ProviderKindView[];
}
