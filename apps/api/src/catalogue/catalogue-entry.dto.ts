import {
  ApiExtraModels,
  ApiProperty,
  ApiPropertyOptional,
  getSchemaPath,
  PartialType,
} from '@nestjs/swagger';
import { type CatalogueEntryStatus, type ModelMode, modelModes } from '@signalbox/database';
import type { CatalogueSource } from '@signalbox/domain/catalogue';
import { providerKindNames } from '@signalbox/domain/providers';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsISO8601,
  IsObject,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import {
  Count,
  Modalities,
  modalities,
  TokenPricesBody,
  usdMessage,
  usdPattern,
  YesOrNo,
} from '../facts/facts.dto';
import { IsSearch, IsTimestamp, MayBeLeftOut, Nullable } from '../http/fields';
import { PageQuery } from '../http/page-query.dto';
import { QueryFlag } from '../http/query-flag';

const statuses = ['active', 'deprecated', 'vanished'] as const satisfies readonly CatalogueEntryStatus[];
const sources = [
  'manual',
  'litellm',
  'openrouter_endpoint',
  'openrouter',
] as const satisfies readonly CatalogueSource[];
const idPattern = /^[A-Za-z0-9~][A-Za-z0-9._~-]{0,127}(\/[A-Za-z0-9][A-Za-z0-9._:@+~-]{0,127}){1,4}$/;
const datePattern = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
const dateMessage = '$property must be a day such as 2027-03-31';

export class ListCatalogueQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Part of the id or name.', maxLength: 200, example: 'gpt-4o' })
  @MayBeLeftOut()
  @IsSearch()
  search?: string;

  @ApiPropertyOptional({ description: 'Whose model it is.', maxLength: 200, example: 'openai' })
  @MayBeLeftOut()
  @IsSearch()
  vendor?: string;

  @ApiPropertyOptional({ enum: modelModes, example: 'chat' })
  @MayBeLeftOut()
  @IsIn(modelModes)
  mode?: ModelMode;

  @ApiPropertyOptional({ enum: statuses, example: 'active' })
  @MayBeLeftOut()
  @IsIn(statuses)
  status?: CatalogueEntryStatus;

  @ApiPropertyOptional({
    description: 'A kind of provider that asks a price for it.',
    enum: providerKindNames,
    example: 'groq',
  })
  @MayBeLeftOut()
  @IsIn(providerKindNames)
  offered_by?: string;

  @ApiPropertyOptional({ description: 'What it reads.', enum: modalities, example: 'image' })
  @MayBeLeftOut()
  @IsIn(modalities)
  input_modality?: string;

  @ApiPropertyOptional({ description: 'What it makes.', enum: modalities, example: 'text' })
  @MayBeLeftOut()
  @IsIn(modalities)
  output_modality?: string;

  @ApiPropertyOptional({ type: Boolean, example: true })
  @MayBeLeftOut()
  @QueryFlag()
  tools?: boolean;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 1_000_000_000, example: 100_000 })
  @MayBeLeftOut()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1_000_000_000)
  min_context_length?: number;

  @ApiPropertyOptional({
    description: 'US dollars per token of the prompt: somebody asks no more.',
    pattern: usdPattern.source,
    example: '0.000001',
  })
  @MayBeLeftOut()
  @Matches(usdPattern, { message: usdMessage })
  max_input_price?: string;

  @ApiPropertyOptional({
    description: 'US dollars per token of the answer: somebody asks no more.',
    pattern: usdPattern.source,
    example: '0.000004',
  })
  @MayBeLeftOut()
  @Matches(usdPattern, { message: usdMessage })
  max_output_price?: string;
}

export class CataloguePriceQuery extends PageQuery {
  @ApiPropertyOptional({
    description: 'Of one kind of provider.',
    enum: providerKindNames,
    example: 'openai',
  })
  @MayBeLeftOut()
  @IsIn(providerKindNames)
  offered_by?: string;
}

export class ManualPriceBody {
  @ApiProperty({ description: 'A kind of provider.', enum: providerKindNames, example: 'openai_compatible' })
  @IsIn(providerKindNames)
  offered_by!: string;

  @ApiProperty({
    description: 'null: none is known there, until a sync says one.',
    type: TokenPricesBody,
    nullable: true,
  })
  @Nullable()
  @IsObject()
  @ValidateNested()
  @Type(() => TokenPricesBody)
  prices!: TokenPricesBody | null;

  @ApiPropertyOptional({
    description: 'From when on it counts; left out: at once. Never in the past.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: null,
  })
  @Nullable()
  @IsTimestamp()
  effective_from?: string | null;
}

class ManualFields {
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 200, example: 'Our own model' })
  @Nullable()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  name?: string | null;

  @ApiPropertyOptional({
    description: 'Whose model it is; left out: the first part of the id.',
    type: String,
    nullable: true,
    maxLength: 100,
    example: 'acme',
  })
  @Nullable()
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  vendor?: string | null;

  @ApiPropertyOptional({ enum: modelModes, nullable: true, type: String, example: 'chat' })
  @Nullable()
  @IsIn(modelModes)
  mode?: ModelMode | null;

  @Count('Tokens of the prompt and the answer together.', 1_000_000_000)
  context_length?: number | null;

  @Count('Tokens of the answer.', 1_000_000_000)
  max_output_tokens?: number | null;

  @Modalities('What it reads.')
  input_modalities?: string[] | null;

  @Modalities('What it makes.')
  output_modalities?: string[] | null;

  @YesOrNo('It calls tools.')
  tools?: boolean | null;

  @YesOrNo('It answers with JSON when asked to.')
  json_mode?: boolean | null;

  @YesOrNo('It holds to a JSON schema.')
  json_schema?: boolean | null;

  @ApiPropertyOptional({
    description: 'The day on which it is taken away.',
    type: String,
    nullable: true,
    pattern: datePattern.source,
    example: '2027-03-31',
  })
  @Nullable()
  @Matches(datePattern, { message: dateMessage })
  @Matches(/^(?!0000)/, { message: dateMessage })
  @IsISO8601({ strict: true }, { message: dateMessage })
  expires_on?: string | null;

  @ApiPropertyOptional({
    description: 'The entry that is proposed in its place. null: none, until a sync proposes one.',
    type: String,
    nullable: true,
    maxLength: 512,
    example: null,
  })
  @Nullable()
  @IsString()
  @MaxLength(512)
  replacement_id?: string | null;

  @ApiPropertyOptional({
    description: 'Prices by hand, which no sync touches. Of a provider that is not in it, nothing changes.',
    type: [ManualPriceBody],
    maxItems: 20,
  })
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Type(() => ManualPriceBody)
  prices?: ManualPriceBody[];
}

export class CreateCatalogueEntryBody extends ManualFields {
  @ApiProperty({
    description: '`vendor/name`, as OpenRouter has them.',
    pattern: idPattern.source,
    maxLength: 512,
    example: 'acme/our-model',
  })
  @IsString()
  @MaxLength(512)
  @Matches(idPattern, { message: '$property must be vendor/name' })
  id!: string;
}

/** What is left out stays. null: what was written by hand is taken back, and the next sync's word counts. */
export class UpdateCatalogueEntryBody extends PartialType(ManualFields, { skipNullProperties: false }) {}

export class CataloguePriceView {
  @ApiProperty({ description: 'A kind of provider; `openrouter`: OpenRouter itself.', example: 'openai' })
  offered_by!: string;

  @ApiProperty({
    description:
      'Exact decimals of US dollars per token, as text: input, output, cache_read, cache_write; request for each call; image and others by their unit. `overrides`: other prices under a condition.',
    type: 'object',
    additionalProperties: true,
    example: { input: '0.0000025', output: '0.00001' },
  })
  prices!: Record<string, unknown>;

  @ApiProperty({ enum: sources, example: 'litellm' })
  source!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T03:12:02.000Z' })
  effective_from!: string;

  @ApiProperty({
    description: 'null: until another one comes.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: null,
  })
  effective_to!: string | null;
}

export class CataloguePriceList {
  @ApiProperty({ type: [CataloguePriceView] })
  data!: CataloguePriceView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}

export class CatalogueEntryView {
  @ApiProperty({ example: 'openai/gpt-4o-mini' })
  id!: string;

  @ApiProperty({ example: 'OpenAI: GPT-4o mini' })
  name!: string;

  @ApiProperty({ example: 'openai' })
  vendor!: string;

  @ApiProperty({ enum: modelModes, example: 'chat' })
  mode!: string;

  @ApiProperty({
    description: 'deprecated: its maker takes it away. vanished: no source has it any more.',
    enum: statuses,
    example: 'active',
  })
  status!: string;

  @ApiProperty({ type: 'integer', nullable: true, example: 128000 })
  context_length!: unknown;

  @ApiProperty({ type: 'integer', nullable: true, example: 16384 })
  max_output_tokens!: unknown;

  @ApiProperty({ type: [String], nullable: true, example: ['text', 'image'] })
  input_modalities!: unknown;

  @ApiProperty({ type: [String], nullable: true, example: ['text'] })
  output_modalities!: unknown;

  @ApiProperty({ type: Boolean, nullable: true, example: true })
  tools!: unknown;

  @ApiProperty({ type: Boolean, nullable: true, example: true })
  json_mode!: unknown;

  @ApiProperty({ type: Boolean, nullable: true, example: true })
  json_schema!: unknown;

  @ApiProperty({ description: 'In force now.', type: [CataloguePriceView] })
  prices!: CataloguePriceView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  expires_on!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  vanished_at!: string | null;

  @ApiProperty({
    description: 'The entry that is proposed in its place.',
    type: String,
    nullable: true,
    example: null,
  })
  replacement_id!: string | null;

  @ApiProperty({ description: 'Grows by one with each change.', example: 1 })
  version!: number;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T03:12:02.000Z' })
  updated_at!: string;
}

export class CatalogueEntryPage {
  @ApiProperty({ type: [CatalogueEntryView] })
  data!: CatalogueEntryView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}

export class CatalogueFieldView {
  @ApiProperty({ example: 128000 })
  value!: unknown;

  @ApiProperty({ enum: sources, example: 'openrouter' })
  source!: string;

  @ApiProperty({
    description: 'Since when it has this value from this source.',
    format: 'date-time',
    example: '2026-11-21T03:12:02.000Z',
  })
  at!: string;
}

@ApiExtraModels(CatalogueFieldView)
export class CatalogueEntryDetailView extends CatalogueEntryView {
  @ApiProperty({
    description: 'All that is known of it, each with its source.',
    type: 'object',
    additionalProperties: { $ref: getSchemaPath(CatalogueFieldView) },
    example: {},
  })
  fields!: Record<string, CatalogueFieldView>;
}
