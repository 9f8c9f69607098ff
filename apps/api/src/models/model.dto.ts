import {
  ApiExtraModels,
  ApiProperty,
  ApiPropertyOptional,
  getSchemaPath,
  PartialType,
} from '@nestjs/swagger';
import { type ModelMode, modelModes } from '@signalbox/database';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsString,
  MaxLength,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { KnownFactView, type StatedFactsBody, StatedFactsField } from '../facts/facts.dto';
import { IsIdOf, IsMetadata, IsSearch, MayBeLeftOut, Nullable } from '../http/fields';
import { PageQuery } from '../http/page-query.dto';
import { QueryFlag } from '../http/query-flag';

const nameLengthMax = 256;
const descriptionLengthMax = 1_000;
const urlLengthMax = 512;

export class ListModelsQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Part of the name or description.', maxLength: 200, example: 'smart' })
  @MayBeLeftOut()
  @IsSearch()
  search?: string;

  @ApiPropertyOptional({ enum: modelModes, example: 'chat' })
  @MayBeLeftOut()
  @IsIn(modelModes)
  mode?: ModelMode;

  @ApiPropertyOptional({ type: Boolean, example: true })
  @MayBeLeftOut()
  @QueryFlag()
  enabled?: boolean;

  @ApiPropertyOptional({
    description: 'Models with a deployment at this provider.',
    example: 'prov_06f3x2v9k0wz4m8q1r5t7y3b2c',
  })
  @MayBeLeftOut()
  @IsIdOf('provider')
  provider_id?: string;
}

export class CreateDeploymentBody {
  @ApiProperty({ example: 'prov_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  @IsIdOf('provider')
  provider_id!: string;

  @ApiProperty({
    description:
      "The provider's own name of the model, without LiteLLM's prefix. For a wildcard model it ends with * too.",
    example: 'gpt-4o-mini',
    maxLength: nameLengthMax,
  })
  @IsString()
  @MinLength(1)
  @MaxLength(nameLengthMax)
  upstream_model!: string;

  @ApiPropertyOptional({
    description: "Left out or null: the provider's platform key, where there is one.",
    type: String,
    nullable: true,
    example: 'cred_06f3x2v9k0wz4m8q1r5t7y3b2c',
  })
  @Nullable()
  @IsIdOf('credential')
  credential_id?: string | null;

  @ApiPropertyOptional({
    description: "Wins over the provider's.",
    type: String,
    nullable: true,
    example: null,
    maxLength: urlLengthMax,
  })
  @Nullable()
  @IsString()
  @MaxLength(urlLengthMax)
  base_url?: string | null;

  @ApiPropertyOptional({
    description:
      'Further parameters of LiteLLM, from a list (docs/config-releases.md): rpm, tpm, timeout, max_tokens, weight, prices, ... Never keys or addresses.',
    type: 'object',
    additionalProperties: true,
    example: { rpm: 500, timeout: 60 },
  })
  @MayBeLeftOut()
  @IsMetadata()
  litellm_params?: Record<string, unknown>;

  @ApiPropertyOptional({ type: Boolean, default: true, example: true })
  @MayBeLeftOut()
  @IsBoolean()
  enabled?: boolean;

  @StatedFactsField()
  facts?: StatedFactsBody;
}

export class UpdateDeploymentBody extends PartialType(CreateDeploymentBody, { skipNullProperties: false }) {}

class ModelFields {
  @ApiProperty({
    description: 'What clients send as `model`. A wildcard is `prefix/*`, or `*` alone.',
    example: 'smart',
    maxLength: nameLengthMax,
  })
  @IsString()
  @MinLength(1)
  @MaxLength(nameLengthMax)
  name!: string;

  @ApiPropertyOptional({ enum: modelModes, default: 'chat', example: 'chat' })
  @MayBeLeftOut()
  @IsIn(modelModes)
  mode?: ModelMode;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: 'For hard questions',
    maxLength: descriptionLengthMax,
  })
  @Nullable()
  @IsString()
  @MaxLength(descriptionLengthMax)
  description?: string | null;

  @ApiPropertyOptional({
    description: 'false: left out of the next config release.',
    type: Boolean,
    default: true,
    example: true,
  })
  @MayBeLeftOut()
  @IsBoolean()
  enabled?: boolean;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true, example: { team: 'search' } })
  @MayBeLeftOut()
  @IsMetadata()
  metadata?: Record<string, unknown>;

  @ApiPropertyOptional({
    description:
      "The model's id at OpenRouter, by which it is reached while LiteLLM is down. For a wildcard model it may end with * too. In force with the next config release.",
    type: String,
    nullable: true,
    example: 'openai/gpt-4o-mini',
    maxLength: nameLengthMax,
  })
  @Nullable()
  @IsString()
  @MaxLength(nameLengthMax)
  openrouter_id?: string | null;

  @StatedFactsField()
  facts?: StatedFactsBody;
}

export class CreateModelBody extends ModelFields {
  @ApiPropertyOptional({ type: [CreateDeploymentBody], maxItems: 100 })
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(100)
  @ValidateNested({ each: true })
  @Type(() => CreateDeploymentBody)
  deployments?: CreateDeploymentBody[];
}

export class UpdateModelBody extends PartialType(ModelFields, { skipNullProperties: false }) {}

@ApiExtraModels(KnownFactView)
export class DeploymentView {
  @ApiProperty({ description: "LiteLLM's model_info.id.", example: 'dep_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ example: 'prov_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  provider_id!: string;

  @ApiProperty({ example: 'openai' })
  provider_kind!: string;

  @ApiProperty({ example: 'gpt-4o-mini' })
  upstream_model!: string;

  @ApiProperty({ description: 'Shown to platform tokens only.', type: String, nullable: true, example: null })
  credential_id!: string | null;

  @ApiProperty({ description: 'Shown to platform tokens only.', type: String, nullable: true, example: null })
  base_url!: string | null;

  @ApiProperty({
    description: 'Shown to platform tokens only.',
    type: 'object',
    additionalProperties: true,
    example: { rpm: 500 },
  })
  litellm_params!: Record<string, unknown>;

  @ApiProperty({ example: true })
  enabled!: boolean;

  @ApiProperty({
    description: 'What was stated of it. Shown to platform tokens only.',
    type: 'object',
    additionalProperties: true,
    example: {},
  })
  facts!: Record<string, unknown>;

  @ApiProperty({
    description:
      'What routing goes by: each fact that is known, from the strongest source that says it. Shown to platform tokens only.',
    type: 'object',
    additionalProperties: { $ref: getSchemaPath(KnownFactView) },
    example: {},
  })
  known_facts!: Record<string, KnownFactView>;

  @ApiProperty({ example: 1 })
  version!: number;
}

export class ModelView {
  @ApiProperty({ example: 'mdl_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ example: 'smart' })
  name!: string;

  @ApiProperty({ enum: modelModes, example: 'chat' })
  mode!: string;

  @ApiProperty({ type: String, nullable: true, example: 'For hard questions' })
  description!: string | null;

  @ApiProperty({ description: 'Some answers are canned: no provider is called.', example: false })
  is_demo!: boolean;

  @ApiProperty({ example: true })
  enabled!: boolean;

  @ApiProperty({ type: 'object', additionalProperties: true, example: {} })
  metadata!: Record<string, unknown>;

  @ApiProperty({
    description: 'null: it cannot be reached through OpenRouter, apart from deployments there.',
    type: String,
    nullable: true,
    example: 'openai/gpt-4o-mini',
  })
  openrouter_id!: string | null;

  @ApiProperty({
    description: 'What was stated of it. Shown to platform tokens only.',
    type: 'object',
    additionalProperties: true,
    example: {},
  })
  facts!: Record<string, unknown>;

  @ApiProperty({ type: [DeploymentView] })
  deployments!: DeploymentView[];

  @ApiProperty({ description: 'Grows by one with each change of the model or its deployments.', example: 1 })
  version!: number;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  created_at!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  updated_at!: string;
}

export class ModelPage {
  @ApiProperty({ type: [ModelView] })
  data!: ModelView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}
