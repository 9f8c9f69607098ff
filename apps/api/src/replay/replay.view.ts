import { ApiProperty } from '@nestjs/swagger';
import type { ReplayFigures } from '@signalbox/domain/replay';

const count = (example: number, description?: string) =>
  ({ type: 'integer', example, ...(description === undefined ? {} : { description }) }) as const;
const usd = (example: string, description?: string) =>
  ({ type: String, example, ...(description === undefined ? {} : { description }) }) as const;
const figure = (example: number) => ({ type: Number, nullable: true, example }) as const;
const counts = (description: string, example: Record<string, number>) =>
  ({ type: 'object', additionalProperties: { type: 'integer' }, description, example }) as const;

export class ReplayCostView {
  @ApiProperty(count(9_600, 'Those whose cost is known before and after: only these are in the sums.'))
  decisions!: number;

  @ApiProperty(usd('12.503', 'US dollars: what was booked.'))
  before_usd!: string;

  @ApiProperty(usd('8.1', 'What the same tokens would have cost.'))
  after_usd!: string;

  @ApiProperty(usd('4.403', 'Negative: it would have cost more.'))
  saved_usd!: string;
}

export class ReplayTotalCostView extends ReplayCostView {
  @ApiProperty(
    counts(
      'Why the cost of others is not compared: no_tokens, price_unknown_before, price_unknown_after, nobody_left.',
      {
        no_tokens: 12,
      },
    ),
  )
  not_compared!: ReplayFigures['cost']['not_compared'];
}

export class ReplayFigureView {
  @ApiProperty(figure(640))
  mean!: number | null;

  @ApiProperty(figure(512))
  p50!: number | null;

  @ApiProperty(figure(1_900))
  p95!: number | null;
}

export class ReplayPairView {
  @ApiProperty({ type: ReplayFigureView })
  before!: ReplayFigureView;

  @ApiProperty({ type: ReplayFigureView })
  after!: ReplayFigureView;
}

export class ReplayLevelView {
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'By which it was chosen then. null: a model was asked for by its name.',
    example: 'precision',
  })
  power_level!: string | null;

  @ApiProperty(count(4_000))
  decisions!: number;

  @ApiProperty(count(3_100))
  changed!: number;

  @ApiProperty({ type: ReplayCostView })
  cost!: ReplayCostView;
}

export class ReplayModelView {
  @ApiProperty({ example: 'gpt-5' })
  model!: string;

  @ApiProperty(count(3_800, 'How often it was chosen.'))
  before!: number;

  @ApiProperty(count(700, 'How often it would have been.'))
  after!: number;
}

export class ReplayChoiceView {
  @ApiProperty({ example: 'gpt-5' })
  model!: string;

  @ApiProperty({ description: 'The kind of the provider.', example: 'openai' })
  provider!: string;

  @ApiProperty({ example: 'dep_01m7ykrzh0earb9nt9fe65dsgn' })
  deployment_id!: string;
}

export class ReplayChangeView {
  @ApiProperty({ type: ReplayChoiceView, nullable: true, description: 'null: nobody was left.' })
  from!: ReplayChoiceView | null;

  @ApiProperty({ type: ReplayChoiceView, nullable: true })
  to!: ReplayChoiceView | null;

  @ApiProperty(count(3_100))
  decisions!: number;

  @ApiProperty({ type: ReplayCostView })
  cost!: ReplayCostView;
}

export class ReplayView {
  @ApiProperty({ type: String, nullable: true, example: 'ws_01m7ykrzhceqarzssba2nkwz3b' })
  workspace_id!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  organization_id!: string | null;

  @ApiProperty({ format: 'date-time', example: '2026-11-20T00:00:00.000Z' })
  from!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T00:00:00.000Z' })
  to!: string;

  @ApiProperty({ type: 'object', additionalProperties: true, example: { power_level: 'balanced' } })
  rules!: object;

  @ApiProperty({ type: String, nullable: true, example: 'balanced' })
  as!: string | null;

  @ApiProperty({ description: 'false: only the oldest requests of the range count.', example: true })
  complete!: boolean;

  @ApiProperty({ enum: ['events', 'time', 'signal'], nullable: true, example: null })
  stopped_by!: string | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When the last request began that counts. null: there was none.',
    example: '2026-11-20T23:59:58.120Z',
  })
  replayed_until!: string | null;

  @ApiProperty(count(10_000, 'Requests that were looked at.'))
  events!: number;

  @ApiProperty(count(9_700, 'Those that were decided again.'))
  decisions!: number;

  @ApiProperty(count(3_100, 'Those for which somebody else would have been chosen.'))
  changed!: number;

  @ApiProperty(
    counts(
      'Why the others stay what they were: no_decision, record_unreadable, workspace_unknown, group_unknown, classification_missing, pool_not_recorded.',
      { no_decision: 300 },
    ),
  )
  not_compared!: ReplayFigures['not_compared'];

  @ApiProperty(count(0, 'Decided again under the very policy that they were made under.'))
  same_policy!: number;

  @ApiProperty(count(0, 'Of these, chosen otherwise: 0, unless a record is not what was decided on.'))
  same_policy_changed!: number;

  @ApiProperty({ type: ReplayTotalCostView })
  cost!: ReplayTotalCostView;

  @ApiProperty({ type: ReplayPairView, description: 'As it was expected when the decision was made.' })
  first_byte_ms!: ReplayPairView;

  @ApiProperty({ type: ReplayPairView, description: 'From 0 to 1; what nobody knows counts 0.5.' })
  quality!: ReplayPairView;

  @ApiProperty({ type: [ReplayLevelView] })
  levels!: readonly ReplayLevelView[];

  @ApiProperty({ type: [ReplayModelView], description: 'The 100 that are chosen most.' })
  models!: readonly ReplayModelView[];

  @ApiProperty({ type: [ReplayChangeView], description: 'The 200 most frequent ones.' })
  changes!: readonly ReplayChangeView[];

  @ApiProperty(count(0, 'Further kinds of changes.'))
  changes_left_out!: number;

  @ApiProperty(
    counts(
      'Decisions whose record may not have all that this policy would choose from: made_under_another_policy, pool_was_narrower, candidates_left_out; and answered_by_another, where the first choice did not answer.',
      { answered_by_another: 31 },
    ),
  )
  doubts!: ReplayFigures['doubts'];
}
