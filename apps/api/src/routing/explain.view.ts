import { ApiProperty } from '@nestjs/swagger';
import { policyReference } from './routing.schema';

const nullableText = { type: String, nullable: true } as const;
const nullableNumber = { type: Number, nullable: true } as const;
const nullableFlag = { type: Boolean, nullable: true } as const;

export class ExplainedRefusalView {
  @ApiProperty({ description: 'docs/errors-edge.md', example: 'no_candidate_left' })
  code!: string;

  @ApiProperty({ example: 403 })
  status!: number;

  @ApiProperty({
    description: 'For a person.',
    example: 'The power level "eco" has nobody who may take this.',
  })
  message!: string;
}

class ExplainedNameView {
  @ApiProperty({ description: 'As the client wrote it.', example: 'smart' })
  asked!: string;

  @ApiProperty({ enum: ['model', 'level', 'group', 'auto'], example: 'group' })
  kind!: string;

  @ApiProperty({ description: 'With its alias resolved.', example: 'smart' })
  name!: string;

  @ApiProperty({ example: false })
  is_alias!: boolean;

  @ApiProperty({
    ...nullableText,
    description: 'By which candidates are chosen. null: a model was asked for by its name.',
    example: 'precision',
  })
  power_level!: string | null;
}

class ExplainedDifficultyView {
  @ApiProperty({ enum: ['easy', 'medium', 'hard'], nullable: true, type: String, example: 'medium' })
  difficulty!: string | null;

  @ApiProperty({ type: [String], description: 'The rules that spoke.', example: ['code'] })
  reasons!: string[];

  @ApiProperty({
    description:
      'The rules are unsure, and the policy would have a model asked: its answer is not known here.',
    example: false,
  })
  would_ask_model!: boolean;
}

class ExplainedNeedsView {
  @ApiProperty({ description: 'Estimated by the length of the body.', example: 30 })
  prompt_tokens!: number;

  @ApiProperty({ description: 'What the answer will probably have.', example: 200 })
  expected_answer_tokens!: number;

  @ApiProperty({ ...nullableNumber, description: 'null: the request does not say.', example: 200 })
  max_answer_tokens!: number | null;

  @ApiProperty({ ...nullableText, example: 'chat' })
  mode!: string | null;

  @ApiProperty({ type: [String], example: [] })
  input_modalities!: string[];

  @ApiProperty({ example: false })
  tools!: boolean;

  @ApiProperty({ enum: ['none', 'object', 'schema'], example: 'none' })
  json!: string;
}

class ExplainedRulesView {
  @ApiProperty({
    description: 'Divided by their sum.',
    type: 'object',
    additionalProperties: { type: 'number' },
    example: { cost: 0.7, latency: 0.2, quality: 0.1 },
  })
  weights!: Record<string, number>;

  @ApiProperty({
    ...nullableText,
    description: 'Nobody dearer is chosen; US dollars. null: no ceiling.',
    example: '0.001',
  })
  max_cost_per_1k_usd!: string | null;

  @ApiProperty({ description: 'By which the costs are divided in the score.', example: '0.001' })
  cost_scale_usd!: string;

  @ApiProperty({ example: 10_000 })
  max_first_byte_ms!: number;

  @ApiProperty({ type: [String], example: ['local', 'free', 'groq', 'huggingface'] })
  preferred!: string[];

  @ApiProperty({ example: false })
  prefer_local!: boolean;

  @ApiProperty({ type: [String], nullable: true, example: null })
  regions!: string[] | null;

  @ApiProperty({ example: false })
  zero_data_retention!: boolean;

  @ApiProperty({ example: false })
  no_training!: boolean;

  @ApiProperty({ description: 'Whether one without a known price may be chosen.', example: false })
  allows_unpriced!: boolean;

  @ApiProperty({ description: 'The models stay in the order in which the group lists them.', example: false })
  keeps_order!: boolean;

  @ApiProperty({
    description: 'The share of requests that try somebody of whom little is known.',
    example: 0.01,
  })
  exploration!: number;
}

class ExplainedCredentialView {
  @ApiProperty({ example: 'cred_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ enum: ['member', 'workspace', 'organization', 'platform'], example: 'workspace' })
  owner!: string;
}

class ExplainedBreakerView {
  @ApiProperty({ enum: ['closed', 'open'], example: 'closed' })
  state!: string;

  @ApiProperty({ ...nullableText, description: 'What opened it.', example: null })
  cause!: string | null;

  @ApiProperty({
    ...nullableText,
    format: 'date-time',
    description: 'Then it is tried again.',
    example: null,
  })
  until!: string | null;
}

class ExplainedPricesView {
  @ApiProperty({ ...nullableText, description: 'US dollars per token of the prompt.', example: '0.00000015' })
  input_usd!: string | null;

  @ApiProperty({ ...nullableText, example: '0.0000006' })
  output_usd!: string | null;

  @ApiProperty({ ...nullableText, description: 'Of what the provider had cached.', example: null })
  cache_read_usd!: string | null;

  @ApiProperty({ ...nullableText, description: 'For each call.', example: null })
  request_usd!: string | null;

  @ApiProperty({
    ...nullableNumber,
    description: 'They are those of prompts with more tokens than this. null: the usual ones count.',
    example: null,
  })
  above_prompt_tokens!: number | null;

  @ApiProperty({ ...nullableText, description: 'Who says so.', example: 'litellm' })
  source!: string | null;
}

class ExplainedFactsView {
  @ApiProperty({ ...nullableText, description: 'Its entry of the catalogue.', example: 'openai/gpt-5-mini' })
  catalogue_id!: string | null;

  @ApiProperty({
    type: ExplainedPricesView,
    nullable: true,
    description: 'Those that count for a prompt of this length. null: nobody knows them.',
  })
  prices!: ExplainedPricesView | null;

  @ApiProperty({ ...nullableNumber, description: 'null: nobody knows; 0.5 counts.', example: 0.8 })
  quality!: number | null;

  @ApiProperty({ ...nullableText, example: 'table' })
  quality_source!: string | null;

  @ApiProperty({ ...nullableNumber, example: 400_000 })
  context_length!: number | null;

  @ApiProperty({ ...nullableNumber, example: 128_000 })
  max_output_tokens!: number | null;

  @ApiProperty({ type: [String], nullable: true, example: ['text', 'image'] })
  input_modalities!: string[] | null;

  @ApiProperty({ ...nullableFlag, example: true })
  tools!: boolean | null;

  @ApiProperty({ ...nullableFlag, example: true })
  json_mode!: boolean | null;

  @ApiProperty({ ...nullableFlag, example: true })
  json_schema!: boolean | null;

  @ApiProperty({ example: false })
  local!: boolean;

  @ApiProperty({ example: false })
  free!: boolean;

  @ApiProperty({ ...nullableText, example: 'us' })
  region!: string | null;

  @ApiProperty({ ...nullableFlag, example: null })
  zero_data_retention!: boolean | null;

  @ApiProperty({ ...nullableFlag, example: null })
  trains_on_data!: boolean | null;
}

class ExplainedPerformanceView {
  @ApiProperty({
    ...nullableNumber,
    description: 'Mean time to the first token; null: nobody called.',
    example: 420,
  })
  first_byte_ms!: number | null;

  @ApiProperty({ description: "The provider's own failures, from 0 to 1.", example: 0.02 })
  error_rate!: number;

  @ApiProperty({ description: 'How many calls that is from; older ones count less.', example: 37.5 })
  calls!: number;
}

class ExplainedScoreView {
  @ApiProperty({ description: '(cost + latency + quality) x error_factor + preference', example: 0.87 })
  total!: number;

  @ApiProperty({ example: 0.6 })
  cost!: number;

  @ApiProperty({ example: 0.19 })
  latency!: number;

  @ApiProperty({ example: 0.08 })
  quality!: number;

  @ApiProperty({ description: '1 - 0.5 x error rate', example: 1 })
  error_factor!: number;

  @ApiProperty({ example: 0 })
  preference!: number;

  @ApiProperty({ ...nullableText, description: 'Of this request, expected.', example: '0.000125' })
  expected_cost_usd!: string | null;

  @ApiProperty({ ...nullableText, example: '0.00054' })
  cost_per_1k_usd!: string | null;

  @ApiProperty({
    description: 'Measured, and as far as little was measured, what is expected.',
    example: 480,
  })
  first_byte_ms!: number;
}

export class ExplainedCandidateView {
  @ApiProperty({
    ...nullableNumber,
    description: 'Place in the order of those that are tried. null: it is not.',
    example: 1,
  })
  place!: number | null;

  @ApiProperty({ example: 'gpt-5-mini' })
  model!: string;

  @ApiProperty({ example: 'dep_01m7ykrzh0earb9nt9fe65dsgn' })
  deployment_id!: string;

  @ApiProperty({ example: 'openai' })
  provider!: string;

  @ApiProperty({ example: 'prov_01m7ykrzh0earb9nt9fe65dsgn' })
  provider_id!: string;

  @ApiProperty({ ...nullableText, example: 'gpt-5-mini' })
  upstream_model!: string | null;

  @ApiProperty({
    ...nullableText,
    description: 'Why it is not tried: docs/routing.md, "Who is not chosen". null: it is.',
    example: null,
  })
  dropped!: string | null;

  @ApiProperty({
    type: ExplainedScoreView,
    nullable: true,
    description: 'null: dropped, or after all others (key out of credit, breaker open).',
  })
  score!: ExplainedScoreView | null;

  @ApiProperty({
    type: ExplainedCredentialView,
    nullable: true,
    description: 'Whose provider key would pay. null: none is needed, or there is none.',
  })
  credential!: ExplainedCredentialView | null;

  @ApiProperty({ type: ExplainedBreakerView })
  breaker!: ExplainedBreakerView;

  @ApiProperty({ type: ExplainedPerformanceView })
  performance!: ExplainedPerformanceView;

  @ApiProperty({ type: ExplainedFactsView })
  facts!: ExplainedFactsView;
}

class ExplainedAttemptView {
  @ApiProperty({ example: 'gpt-5-mini' })
  model!: string;

  @ApiProperty({
    ...nullableText,
    description: 'null: LiteLLM chooses.',
    example: 'dep_01m7ykrzh0earb9nt9fe65dsgn',
  })
  deployment_id!: string | null;

  @ApiProperty({ ...nullableText, example: 'openai' })
  provider!: string | null;

  @ApiProperty({ type: ExplainedCredentialView, nullable: true })
  credential!: ExplainedCredentialView | null;

  @ApiProperty({ enum: ['asked', 'cascade'], example: 'asked' })
  source!: string;

  @ApiProperty({
    description: 'Another key for the deployment of the attempt before it, whose breaker is open.',
    example: false,
  })
  stands_in!: boolean;

  @ApiProperty({ example: false })
  cross_vendor!: boolean;

  @ApiProperty({ description: 'It is left out for as long as this is open.', type: ExplainedBreakerView })
  breaker!: ExplainedBreakerView;
}

class WayAroundView {
  @ApiProperty({ example: 'gpt-5-mini' })
  model!: string;

  @ApiProperty({ enum: ['openrouter', 'direct'], example: 'openrouter' })
  via!: string;

  @ApiProperty({ example: 'openrouter' })
  provider!: string;

  @ApiProperty({ example: 'openai/gpt-5-mini' })
  upstream_model!: string;

  @ApiProperty({ ...nullableText, example: null })
  deployment_id!: string | null;

  @ApiProperty({ type: ExplainedCredentialView, nullable: true })
  credential!: ExplainedCredentialView | null;
}

class ExplainedStateView {
  @ApiProperty({
    description: 'When Redis was read.',
    format: 'date-time',
    example: '2026-11-21T08:00:00.000Z',
  })
  read_at!: string;

  @ApiProperty({ ...nullableNumber, description: 'The config release that is active.', example: 12 })
  release_number!: number | null;

  @ApiProperty({ ...nullableNumber, description: 'Version of prices, abilities and quality.', example: 41 })
  facts_version!: number | null;
}

export class RoutingExplanationView {
  @ApiProperty({ type: ExplainedNameView })
  name!: ExplainedNameView;

  @ApiProperty({
    type: ExplainedDifficultyView,
    nullable: true,
    description: 'null: `auto` was not asked for, or it means one level.',
  })
  classification!: ExplainedDifficultyView | null;

  @ApiProperty({
    type: ExplainedRefusalView,
    nullable: true,
    description: 'The error that port 4000 would answer without any call. null: it would try.',
  })
  refusal!: ExplainedRefusalView | null;

  @ApiProperty({
    type: ExplainedRefusalView,
    nullable: true,
    description: 'Why what was asked for has nobody, also where its cascade has.',
  })
  own_refusal!: ExplainedRefusalView | null;

  @ApiProperty({ type: ExplainedNeedsView })
  needs!: ExplainedNeedsView;

  @ApiProperty({ type: ExplainedRulesView })
  rules!: ExplainedRulesView;

  @ApiProperty({
    description: 'Who decides the order: the score, the shares that the operator set, or nobody has to.',
    enum: ['score', 'shares', 'none'],
    example: 'score',
  })
  ordered_by!: string;

  @ApiProperty({ example: 0.5 })
  draw!: number;

  @ApiProperty({ description: 'The first one is there to be tried out, not for its score.', example: false })
  explores!: boolean;

  @ApiProperty({
    description: 'The request belongs to a conversation that stays where it is.',
    example: false,
  })
  has_affinity!: boolean;

  @ApiProperty({
    type: [ExplainedCandidateView],
    description: 'Those that are tried first, then those that were dropped.',
  })
  candidates!: ExplainedCandidateView[];

  @ApiProperty({
    type: [ExplainedAttemptView],
    description:
      'Each is tried only if those before it fail, `attempt_limit` of them at most: what was asked for, then its cascade.',
  })
  attempts!: ExplainedAttemptView[];

  @ApiProperty({ description: 'Calls for one request of a client, all routes together.', example: 4 })
  attempt_limit!: number;

  @ApiProperty({ type: [WayAroundView], description: 'While LiteLLM is down.' })
  around_litellm!: WayAroundView[];

  @ApiProperty(policyReference('The policy that holds, with all levels.'))
  policy!: object;

  @ApiProperty({
    description: 'For each field of `policy`, the level that says it.',
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { power_level: 'workspace', no_training: 'organization', attempt_limit: 'default' },
  })
  layers!: Record<string, string>;

  @ApiProperty({ description: 'As in the decision of a usage event.', example: '9f86d081884c7d65' })
  policy_hash!: string;

  @ApiProperty({ type: ExplainedStateView })
  state!: ExplainedStateView;
}
