import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { FactSource } from '@signalbox/domain/catalogue';
import { mostPriceTiers } from '@signalbox/gateway';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { MayBeLeftOut, Nullable } from '../http/fields';

export const modalities = ['text', 'image', 'audio', 'file', 'video', 'embeddings', 'rerank'] as const;
const sources = [
  'deployment',
  'model',
  'provider',
  'address',
  'vendor',
  'manual',
  'litellm',
  'openrouter_endpoint',
  'openrouter',
  'admin',
  'benchmark',
  'table',
] as const satisfies readonly FactSource[];

/** Up to a dollar, in whole pico-dollars: finer prices are nobody's. */
export const usdPattern = /^(0(\.\d{1,12})?|1(\.0{1,12})?)$/;
export const usdMessage =
  '$property must be a decimal of US dollars from 0 to 1 as text, such as "0.0000025"';

const Usd = (description: string, example: string | null): PropertyDecorator => {
  const decorators = [
    ApiPropertyOptional({ description, type: String, nullable: true, pattern: usdPattern.source, example }),
    Nullable(),
    Matches(usdPattern, { message: usdMessage }),
  ];
  return (target, property) => decorators.forEach((decorate) => decorate(target, property));
};

const longestPrompt = 1_000_000_000;

export class LongPromptPricesBody {
  @ApiProperty({
    description: 'Of a prompt of more tokens than this, all tokens of the request have these prices.',
    type: 'integer',
    minimum: 1,
    maximum: longestPrompt,
    example: 200_000,
  })
  @IsInt()
  @Min(1)
  @Max(longestPrompt)
  above_prompt_tokens!: number;

  @Usd('null: as for shorter prompts, in each of these.', '0.000005')
  input?: string | null;

  @Usd('Per token of the answer.', '0.000015')
  output?: string | null;

  @Usd('Per token that the provider read from its cache.', null)
  cache_read?: string | null;

  @Usd('Per token that it put into its cache.', null)
  cache_write?: string | null;
}

/** Twice the same length would leave open which prices count. */
function isAscending(tiers: unknown): boolean {
  const lengths = (tiers as readonly (LongPromptPricesBody | null)[]).map(
    (tier) => tier?.above_prompt_tokens,
  );
  return lengths.every((length, index) => index === 0 || Number(length) > Number(lengths[index - 1]));
}

const IsAscending = (): PropertyDecorator =>
  ValidateBy({
    name: 'isAscending',
    validator: {
      validate: (value) => Array.isArray(value) && isAscending(value),
      defaultMessage: () => '$property must be in ascending order of above_prompt_tokens',
    },
  });

export class TokenPricesBody {
  @Usd('US dollars per token of the prompt.', '0.0000025')
  input?: string | null;

  @Usd('US dollars per token of the answer.', '0.00001')
  output?: string | null;

  @Usd('US dollars per token that the provider read from its cache. null: as the input.', '0.00000125')
  cache_read?: string | null;

  @Usd('US dollars per token that it put into its cache. null: as the input.', null)
  cache_write?: string | null;

  @Usd('US dollars for each call, whatever its size.', null)
  request?: string | null;

  @ApiPropertyOptional({
    description:
      'Other prices for long prompts, the shortest first. Left out or null: the length does not matter.',
    type: [LongPromptPricesBody],
    maxItems: mostPriceTiers,
    nullable: true,
  })
  @Nullable()
  @IsArray()
  @ArrayMaxSize(mostPriceTiers)
  @IsAscending()
  @ValidateNested({ each: true })
  @Type(() => LongPromptPricesBody)
  long_prompt?: LongPromptPricesBody[] | null;
}

export const YesOrNo = (description: string): PropertyDecorator => {
  const decorators = [
    ApiPropertyOptional({ description, type: Boolean, nullable: true, example: null }),
    Nullable(),
    IsBoolean(),
  ];
  return (target, property) => decorators.forEach((decorate) => decorate(target, property));
};

export const Count = (description: string, maximum: number): PropertyDecorator => {
  const decorators = [
    ApiPropertyOptional({ description, type: 'integer', nullable: true, minimum: 1, maximum, example: null }),
    Nullable(),
    IsInt(),
    Min(1),
    Max(maximum),
  ];
  return (target, property) => decorators.forEach((decorate) => decorate(target, property));
};

export const Modalities = (description: string): PropertyDecorator => {
  const decorators = [
    ApiPropertyOptional({
      description,
      type: 'array',
      items: { type: 'string', enum: [...modalities] },
      maxItems: 16,
      nullable: true,
      example: ['text'],
    }),
    Nullable(),
    IsArray(),
    ArrayMaxSize(16),
    IsIn(modalities, { each: true }),
  ];
  return (target, property) => decorators.forEach((decorate) => decorate(target, property));
};

/** What is left out stays as it is stated, and null takes it back. */
export class StatedFactsBody {
  @ApiPropertyOptional({
    description: 'Its entry of the catalogue, where the right one is not found by itself.',
    type: String,
    nullable: true,
    maxLength: 512,
    example: null,
  })
  @Nullable()
  @IsString()
  @MinLength(1)
  @MaxLength(512)
  catalogue_id?: string | null;

  @ApiPropertyOptional({
    description: 'All prices at once, such as those that were agreed upon.',
    type: TokenPricesBody,
    nullable: true,
  })
  @Nullable()
  @IsObject()
  @ValidateNested()
  @Type(() => TokenPricesBody)
  prices?: TokenPricesBody | null;

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
    description: 'From 0 to 1; docs/quality.md.',
    type: 'number',
    nullable: true,
    minimum: 0,
    maximum: 1,
    example: null,
  })
  @Nullable()
  @IsNumber({ allowInfinity: false, allowNaN: false }, { message: '$property must be a number' })
  @Min(0)
  @Max(1)
  quality?: number | null;

  @YesOrNo("Of the operator's own machines.")
  local?: boolean | null;

  @YesOrNo('It costs nothing.')
  free?: boolean | null;

  @ApiPropertyOptional({
    description: 'Where it runs, as the rules of routing name it: eu, us ...',
    type: String,
    nullable: true,
    maxLength: 32,
    example: 'eu',
  })
  @Nullable()
  @IsString()
  @MinLength(1)
  @MaxLength(32)
  region?: string | null;

  @YesOrNo('The provider keeps nothing of what it is sent.')
  zero_data_retention?: boolean | null;

  @YesOrNo('The provider may train on what it is sent.')
  trains_on_data?: boolean | null;

  @Count('Milliseconds to the first token that are expected until traffic says better.', 3_600_000)
  prior_first_byte_ms?: number | null;
}

const factsDescription =
  'What you know better than the catalogue; of a deployment before that of its model, and that before its provider. Left out: stays. null in a field: taken back.';

/** The field of a body by which facts are stated. */
export const StatedFactsField = (more = ''): PropertyDecorator => {
  const decorators = [
    ApiPropertyOptional({ description: `${factsDescription}${more}`, type: StatedFactsBody }),
    MayBeLeftOut(),
    IsObject(),
    ValidateNested(),
    Type(() => StatedFactsBody),
  ];
  return (target, property) => decorators.forEach((decorate) => decorate(target, property));
};

export class KnownFactView {
  @ApiProperty({ description: 'Prices are decimals of US dollars as text.', example: 128000 })
  value!: unknown;

  @ApiProperty({
    description: 'deployment, model, provider: stated there. address: told from where the server stands.',
    enum: sources,
    example: 'openrouter',
  })
  source!: FactSource;

  @ApiProperty({
    description: 'Since when; null: not kept.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2026-11-21T03:12:02.000Z',
  })
  at!: string | null;

  @ApiProperty({
    description: 'The entry of the catalogue that says it.',
    type: String,
    nullable: true,
    example: 'openai/gpt-4o-mini',
  })
  catalogue_entry_id!: string | null;
}
