import fc from 'fast-check';
import { resolveCredentials } from './credential-resolution';
import type { FallbackCaller } from './fallback-payers';
import {
  fallbackCredentialsOf,
  type FallbackPlanInput,
  type FallbackWay,
  planFallback,
  upstreamNameOf,
} from './fallback-plan';
import { llmRoutes } from './llm-routes';
import type { CatalogueDeployment, CredentialsDocument } from './projection.documents';
import { defaultRoutingPolicy, type RoutingPolicy } from './routing-policy';

type Credential = CredentialsDocument['credentials'][number];
type Policy = 'byok_only' | 'byok_then_platform' | 'platform_only';
type OwnerName = 'member' | 'workspace' | 'organization' | 'platform';

const ownerKeys = { member: 'org_1/ada', workspace: 'ws_1', organization: 'org_1', platform: 'platform' };
const owners = ['member', 'workspace', 'organization', 'platform'] as const;
const kinds = { prov_openai: 'openai', prov_router: 'openrouter', prov_claude: 'anthropic' } as const;
type ProviderId = keyof typeof kinds;

const deploymentAt = (
  providerId: ProviderId,
  change: Partial<CatalogueDeployment> = {},
): CatalogueDeployment => ({
  id: `dep_${providerId}`,
  provider_id: providerId,
  provider_kind: kinds[providerId],
  needs_key: true,
  credential_id: null,
  weight: 1,
  order: 0,
  upstream_model: 'gpt-4o',
  base_url: null,
  ...change,
});

/** `[owner, provider, state]`; its id says whose it is. */
type Key = readonly [OwnerName, ProviderId, Credential['state']?, Partial<Credential>?];

interface World {
  keys?: readonly Key[];
  deployments?: readonly CatalogueDeployment[];
  name?: string;
  openrouterId?: string | null;
  policy?: Policy;
  platformFallback?: boolean;
  platformCredentials?: boolean;
  routing?: Partial<RoutingPolicy>;
  model?: string;
  route?: string;
  variables?: readonly string[];
}

function documents(keys: readonly Key[]): FallbackCaller['documentOf'] {
  const byOwner = new Map<string, CredentialsDocument>();
  for (const [owner, providerId, state = 'verified', change] of keys) {
    const ownerKey = ownerKeys[owner];
    const document = byOwner.get(ownerKey) ?? { v: 1, owner_key: ownerKey, credentials: [] };
    const id = `${owner}/${providerId}`;
    const kind = { provider_kind: kinds[providerId] };
    document.credentials.push({
      id,
      provider_id: providerId,
      state,
      expires_at: null,
      ...kind,
      ...change,
    });
    byOwner.set(ownerKey, document);
  }
  return (ownerKey) => byOwner.get(ownerKey) ?? null;
}

function inputOf(world: World): FallbackPlanInput {
  const deployments = [...(world.deployments ?? [deploymentAt('prov_openai')])];
  const model = {
    name: world.name ?? 'smart',
    mode: 'chat',
    deployment_ids: deployments.map(({ id }) => id),
    deployments,
    openrouter_id: world.openrouterId === undefined ? 'openai/gpt-4o' : world.openrouterId,
  };
  return {
    key: { organization_id: 'org_1', workspace_id: 'ws_1', user_id: 'ada' },
    workspace: {
      credential_policy: world.policy ?? 'byok_then_platform',
      platform_fallback: world.platformFallback ?? false,
    },
    routing: { ...defaultRoutingPolicy, ...world.routing },
    organization: { platform_credentials: world.platformCredentials ?? true },
    documentOf: documents(world.keys ?? []),
    catalogue: { v: 1, release_id: 'rel_1', release_number: 1, models: [model] },
    variables: new Set(world.variables ?? []),
    nowMs: Date.parse('2026-11-21T00:00:00Z'),
    random: () => 0.5,
    model: world.model ?? world.name ?? 'smart',
    route: llmRoutes.find(({ name }) => name === (world.route ?? 'chat_completions'))!,
  };
}

/** Such as `openrouter:member/prov_router`. */
const told = ({ via, credential, deploymentId }: FallbackWay): string =>
  `${via}:${credential?.id ?? `nobody at ${deploymentId}`}`;
const ways = (world: World): string[] => planFallback(inputOf(world)).map(told);

const everybodyHasBoth: Key[] = owners.flatMap((owner) => [
  [owner, 'prov_router'] as const,
  [owner, 'prov_openai'] as const,
]);

describe('the order', () => {
  it('own OpenRouter keys, direct with own keys, direct with the platform’s, the platform’s OpenRouter key', () => {
    expect(ways({ keys: everybodyHasBoth, platformFallback: true })).toEqual([
      'openrouter:member/prov_router',
      'openrouter:workspace/prov_router',
      'openrouter:organization/prov_router',
      'direct:member/prov_openai',
      'direct:workspace/prov_openai',
      'direct:organization/prov_openai',
      'direct:platform/prov_openai',
      'openrouter:platform/prov_router',
    ]);
  });

  it('keys out of credit come last, and what would follow them too', () => {
    const keys: Key[] = [
      ['workspace', 'prov_router', 'exhausted'],
      ['workspace', 'prov_openai'],
      ['platform', 'prov_openai'],
      ['platform', 'prov_router'],
    ];
    expect(ways({ keys, platformFallback: true })).toEqual([
      'direct:workspace/prov_openai',
      'direct:platform/prov_openai',
      'openrouter:workspace/prov_router',
      'openrouter:platform/prov_router',
    ]);
  });

  it('servers without keys come after own keys and before the platform’s', () => {
    const keyless = deploymentAt('prov_openai', {
      id: 'dep_keyless',
      provider_id: 'prov_vllm',
      provider_kind: 'vllm',
      needs_key: false,
      base_url: 'http://10.0.0.7:8000/v1',
    });
    const deployments = [deploymentAt('prov_openai'), keyless];
    const keys: Key[] = [
      ['platform', 'prov_openai'],
      ['platform', 'prov_router'],
    ];
    expect(ways({ keys, deployments })).toEqual([
      'direct:nobody at dep_keyless',
      'direct:platform/prov_openai',
      'openrouter:platform/prov_router',
    ]);
  });

  it('a deployment at OpenRouter is a way of its own, once', () => {
    const deployments = [deploymentAt('prov_router', { upstream_model: 'openai/gpt-4o' })];
    const plan = planFallback(inputOf({ deployments, keys: [['platform', 'prov_router']] }));
    expect(plan).toMatchObject([
      { via: 'openrouter', deploymentId: 'dep_prov_router', upstreamModel: 'openai/gpt-4o' },
    ]);
  });

  it('follows `order` among the deployments', () => {
    const deployments = [1, 0].map((order) =>
      deploymentAt('prov_openai', { id: `dep_${order}`, order, upstream_model: `gpt-${order}` }),
    );
    const plan = planFallback(inputOf({ deployments, keys: [['workspace', 'prov_openai']] }));
    expect(plan.map(({ deploymentId }) => deploymentId)).toEqual(['dep_0', 'dep_1']);
  });
});

describe('what the policy says', () => {
  const both: Key[] = [
    ['workspace', 'prov_router'],
    ['platform', 'prov_router'],
    ['workspace', 'prov_openai'],
    ['platform', 'prov_openai'],
  ];
  const own = ['openrouter:workspace/prov_router', 'direct:workspace/prov_openai'];
  const platforms = ['direct:platform/prov_openai', 'openrouter:platform/prov_router'];
  const noOwn = both.filter(([owner]) => owner === 'platform');

  it.each<[string, World, string[]]>([
    ['own keys are there, so the platform does not pay', { keys: both }, own],
    ['unless the workspace asked for that', { keys: both, platformFallback: true }, [...own, ...platforms]],
    ['byok_only', { keys: both, policy: 'byok_only', platformFallback: true }, own],
    ['byok_only without own keys', { keys: noOwn, policy: 'byok_only' }, []],
    ['platform_only', { keys: both, policy: 'platform_only' }, platforms],
    ['no own keys', { keys: noOwn }, platforms],
    ["the organization may not use the platform's", { keys: noOwn, platformCredentials: false }, []],
    ['OpenRouter is off', { keys: both, routing: { openrouter_fallback: 'off' } }, [own[1]!]],
    [
      'OpenRouter with an own key only',
      { keys: noOwn, routing: { openrouter_fallback: 'own_key' } },
      [platforms[0]!],
    ],
    ['not direct', { keys: both, routing: { direct_fallback: false } }, [own[0]!]],
    ['neither', { keys: both, routing: { direct_fallback: false, openrouter_fallback: 'off' } }, []],
  ])('%s', (_what, world, expected) => {
    expect(ways(world)).toEqual(expected);
  });

  it('an own key of the vendor is no reason for the platform to pay at OpenRouter, dead or alive', () => {
    for (const state of ['verified', 'invalid'] as const) {
      const keys: Key[] = [
        ['workspace', 'prov_claude', state],
        ['platform', 'prov_router'],
      ];
      const deployments = [deploymentAt('prov_claude')];
      expect(ways({ keys, deployments })).toEqual([]);
      expect(ways({ keys, deployments, platformFallback: true })).toEqual([
        'openrouter:platform/prov_router',
      ]);
      // It pays for the other deployment anyway.
      expect(ways({ keys, deployments: [...deployments, deploymentAt('prov_openai')] })).toEqual([
        'openrouter:platform/prov_router',
      ]);
    }
  });

  it('a dead own key is not used, and the platform does not step in', () => {
    const keys: Key[] = [
      ['workspace', 'prov_router', 'invalid'],
      ['workspace', 'prov_openai', 'verified', { expires_at: '2026-11-20T00:00:00Z' }],
      ['platform', 'prov_router'],
      ['platform', 'prov_openai'],
    ];
    expect(ways({ keys })).toEqual([]);
    expect(ways({ keys, platformFallback: true })).toEqual(platforms);
  });
});

describe('what can be reached', () => {
  it.each<[string, string, string[]]>([
    ['chat_completions', 'openai', ['direct', 'openrouter']],
    ['embeddings', 'openai', ['direct', 'openrouter']],
    ['responses', 'openai', ['direct', 'openrouter']],
    ['messages', 'openai', ['openrouter']],
    ['completions', 'openai', ['direct']],
    ['image_generations', 'openai', ['direct']],
    ['rerank', 'openai', []],
    ['messages', 'anthropic', ['direct', 'openrouter']],
    ['count_tokens', 'anthropic', ['direct']],
    ['chat_completions', 'anthropic', ['openrouter']],
    ['chat_completions', 'google', ['openrouter']],
  ])('%s of a model at %s: %p', (route, kind, expected) => {
    const keys: Key[] = [
      ['platform', 'prov_openai', 'verified', { provider_kind: kind }],
      ['platform', 'prov_router'],
    ];
    const deployments = [deploymentAt('prov_openai', { provider_kind: kind })];
    expect(planFallback(inputOf({ route, keys, deployments })).map(({ via }) => via)).toEqual(expected);
  });

  it('nothing of a model that is not in the catalogue', () => {
    expect(ways({ keys: everybodyHasBoth, model: 'unknown' })).toEqual([]);
  });

  it('an older release says no upstream name, and an older writer no kind of provider', () => {
    const keys: Key[] = [
      ['platform', 'prov_openai'],
      ['platform', 'prov_router', 'verified', { provider_kind: undefined }],
    ];
    const deployments = [deploymentAt('prov_openai', { upstream_model: null })];
    expect(ways({ keys, deployments })).toEqual([]);
  });

  it('a variable of another process is of no use here', () => {
    const variable = (name: string) => ({ environment_variable: name });
    const keys: Key[] = [
      ['platform', 'prov_openai', 'verified', variable('OPENAI_API_KEY')],
      ['platform', 'prov_router', 'verified', variable('OPENROUTER_API_KEY')],
    ];
    expect(ways({ keys })).toEqual([]);
    expect(ways({ keys, variables: ['OPENROUTER_API_KEY'] })).toEqual(['openrouter:platform/prov_router']);
  });

  it.each([
    ['openai/*', 'openai/gpt-4o', '*', 'gpt-4o'],
    ['fast/*', 'fast/llama-3.1-8b', 'groq-*', 'groq-llama-3.1-8b'],
    ['*', 'openai/gpt-4o', '*', 'openai/gpt-4o'],
    ['any/*', 'any/$&', 'x/*', 'x/$&'],
    ['any/*', 'any/one', 'fixed', 'fixed'],
    ['smart', 'smart', 'gpt-*', null],
  ])('%s asked for as %s leads from %s to %s', (name, model, upstream, expected) => {
    expect(upstreamNameOf(name, model, upstream)).toBe(expected);
  });

  it('fills wildcards on both ways', () => {
    const plan = planFallback(
      inputOf({
        name: 'openai/*',
        model: 'openai/gpt-4o-mini',
        openrouterId: 'openai/*',
        deployments: [deploymentAt('prov_openai', { upstream_model: '*' })],
        keys: [
          ['platform', 'prov_openai'],
          ['platform', 'prov_router'],
        ],
      }),
    );
    expect(plan.map(({ via, upstreamModel }) => [via, upstreamModel])).toEqual([
      ['direct', 'gpt-4o-mini'],
      ['openrouter', 'openai/gpt-4o-mini'],
    ]);
  });
});

const states = [
  'pending',
  'verified',
  'unverified',
  'invalid',
  'exhausted',
  'expired',
  'unreadable',
] as const;
const dead = new Set(['invalid', 'expired', 'unreadable']);

const anyKey: fc.Arbitrary<Key> = fc
  .tuple(
    fc.constantFrom(...owners),
    fc.constantFrom(...(Object.keys(kinds) as ProviderId[])),
    fc.constantFrom(...states),
    fc.constantFrom(null, '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z'),
  )
  .map(([owner, provider, state, expires_at]) => [owner, provider, state, { expires_at }]);

const anyWorld: fc.Arbitrary<World> = fc.record({
  keys: fc.uniqueArray(anyKey, { selector: ([owner, provider]) => owner + provider }),
  deployments: fc.uniqueArray(
    fc
      .tuple(fc.constantFrom(...(Object.keys(kinds) as ProviderId[])), fc.boolean())
      .map(([provider, needs_key]) => deploymentAt(provider, { needs_key })),
    { selector: ({ id }) => id },
  ),
  openrouterId: fc.constantFrom(null, 'openai/gpt-4o'),
  policy: fc.constantFrom<Policy>('byok_only', 'byok_then_platform', 'platform_only'),
  platformFallback: fc.boolean(),
  platformCredentials: fc.boolean(),
  routing: fc.record({
    openrouter_fallback: fc.constantFrom('off', 'own_key', 'any_key'),
    direct_fallback: fc.boolean(),
  }),
  route: fc.constantFrom('chat_completions', 'messages', 'embeddings', 'completions', 'rerank'),
});

const isPlatforms = ({ credential }: FallbackWay): boolean => credential?.owner === 'platform';
const stateOf = (world: World, way: FallbackWay): Credential | undefined =>
  inputOf(world)
    .documentOf(way.credential?.ownerKey ?? '')
    ?.credentials.find(({ id }) => id === way.credential?.id);

describe('in any world', () => {
  const always = (check: (plan: FallbackWay[], world: World) => void) =>
    fc.property(anyWorld, (world) => check(planFallback(inputOf(world)), world));
  const runs = { numRuns: 1_000 };

  it('the platform never pays where the policy or the organization forbids it', () => {
    fc.assert(
      always((plan, { policy, platformCredentials, routing }) => {
        if (policy === 'byok_only' || !platformCredentials) expect(plan.filter(isPlatforms)).toEqual([]);
        if (routing?.openrouter_fallback === 'own_key')
          expect(plan.filter((way) => way.via === 'openrouter' && isPlatforms(way))).toEqual([]);
      }),
      runs,
    );
  });

  it('after own keys of a provider, dead or alive, the platform pays there only where it was asked to', () => {
    fc.assert(
      always((plan, { keys = [], policy, platformFallback }) => {
        if (platformFallback || policy === 'platform_only') return;
        for (const { providerId } of plan.filter(isPlatforms)) {
          const own = keys.filter(([owner, provider]) => owner !== 'platform' && provider === providerId);
          expect(own).toEqual([]);
        }
      }),
      runs,
    );
  });

  it('wherever the platform pays around LiteLLM, it could have paid through it, or nobody else could', () => {
    fc.assert(
      always((plan, world) => {
        if (!plan.some(isPlatforms)) return;
        const { deployments = [], policy, platformFallback } = world;
        if (policy === 'platform_only' || platformFallback || deployments.length === 0) return;
        const input = inputOf(world);
        const workspace = { ...input.workspace, credential_policy: 'byok_only' as const };
        const withoutOwn = deployments.filter((deployment) => {
          const own = resolveCredentials({
            ...input,
            workspace,
            deployments: [{ ...deployment, needs_key: true }],
          });
          return !own.ok && own.code === 'credential_missing';
        });
        expect(withoutOwn).not.toEqual([]);
      }),
      runs,
    );
  });

  it('own keys are never used under platform_only, and dead ones never', () => {
    fc.assert(
      always((plan, world) => {
        if (world.policy === 'platform_only')
          expect(plan.filter(({ credential }) => credential && credential.owner !== 'platform')).toEqual([]);
        for (const way of plan.filter(({ credential }) => credential)) {
          const { state, expires_at } = stateOf(world, way)!;
          expect(dead.has(state)).toBe(false);
          expect(expires_at).not.toBe('2026-01-01T00:00:00Z');
        }
      }),
      runs,
    );
  });

  it('nobody else’s keys are ever looked at, and no way comes twice', () => {
    fc.assert(
      always((plan) => {
        const known = new Set<string>(Object.values(ownerKeys));
        expect(plan.every(({ credential }) => !credential || known.has(credential.ownerKey))).toBe(true);
        const names = plan.map((way) => `${told(way)} ${way.deploymentId} ${way.upstreamModel}`);
        expect(new Set(names).size).toBe(names.length);
      }),
      runs,
    );
  });

  it('a key out of credit comes after all that are not', () => {
    fc.assert(
      always((plan, world) => {
        const isExhausted = plan.map((way) => stateOf(world, way)?.state === 'exhausted');
        const first = isExhausted.indexOf(true);
        if (first === -1) return;
        // After it only others like it, and those that stand behind one of its owner's.
        const later = plan.slice(first).filter((way) => stateOf(world, way)?.state !== 'exhausted');
        expect(later.every((way) => isPlatforms(way) || way.credential === null)).toBe(true);
      }),
      runs,
    );
  });

  it('every saved key of a plan is among those that are fetched ahead', () => {
    fc.assert(
      always((plan, world) => {
        const ahead = new Set(fallbackCredentialsOf(inputOf(world)).map(({ id }) => id));
        for (const { credential } of plan) if (credential) expect(ahead).toContain(credential.id);
      }),
      runs,
    );
  });
});
