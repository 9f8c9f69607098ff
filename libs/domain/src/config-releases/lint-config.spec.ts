import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { aDeployment, aModel, arbitrarySnapshot, aSnapshot } from '../../../../test/support/config-snapshot';
import type { ConfigSnapshot, SnapshotDeployment } from './config-snapshot';
import { lintConfig } from './lint-config';
import { type LintCode, lintCodes } from './lint-finding';

type Overrides = Parameters<typeof aDeployment>[0];

const withDeployment = (overrides: Overrides, model: Parameters<typeof aModel>[0] = {}): ConfigSnapshot =>
  aSnapshot(aModel({ ...model, deployments: [aDeployment(overrides)] }));
const withDeployments = (...deployments: SnapshotDeployment[]): ConfigSnapshot =>
  aSnapshot(aModel({ deployments }));
const params = (litellmParams: Record<string, unknown>): ConfigSnapshot => withDeployment({ litellmParams });
const codesOf = (snapshot: ConfigSnapshot): string[] => lintConfig(snapshot).map(({ code }) => code);

const demo = (id: string) =>
  aDeployment({ id, credential: null, provider: { id: 'prov_demo', name: 'demo', kind: 'demo' } });

/** The smallest catalogue that has the finding. */
const examples: Record<LintCode, ConfigSnapshot> = {
  base_url_missing: withDeployment({ provider: { kind: 'openai_compatible' }, credential: null }),
  kind_unknown: withDeployment({ provider: { kind: 'of-a-newer-version' } }),
  model_name_reserved: aSnapshot(aModel({ name: 'all-team-models' })),
  param_not_allowed: params({ api_base: 'http://elsewhere' }),
  wildcard_upstream_without_wildcard_name: withDeployment({ upstreamModel: 'gpt-*' }),
  base_url_path_suspicious: withDeployment({ provider: { kind: 'anthropic' }, baseUrl: 'https://a/v1' }),
  catalogue_entry_unknown: withDeployment({ unknownEntry: { id: 'acme/typo', statedBy: 'deployment' } }),
  config_empty: aSnapshot(),
  credential_disabled: withDeployment({
    credential: { id: 'cred_1', enabled: false },
  }),
  credential_missing: withDeployment({ credential: null }),
  key_sent_in_clear: withDeployment({ baseUrl: 'http://10.0.0.7/v1' }),
  model_without_deployments: aSnapshot(aModel({ deployments: [] })),
  platform_key_to_other_host: withDeployment({ baseUrl: 'https://proxy.example.com/v1' }),
  prefix_repeated: withDeployment({ upstreamModel: 'openai/gpt-4o' }),
  prefix_unknown: withDeployment({ provider: { kind: 'litellm' }, upstreamModel: 'no-such-prefix/m' }),
  price_partial: params({ input_cost_per_token: 1e-6 }),
  price_zero: params({ input_cost_per_token: 0, output_cost_per_token: 1e-6 }),
  weight_partial: withDeployments(
    aDeployment({ litellmParams: { rpm: 10 } }),
    aDeployment({ id: 'dep_2', upstreamModel: 'gpt-4o' }),
  ),
  wildcard_name_without_wildcard_upstream: withDeployment({}, { name: 'openai/*' }),
  demo_beside_real: withDeployments(aDeployment(), demo('dep_2')),
  demo_mode_unsupported: aSnapshot(aModel({ mode: 'rerank', deployments: [demo('dep_1')] })),
  catch_all_model: withDeployment({ upstreamModel: '*' }, { name: '*' }),
  demo_model: withDeployments(demo('dep_1')),
  deployment_left_out: withDeployments(aDeployment(), aDeployment({ id: 'dep_2', enabled: false })),
  duplicate_deployment: withDeployments(aDeployment(), aDeployment({ id: 'dep_2' })),
  model_left_out: aSnapshot(aModel({ enabled: false })),
  no_way_around_litellm: withDeployment({ provider: { kind: 'anthropic' } }),
  price_unknown: withDeployment({
    provider: { kind: 'vllm', baseUrl: 'http://127.0.0.1/v1' },
    credential: null,
  }),
  wildcard_overlap: aSnapshot(
    aModel({ name: 'openai/gpt-4o' }),
    aModel({ name: 'openai/*', deployments: [aDeployment({ id: 'dep_2', upstreamModel: '*' })] }),
  ),
};

it.each(Object.entries(examples))('finds %s', (code, snapshot) => {
  const findings = lintConfig(snapshot).filter((finding) => finding.code === code);
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatchObject({ severity: lintCodes[code as LintCode] });
});

it('explains every finding in docs/config-lint.md', () => {
  const documentation = readFileSync(join(__dirname, '../../../../docs/config-lint.md'), 'utf8');
  const missing = Object.keys(lintCodes).filter((code) => !documentation.includes(`## ${code}\n`));
  expect(missing).toEqual([]);
});

it('has nothing to say about a plain catalogue', () => {
  expect(lintConfig(aSnapshot(aModel()))).toEqual([]);
});

it('has something to advise for every finding, heaviest first, in any catalogue', () => {
  const order = ['error', 'warning', 'info'];
  fc.assert(
    fc.property(arbitrarySnapshot, (snapshot) => {
      const findings = lintConfig(snapshot);
      const weights = findings.map(({ severity }) => order.indexOf(severity));
      expect(weights).toEqual([...weights].sort((left, right) => left - right));
      expect(findings.every(({ path, message, advice }) => path && message && advice)).toBe(true);
    }),
  );
});

it.each([
  ['a loopback server', withDeployment({ baseUrl: 'http://127.0.0.1:9000/v1' })],
  ['https', withDeployment({ baseUrl: 'https://proxy.example.com/v1' })],
])('does not warn of a key in clear text on the way to %s', (_where, snapshot) => {
  expect(codesOf(snapshot)).not.toContain('key_sent_in_clear');
});

it.each([
  ['deployment', /^Its facts say that it is "acme\/typo"/],
  ['model', /^The facts of its model say/],
  ['provider', /^The facts of its provider say/],
] as const)('says whose facts name an entry that the catalogue has not: of the %s', (statedBy, message) => {
  const [finding] = lintConfig(withDeployment({ unknownEntry: { id: 'acme/typo', statedBy } }));
  expect(finding?.message).toMatch(message);
});

it("does not take a vendor's name inside an open model's name for a repeated prefix", () => {
  const snapshot = withDeployment({ provider: { kind: 'groq' }, upstreamModel: 'openai/gpt-oss-20b' });
  expect(codesOf(snapshot)).not.toContain('prefix_repeated');
});

it.each([{ os: 'os.environ/SECRET' }, { nested: { deep: 'os.environ/LITELLM_MASTER_KEY' } }])(
  'is an error when a parameter reads the environment (%j)',
  (extraBody) => {
    expect(codesOf(params({ extra_body: extraBody }))).toContain('param_not_allowed');
  },
);
