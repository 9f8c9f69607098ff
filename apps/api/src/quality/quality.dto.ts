import { ApiExtraModels, ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import type { QualityScoreState } from '@signalbox/database';
import type { QualitySource } from '@signalbox/domain/quality';
import { IsIn, IsNumber, IsString, Max, MaxLength, Min } from 'class-validator';
import { IsSearch, MayBeLeftOut, Nullable } from '../http/fields';
import { PageQuery } from '../http/page-query.dto';

const noteLengthMax = 2_000;
const sources = ['admin', 'benchmark', 'table'] as const satisfies readonly QualitySource[];
const states = [
  'proposed',
  'in_force',
  'rejected',
  'replaced',
] as const satisfies readonly QualityScoreState[];

export class ListQualityQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Part of a name.', maxLength: 200, example: 'gpt-4o' })
  @MayBeLeftOut()
  @IsSearch()
  search?: string;

  @ApiPropertyOptional({ enum: sources, example: 'admin' })
  @MayBeLeftOut()
  @IsIn(sources)
  source?: QualitySource;
}

export class SetQualityBody {
  @ApiProperty({ description: 'From 0 to 1.', type: 'number', minimum: 0, maximum: 1, example: 0.8 })
  @IsNumber({ allowInfinity: false, allowNaN: false }, { message: '$property must be a number' })
  @Min(0)
  @Max(1)
  score!: number;

  @ApiPropertyOptional({
    description: 'Why, for whoever asks later.',
    type: String,
    nullable: true,
    maxLength: noteLengthMax,
    example: 'Our own test of 200 tickets: 160 answered well',
  })
  @Nullable()
  @IsString()
  @MaxLength(noteLengthMax)
  note?: string | null;
}

export class QualityView {
  @ApiProperty({
    description: "A model's name, an id of the catalogue, or the name of a family of the table.",
    example: 'GPT-4o-mini-2024-07-18',
  })
  subject!: string;

  @ApiProperty({ description: 'From 0 to 1.', example: 0.576 })
  score!: number;

  @ApiProperty({
    description:
      'admin: somebody set it. benchmark: a proposal that was accepted. table: comes with the product.',
    enum: sources,
    example: 'table',
  })
  source!: QualitySource;

  @ApiProperty({ description: 'The reason, or the arithmetic.', type: String, nullable: true, example: null })
  note!: string | null;

  @ApiProperty({
    description: 'Names of models that are meant; of the table only.',
    type: [String],
    example: ['gpt-4o-mini', 'gpt-4o-mini-2024-07-18'],
  })
  patterns!: string[];

  @ApiProperty({
    description: 'What the public source says; of the table only.',
    type: Number,
    nullable: true,
    example: 1288,
  })
  figure!: number | null;

  @ApiProperty({
    description: 'One of `table.sources`.',
    type: String,
    nullable: true,
    example: 'arena-2025-08-04',
  })
  figure_source!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  benchmark_run_id!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  decided_at!: string | null;

  @ApiProperty({ description: 'The token that decided.', type: String, nullable: true, example: null })
  decided_by!: string | null;
}

class QualitySourceView {
  @ApiProperty({ example: 'LMArena (Chatbot Arena), text leaderboard, arena score' })
  title!: string;

  @ApiProperty({ example: 'https://lmarena.ai/leaderboard' })
  url!: string;

  @ApiProperty({ description: 'The day of the figures.', example: '2025-08-04' })
  as_of!: string;

  @ApiProperty({ example: 'Models that came later are not in it.' })
  note!: string;
}

@ApiExtraModels(QualitySourceView)
class QualityTableView {
  @ApiProperty({ example: 1 })
  version!: number;

  @ApiProperty({
    description: 'What the figures say, and what they do not.',
    example: 'How often people preferred the answers of a model.',
  })
  meaning!: string;

  @ApiProperty({ description: 'How a figure becomes a quality.', example: 'quality = (figure - 1000) / 500' })
  arithmetic!: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: { $ref: getSchemaPath(QualitySourceView) },
    example: {},
  })
  sources!: Record<string, QualitySourceView>;
}

export class QualityList {
  @ApiProperty({ type: [QualityView] })
  data!: QualityView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;

  @ApiProperty({ type: QualityTableView })
  table!: QualityTableView;
}

export class ListQualityProposalsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: states, example: 'proposed' })
  @MayBeLeftOut()
  @IsIn(states)
  state?: QualityScoreState;
}

export class QualityProposalView {
  @ApiProperty({ example: 'qual_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ example: 'openai/gpt-4o-mini' })
  model!: string;

  @ApiProperty({ description: 'From 0 to 1.', example: 0.725 })
  score!: number;

  @ApiProperty({
    description: 'How the score was computed.',
    type: String,
    nullable: true,
    example: '29 of 40 tasks',
  })
  arithmetic!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'bench_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  benchmark_run_id!: string | null;

  @ApiProperty({
    description: 'in_force: accepted. replaced: it was in force once.',
    enum: states,
    example: 'proposed',
  })
  state!: QualityScoreState;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  created_at!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  decided_at!: string | null;

  @ApiProperty({ description: 'The token that decided.', type: String, nullable: true, example: null })
  decided_by!: string | null;
}

export class QualityProposalList {
  @ApiProperty({ type: [QualityProposalView] })
  data!: QualityProposalView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}
