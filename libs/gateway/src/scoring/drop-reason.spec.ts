import {
  aCandidate,
  aRequest,
  type CandidateChange,
  plainNeeds,
} from '../../../../test/support/scoring-world';
import { routingPolicy } from '../routing-policy';
import { dropReasonOf } from './drop-reason';
import { rankCandidates } from './rank-candidates';
import { scoringRulesOf } from './scoring-rules';
import { dropReasons, type RequestNeeds, type ScoringRules } from './scoring.types';

function rulesOf(policy: object = {}): ScoringRules {
  return scoringRulesOf(routingPolicy.parse(policy), { kind: 'level', level: 'balanced' });
}

describe('candidates are dropped', () => {
  const needs = (change: Partial<RequestNeeds>): RequestNeeds => ({ ...plainNeeds, ...change });
  const cases: [string, CandidateChange, Partial<RequestNeeds>, object][] = [
    ['credential_missing', { credential: null }, {}, {}],
    ['breaker_open', { isBreakerOpen: true }, {}, {}],
    ['mode', { mode: 'embedding' }, {}, {}],
    ['modality', { facts: { input_modalities: ['text'] } }, { inputModalities: ['image'] }, {}],
    ['tools', { facts: { tools: false } }, { needsTools: true }, {}],
    ['json', { facts: { json_mode: false } }, { json: 'object' }, {}],
    ['json', { facts: { json_mode: true, json_schema: false } }, { json: 'schema' }, {}],
    ['context_length', { facts: { context_length: 999 } }, { maxAnswerTokens: 400 }, {}],
    ['max_output_tokens', { facts: { max_output_tokens: 399 } }, { maxAnswerTokens: 400 }, {}],
    ['region', { facts: { region: 'us' } }, {}, { regions: ['eu'] }],
    ['region', {}, {}, { regions: ['eu'] }],
    ['region', { facts: { local: true } }, {}, { regions: ['eu'] }],
    ['data_policy', { facts: { zero_data_retention: false } }, {}, { zero_data_retention: true }],
    ['data_policy', {}, {}, { zero_data_retention: true }],
    ['data_policy', { facts: { trains_on_data: true } }, {}, { no_training: true }],
    ['data_policy', {}, {}, { no_training: true }],
    ['data_policy', { facts: { local: true, trains_on_data: true } }, {}, { no_training: true }],
    ['price_unknown', { facts: { prices: null } }, {}, {}],
    ['price_ceiling', { usdPerMillion: [10.000001, 10] }, {}, {}],
  ];

  it('for each of these reasons', () => {
    expect(new Set(cases.map(([reason]) => reason))).toEqual(new Set(dropReasons));
  });

  it.each(cases)('%s: %j %j %j', (reason, change, need, policy) => {
    expect(dropReasonOf(aCandidate('a', change), needs(need), rulesOf(policy))).toBe(reason);
  });

  it.each<[string, CandidateChange, Partial<RequestNeeds>, object]>([
    ['it needs no key', { credential: null, deployment: { needs_key: false } }, {}, {}],
    ['its mode is unknown', { mode: null }, {}, {}],
    ['LiteLLM translates', { mode: 'responses' }, {}, {}],
    ['LiteLLM translates', { mode: 'chat' }, { mode: 'completion' }, {}],
    ['any mode will do', { mode: 'rerank' }, { mode: null }, {}],
    [
      'nothing is known',
      {},
      { inputModalities: ['image'], needsTools: true, json: 'schema', maxAnswerTokens: 1e6 },
      {},
    ],
    ['a schema is JSON', { facts: { json_mode: false, json_schema: true } }, { json: 'object' }, {}],
    [
      'it just fits',
      { facts: { context_length: 1_000, max_output_tokens: 400 } },
      { maxAnswerTokens: 400 },
      {},
    ],
    ['it is there', { facts: { region: 'eu' } }, {}, { regions: ['us', 'eu'] }],
    ['it is local', { facts: { local: true } }, {}, { regions: ['local'] }],
    ['it is local', { facts: { local: true } }, {}, { zero_data_retention: true, no_training: true }],
    [
      'it is said',
      { facts: { zero_data_retention: true, trains_on_data: false } },
      {},
      { zero_data_retention: true, no_training: true },
    ],
    ['it is free', { facts: { free: true, prices: null } }, {}, { max_cost_per_1k_usd: '0' }],
    ['it costs nobody anything', { facts: { local: true, prices: null } }, {}, { max_cost_per_1k_usd: '0' }],
    ['it costs just that', { usdPerMillion: [10, 10] }, {}, {}],
    ['it may come last', { facts: { prices: null } }, {}, { unpriced: 'last' }],
  ])('not where %s: %j %j %j', (_why, change, need, policy) => {
    expect(dropReasonOf(aCandidate('a', change), needs(need), rulesOf(policy))).toBeNull();
  });

  it('each with its reason, and nobody is left then', () => {
    const candidates = [aCandidate('a', { isBreakerOpen: true }), aCandidate('b', { mode: 'rerank' })];
    const { ranked, dropped, isExploring } = rankCandidates(
      aRequest({ candidates, rules: rulesOf(), draw: 0 }),
    );
    expect(ranked).toEqual([]);
    expect(isExploring).toBe(false);
    expect(dropped).toEqual([
      { candidate: candidates[0], reason: 'breaker_open' },
      { candidate: candidates[1], reason: 'mode' },
    ]);
  });
});
