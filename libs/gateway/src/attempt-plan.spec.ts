import fc from 'fast-check';
import { type AttemptCandidate, AttemptPlan, type AttemptPlanInput } from './attempt-plan';
import { listsAllow } from './model-allowlist';
import type { CatalogueDeployment, CatalogueDocument, CredentialsDocument } from './projection.documents';
import { cascadeOf, resolveAlias, routingPolicy } from './routing-policy';

const nowMs = Date.parse('2026-01-01T00:00:00Z');

function aDeployment(id: string, change: Partial<CatalogueDeployment> = {}): CatalogueDeployment {
  return {
    id,
    provider_id: 'prov_1',
    provider_kind: 'openai',
    needs_key: true,
    credential_id: null,
    weight: 1,
    order: 0,
    upstream_model: null,
    base_url: null,
    ...change,
  };
}

interface Entry {
  openrouterId?: string | null;
  deployments?: CatalogueDeployment[];
}

function aCatalogue(entries: Record<string, Entry>): CatalogueDocument {
  const models = Object.entries(entries).map(([name, { openrouterId = null, deployments }]) => {
    const own = deployments ?? [aDeployment(`dep_${name}`)];
    return {
      name,
      mode: 'chat',
      deployment_ids: own.map(({ id }) => id),
      deployments: own,
      openrouter_id: openrouterId,
    };
  });
  return { v: 1, release_id: 'rel_1', release_number: 1, models };
}

const platformKey: CredentialsDocument = {
  v: 1,
  owner_key: 'platform',
  credentials: [{ id: 'cred_1', provider_id: 'prov_1', state: 'verified', expires_at: null }],
};

function inputOf(
  change: Omit<Partial<AttemptPlanInput>, 'policy'> & { policy?: object } = {},
): AttemptPlanInput {
  return {
    model: 'gpt',
    lists: [[], []],
    catalogue: aCatalogue({
      gpt: { openrouterId: 'openai/gpt' },
      mini: { openrouterId: 'openai/mini' },
      claude: { openrouterId: 'anthropic/claude' },
    }),
    key: { organization_id: 'org_1', workspace_id: 'ws_1', user_id: null },
    workspace: { credential_policy: 'byok_then_platform', platform_fallback: false },
    organization: { platform_credentials: true },
    documentOf: (ownerKey) => (ownerKey === 'platform' ? platformKey : null),
    nowMs,
    random: () => 0,
    ...change,
    policy: routingPolicy.parse(change.policy ?? {}),
  };
}

function all(input: AttemptPlanInput): AttemptCandidate[] {
  const plan = new AttemptPlan(input);
  const candidates: AttemptCandidate[] = [];
  for (let next = plan.next(); next; next = plan.next()) candidates.push(next);
  return candidates;
}

const names = (input: AttemptPlanInput): string[] =>
  all(input).map(({ model, isCrossVendor }) => model + (isCrossVendor ? ' (other vendor)' : ''));

describe('the order', () => {
  it('is the deployments of the model that was asked for, then those of its cascade', () => {
    const deployments = [aDeployment('dep_2', { order: 2 }), aDeployment('dep_1', { order: 1 })];
    const catalogue = aCatalogue({
      gpt: { deployments },
      mini: { deployments: [aDeployment('dep_3')] },
    });
    const policy = { cascades: { gpt: ['mini'] } };
    expect(all(inputOf({ catalogue, policy })).map(({ deployment }) => deployment?.id)).toEqual([
      'dep_1',
      'dep_2',
      'dep_3',
    ]);
  });

  it('takes the cascade of all others where the model has none of its own', () => {
    expect(names(inputOf({ policy: { cascades: { '*': ['mini', 'gpt'] } } }))).toEqual(['gpt', 'mini']);
    expect(names(inputOf({ policy: { cascades: { '*': ['mini'], gpt: [] } } }))).toEqual(['gpt']);
  });

  it('follows aliases inside a cascade, and names each model once', () => {
    const policy = { aliases: { small: 'mini' }, cascades: { gpt: ['small', 'mini', 'gpt'] } };
    expect(names(inputOf({ policy }))).toEqual(['gpt', 'mini']);
  });

  it('passes over names that no model has', () => {
    expect(names(inputOf({ policy: { cross_vendor: true, cascades: { gpt: ['gone', 'mini'] } } }))).toEqual([
      'gpt',
      'mini',
    ]);
  });

  it('knows no cascade of a model that is named like a member of every object', () => {
    const catalogue = aCatalogue({ constructor: {} });
    expect(names(inputOf({ model: 'constructor', catalogue }))).toEqual(['constructor']);
  });
});

describe('another vendor', () => {
  const policy = (cross_vendor: boolean) => ({ cross_vendor, cascades: { gpt: ['claude', 'mini'] } });

  it('is reached with permission only, and is tagged', () => {
    expect(names(inputOf({ policy: policy(false) }))).toEqual(['gpt', 'mini']);
    expect(names(inputOf({ policy: policy(true) }))).toEqual(['gpt', 'claude (other vendor)', 'mini']);
  });

  it.each<[string, Entry, Entry, string[]]>([
    ['the same house by its kind', {}, {}, ['a', 'b']],
    [
      'one of unknown vendor',
      { openrouterId: 'openai/a' },
      { deployments: [aDeployment('d', { provider_kind: 'groq' })] },
      ['a'],
    ],
    [
      'both of unknown vendor',
      { deployments: [aDeployment('c', { provider_kind: 'vllm' })] },
      { deployments: [aDeployment('d', { provider_kind: 'vllm' })] },
      ['a'],
    ],
    [
      'the name at OpenRouter and the kind agree',
      { openrouterId: 'mistralai/a' },
      { deployments: [aDeployment('d', { provider_kind: 'mistral' })] },
      ['a', 'b'],
    ],
    [
      'a server under an address of its own',
      { openrouterId: 'openai/a' },
      { deployments: [aDeployment('d', { base_url: 'http://x' })] },
      ['a'],
    ],
    [
      'deployments of two houses',
      { openrouterId: 'openai/a' },
      { deployments: [aDeployment('d'), aDeployment('e', { provider_kind: 'cohere' })] },
      ['a'],
    ],
  ])('%s', (_name, a, b, expected) => {
    const catalogue = aCatalogue({ a, b });
    expect(new Set(names(inputOf({ model: 'a', catalogue, policy: { cascades: { a: ['b'] } } })))).toEqual(
      new Set(expected),
    );
  });
});

describe('without a way for the model that was asked for', () => {
  const unpaid = { gpt: { deployments: [aDeployment('d', { provider_id: 'prov_2' })] }, mini: {} };
  const policy = { cascades: { gpt: ['mini'] } };

  it('the cascade is tried, and the refusal is told', () => {
    const plan = new AttemptPlan(inputOf({ catalogue: aCatalogue(unpaid), policy }));
    expect([plan.refusal, plan.hasCandidates(), plan.next()?.model]).toEqual([
      'platform_credential_missing',
      true,
      'mini',
    ]);
  });

  it('a name that no model has is a mistake that no cascade hides', () => {
    const plan = new AttemptPlan(
      inputOf({ model: 'gone', policy: { cascades: { gone: ['mini'] }, cross_vendor: true } }),
    );
    expect([plan.refusal, plan.hasCandidates(), plan.next()]).toEqual(['model_not_found', false, null]);
  });
});

describe('other modes', () => {
  const inMode = (catalogue: CatalogueDocument, modes: Record<string, string | null>): CatalogueDocument => ({
    ...catalogue,
    models: catalogue.models.map((one) => ({ ...one, mode: modes[one.name] ?? one.mode })),
  });
  const catalogue = aCatalogue({ gpt: {}, mini: {}, image: {}, vectors: {}, more: {} });
  const modes = { image: 'image_generation', vectors: 'embedding', more: 'embedding' };
  const of = (model: string, cascades: object): string[] =>
    names(inputOf({ model, catalogue: inMode(catalogue, modes), policy: { cascades } }));

  it('do not stand in for each other', () => {
    expect(of('gpt', { gpt: ['image', 'vectors', 'mini'] })).toEqual(['gpt', 'mini']);
  });

  it('vectors of another model are taken only where the two are named together', () => {
    expect(of('vectors', { '*': ['more'] })).toEqual(['vectors']);
    expect(of('vectors', { vectors: ['more', 'mini'] })).toEqual(['vectors', 'more']);
  });
});

describe('another credential for the same deployment', () => {
  const credential = (id: string, provider_id = 'prov_1') =>
    ({ id, provider_id, state: 'verified', expires_at: null }) as const;
  const documents: Record<string, CredentialsDocument> = {
    ws_1: { v: 1, owner_key: 'ws_1', credentials: [credential('ours'), credential('ours_too')] },
    org_1: { v: 1, owner_key: 'org_1', credentials: [credential('orgs')] },
    platform: platformKey,
  };
  const payers = (platform_fallback: boolean): (string | undefined)[] => {
    const workspace = { credential_policy: 'byok_then_platform', platform_fallback } as const;
    const documentOf = (ownerKey: string) => documents[ownerKey] ?? null;
    const plan = new AttemptPlan(inputOf({ workspace, documentOf }));
    const tried = new Set<string>();
    const found: (string | undefined)[] = [];
    for (let next = plan.next(); next; next = plan.withOtherCredential(next, tried)) {
      found.push(next.credential?.id);
      tried.add(next.credential?.id ?? '');
    }
    return found;
  };

  it('is the next one of the house; the platform pays only where the workspace asked for that', () => {
    expect(payers(false)).toEqual(['ours', 'ours_too', 'orgs']);
    expect(payers(true)).toEqual(['ours', 'ours_too', 'orgs', 'cred_1']);
  });

  it('there is none where LiteLLM chooses', () => {
    const plan = new AttemptPlan(inputOf({ catalogue: null }));
    expect(plan.withOtherCredential(plan.next()!, new Set())).toBeNull();
  });
});

describe('a release of an older version', () => {
  it.each([null, { ...aCatalogue({ gpt: { deployments: [] } }) }])('lets LiteLLM choose', (catalogue) => {
    expect(all(inputOf({ catalogue }))).toEqual([
      { model: 'gpt', isCrossVendor: false, deployment: null, credential: null },
    ]);
  });

  it('has nothing for those who must bring their own key', () => {
    const workspace = { credential_policy: 'byok_only', platform_fallback: false } as const;
    expect(new AttemptPlan(inputOf({ catalogue: null, workspace })).refusal).toBe('credential_missing');
  });
});

describe('whatever the policy says', () => {
  const model = fc.constantFrom('a', 'b', 'c', 'x/d', 'x/e', 'gone', 'alias', 'constructor', '__proto__');
  const deployment = fc.record({
    provider_id: fc.constantFrom('prov_1', 'prov_2'),
    provider_kind: fc.constantFrom('openai', 'mistral', 'groq'),
    needs_key: fc.boolean(),
    weight: fc.nat(2),
    order: fc.nat(2),
    base_url: fc.constantFrom(null, 'http://x'),
  });
  const entry = fc.record({
    openrouterId: fc.constantFrom(null, 'openai/x', 'mistralai/x', 'nonsense'),
    deployments: fc.array(deployment, { maxLength: 3 }),
  });
  const catalogues = fc
    .dictionary(fc.constantFrom('a', 'b', 'c', 'x/d', 'x/*'), entry)
    .map((entries) =>
      aCatalogue(
        Object.fromEntries(
          Object.entries(entries).map(([name, { openrouterId, deployments }]) => [
            name,
            { openrouterId, deployments: deployments.map((one, i) => aDeployment(`${name}#${i}`, one)) },
          ]),
        ),
      ),
    );
  const list = fc.array(fc.constantFrom('a', 'b', 'c', 'x/*', '*', 'no-default-models'), { maxLength: 3 });
  const cases = fc.record({
    model: model.filter((name) => name !== 'alias'),
    lists: fc.tuple(list, list),
    catalogue: fc.option(catalogues, { nil: null }),
    policy: fc.record({
      cascades: fc.dictionary(fc.oneof(model, fc.constant('*')), fc.array(model, { maxLength: 6 })),
      aliases: fc.dictionary(fc.constantFrom('alias', 'c'), fc.constantFrom('a', 'b', 'x/d', 'gone')),
      cross_vendor: fc.boolean(),
    }),
    draws: fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
  });
  type Case = typeof cases extends fc.Arbitrary<infer Value> ? Value : never;

  function inputFor({ draws, ...rest }: Case, drawn = [...draws.take(60)]): AttemptPlanInput {
    let place = 0;
    return inputOf({ ...rest, random: () => drawn[place++ % drawn.length]! });
  }

  function expectAlways(property: (given: Case, candidates: AttemptCandidate[]) => void): void {
    fc.assert(
      fc.property(cases, (given) => property(given, all(inputFor(given)))),
      { numRuns: 1_000 },
    );
  }

  it('the order is the same for the same draws', () => {
    fc.assert(
      fc.property(cases, (given) => {
        const drawn = [...given.draws.take(60)];
        expect(all(inputFor(given, drawn))).toEqual(all(inputFor(given, drawn)));
      }),
      { numRuns: 500 },
    );
  });

  it('a cascade never leads to a model that is not on every list', () => {
    expectAlways(({ model: asked, lists }, candidates) => {
      for (const candidate of candidates)
        if (candidate.model !== asked) expect(listsAllow(lists, candidate.model)).toBe(true);
    });
  });

  it('a cascade never leads to another vendor without permission, nor untagged', () => {
    expectAlways(({ model: asked, policy }, candidates) => {
      for (const candidate of candidates) {
        if (candidate.isCrossVendor) expect(policy.cross_vendor).toBe(true);
        if (candidate.model === asked) expect(candidate.isCrossVendor).toBe(false);
      }
    });
  });

  it('names only the model that was asked for and those of its cascade, in their order and in one run each', () => {
    expectAlways(({ model: asked, policy: given }, candidates) => {
      const policy = routingPolicy.parse(given);
      const named = [asked, ...cascadeOf(policy, asked).map((name) => resolveAlias(policy, name))];
      const runs = candidates.map((one) => one.model).filter((name, i, every) => name !== every[i - 1]);
      expect(new Set(runs).size).toBe(runs.length);
      const places = runs.map((name) => named.indexOf(name));
      expect(places).toEqual([...places].sort((left, right) => left - right));
      expect(places).not.toContain(-1);
    });
  });

  it('tries no deployment of a model twice', () => {
    expectAlways((_given, candidates) => {
      const tried = candidates.map((one) => `${one.model} ${one.deployment?.id}`);
      expect(new Set(tried).size).toBe(tried.length);
    });
  });
});
