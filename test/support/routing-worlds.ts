import {
  type CatalogueDocument,
  type CredentialsDocument,
  type KeyDocument,
  unknownFacts,
} from '@signalbox/gateway';
import fc from 'fast-check';

/** Random installations for tests of routing: models, keys, rules of three levels, figures, breakers; and requests to them. */
type Deployment = CatalogueDocument['models'][number]['deployments'][number];
type Credential = CredentialsDocument['credentials'][number];

const kinds = ['openai', 'anthropic', 'groq', 'openrouter', 'mistral', 'ollama'] as const;
const modelNames = ['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'wild/*', 'smart'] as const;
const routed = ['eco', 'balanced', 'precision', 'smart', 'cheap', 'mine', 'auto'];
/** Those that are routed come oftener. */
const askedNames = [...routed, ...routed, 'm0', 'm1', 'm2', 'm3', 'wild/one', 'other', 'nobody'];
/** Of the embeddings that the models of that mode make. */
const modes = ['chat', 'chat', 'chat', 'chat', 'embedding', null] as const;
export const worldUser = 'ada';
export const ownerKeys = ['platform', 'org_1', 'ws_1', `org_1/${worldUser}`] as const;

const rarely = <Value>(value: fc.Arbitrary<Value>, otherwise: Value): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(otherwise) }, { weight: 1, arbitrary: value });
const seldom = <Value>(value: fc.Arbitrary<Value>, otherwise: Value): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 29, arbitrary: fc.constant(otherwise) }, { weight: 1, arbitrary: value });
const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> =>
  fc.option(value, { freq: 3 });

/** Few prices and qualities, so that ties come. */
const facts: fc.Arbitrary<object> = fc
  .record({
    prices: maybe(
      fc.constantFrom(100_000, 500_000, 2_000_000, 15_000_000).map((input) => ({
        input,
        output: input * 3,
        cache_read: null,
        cache_write: null,
        request: null,
      })),
    ),
    quality: maybe(fc.constantFrom(0.3, 0.6, 0.9)),
    context_length: maybe(fc.constantFrom(500, 8_000, 200_000)),
    max_output_tokens: maybe(fc.constantFrom(300, 4_000)),
    input_modalities: maybe(fc.constantFrom(['text'], ['text', 'image'])),
    tools: maybe(fc.boolean()),
    json_mode: maybe(fc.boolean()),
    json_schema: maybe(fc.boolean()),
    local: rarely(fc.constant(true), false),
    free: rarely(fc.constant(true), false),
    region: maybe(fc.constantFrom('eu', 'us')),
    zero_data_retention: maybe(fc.boolean()),
    trains_on_data: maybe(fc.boolean()),
    prior_first_byte_ms: maybe(fc.constantFrom(300, 900, 4_000)),
  })
  .map((known) => ({ ...unknownFacts, ...known }));

const deployment = (model: string, index: number): fc.Arbitrary<Deployment> =>
  fc
    .record({
      provider_kind: fc.constantFrom(...kinds),
      needs_key: rarely(fc.constant(false), true),
      weight: rarely(fc.constantFrom(0, 3), 1),
      order: rarely(fc.constant(1), 0),
    })
    .map((chosen) => ({
      ...chosen,
      id: `dep_${model.replaceAll(/\W/g, '-')}_${index}`,
      provider_id: `prov_${chosen.provider_kind}`,
      credential_id: null,
      upstream_model: null,
      base_url: null,
    }));

const models = fc.subarray([...modelNames], { minLength: 5 }).chain((names) =>
  fc.tuple(
    ...names.map((name) =>
      fc
        .record({
          mode: fc.constantFrom(...modes),
          openrouter_id: maybe(fc.constantFrom('openai/x', 'anthropic/x', 'mistralai/x')),
          deployments: fc
            .integer({ min: 1, max: 3 })
            .chain((count) =>
              fc.tuple(...Array.from({ length: count }, (_, index) => deployment(name, index))),
            ),
        })
        .map((model) => ({ ...model, name, deployment_ids: model.deployments.map(({ id }) => id) })),
    ),
  ),
);

const credentialsOf = (ownerKey: string): fc.Arbitrary<Credential[]> =>
  fc.subarray([...kinds], ownerKey === 'platform' ? { minLength: 4 } : { maxLength: 2 }).chain((owned) =>
    fc.tuple(
      ...owned.flatMap((kind) =>
        ['a', 'b'].map((copy) =>
          fc.record({
            id: fc.constant(`cred_${ownerKey.replaceAll(/\W/g, '-')}_${kind}_${copy}`),
            provider_id: fc.constant(`prov_${kind}`),
            state: fc.constantFrom('verified', 'verified', 'verified', 'exhausted', 'invalid'),
            expires_at: fc.constant(null),
          }),
        ),
      ),
    ),
  );

const poolNames = fc.uniqueArray(fc.constantFrom('m0', 'm1', 'm2', 'm3', 'm4', 'wild/one', 'other', 'gone'), {
  minLength: 1,
  maxLength: 5,
});

/** Strict rules are rare: where nobody is left there is nothing to compare. */
const rules: fc.Arbitrary<object> = fc.record(
  {
    power_level: fc.constantFrom('eco', 'balanced', 'precision'),
    strategy: fc.constantFrom('level', 'cost', 'latency', 'balanced', 'custom'),
    weights: fc.constantFrom(null, { cost: 1, latency: 2, quality: 3 }),
    levels: fc.constantFrom(
      {},
      { eco: { models: ['m0', 'm1', 'm2'], max_cost_per_1k_usd: '0.1' } },
      { eco: { max_cost_per_1k_usd: null }, balanced: { preferred: ['groq'] } },
    ),
    groups: fc.record({
      mine: fc.record({
        models: poolNames,
        strategy: fc.constantFrom('order', 'score'),
        power_level: fc.constantFrom('eco', 'precision'),
      }),
    }),
    cascades: fc.dictionary(fc.constantFrom('*', 'eco', 'm0', 'mine'), poolNames, { maxKeys: 2 }),
    aliases: fc.constantFrom({}, { other: 'm1' }, { other: 'eco', m3: 'mine' }),
    cross_vendor: fc.boolean(),
    max_cost_per_1k_usd: fc.constantFrom(null, null, '0.05', '0.0005'),
    max_first_byte_ms: fc.constantFrom(1_000, 10_000),
    unpriced: fc.constantFrom('drop', 'last'),
    prefer_local: fc.boolean(),
    // These add up over the levels.
    regions: seldom<string[] | null>(fc.constantFrom(['eu', 'local'], ['us', 'eu']), null),
    zero_data_retention: seldom(fc.constant(true), false),
    no_training: seldom(fc.constant(true), false),
    session_affinity: fc.constantFrom('off', 'session'),
    exploration: fc.constantFrom(0, 0.01, 0.2),
    classification: fc.constantFrom('off', 'rules'),
  },
  { requiredKeys: [] },
);

/** Names of levels allow all that is behind them. */
const list = rarely(
  fc.uniqueArray(fc.constantFrom('m0', 'm1', 'm2', 'm3', 'wild/*', 'eco', 'smart', 'mine', 'auto'), {
    minLength: 1,
    maxLength: 4,
  }),
  [],
);

const figures = fc.record({
  calls: fc.integer({ min: 1, max: 60 }),
  firstByteMs: fc.constantFrom(150, 800, 3_000, 9_000),
  failed: fc.integer({ min: 0, max: 3 }),
});
export type Figures = { calls: number; firstByteMs: number; failed: number };

const texts = [
  'Say hello.',
  'Translate this: good morning.',
  'Prove the theorem, and debug ```def f(x): pass``` step by step.',
  'x'.repeat(3_000),
  '日本語で説明してください。この文章はとても長いです。',
];

const chat = fc
  .record({
    model: fc.constantFrom(...askedNames),
    text: fc.constantFrom(...texts),
    max_tokens: maybe(fc.constantFrom(100, 200, 2_000)),
    tools: rarely<object[] | null>(fc.constant([{ type: 'function', function: { name: 'look' } }]), null),
    response_format: rarely<object | null>(
      fc.constantFrom({ type: 'json_object' }, { type: 'json_schema' }),
      null,
    ),
    has_image: rarely(fc.constant(true), false),
    prompt_cache_key: maybe(fc.constantFrom('a', 'b', 'c')),
    steers: rarely(rarely(fc.constant(true), false), false),
    is_mistyped: rarely(rarely(fc.constant(true), false), false),
  })
  .map(({ model, text, has_image: hasImage, steers, is_mistyped: isMistyped, ...more }) => {
    const image = { type: 'image_url', image_url: { url: 'https://x/y' } };
    const content = hasImage ? [{ type: 'text', text }, image] : text;
    const said = Object.entries(more).filter(([, value]) => value !== null);
    return {
      path: '/v1/chat/completions',
      body: {
        model,
        messages: [{ role: 'user', content }],
        ...Object.fromEntries(said),
        ...(steers && { api_base: 'http://x' }),
        ...(isMistyped && { stream: 'yes' }),
      },
    };
  });
const embeddings = fc.constantFrom(...askedNames).map((model) => ({
  path: '/v1/embeddings',
  body: { model, input: 'hello' },
}));

const request = fc.record({
  call: fc.oneof({ weight: 9, arbitrary: chat }, { weight: 1, arbitrary: embeddings }),
  sessionId: fc.constantFrom(undefined, undefined, 'one', 'two'),
  draw: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
});
export type RoutingRequest = {
  call: { path: string; body: Record<string, unknown> };
  sessionId: string | undefined;
  draw: number;
};

export interface RoutingWorld {
  models: CatalogueDocument['models'];
  facts: object[];
  credentials: Credential[][];
  platform: object;
  organization: object;
  workspace: object;
  key: Partial<KeyDocument>;
  /** What each of the edges has measured; for the n-th deployment, where it has. */
  edges: (Figures | null)[][];
  /** Of pairs of deployments and credentials those whose breaker is open, by their places. */
  open: number[];
  requests: RoutingRequest[];
}

/** @param requests of each world */
export const routingWorld = (requests: number): fc.Arbitrary<RoutingWorld> =>
  fc.record({
    models,
    facts: fc.array(facts, { minLength: 24, maxLength: 24 }),
    credentials: fc.tuple(...ownerKeys.map(credentialsOf)),
    platform: rules,
    organization: fc.record({ routing: rules, platform_credentials: rarely(fc.constant(false), true) }),
    workspace: fc.record({
      routing: rules,
      models: list,
      blocked: rarely(rarely(fc.constant(true), false), false),
      credential_policy: rarely(fc.constantFrom('platform_only', 'byok_only'), 'byok_then_platform'),
      platform_fallback: fc.boolean(),
    }),
    key: fc.record({ models: list, user_id: fc.constantFrom(null, worldUser) }),
    edges: fc.array(fc.array(maybe(figures), { minLength: 24, maxLength: 24 }), { maxLength: 2 }),
    open: fc.array(fc.nat({ max: 200 }), { maxLength: 4 }),
    requests: fc.array(request, { minLength: requests, maxLength: requests }),
  });
