import type { ConfigSnapshot } from '@signalbox/domain/config-releases';
import { providerKindNames } from '@signalbox/domain/providers';
import fc from 'fast-check';

type Model = ConfigSnapshot['models'][number];
type Deployment = Model['deployments'][number];

/** A valid deployment at OpenAI with a key; overwrite what the test is about. */
export function aDeployment(
  overrides: Partial<Omit<Deployment, 'provider'>> & { provider?: Partial<Deployment['provider']> } = {},
): Deployment {
  const { provider, ...rest } = overrides;
  return {
    id: 'dep_1',
    upstreamModel: 'gpt-4o-mini',
    baseUrl: null,
    litellmParams: {},
    enabled: true,
    credentialId: null,
    credential: { id: 'cred_1', enabled: true },
    unknownEntry: null,
    ...rest,
    provider: {
      id: 'prov_1',
      name: 'OpenAI',
      kind: 'openai',
      baseUrl: null,
      enabled: true,
      environmentKeys: [{ credentialId: 'cred_1', variable: 'OPENAI_API_KEY' }],
      ...provider,
    },
  };
}

export function aModel(overrides: Partial<Model> = {}): Model {
  return {
    id: `mdl_${overrides.name ?? 'smart'}`,
    name: 'smart',
    mode: 'chat',
    openrouterId: null,
    enabled: true,
    deployments: [aDeployment()],
    ...overrides,
  };
}

export function aSnapshot(...models: Model[]): ConfigSnapshot {
  return { models };
}

const name = fc.stringMatching(/^[a-z0-9][a-z0-9._:@~+-]{0,12}(\/\*)?$/);
const url = fc.constantFrom('http://127.0.0.1:8000/v1', 'https://models.example.com', 'http://10.0.0.7:8000');
const price = fc.oneof(fc.double({ min: 1e-12, max: 1e-3, noNaN: true }), fc.constantFrom(1e-7, 2.5e-7, 0));

const params = fc.record(
  {
    rpm: fc.integer({ min: 1, max: 10_000 }),
    weight: fc.double({ min: 0, max: 100, noNaN: true }),
    timeout: fc.double({ min: 0.1, max: 600, noNaN: true }),
    drop_params: fc.boolean(),
    input_cost_per_token: price,
    output_cost_per_token: price,
    api_version: fc.constantFrom('2024-10-21', '1.0', '2026', 'on'),
    additional_drop_params: fc.array(fc.constantFrom('temperature', 'no', 'yes', '12:30')),
    extra_body: fc.dictionary(fc.stringMatching(/^[a-z_][a-z0-9_-]{0,8}$/), fc.jsonValue(), { maxKeys: 4 }),
  },
  { requiredKeys: [] },
);

const credentialId = fc.stringMatching(/^cred_[a-z0-9]{6}$/);
const credential = fc.option(fc.record({ id: credentialId, enabled: fc.boolean() }));
const environmentKeys = fc.uniqueArray(
  fc.record({ credentialId, variable: fc.constantFrom('OPENAI_API_KEY', 'GROQ_API_KEY') }),
  { maxLength: 2, selector: (key) => key.credentialId },
);

const provider = fc.record({
  id: fc.stringMatching(/^prov_[a-z0-9]{4}$/),
  name: fc.string({ minLength: 1, maxLength: 20 }),
  kind: fc.constantFrom(...providerKindNames, 'of-a-newer-version'),
  baseUrl: fc.option(url),
  enabled: fc.boolean(),
  environmentKeys,
});

const deployment = fc.record({
  id: fc.stringMatching(/^dep_[0-9a-z]{12}$/),
  upstreamModel: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,20}\*?$/),
  baseUrl: fc.option(url),
  litellmParams: params,
  enabled: fc.boolean(),
  provider,
  credentialId: fc.option(credentialId),
  credential,
  unknownEntry: fc.option(
    fc.record({
      id: fc.constantFrom('acme/typo', 'openai/gpt-4o'),
      statedBy: fc.constantFrom('deployment' as const, 'model' as const, 'provider' as const),
    }),
  ),
});

const model = fc.record({
  id: fc.stringMatching(/^mdl_[a-z0-9]{8}$/),
  name,
  mode: fc.constantFrom('chat' as const, 'embedding' as const, 'rerank' as const),
  openrouterId: fc.option(fc.constantFrom('openai/gpt-4o', 'meta-llama/llama-4:free')),
  enabled: fc.boolean(),
  deployments: fc.array(deployment, { maxLength: 4 }),
});

function hasDistinctDeployments({ models }: ConfigSnapshot): boolean {
  const ids = models.flatMap(({ deployments }) => deployments.map(({ id }) => id));
  return new Set(ids).size === ids.length;
}

/** Any catalogue that the tables allow. */
export const arbitrarySnapshot: fc.Arbitrary<ConfigSnapshot> = fc
  .record({ models: fc.uniqueArray(model, { maxLength: 5, selector: (item) => item.name }) })
  .filter(hasDistinctDeployments);

/** The same catalogue with its rows in another order. */
export function reversed({ models }: ConfigSnapshot): ConfigSnapshot {
  return {
    models: [...models].reverse().map((item) => ({
      ...item,
      deployments: [...item.deployments].reverse().map((one) => ({
        ...one,
        provider: { ...one.provider, environmentKeys: [...one.provider.environmentKeys].reverse() },
      })),
    })),
  };
}
