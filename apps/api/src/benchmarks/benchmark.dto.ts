import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  type BenchmarkInterval,
  benchmarkIntervals,
  type BenchmarkResultState,
  benchmarkResultStates,
  type BenchmarkRunState,
  benchmarkRunStates,
} from '@signalbox/database';
import { defaultSuiteId, suites } from '@signalbox/domain/benchmarks';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { IsNameList, MayBeLeftOut } from '../http/fields';
import { PageQuery } from '../http/page-query.dto';

const suiteIds = suites.map(({ id }) => id);
const usdPattern = /^\d{1,4}(\.\d{1,9})?$/;
const mostModels = 20;
const mostSamples = 10;

export class StartBenchmarkBody {
  @ApiProperty({
    description: 'Chat models of the catalogue, by their own names: no aliases, groups, levels or wildcards.',
    type: [String],
    minItems: 1,
    maxItems: mostModels,
    uniqueItems: true,
    example: ['demo-model'],
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(mostModels)
  @ArrayUnique()
  @IsNameList()
  models!: string[];

  @ApiPropertyOptional({ enum: suiteIds, default: defaultSuiteId, example: defaultSuiteId })
  @MayBeLeftOut()
  @IsIn(suiteIds)
  suite: string = defaultSuiteId;

  @ApiPropertyOptional({
    description: 'US dollars that this run never passes: the worst case of each call is reserved before it.',
    type: String,
    pattern: usdPattern.source,
    default: '1',
    example: '2.50',
  })
  @MayBeLeftOut()
  @Matches(usdPattern, { message: 'max_cost_usd must be US dollars as a text, such as "2.50"' })
  max_cost_usd = '1';

  @ApiPropertyOptional({
    description: 'How often each task is asked.',
    type: 'integer',
    minimum: 1,
    maximum: mostSamples,
    default: 1,
    example: 1,
  })
  @MayBeLeftOut()
  @IsInt()
  @Min(1)
  @Max(mostSamples)
  samples = 1;

  @ApiPropertyOptional({
    description:
      'Also models of which nobody knows a price. They count as free, so the cap does not hold for them.',
    type: Boolean,
    default: false,
    example: true,
  })
  @MayBeLeftOut()
  @IsBoolean()
  allow_unpriced = false;

  @ApiPropertyOptional({
    description: 'Make the run now and again each day or week at this time, each time with the same cap.',
    enum: benchmarkIntervals,
    example: 'weekly',
  })
  @MayBeLeftOut()
  @IsIn(benchmarkIntervals)
  schedule?: BenchmarkInterval;
}

export class BenchmarkCountsView {
  @ApiProperty({ example: 3 })
  waiting!: number;

  @ApiProperty({ description: 'Under way.', example: 1 })
  calling!: number;

  @ApiProperty({ description: 'Answered, right or wrong.', example: 40 })
  done!: number;

  @ApiProperty({ description: 'Without an answer that could be judged.', example: 1 })
  failed!: number;

  @ApiProperty({
    description: 'Not asked: the cap, a cancellation, or a model that did not answer.',
    example: 1,
  })
  skipped!: number;
}

export class BenchmarkRunView {
  @ApiProperty({ example: 'bench_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ example: defaultSuiteId })
  suite!: string;

  @ApiProperty({ type: [String], example: ['gpt-5-mini', 'llama'] })
  models!: string[];

  @ApiProperty({ example: 1 })
  samples!: number;

  @ApiProperty({ example: false })
  allow_unpriced!: boolean;

  @ApiProperty({
    description: 'capped: the next call could have passed the cap, and the rest was not asked.',
    enum: benchmarkRunStates,
    example: 'running',
  })
  state!: BenchmarkRunState;

  @ApiProperty({ description: 'schedule, or the token that asked for it.', example: 'schedule' })
  trigger!: string;

  @ApiProperty({ type: String, nullable: true, example: null })
  schedule_id!: string | null;

  @ApiProperty({ description: 'Of calls: one for each model, task and sample.', type: BenchmarkCountsView })
  progress!: BenchmarkCountsView;

  @ApiProperty({ description: 'US dollars.', example: '2.5' })
  max_cost_usd!: string;

  @ApiProperty({ description: 'Never above max_cost_usd, together with reserved_usd.', example: '0.0153' })
  spent_usd!: string;

  @ApiProperty({ description: 'What the calls under way may cost at most.', example: '0.002' })
  reserved_usd!: string;

  @ApiProperty({
    description: 'The part of spent_usd that is the worst case of calls whose end or usage nobody saw.',
    example: '0',
  })
  unknown_usd!: string;

  @ApiProperty({ description: 'If every answer were as long as it may be.', example: '1.2' })
  worst_case_usd!: string;

  @ApiProperty({ description: 'Why it ended as it did.', type: String, nullable: true, example: null })
  problem!: string | null;

  @ApiProperty({
    description: 'With which it calls; revoked at its end.',
    type: String,
    nullable: true,
    example: 'key_06f3x2v9k0wz4m8q1r5t7y3b2c',
  })
  virtual_key_id!: string | null;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T03:12:00.000Z' })
  created_at!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-11-21T03:12:01.000Z' })
  started_at!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  ended_at!: string | null;
}

export class BenchmarkRunListView {
  @ApiProperty({ type: [BenchmarkRunView] })
  data!: BenchmarkRunView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}

export class BenchmarkQualityView {
  @ApiProperty({ description: 'Sum of weight x score over the sum of weights, 0 to 1.', example: 0.873 })
  value!: number;

  @ApiProperty({ description: '95 % interval (Wilson).', example: 0.741 })
  low!: number;

  @ApiProperty({ example: 0.943 })
  high!: number;

  @ApiProperty({ description: 'Equally weighted tasks that would say as much.', example: 39.2 })
  effective_tasks!: number;
}

export class BenchmarkLatencyView {
  @ApiProperty({ type: Number, nullable: true, example: 420 })
  p50_ms!: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 1_310 })
  p95_ms!: number | null;
}

export class BenchmarkModelView {
  @ApiProperty({ example: 'gpt-5-mini' })
  model!: string;

  @ApiProperty({ description: 'null: nothing was answered.', type: BenchmarkQualityView, nullable: true })
  quality!: BenchmarkQualityView | null;

  @ApiProperty({
    description: 'How the quality was worked out.',
    example: 'Suite general-1: weights x scores are 54 of 62, so 0.871.',
  })
  arithmetic!: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'number' },
    example: { arithmetic: 1, code_output: 0.667 },
  })
  quality_by_category!: Record<string, number>;

  @ApiProperty({ type: BenchmarkCountsView })
  calls!: Omit<BenchmarkCountsView, 'calling'>;

  @ApiProperty({
    description: 'How often calls failed, by how: they say nothing about the quality.',
    type: 'object',
    additionalProperties: { type: 'number' },
    example: { http_500: 1, timeout: 2 },
  })
  failures!: Record<string, number>;

  @ApiProperty({ description: 'Until the first piece of an answer.', type: BenchmarkLatencyView })
  first_token!: BenchmarkLatencyView;

  @ApiProperty({ description: 'Until the end of an answer.', type: BenchmarkLatencyView })
  duration!: BenchmarkLatencyView;

  @ApiProperty({ example: 21_034 })
  prompt_tokens!: number;

  @ApiProperty({ example: 4_120 })
  completion_tokens!: number;

  @ApiProperty({ description: 'US dollars.', example: '0.0123' })
  cost_usd!: string;
}

export class BenchmarkReportView extends BenchmarkRunView {
  @ApiProperty({ type: [BenchmarkModelView] })
  results!: BenchmarkModelView[];
}

export class ListBenchmarkResultsQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Only of this model.', maxLength: 255, example: 'gpt-5-mini' })
  @IsOptional()
  @IsString()
  @MaxLength(255)
  model?: string;

  @ApiPropertyOptional({ enum: benchmarkResultStates, example: 'failed' })
  @IsOptional()
  @IsIn(benchmarkResultStates)
  state?: BenchmarkResultState;
}

export class BenchmarkResultView {
  @ApiProperty({ example: 'gpt-5-mini' })
  model!: string;

  @ApiProperty({ example: 'arithmetic-primes' })
  task!: string;

  @ApiProperty({ example: 1 })
  sample!: number;

  @ApiProperty({ enum: benchmarkResultStates, example: 'done' })
  state!: BenchmarkResultState;

  @ApiProperty({ description: '0 (wrong) to 1 (right).', type: Number, nullable: true, example: 1 })
  score!: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 380 })
  first_token_ms!: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 912 })
  duration_ms!: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 41 })
  prompt_tokens!: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 5 })
  completion_tokens!: number | null;

  @ApiProperty({ description: 'US dollars.', type: String, nullable: true, example: '0.000012' })
  cost_usd!: string | null;

  @ApiProperty({
    description: 'Finds the call under /api/v1/usage/events.',
    type: String,
    nullable: true,
    example: 'req_06f3x2v9k0wz4m8q1r5t7y3b2c',
  })
  request_id!: string | null;

  @ApiProperty({ description: 'How a call failed.', type: String, nullable: true, example: null })
  failure!: string | null;

  @ApiProperty({
    description: 'The beginning of an answer that was not right, or why nothing was asked.',
    type: String,
    nullable: true,
    example: 'The sum of these primes is 461.',
  })
  detail!: string | null;
}

export class BenchmarkResultListView {
  @ApiProperty({ type: [BenchmarkResultView] })
  data!: BenchmarkResultView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}

export class BenchmarkScheduleView {
  @ApiProperty({ example: 'bsch_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ enum: benchmarkIntervals, example: 'weekly' })
  every!: BenchmarkInterval;

  @ApiProperty({ example: defaultSuiteId })
  suite!: string;

  @ApiProperty({ type: [String], example: ['gpt-5-mini'] })
  models!: string[];

  @ApiProperty({ example: 1 })
  samples!: number;

  @ApiProperty({ example: false })
  allow_unpriced!: boolean;

  @ApiProperty({ description: 'US dollars, for each run.', example: '2.5' })
  max_cost_usd!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-28T03:12:00.000Z' })
  next_run_at!: string;

  @ApiProperty({ type: String, nullable: true, example: 'bench_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  last_run_id!: string | null;

  @ApiProperty({
    description: 'Why the last round was left out.',
    type: String,
    nullable: true,
    example: null,
  })
  problem!: string | null;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T03:12:00.000Z' })
  created_at!: string;
}

export class BenchmarkScheduleListView {
  @ApiProperty({ type: [BenchmarkScheduleView] })
  data!: BenchmarkScheduleView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}
