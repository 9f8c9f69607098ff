import fc from 'fast-check';
import {
  type CredentialResolution,
  type CredentialResolutionInput,
  resolveCredentials,
} from './credential-resolution';
import type { CatalogueDeployment, CredentialsDocument } from './projection.documents';

type Credential = CredentialsDocument['credentials'][number];
type Documents = Record<string, Credential[]>;

const nowMs = Date.parse('2026-01-01T00:00:00Z');
const key = { organization_id: 'org_1', workspace_id: 'ws_1', user_id: 'anna' };
const ownOwnerKeys = ['org_1/anna', 'ws_1', 'org_1'];

function aDeployment(change: Partial<CatalogueDeployment> = {}): CatalogueDeployment {
  return {
    id: 'dep_1',
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

function aCredential(id: string, change: Partial<Credential> = {}): Credential {
  return { id, provider_id: 'prov_1', state: 'verified', expires_at: null, ...change };
}

interface Case {
  policy?: CredentialResolutionInput['workspace']['credential_policy'];
  fallback?: boolean;
  /** Whether the platform lets the organization use its keys. */
  platformPays?: boolean;
  documents?: Documents;
  deployments?: CatalogueDeployment[];
  user?: string | null;
  random?: () => number;
}

function resolve(given: Case): CredentialResolution {
  const {
    policy = 'byok_then_platform',
    fallback = false,
    platformPays = true,
    documents = {},
    deployments = [aDeployment()],
  } = given;
  return resolveCredentials({
    key: { ...key, user_id: given.user === undefined ? 'anna' : given.user },
    workspace: { credential_policy: policy, platform_fallback: fallback },
    organization: { platform_credentials: platformPays },
    documentOf: (ownerKey) => {
      const credentials = documents[ownerKey];
      return credentials ? { v: 1, owner_key: ownerKey, credentials } : null;
    },
    deployments,
    nowMs,
    random: given.random ?? (() => 0),
  });
}

/** `<deployment>:<owner>:<credential>` of each candidate, or the refusal. */
function told(resolution: CredentialResolution): string {
  if (!resolution.ok) return resolution.code;
  return resolution.candidates
    .map(
      ({ deployment, credential }) => `${deployment.id}:${credential?.owner ?? '-'}:${credential?.id ?? '-'}`,
    )
    .join(' ');
}

const everybody: Documents = {
  'org_1/anna': [aCredential('mine')],
  ws_1: [aCredential('ours')],
  org_1: [aCredential('orgs')],
  platform: [aCredential('platforms')],
};
const without = (...ownerKeys: string[]): Documents =>
  Object.fromEntries(Object.entries(everybody).filter(([ownerKey]) => !ownerKeys.includes(ownerKey)));
const dead = (id: string): Credential[] => [aCredential(id, { state: 'invalid' })];

describe('the order of owners', () => {
  it.each([
    [everybody, 'dep_1:member:mine'],
    [without('org_1/anna'), 'dep_1:workspace:ours'],
    [without('org_1/anna', 'ws_1'), 'dep_1:organization:orgs'],
    [without('org_1/anna', 'ws_1', 'org_1'), 'dep_1:platform:platforms'],
    [{}, 'platform_credential_missing'],
  ])('case %#', (documents, expected) => {
    expect(told(resolve({ documents }))).toBe(expected);
  });

  it('passes over a dead key to the next owner of the same house', () => {
    expect(told(resolve({ documents: { ...everybody, 'org_1/anna': dead('mine') } }))).toBe(
      'dep_1:workspace:ours',
    );
  });

  it('takes a key out of credit only when there is no better one', () => {
    const exhausted = [aCredential('mine', { state: 'exhausted' })];
    expect(told(resolve({ documents: { ...everybody, 'org_1/anna': exhausted } }))).toBe(
      'dep_1:workspace:ours',
    );
    expect(told(resolve({ documents: { 'org_1/anna': exhausted, platform: everybody['platform']! } }))).toBe(
      'dep_1:member:mine',
    );
  });

  it('knows no member for a virtual key without one', () => {
    expect(told(resolve({ documents: everybody, user: null }))).toBe('dep_1:workspace:ours');
  });
});

describe('the policy', () => {
  const dying = { ws_1: dead('ours'), platform: everybody['platform']! };
  it.each([
    ['byok_only', false, { platform: everybody['platform']! }, 'credential_missing'],
    ['byok_only', true, dying, 'credential_unusable'],
    ['platform_only', false, everybody, 'dep_1:platform:platforms'],
    ['platform_only', false, without('platform'), 'platform_credential_missing'],
    ['byok_then_platform', false, dying, 'credential_unusable'],
    ['byok_then_platform', true, dying, 'dep_1:platform:platforms'],
    ['byok_then_platform', true, { ws_1: dead('ours') }, 'credential_unusable'],
  ] as const)('%s, fallback %s, case %#', (policy, fallback, documents, expected) => {
    expect(told(resolve({ policy, fallback, documents }))).toBe(expected);
  });

  it.each(['invalid', 'expired', 'unreadable'] as const)('counts %s as unusable', (state) => {
    expect(told(resolve({ documents: { ws_1: [aCredential('a', { state })] } }))).toBe('credential_unusable');
  });

  it.each(['pending', 'verified', 'unverified', 'exhausted'] as const)('counts %s as usable', (state) => {
    expect(told(resolve({ documents: { ws_1: [aCredential('a', { state })] } }))).toBe('dep_1:workspace:a');
  });

  it.each([
    ['2025-12-31T23:59:59Z', 'credential_unusable'],
    ['2026-01-01T00:00:00Z', 'credential_unusable'],
    ['2026-01-01T00:00:01Z', 'dep_1:workspace:a'],
    ['not a date', 'credential_unusable'],
  ])('ends a key at its date (%s)', (expires_at, expected) => {
    expect(told(resolve({ documents: { ws_1: [aCredential('a', { expires_at })] } }))).toBe(expected);
  });
});

describe('servers that need no key', () => {
  const deployments = [aDeployment({ needs_key: false })];
  it.each([
    ['byok_only', {}, 'dep_1:-:-'],
    ['byok_only', { platform: everybody['platform']! }, 'dep_1:-:-'],
    ['byok_only', everybody, 'dep_1:member:mine'],
    ['platform_only', everybody, 'dep_1:platform:platforms'],
    ['platform_only', {}, 'dep_1:-:-'],
    ['byok_then_platform', { platform: everybody['platform']! }, 'dep_1:platform:platforms'],
    ['byok_then_platform', { ws_1: dead('ours'), platform: everybody['platform']! }, 'dep_1:-:-'],
  ] as const)('%s, case %#', (policy, documents, expected) => {
    expect(told(resolve({ policy, documents, deployments }))).toBe(expected);
  });
});

describe('the platform', () => {
  const deployments = [aDeployment({ credential_id: 'named' })];
  it('takes the key that the deployment names, while it is usable', () => {
    const platform = [aCredential('other'), aCredential('named', { provider_id: 'prov_2' })];
    expect(told(resolve({ deployments, documents: { platform } }))).toBe('dep_1:platform:named');
    const deadNamed = [aCredential('other'), aCredential('named', { state: 'invalid' })];
    expect(told(resolve({ deployments, documents: { platform: deadNamed } }))).toBe('dep_1:platform:other');
  });

  it('is not reached by a name: a deployment cannot name a key of a tenant', () => {
    const documents = { ws_1: [aCredential('named', { provider_id: 'prov_2' })] };
    expect(told(resolve({ deployments, documents }))).toBe('platform_credential_missing');
  });
});

describe('several deployments', () => {
  const two = [
    aDeployment({ id: 'dep_1', provider_id: 'prov_1' }),
    aDeployment({ id: 'dep_2', provider_id: 'prov_2' }),
  ];

  it('leaves out those that nobody may pay for', () => {
    const documents = { ws_1: [aCredential('a', { provider_id: 'prov_2' })] };
    expect(told(resolve({ policy: 'byok_only', documents, deployments: two }))).toBe('dep_2:workspace:a');
  });

  it('tells the refusal that helps most', () => {
    const documents = { ws_1: dead('a') };
    expect(told(resolve({ policy: 'byok_only', documents, deployments: two }))).toBe('credential_unusable');
  });

  it('prefers a lower order, then a key with credit before anything', () => {
    const ordered = [
      aDeployment({ id: 'dep_1', order: 2 }),
      aDeployment({ id: 'dep_2', order: 1, provider_id: 'prov_2' }),
    ];
    const good = { ws_1: [aCredential('a'), aCredential('b', { provider_id: 'prov_2' })] };
    expect(told(resolve({ documents: good, deployments: ordered }))).toBe(
      'dep_2:workspace:b dep_1:workspace:a',
    );
    const poor = {
      ws_1: [aCredential('a'), aCredential('b', { provider_id: 'prov_2', state: 'exhausted' })],
    };
    expect(told(resolve({ documents: poor, deployments: ordered }))).toBe(
      'dep_1:workspace:a dep_2:workspace:b',
    );
  });

  it('draws by weight', () => {
    const weighted = [
      aDeployment({ id: 'dep_1', weight: 3 }),
      aDeployment({ id: 'dep_2', weight: 1 }),
      aDeployment({ id: 'dep_3', weight: 0 }),
    ];
    const firstAt = (point: number): string =>
      told(resolve({ documents: everybody, deployments: weighted, random: () => point })).slice(0, 5);
    expect([0, 0.5, 0.74, 0.76, 0.999].map(firstAt)).toEqual(['dep_1', 'dep_1', 'dep_1', 'dep_2', 'dep_2']);
  });

  it('draws evenly when no deployment has a weight', () => {
    const weightless = two.map((one) => ({ ...one, weight: 0, provider_id: 'prov_1' }));
    const firstAt = (point: number): string =>
      told(resolve({ documents: everybody, deployments: weightless, random: () => point })).slice(0, 5);
    expect([firstAt(0.1), firstAt(0.9)]).toEqual(['dep_1', 'dep_2']);
  });
});

describe('whatever the documents say', () => {
  const providers = fc.constantFrom('prov_1', 'prov_2', 'prov_3');
  const credential = fc.record({
    id: fc.string({ minLength: 6, maxLength: 8 }),
    provider_id: providers,
    state: fc.constantFrom(
      'pending',
      'verified',
      'unverified',
      'invalid',
      'exhausted',
      'expired',
      'unreadable',
    ),
    expires_at: fc.constantFrom(null, '2025-01-01T00:00:00Z', '2027-01-01T00:00:00Z'),
  } as const);
  const owners = ['platform', 'org_1', 'ws_1', 'org_1/anna', 'org_1/bert', 'org_2', 'ws_2', 'org_2/anna'];
  /** Each credential belongs to one owner: ids are made distinct by it. */
  const documents = fc
    .tuple(...owners.map(() => fc.array(credential, { maxLength: 4 })))
    .map((lists) =>
      Object.fromEntries(
        lists.map((list, index) => [
          owners[index]!,
          list.map((one, place) => ({ ...one, id: `${owners[index]}#${place}` })),
        ]),
      ),
    );
  const deployments = fc
    .array(
      fc.record({
        provider_id: providers,
        needs_key: fc.boolean(),
        credential_id: fc.constantFrom(null, 'platform#0', 'org_2#0', 'ws_2#0', 'ws_1#1', 'gone'),
        weight: fc.nat(3),
        order: fc.nat(2),
      }),
      { maxLength: 5 },
    )
    .map((list) => list.map((one, place) => aDeployment({ ...one, id: `dep_${place}` })));
  const cases = fc.record({
    policy: fc.constantFrom('byok_only', 'byok_then_platform', 'platform_only'),
    fallback: fc.boolean(),
    platformPays: fc.boolean(),
    documents,
    deployments,
    user: fc.constantFrom(null, 'anna'),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }).map((point) => () => point),
  } as const);

  const ownerKeyOf = (id: string): string => id.split('#')[0]!;
  const isDead = ({ state, expires_at }: Credential): boolean =>
    ['invalid', 'expired', 'unreadable'].includes(state) || expires_at === '2025-01-01T00:00:00Z';

  function expectAlways(property: (given: Case, resolution: CredentialResolution) => void): void {
    fc.assert(
      fc.property(cases, (given) => property(given, resolve(given))),
      { numRuns: 1_000 },
    );
  }

  const candidatesOf = (resolution: CredentialResolution) => (resolution.ok ? resolution.candidates : []);

  it("never takes another tenant's, workspace's or member's key, nor one of the wrong kind of owner", () => {
    expectAlways(({ user }, resolution) => {
      const keys = { member: 'org_1/anna', workspace: 'ws_1', organization: 'org_1', platform: 'platform' };
      for (const { credential: paying } of candidatesOf(resolution)) {
        if (!paying) continue;
        expect(ownerKeyOf(paying.id)).toBe(keys[paying.owner]);
        expect(paying.owner === 'member' && user === null).toBe(false);
      }
    });
  });

  it("never takes the platform's under byok_only, nor one's own under platform_only", () => {
    expectAlways(({ policy }, resolution) => {
      const taken = candidatesOf(resolution).flatMap(({ credential: paying }) =>
        paying ? [paying.owner] : [],
      );
      if (policy === 'byok_only') expect(taken).not.toContain('platform');
      if (policy === 'platform_only') expect(taken.every((owner) => owner === 'platform')).toBe(true);
    });
  });

  it('never takes a dead key', () => {
    expectAlways(({ documents: all = {} }, resolution) => {
      for (const { credential: paying } of candidatesOf(resolution)) {
        if (!paying) continue;
        const found = all[ownerKeyOf(paying.id)]?.find(({ id }) => id === paying.id);
        expect(found && !isDead(found)).toBe(true);
      }
    });
  });

  it('lets the platform pay only for organizations and workspaces that may use its keys', () => {
    expectAlways(({ platformPays, policy }, resolution) => {
      if (platformPays && policy !== 'byok_only') return;
      for (const { credential: paying } of candidatesOf(resolution)) {
        expect(paying?.owner).not.toBe('platform');
      }
    });
  });

  it('never moves from own keys, dead or alive, to the platform without platform_fallback', () => {
    expectAlways(({ documents: all = {}, fallback, policy, user }, resolution) => {
      if (fallback || policy === 'platform_only') return;
      for (const { deployment, credential: paying } of candidatesOf(resolution)) {
        const owns = ownOwnerKeys
          .filter((ownerKey) => user !== null || ownerKey !== 'org_1/anna')
          .some((ownerKey) =>
            all[ownerKey]?.some(({ provider_id }) => provider_id === deployment.provider_id),
          );
        if (owns) expect(paying?.owner).not.toBe('platform');
      }
    });
  });

  it('goes without a key only where none is needed', () => {
    expectAlways((_given, resolution) => {
      for (const { deployment, credential: paying } of candidatesOf(resolution)) {
        if (!paying) expect(deployment.needs_key).toBe(false);
      }
    });
  });

  it('takes a key of the provider only, or the one that the platform named', () => {
    expectAlways(({ documents: all = {} }, resolution) => {
      for (const { deployment, credential: paying } of candidatesOf(resolution)) {
        if (!paying) continue;
        const found = all[ownerKeyOf(paying.id)]?.find(({ id }) => id === paying.id);
        const isNamed = paying.owner === 'platform' && paying.id === deployment.credential_id;
        expect(isNamed || found?.provider_id === deployment.provider_id).toBe(true);
      }
    });
  });

  it('names each deployment at most once, and refuses only when there is none', () => {
    expectAlways(({ deployments: all = [] }, resolution) => {
      const ids = candidatesOf(resolution).map(({ deployment }) => deployment.id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(resolution.ok).toBe(ids.length > 0);
      if (all.some(({ needs_key }) => !needs_key)) expect(resolution.ok).toBe(true);
    });
  });
});

it('believes no document that lies under the key of another owner', () => {
  const foreign: CredentialsDocument = { v: 1, owner_key: 'ws_2', credentials: [aCredential('theirs')] };
  const resolution = resolveCredentials({
    key,
    workspace: { credential_policy: 'byok_only', platform_fallback: false },
    organization: { platform_credentials: true },
    documentOf: () => foreign,
    deployments: [aDeployment()],
    nowMs,
    random: () => 0,
  });
  expect(told(resolution)).toBe('credential_missing');
});
