import {
  aChoice,
  aCatalogueOf,
  type ChoiceChange,
  planned,
  walletOf,
} from '../../../test/support/route-world';
import { plainNeeds } from '../../../test/support/scoring-world';
import { candidatePoolOf } from './candidate-pool';
import { chooseRoute, decisionOf } from './route-choice';
import { decodeDecision } from './scoring/decision-record';
import { rankCandidates } from './scoring/rank-candidates';
import { scoringRulesOf } from './scoring/scoring-rules';

const models = {
  cheap: { usdPerMillion: 0.1, kinds: ['groq'], facts: { quality: 0.3 } },
  middle: { usdPerMillion: 0.9, kinds: ['openai'], facts: { quality: 0.7 } },
  best: { usdPerMillion: 50, kinds: ['anthropic'], facts: { quality: 1 } },
  vectors: { mode: 'embedding', usdPerMillion: 0.01 },
};

const demo = { usdPerMillion: 0, kinds: ['demo'] };

const choose = (asked: string, change: ChoiceChange = {}) =>
  chooseRoute(aChoice(asked, { models, ...change }));
const order = (asked: string, change: ChoiceChange = {}): string[] => planned(choose(asked, change));

describe('what a name stands for', () => {
  it.each([
    ['eco', {}, 'level', 'eco'],
    ['smart', {}, 'group', 'precision'],
    ['cheap', {}, 'model', null],
    ['auto', {}, 'auto', 'balanced'],
    ['auto', { power_level: 'eco' }, 'auto', 'eco'],
    ['middle', {}, 'model', null],
    ['fast', { aliases: { fast: 'eco' } }, 'level', 'eco'],
    ['eco', { aliases: { eco: 'middle' } }, 'model', null],
    ['eco', { groups: { eco: { models: ['best'] } } }, 'group', 'balanced'],
    ['constructor', {}, 'model', null],
  ])('%s under %j is a %s', (asked, policy, kind, powerLevel) => {
    const choice = choose(asked, { policy });
    expect([choice.target.kind, choice.powerLevel]).toEqual([kind, powerLevel]);
  });

  it('is left to LiteLLM where the release does not say by what its models are served', () => {
    const { catalogue } = aCatalogueOf({ eco: {} });
    const old = { ...catalogue, models: catalogue.models.map((one) => ({ ...one, deployments: [] })) };
    expect(chooseRoute({ ...aChoice('eco'), catalogue: old }).target.kind).toBe('model');
    expect(chooseRoute({ ...aChoice('eco'), catalogue: null }).target.kind).toBe('model');
  });
});

describe('the candidates of a level', () => {
  it('are those below its ceiling, the best one first, tagged where the vendor is another', () => {
    expect(order('eco')).toEqual(['dep_cheap', 'dep_middle!']);
    expect(order('precision')).toEqual(['dep_best', 'dep_middle!', 'dep_cheap!']);
  });

  it('are canned answers only while there is nothing else, or where the policy lists them', () => {
    const wallet = walletOf(['demo', 'openai']);
    const from = (asked: string, served: ChoiceChange['models'], policy = {}): string[] =>
      order(asked, { models: served, policy, documentOf: () => wallet });
    expect(from('eco', { demo })).toEqual(['dep_demo']);
    expect(from('cheap', { demo })).toEqual(['dep_demo']);
    expect(from('eco', { demo, real: models.middle })).toEqual(['dep_real']);
    expect(from('demo', { demo, real: models.middle })).toEqual(['dep_demo']);
    const levels = { eco: { models: ['real', 'demo'] } };
    expect(from('eco', { demo, real: models.middle }, { levels })).toEqual(['dep_demo', 'dep_real!']);
  });

  it('are no canned answers where the real ones may not be called', () => {
    const { refusal } = choose('eco', {
      models: { demo, real: models.best },
      documentOf: () => walletOf(['demo', 'anthropic']),
    });
    expect(refusal?.code).toBe('no_candidate_left');
  });

  it('are the models of the policy, where it names some', () => {
    expect(order('eco', { policy: { levels: { eco: { models: ['middle', 'gone'] } } } })).toEqual([
      'dep_middle',
    ]);
  });

  it('come in the order of a group, or by score', () => {
    const groups = { mine: { models: ['middle', 'cheap', 'best'] } };
    expect(order('mine', { policy: { groups } })).toEqual(['dep_middle', 'dep_cheap!', 'dep_best!']);
    const scored = { mine: { ...groups.mine, strategy: 'score', power_level: 'eco' } };
    expect(order('mine', { policy: { groups: scored } })).toEqual(['dep_cheap', 'dep_middle!']);
  });

  it('are followed by the cascade, of any vendor, without those that were tried', () => {
    const cascades = { eco: ['middle', 'best'] };
    expect(order('eco', { policy: { cascades } })).toEqual(['dep_cheap', 'dep_middle!', 'dep_best!']);
  });

  it('are those of the cascade alone where nobody is left', () => {
    const policy = { max_cost_per_1k_usd: '0', cascades: { '*': ['best'] } };
    const choice = choose('eco', { policy });
    expect(choice.refusal?.code).toBe('no_candidate_left');
    expect(planned(choice)).toEqual(['dep_best!']);
    // A wildcard matches the name of the level too, and says nothing about it.
    const wild = { ...models, '*': { mode: 'embedding', kinds: ['anthropic'] } };
    expect(order('eco', { models: wild, policy })).toEqual(['dep_best!']);
  });

  it('have names that can be called: a wildcard that is listed is none', () => {
    const wild = { ...models, 'groq/*': { usdPerMillion: 0.01, kinds: ['groq'] } };
    const groups = { mine: { models: ['groq/*', 'groq/llama', 'middle'] } };
    const choice = choose('mine', { models: wild, policy: { groups } });
    expect(choice.ranking?.ranked.map(({ candidate }) => candidate.model)).toEqual(['groq/llama', 'middle']);
  });

  it('behind an open breaker come last, and the ceiling holds for them too', () => {
    const isBreakerOpen = (name: string): boolean =>
      name.includes('dep_cheap/') || name.includes('dep_best/');
    const choice = choose('eco', { isBreakerOpen });
    expect(choice.ranking?.dropped.map(({ reason }) => reason)).toEqual(['breaker_open', 'breaker_open']);
    expect(planned(choice)).toEqual(['dep_middle', 'dep_cheap!']);
  });

  it('whose key is out of credit come after all others', () => {
    const wallet = walletOf(['openai', 'groq']);
    const credentials = wallet.credentials.map((one) =>
      one.provider_id === 'prov_groq' ? { ...one, state: 'exhausted' as const } : one,
    );
    const documentOf = (owner: string) => (owner === 'platform' ? { ...wallet, credentials } : null);
    expect(order('eco', { documentOf })).toEqual(['dep_middle', 'dep_cheap!']);
  });

  it('are what is measured, as soon as it is', () => {
    const near = { ...models, middle: { ...models.middle, usdPerMillion: 0.5 } };
    const documents = aChoice('eco', { models: near });
    const slow = new Map([['dep_cheap', { firstByteMs: 9_900, errorRate: 1, weight: 100 }]]);
    expect(planned(chooseRoute(documents))[0]).toBe('dep_cheap');
    expect(planned(chooseRoute({ ...documents, performance: slow }))[0]).toBe('dep_middle');
  });

  it('are others once a document changes, or a credential has expired', () => {
    const documents = aChoice('eco', { models });
    expect(planned(chooseRoute(documents))).toHaveLength(2);
    const fewer = aCatalogueOf({ middle: models.middle });
    expect(planned(chooseRoute({ ...documents, ...fewer }))).toEqual(['dep_middle']);
    const wallet = walletOf(['groq']);
    const expires_at = new Date(documents.nowMs + 1_000).toISOString();
    const credentials = wallet.credentials.map((one) => ({ ...one, expires_at }));
    const expiring = { ...documents, documentOf: () => ({ ...wallet, credentials }) };
    expect(planned(chooseRoute(expiring))).toEqual(['dep_cheap']);
    const late = chooseRoute({ ...expiring, nowMs: documents.nowMs + 1_000 });
    expect(late.refusal?.code).toBe('platform_credential_missing');
  });

  it('are not kept for documents that others have taken the place of, which would stay in memory with them', () => {
    const documents = aChoice('eco', { models });
    const target = { kind: 'level', name: 'eco', level: 'eco' } as const;
    const before = candidatePoolOf(documents, target, target, 'chat');
    expect(candidatePoolOf(documents, target, target, 'chat')).toBe(before);
    const other = { ...aChoice('eco', { models }), key: { ...documents.key, workspace_id: 'ws_2' } };
    candidatePoolOf(other, target, target, 'chat');
    expect(candidatePoolOf(documents, target, target, 'chat')).not.toBe(before);
  });
});

describe('lists of models', () => {
  it.each<[string, string[], string[], string[]]>([
    ['hold each model', ['cheap', 'best'], [], ['dep_cheap']],
    ['that name the level allow its pool', ['eco'], [], ['dep_cheap', 'dep_middle!']],
    ['of the workspace still hold', ['eco'], ['middle'], ['dep_middle']],
    ['that name another level do not', ['precision', 'middle'], [], ['dep_middle']],
  ])('%s', (_name, keyModels, workspaceModels, expected) => {
    expect(order('eco', { keyModels, workspaceModels })).toEqual(expected);
  });

  it('that allow nobody of the pool forbid the level, in words', () => {
    const { refusal, plan } = choose('eco', { keyModels: ['vectors'] });
    expect(refusal).toMatchObject({ code: 'model_not_allowed' });
    expect(refusal?.message).toContain('The power level "eco"');
    expect(plan.hasCandidates()).toBe(false);
  });

  it('that name smart allow what it stands for', () => {
    expect(order('smart', { keyModels: ['smart'] })).toHaveLength(3);
    expect(order('smart', { keyModels: ['precision'] })).toHaveLength(3);
    expect(choose('auto', { keyModels: ['auto'] }).refusal).toBeNull();
  });
});

describe('refusals', () => {
  it('say which filter left out how many', () => {
    const { refusal } = choose('eco', { policy: { regions: ['eu'] } });
    expect(refusal?.code).toBe('no_candidate_left');
    expect(refusal?.message).toContain('3 for region (');
    const { refusal: dear } = choose('eco', { policy: { max_cost_per_1k_usd: '0.00001' } });
    expect(dear?.message).toContain('Left out: 3 for price_ceiling (it costs more than the ceiling).');
  });

  it('name the missing keys where that is all that is missing', () => {
    const nobody = choose('eco', { documentOf: () => null });
    expect(nobody.refusal?.code).toBe('platform_credential_missing');
  });

  it('are final for embeddings, unless the policy names the models', () => {
    const needs = () => ({ ...plainNeeds, mode: 'embedding', expectedAnswerTokens: 0 });
    const question = { mode: 'embedding', needs };
    expect(choose('eco', question).refusal?.code).toBe('power_level_not_served');
    expect(choose('smart', question).refusal?.code).toBe('power_level_not_served');
    const policy = { groups: { vec: { models: ['vectors', 'middle'] } } };
    expect(order('vec', { ...question, policy })).toEqual(['dep_vectors']);
  });

  it('of vectors lead to those of no other model, unless a cascade names the group', () => {
    const needs = () => ({ ...plainNeeds, mode: 'embedding', expectedAnswerTokens: 0 });
    const two = { mine: { mode: 'embedding' }, other: { mode: 'embedding', kinds: ['groq'] } };
    const question = { mode: 'embedding', needs, models: two, documentOf: () => walletOf(['groq']) };
    const groups = { vec: { models: ['mine'] } };
    const inCascade = (cascades: object) => order('vec', { ...question, policy: { groups, cascades } });
    expect(inCascade({ '*': ['other'] })).toEqual([]);
    expect(inCascade({ vec: ['other'] })).toEqual(['dep_other!']);
  });

  it('of an unknown name stay what they were', () => {
    expect(choose('nobody', { policy: { cascades: { '*': ['best'] } } }).refusal?.code).toBe(
      'model_not_found',
    );
  });
});

describe('a model that is asked for by its name', () => {
  const two = { pair: { kinds: ['openai', 'groq'], usdPerMillion: 1 } };

  it('has its deployments scored, the dearest too', () => {
    const measured = { dep_pair: { firstByteMs: 5_000 }, dep_pair_2: { firstByteMs: 100 } };
    const choice = choose('pair', { models: two, measured });
    expect(choice.powerLevel).toBeNull();
    expect(planned(choice)).toEqual(['dep_pair_2', 'dep_pair']);
    expect(order('pair', { models: { pair: { ...two.pair, usdPerMillion: null } } })).toHaveLength(2);
  });

  it('keeps the shares that the operator gave them', () => {
    const { catalogue, facts } = aCatalogueOf(two);
    const [model] = catalogue.models;
    const deployments = model!.deployments.map((one, index) => ({ ...one, order: 1 - index }));
    const shared = { ...catalogue, models: [{ ...model!, deployments }] };
    const measured = new Map([['dep_pair', { firstByteMs: 1, errorRate: 0, weight: 99 }]]);
    const choice = chooseRoute({ ...aChoice('pair'), catalogue: shared, facts, performance: measured });
    expect(choice.ranking).toBeNull();
    expect(planned(choice)).toEqual(['dep_pair_2', 'dep_pair']);
  });

  it('is not called where the policy protects the data, whatever the shares', () => {
    const policy = { zero_data_retention: true };
    const { refusal, plan } = choose('middle', { policy });
    expect([refusal?.code, plan.hasCandidates()]).toEqual(['no_candidate_left', false]);
    expect(refusal?.message).toContain('1 for data_policy (');
    const kept = { middle: { ...models.middle, facts: { zero_data_retention: true } } };
    expect(order('middle', { policy, models: kept })).toEqual(['dep_middle']);
    // Nor does a cascade lead there.
    const cascades = { middle: ['best'] };
    expect(order('middle', { policy: { ...policy, cascades, cross_vendor: true } })).toEqual([]);
  });
});

describe('a release that does not say by what its models are served', () => {
  const { catalogue } = aCatalogueOf({ middle: {}, best: {} });
  const old = { ...catalogue, models: catalogue.models.map((one) => ({ ...one, deployments: [] })) };
  const from = (served: typeof catalogue | null, policy: object) =>
    chooseRoute({ ...aChoice('middle', { policy }), catalogue: served });

  it.each([
    ['of an older version', old],
    ['none at all', null],
  ])('%s leaves the choice to LiteLLM, but not where the policy protects data', (_name, served) => {
    expect(planned(from(served, {}))).toEqual(['middle']);
    const rules = [{ regions: ['eu'] }, { zero_data_retention: true }, { no_training: true }];
    for (const policy of rules.map((rule) => ({
      ...rule,
      cascades: { '*': ['best'] },
      cross_vendor: true,
    }))) {
      const choice = from(served, policy);
      expect(choice.refusal?.code).toBe('no_candidate_left');
      expect(choice.refusal?.message).toContain('protects data');
      expect(planned(choice)).toEqual([]);
    }
  });
});

describe('ways around LiteLLM', () => {
  it('are held to the policy too', () => {
    const eco = choose('eco');
    expect(eco.allowsAround('cheap', 'dep_cheap')).toBe(true);
    expect(eco.allowsAround('best', 'dep_best')).toBe(false);
    expect(eco.allowsAround('cheap', null)).toBe(true);
    const kept = { middle: { ...models.middle, facts: { region: 'eu' } }, best: models.best };
    const bound = choose('middle', { models: kept, policy: { regions: ['eu'] } });
    expect(bound.allowsAround('middle', 'dep_middle')).toBe(true);
    expect(bound.allowsAround('best', 'dep_best')).toBe(false);
    // Nobody knows where OpenRouter sends it.
    expect(bound.allowsAround('middle', null)).toBe(false);
  });

  it('are open to the cascade whatever it costs, as through LiteLLM', () => {
    const policy = { cascades: { eco: ['best'] } };
    const eco = choose('eco', { policy });
    expect(planned(eco)).toContain('dep_best!');
    expect(eco.allowsAround('best', 'dep_best')).toBe(true);
    const bound = choose('eco', { policy: { ...policy, regions: ['eu'] } });
    expect(bound.allowsAround('best', 'dep_best')).toBe(false);
  });

  it('lead to no deployment of a chosen model that is too dear itself', () => {
    const both = { both: { kinds: ['groq', 'anthropic'], usdPerMillion: 0.1 } };
    const { catalogue, facts } = aCatalogueOf(both);
    const dear = {
      ...facts.deployments['dep_both_2']!,
      prices: aCatalogueOf({ best: models.best }).facts.deployments['dep_best']!.prices,
    };
    const input = {
      ...aChoice('eco'),
      catalogue,
      facts: { ...facts, deployments: { ...facts.deployments, dep_both_2: dear } },
    };
    const eco = chooseRoute(input);
    expect(eco.allowsAround('both', 'dep_both')).toBe(true);
    expect(eco.allowsAround('both', 'dep_both_2')).toBe(false);
  });
});

describe('the decision', () => {
  it('is kept so that it can be made again', () => {
    const input = aChoice('precision', { models, affinityKey: 'abc', draw: 0.25 });
    const choice = chooseRoute(input);
    const kept = decodeDecision(JSON.parse(JSON.stringify(decisionOf(choice, input))))!;
    expect(kept).toMatchObject({ asked: 'precision', kind: 'level', powerLevel: 'precision' });
    const rules = scoringRulesOf(input.policy, { kind: 'level', level: 'precision' });
    const again = rankCandidates({ ...kept.input, rules });
    expect(again.ranked[0]?.candidate.deployment.id).toBe(choice.ranking?.ranked[0]?.candidate.deployment.id);
    expect(again.ranked[0]?.candidate.deployment.id).toBe(kept.chosenDeploymentId);
  });

  it('is none where there is nothing to choose from', () => {
    const input = aChoice('middle', { models });
    expect(decisionOf(chooseRoute(input), input)).toBeNull();
  });

  it('explores by the draw, and says so', () => {
    // Nearly as cheap: it might turn out to be the better one.
    const near = { cheap: models.cheap, middle: { ...models.cheap, usdPerMillion: 0.12 } };
    const measured = { dep_cheap: {}, dep_middle: { weight: 0 } };
    const explored = choose('eco', { models: near, measured, draw: 0.005 });
    expect(explored.ranking?.isExploring).toBe(true);
    expect(planned(explored)).toEqual(['dep_middle', 'dep_cheap!']);
    expect(order('eco', { models: near, measured, draw: 0.5 })[0]).toBe('dep_cheap');
  });
});
